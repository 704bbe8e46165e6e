"""Attempts that failed by themselves or took too long: tried again as often as `retries` allows.

Law: decides between one more attempt and the end. A lost worker is none of its business (recovery), nor is what a
person asks for afterwards (retry). An attempt leaves nothing behind: versions are immutable, so the next one finds
its inputs as they were.
"""

from __future__ import annotations

from heapq import heappush
from typing import Final

from .books import Books
from .cone import end
from .graph import send_back
from .records import Task
from .states import TaskState

RAISED: Final = "its own code raised"


def fail_attempt(books: Books, task: Task, why: str = RAISED) -> None:
    """An attempt of a task failed: it is placed again, or that was its last one."""
    rare = task.rare
    if rare is None or not rare.retries:
        end(books, task, TaskState.FAILED, task.number, "" if why == RAISED else why)
        return
    rare.failed += 1
    rare.overdue = False
    cause = f"attempt {rare.failed} of {rare.retries + 1}: {why}"
    if rare.failed > rare.retries or rare.cancel_wanted:
        end(books, task, TaskState.FAILED, task.number, cause)
    else:
        send_back(books, task, cause)


def too_long(task: Task) -> str:
    """Say that an attempt took longer than its task may take."""
    limit = "" if task.rare is None else f" of {task.rare.timeout_s:g} s"
    return f"it ran longer than its timeout{limit}"


def watch(books: Books, task: Task) -> None:
    """A task has been seen to run: its worker ends it in time, and is ended itself if it can't."""
    rare = task.rare
    if rare is not None and rare.timeout_s:
        at = books.now + rare.timeout_s + books.options.cancel_s
        heappush(books.deadlines, (at, task.number, task.attempt))
        books.wake_at(at)
