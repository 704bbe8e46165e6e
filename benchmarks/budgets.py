"""CPU time per small task of client, core, worker and of the whole, against the budgets (docs/benchmarks.md).

    python benchmarks/budgets.py [--slack 2.0]

The parts run alone, without sockets; the whole runs on real processes and is read off the system's own accounts.
CPU time on a shared machine varies by half: a budget counts as broken when the best of several runs is above
`--slack` times the budget, and then the exit code is 1.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import client_budget
import core_budget
import psutil
import worker_budget
import workloads

import treadle

WHOLE_US = 25.0
RUNS = 3


def parts() -> list[tuple[str, float, float]]:
    """Return (part, microseconds, budget) of the parts alone."""
    client = [client_budget.measure(20_000) for _ in range(RUNS)]
    core = [core_budget.measure("flat", 50_000, 2)[0] * 1e6 for _ in range(RUNS)]
    with tempfile.TemporaryDirectory() as folder:
        worker = [worker_budget.measure(20_000, 100, Path(folder)) for _ in range(RUNS)]
    return [
        ("client: submit", min(submit for submit, _ in client), client_budget.SUBMIT_US),
        ("client: complete", min(complete for _, complete in client), client_budget.COMPLETE_US),
        ("core", min(core), core_budget.BUDGET_US),
        ("worker", min(worker), worker_budget.BUDGET_US),
    ]


def whole(count: int = 20_000) -> dict[str, float]:
    """Return microseconds of CPU per task of each process, the system's part of the sockets included."""
    noop = treadle.task(workloads.noop)
    with treadle.start(workers=2) as runtime:
        treadle.wait_on([noop(i) for i in range(2_000)])
        host = psutil.Process(runtime.client.link.ask("status", {})["pid"])
        processes = {"client": [psutil.Process()], "host": [host], "worker": host.children()}
        best: dict[str, float] = {}
        for _ in range(RUNS):
            before = {name: sum(map(_cpu_s, each)) for name, each in processes.items()}
            treadle.wait_on([noop(i) for i in range(count)])
            for name, each in processes.items():
                used = (sum(map(_cpu_s, each)) - before[name]) / count * 1e6
                best[name] = min(best.get(name, used), used)
    return best


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slack", type=float, default=2.0)
    options = parser.parse_args()
    broken = 0
    for name, used, budget in parts():
        over = used > budget * options.slack
        broken += over
        print(f"{name:18} {used:6.2f} us per task, budget {budget:4.1f}{'   BROKEN' if over else ''}")
    used_by = whole()
    total = sum(used_by.values())
    over = total > WHOLE_US * options.slack
    print(f"{'whole':18} {total:6.2f} us per task, budget {WHOLE_US:4.1f}{'   BROKEN' if over else ''}")
    print("   with the system's part of the sockets: " + ", ".join(f"{k} {v:.1f}" for k, v in used_by.items()))
    return 1 if broken or over else 0


if __name__ == "__main__":
    sys.exit(main())
