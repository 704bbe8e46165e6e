"""What the feed costs: CPU time per fact and per task, watched and not. Run: python benchmarks/feed_cost.py [tasks]."""

from __future__ import annotations

import sys
import time

from treadle_runtime.core.facts import Fact
from treadle_runtime.feed.projection import Projection

BATCH = 64


def steps(tasks: int) -> list[list[Fact]]:
    """Return the facts of `tasks` small tasks, in batches as the host's loop sees them."""
    facts: list[list[Fact]] = []
    for first in range(1, tasks + 1, BATCH):
        numbers = range(first, min(tasks + 1, first + BATCH))
        born: list[Fact] = []
        for n in numbers:
            born += [
                ("b", n, 1, 0, 1, 0, (), None, 0.0),
                ("t", n, "ready", 0, 0.0),
                ("t", n, "placed", 1, 0.0),
            ]
        facts.append(born)
        done: list[Fact] = []
        for n in numbers:
            done += [
                ("t", n, "done", 1, 0.1),
                ("d", n << 16, "ready", 8, 0.1),
                ("d", n << 16, "dropped", 8, 0.2),
            ]
        facts.append(done + [("e", n - 20_000) for n in numbers if n > 20_000])
    return facts


def run(batches: list[list[Fact]], watched_every: int) -> float:
    """Return the CPU seconds of a projection that takes all batches in."""
    projection = Projection()
    projection.functions({1: "f"})
    began = time.process_time()
    for i, batch in enumerate(batches):
        projection.apply(batch)
        if watched_every and i % watched_every == 0:
            projection.delta()
    projection.delta()
    return time.process_time() - began


def main() -> None:
    """Print microseconds per fact and per task."""
    tasks = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    batches = steps(tasks)
    count = sum(map(len, batches))
    every = max(1, len(batches) * 20_000 // tasks // 5)  # 5 deltas a second at 20,000 tasks/s
    for name, watched in (("unwatched", 0), ("watched", every)):
        cpu_s = min(run(batches, watched) for _ in range(3))
        print(f"{name:10} {cpu_s / count * 1e6:6.3f} us/fact {cpu_s / tasks * 1e6:6.3f} us/task")


if __name__ == "__main__":
    main()
