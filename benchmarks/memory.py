"""Memory of the whole idle stack: a kernel with Treadle, its runtime process and its workers (docs/benchmarks.md).

    python benchmarks/memory.py [--workers 2] [--limit MB]

A real kernel runs one small task and shows the live view, so that everything is there that a notebook uses; then all is idle.
PSS counts pages that processes share once (Linux); USS, what would be free if the process ended, stands in elsewhere.
With `--limit` the exit code is 1 if the sum is above it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile

import psutil
from jupyter_client.manager import KernelManager

CELL = """
%load_ext treadle
import json
treadle.start(workers={workers})
@task
def together(n):
    import os, time
    time.sleep(0.2)
    return os.getpid()
%treadle
pids = set()
while len(pids) < {workers}:
    pids |= set(wait_on([together(n) for n in range({workers})]))
link = treadle.start().client.link
"""
REPORT = 'print("REPORT", json.dumps([link.ask("status", {})["pid"], sorted(pids)]))'


def memory(pid: int) -> tuple[float, float]:
    """Return (PSS, USS) of a process in MB; USS twice where the system knows no PSS."""
    info = psutil.Process(pid).memory_full_info()
    return getattr(info, "pss", info.uss) / 1e6, info.uss / 1e6


def measure(workers: int) -> list[tuple[str, float, float]]:
    """Return (process, PSS, USS) of each process of an idle notebook."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "JUPYTER_RUNTIME_DIR": folder, "IPYTHONDIR": f"{folder}/ipython"}
        manager = KernelManager(kernel_name="python3", connection_file=f"{folder}/kernel.json")
        manager.kernel_spec.argv[0] = sys.executable
        manager.start_kernel(env=environment, cwd=folder)
        client = manager.client()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=60)
            run(client, CELL.format(workers=workers))
            runtime, pids = json.loads(run(client, REPORT).partition("REPORT ")[2])
            kernel = manager.provisioner.pid
            rows = [("kernel", *memory(kernel)), ("runtime", *memory(runtime))]
            return rows + [(f"worker {n}", *memory(pid)) for n, pid in enumerate(pids, 1)]
        finally:
            client.stop_channels()
            manager.shutdown_kernel()


def run(client: object, source: str) -> str:
    """Run a cell and return what it printed; raises RuntimeError if it fails."""
    printed: list[str] = []

    def hear(message: dict[str, dict[str, str]]) -> None:
        printed.append(message["content"].get("text", ""))

    reply = client.execute_interactive(source, timeout=120, output_hook=hear, allow_stdin=False)  # type: ignore[attr-defined]
    if reply["content"]["status"] != "ok":
        raise RuntimeError(f"{reply['content']['ename']}: {reply['content']['evalue']}")
    return "".join(printed)


def main() -> int:
    """Measure, print a table, and compare with the limit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--limit", type=float, help="MB that the sum of PSS may be")
    options = parser.parse_args()
    rows = measure(options.workers)
    total = sum(pss for _, pss, _ in rows)
    print(f"{'process':<12} {'PSS MB':>8} {'USS MB':>8}")
    for name, pss, uss in [*rows, ("together", total, sum(uss for *_, uss in rows))]:
        print(f"{name:<12} {pss:8.1f} {uss:8.1f}")
    if options.limit is not None and total > options.limit:
        print(f"more than {options.limit:g} MB")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
