"""Treadle beside ProcessPoolExecutor, in one run, with a live feed attached.

    python benchmarks/run.py [--rounds 5] [--workers 2] [--only throughput,roundtrip] [--write docs/benchmarks.md]

Each workload runs in turn on both, round after round, and the median round counts, so that other load on the machine
meets both alike. ProcessPoolExecutor has no dependencies between tasks: there the caller waits where a task would.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import multiprocessing
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import numpy as np
import workloads as w

import treadle
from treadle_runtime.wire.messages import Watch

MARK = "<!-- the table: benchmarks/run.py writes it -->"


class Treadle:
    """This project, through its public interface."""

    name = "treadle"
    depends = True

    def __init__(self, workers: int) -> None:
        self.runtime = treadle.start(workers=workers)
        self.deltas = 0
        self.runtime.client.on_delta.append(self._count)
        self.runtime.client.link.send(Watch(on=True))
        self.tasks: dict[Callable[..., Any], Any] = {}
        self.gather([self.submit(w.noop, i) for i in range(workers * 4)])

    def _count(self, _delta: dict[str, Any]) -> None:
        self.deltas += 1

    def submit(self, function: Callable[..., Any], *args: Any) -> Any:
        task = self.tasks.get(function)
        if task is None:
            task = self.tasks[function] = treadle.task(function)
        return task(*args)

    def put(self, value: Any) -> Any:
        return treadle.put(value)

    def gather(self, futures: list[Any]) -> list[Any]:
        return list(treadle.wait_on(futures))

    def close(self) -> None:
        treadle.stop()


class Pool:
    """concurrent.futures.ProcessPoolExecutor with spawned workers."""

    name = "pool"
    depends = False

    def __init__(self, workers: int) -> None:
        self.pool = concurrent.futures.ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"))
        self.gather([self.submit(w.noop, i) for i in range(workers * 4)])

    def submit(self, function: Callable[..., Any], *args: Any) -> Any:
        return self.pool.submit(function, *args)

    def put(self, value: Any) -> Any:
        return value

    def gather(self, futures: list[Any]) -> list[Any]:
        return [future.result() for future in futures]

    def close(self) -> None:
        self.pool.shutdown()


def roundtrip(peer: Any) -> float:
    """Microseconds from a call to its value, median of 300."""
    seconds = []
    for _ in range(300):
        start = time.perf_counter()
        peer.gather([peer.submit(w.noop)])
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds) * 1e6


def throughput(peer: Any) -> float:
    """No-op tasks per second, of 10,000."""
    start = time.perf_counter()
    peer.gather([peer.submit(w.noop, i) for i in range(10_000)])
    return 10_000 / (time.perf_counter() - start)


def chain(peer: Any) -> float:
    """Links per second of a chain of 1,000."""
    start = time.perf_counter()
    link = peer.submit(w.increase, 0)
    for _ in range(999):
        link = peer.submit(w.increase, link if peer.depends else link.result())
    assert peer.gather([link]) == [1000]
    return 1000 / (time.perf_counter() - start)


def tree(peer: Any) -> float:
    """Tasks per second of a binary sum over 1,024 leaves."""
    start = time.perf_counter()
    level = [peer.submit(w.increase, i) for i in range(1024)]
    while len(level) > 1:
        values = level if peer.depends else peer.gather(level)
        level = [peer.submit(w.add, values[i], values[i + 1]) for i in range(0, len(values), 2)]
    assert peer.gather(level) == [1024 * 1025 // 2]
    return 2047 / (time.perf_counter() - start)


def broadcast(peer: Any) -> float:
    """Seconds for 16 tasks that read one array of 128 MB."""
    array = np.ones(16 << 20)
    start = time.perf_counter()
    shared = peer.put(array)
    assert peer.gather([peer.submit(w.first, shared) for _ in range(16)]) == [1.0] * 16
    return time.perf_counter() - start


def pipeline(peer: Any) -> float:
    """Seconds for 8 steps over an array of 64 MB."""
    start = time.perf_counter()
    step = peer.submit(w.make, 8 << 20)
    for _ in range(8):
        step = peer.submit(w.double, step if peer.depends else step.result())
    assert peer.gather([peer.submit(w.first, step if peer.depends else step.result())]) == [256.0]
    return time.perf_counter() - start


def matmul(peer: Any) -> float:
    """Seconds for a blocked product of 4 x 4 blocks of 512 x 512."""
    blocks = range(4)
    a = [[peer.submit(w.block, 512, 4 * i + k) for k in blocks] for i in blocks]
    b = [[peer.submit(w.block, 512, 100 + 4 * k + j) for j in blocks] for k in blocks]
    if not peer.depends:
        a, b = [peer.gather(row) for row in a], [peer.gather(row) for row in b]
    start = time.perf_counter()
    c = [[peer.submit(w.multiply, a[i][0], b[0][j]) for j in blocks] for i in blocks]
    for k in range(1, 4):
        for i in blocks:
            row = c[i] if peer.depends else peer.gather(c[i])
            c[i] = [peer.submit(w.multiply_add, row[j], a[i][k], b[k][j]) for j in blocks]
    result = peer.gather([each for row in c for each in row])
    seconds = time.perf_counter() - start
    assert np.allclose(result[0], sum(w.block(512, k) @ w.block(512, 100 + 4 * k) for k in blocks))
    return seconds


WORKLOADS: dict[str, tuple[Callable[[Any], float], str, bool]] = {
    "roundtrip": (roundtrip, "us", False),
    "throughput": (throughput, "tasks/s", True),
    "chain": (chain, "tasks/s", True),
    "tree": (tree, "tasks/s", True),
    "broadcast": (broadcast, "s", False),
    "pipeline": (pipeline, "s", False),
    "matmul": (matmul, "s", False),
}


def measure(names: list[str], rounds: int, workers: int) -> dict[str, tuple[float, float, float]]:
    """Return per workload the medians of both and the median of the rounds' ratios (above 1: Treadle is faster)."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    peers = [Treadle(workers), Pool(workers)]
    try:
        for _ in range(rounds):
            for name in names:
                run = WORKLOADS[name][0]
                ours, theirs = (run(peer) for peer in peers)
                found[name].append((ours, theirs))
                print(f"  {name:11} {ours:12.4g} {theirs:12.4g} {WORKLOADS[name][1]}", flush=True)
        print(f"  {peers[0].deltas} deltas of the live feed came in meanwhile")
    finally:
        for peer in peers:
            peer.close()
    return {
        name: (
            statistics.median(pair[0] for pair in pairs),
            statistics.median(pair[1] for pair in pairs),
            statistics.median(_ratio(name, *pair) for pair in pairs),
        )
        for name, pairs in found.items()
    }


