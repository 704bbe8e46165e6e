"""CPU time of the scheduler alone per small task: submit + place + finish + release, in the process that runs it.

Run: `python benchmarks/core_budget.py [--shapes S ...] [--tasks N] [--workers N]`. Prints one line per shape.
Two pretended workers answer every launch in the next turn; each result's handle is dropped when it is done and
has been read by what is submitted later.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from collections.abc import Callable, Iterator
from itertools import islice, pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "runtime"))

from treadle_runtime.core.events import (
    Event,
    FunctionsDefined,
    HandlesDropped,
    TasksReturned,
    TasksSubmitted,
    WorkerJoined,
)
from treadle_runtime.core.instructions import Launch, Report
from treadle_runtime.core.model import ReturnRow, TaskRow, vid_of
from treadle_runtime.core.scheduler import Scheduler

BUDGET_US = 5.0
BATCH = 200
OUTPUT = ((0, 100, b"x"),)


def row(number: int, reads: tuple[int, ...] = (), cell: int = 1) -> TaskRow:
    return (number, 7, b"", reads, 1, (), cell, 0, 0, None, None)


def flat(count: int) -> Iterator[TaskRow]:
    """Tasks that have nothing to do with each other."""
    for number in range(1, count + 1):
        yield row(number)


def chain(count: int) -> Iterator[TaskRow]:
    """Each reads what the one before made."""
    for number in range(1, count + 1):
        yield row(number, (vid_of(number - 1, 0),) if number > 1 else ())


def tree(count: int) -> Iterator[TaskRow]:
    """Half are leaves; each of the others reads two results, as soon as there are two."""
    waiting: list[tuple[int, int]] = []  # (height, number)
    for number in range(1, count + 1):
        if len(waiting) > 1 and waiting[-1][0] == waiting[-2][0]:
            (height, right), (_, left) = waiting.pop(), waiting.pop()
            yield row(number, (vid_of(left, 0), vid_of(right, 0)))
            waiting.append((height + 1, number))
        else:
            yield row(number)
            waiting.append((0, number))


SHAPES: dict[str, Callable[[int], Iterator[TaskRow]]] = {"flat": flat, "chain": chain, "tree": tree}


def measure(shape: str, count: int, workers: int) -> tuple[float, float]:
    """CPU seconds of the scheduler per task: on average, and in the best tenth of a run on a busy machine."""
    rows = SHAPES[shape](count)
    scheduler = Scheduler()
    clock = time.process_time
    start: list[Event] = [WorkerJoined(0.0, wid + 1) for wid in range(workers)]
    scheduler.handle([*start, FunctionsDefined(0.0, [(7, "f")])])
    spent, done, at = 0.0, 0, 0.0
    windows = [(0.0, 0)]  # (spent, done) now and then
    answers: dict[int, list[ReturnRow]] = {}
    dropped: list[int] = []
    while True:
        at += 0.001
        events: list[Event] = []
        batch = list(islice(rows, BATCH))
        if batch:
            events.append(TasksSubmitted(at, 1, batch))
        if dropped and (shape != "tree" or not batch):
            events.append(HandlesDropped(at, 1, dropped))
            dropped = []
        events += [TasksReturned(at, wid, returned) for wid, returned in answers.items()]
        if not events and not dropped:
            return spent / done, min((b[0] - a[0]) / max(1, b[1] - a[1]) for a, b in pairwise(windows))
        answers = {}
        before = clock()
        step = scheduler.handle(events)
        spent += clock() - before
        if done - windows[-1][1] >= count / 10:
            windows.append((spent, done))
        for instruction in step.instructions:
            if isinstance(instruction, Launch):
                answers.setdefault(instruction.worker, []).extend(
                    [(number, attempt, 0, OUTPUT, 1e-6, 1e-6, 0, None, None) for number, attempt, _ in instruction.tasks]
                )
            elif isinstance(instruction, Report):
                done += len(instruction.tasks)
                dropped += [vid_of(report[0], 0) for report in instruction.tasks]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shapes", nargs="+", default=list(SHAPES), choices=list(SHAPES))
    parser.add_argument("--tasks", type=int, default=200_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--gc", type=int, default=700, help="allocations between collections (Python's default: 700)")
    options = parser.parse_args()
    gc.set_threshold(options.gc)
    for shape in options.shapes:
        mean, best = (seconds * 1e6 for seconds in measure(shape, options.tasks, options.workers))
        print(f"{shape:6} {mean:6.2f} us/task, best tenth {best:6.2f} (budget of a flat one: {BUDGET_US:.0f})")


if __name__ == "__main__":
    main()
