"""What is ahead: tasks under way, and the longest chain of those that are left.

Law: reads the books, changes nothing; bounded work, so that the loop may ask in between.
"""

from __future__ import annotations

from typing import Final

from .books import Books
from .model import Number
from .states import TASK_FINAL, TaskState

LOOKED_AT: Final = 10_000
"""Tasks that one question looks at."""


def running(books: Books, first: Number, last: Number) -> int:
    """How many of the tasks `first` to `last - 1` run: a worker runs what was placed on it in that order."""
    return sum(first <= next(iter(worker.tasks), 0) < last for worker in books.workers.values())


def counts(books: Books, first: Number, last: Number) -> dict[str, int]:
    """Return how many of the tasks `first` to `last - 1` are in which state; those no longer known ended well long ago."""
    found: dict[str, int] = {}
    for number in range(first, min(last, first + LOOKED_AT)):
        task = books.tasks.get(number)
        state = TaskState.DONE if task is None else task.state
        if state in (TaskState.RUNNING, TaskState.PLACED):  # which of these two only the workers know
            state = TaskState.PLACED
        found[state] = found.get(state, 0) + 1
    if run := min(running(books, first, last), found.get(TaskState.PLACED, 0)):
        found[TaskState.RUNNING] = run
        found[TaskState.PLACED] -= run
    return found


def longest_path_s(books: Books, first: Number, last: Number) -> float:
    """Return the estimated seconds of the longest chain among the tasks `first` to `last - 1` that have not ended.

    Makers have lower numbers than readers, so one pass in their order finds it. Functions never seen to end count
    nothing; of a running task its time so far is taken off.
    """
    ends: dict[Number, float] = {}
    longest = 0.0
    for number in range(first, min(last, first + LOOKED_AT)):
        task = books.tasks.get(number)
        if task is None or task.state in TASK_FINAL:
            continue
        took = task.function.estimate or 0.0
        if task.state == TaskState.RUNNING:
            took = max(0.0, took - (books.now - task.log[-1][4]))
        begins = 0.0
        for version in task.reads:
            maker = version.maker
            if maker is not None and ends.get(maker.number, 0.0) > begins:
                begins = ends[maker.number]
        ends[number] = begins + took
        longest = max(longest, begins + took)
    return longest