def _ratio(name: str, ours: float, theirs: float) -> float:
    return ours / theirs if WORKLOADS[name][2] else theirs / ours


def table(found: dict[str, tuple[float, float, float]], rounds: int, workers: int) -> str:
    """Return the figures as a table for the documents."""
    lines = [
        f"{workers} workers on {os.cpu_count()} cores, Python {platform.python_version()}, medians of {rounds} interleaved rounds:",
        "",
        "| workload | what | Treadle | ProcessPoolExecutor | times as fast |",
        "|---|---|---|---|---|",
    ]
    for name, (ours, theirs, ratio) in found.items():
        run, unit, _more = WORKLOADS[name]
        what = (run.__doc__ or "").rstrip(".")
        lines.append(f"| {name} | {what} | {_figure(ours)} {unit} | {_figure(theirs)} {unit} | {ratio:.2f} |")
    return "\n".join(lines)


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", default=",".join(WORKLOADS))
    parser.add_argument("--write", type=Path, help="put the table behind its mark in this document")
    options = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    found = measure(options.only.split(","), options.rounds, options.workers)
    text = table(found, options.rounds, options.workers)
    print(text)
    if options.write:
        before, mark, _old = options.write.read_text().partition(MARK)
        options.write.write_text(f"{before}{mark}\n\n{text}\n")


if __name__ == "__main__":
    main()
