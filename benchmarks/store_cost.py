"""What the store costs: `python benchmarks/store_cost.py [MB]`.

Large values in units of one memcpy of the same size, small ones in microseconds; CPU time, the best of several
rounds. Exits with 1 if a figure is beyond its budget, which is twice what was measured when it was set.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from treadle_runtime.store.files import Store
from treadle_runtime.store.fingerprint import buffer_hash, fingerprint
from treadle_runtime.store.folders import choose_folder, file_system
from treadle_runtime.store.packing import Packed, pack, unpack

ROUNDS = 5
VID, NEXT = 1 << 16, 2 << 16

LARGE_BUDGETS = {  # memcpy
    "write": 6.0,
    "open, unpack, sum": 4.0,
    "open, unpack, change all": 10.0,
    "INOUT: copy, change, seal": 11.0,
    "open, change, write": 18.0,
    "hash": 2.0,
    "fingerprint": 2.0,
}
SMALL_BUDGETS = {  # us
    "pack None": 1.5,
    "pack 12345": 1.5,
    "pack 'text'": 1.5,
    "pack (1, 'a', 2.0)": 8.0,
    "pack array of 10": 25.0,
    "to_bytes": 1.0,
    "from_bytes": 2.5,
    "unpack": 1.5,
    "fingerprint (1, 'a', 2.0)": 10.0,
}


def best(work: Callable[[], Any], times: int = 1, rounds: int = ROUNDS) -> float:
    """Return the CPU seconds of one call, the best of several rounds."""
    least = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        for _ in range(times):
            work()
        least = min(least, (time.process_time() - start) / times)
    return least


def large(store: Store, megabytes: int) -> dict[str, float]:
    """Return the cost of each step on an array, in memcpy of it."""
    source = np.random.default_rng(1).random(megabytes << 17)
    target = np.empty_like(source)
    unit = best(lambda: np.copyto(target, source))
    packed = pack({"array": source})
    store.write(VID, packed)

    def inout() -> None:
        draft = store.begin_copy(store.open(VID))
        live = unpack(draft.packed)
        live["array"] += 1
        draft.seal(NEXT, pack(live))

    def copy_on_write() -> Any:
        live = unpack(store.open(VID))
        live["array"] += 1
        return live

    steps = {
        "write": lambda: store.write(NEXT, packed),
        "open, unpack, sum": lambda: unpack(store.open(VID))["array"].sum(),
        "open, unpack, change all": copy_on_write,
        "INOUT: copy, change, seal": inout,
        "open, change, write": lambda: store.write(NEXT, pack(copy_on_write())),
        "hash": lambda: buffer_hash(packed.buffers[0]),
        "fingerprint": lambda: fingerprint(source),
    }
    print(f"{megabytes} MB; one memcpy takes {unit * 1e3:.1f} ms; store on {file_system(store.folder) or 'a disk'}")
    return {name: best(step, rounds=3) / unit for name, step in steps.items()}


def small() -> dict[str, float]:
    """Return the cost of each step on small values, in microseconds."""
    array, row = np.arange(10.0), (1, "a", 2.0)
    packed = pack(row)
    data = packed.to_bytes()
    steps = {
        "pack None": lambda: pack(None),
        "pack 12345": lambda: pack(12345),
        "pack 'text'": lambda: pack("text"),
        "pack (1, 'a', 2.0)": lambda: pack(row),
        "pack array of 10": lambda: pack(array),
        "to_bytes": packed.to_bytes,
        "from_bytes": lambda: Packed.from_bytes(data),
        "unpack": lambda: unpack(packed),
        "fingerprint (1, 'a', 2.0)": lambda: fingerprint(row),
    }
    return {name: best(step, times=2000) * 1e6 for name, step in steps.items()}


def report(title: str, figures: dict[str, float], budgets: dict[str, float]) -> bool:
    """Print figures beside their budgets; tell whether all are within."""
    print(f"\n{title:<32}{'measured':>10}{'budget':>10}")
    for name, figure in figures.items():
        mark = "" if figure <= budgets[name] else "  over"
        print(f"  {name:<30}{figure:>10.2f}{budgets[name]:>10.2f}{mark}")
    return all(figure <= budgets[name] for name, figure in figures.items())


def main() -> int:
    """Measure, print, and return the exit code."""
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 64
    folder = choose_folder("benchmark", 4 * megabytes << 20)
    try:
        within = report("large, in memcpy", large(Store(folder), megabytes), LARGE_BUDGETS)
    finally:
        shutil.rmtree(folder)
    return 0 if report("small, in us", small(), SMALL_BUDGETS) and within else 1


if __name__ == "__main__":
    sys.exit(main())
