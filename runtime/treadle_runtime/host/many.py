"""What a page can ask about many tasks at once without naming each: all of a notebook, all that failed, a cell's line.

Law: reads the books and knows which client is whose kernel; changes nothing. What can't be answered raises ValueError with a
sentence for people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..core import outlook
from ..core.model import Number, client_of
from ..core.states import TASK_FINAL, TaskState

if TYPE_CHECKING:
    from .loop import Host


def open_of(host: Host, kernel: object) -> list[Number]:
    """Return the tasks that have not ended: of the notebook with this kernel, of all if none is named."""
    clients = host.notebooks.of_kernel(str(kernel)) if kernel is not None else set()
    if kernel is not None and not clients:  # never all instead: they may be other people's
        raise ValueError("No notebook with this kernel is here: %treadle cancel in one of its cells cancels its tasks.")
    tasks = host.scheduler.books.tasks.values()
    return [
        task.number
        for task in tasks
        if task.state not in TASK_FINAL and (not clients or client_of(task.number) in clients)
    ]


def failed(host: Host) -> list[Number]:
    """Return the tasks that failed themselves and can be tried again; what needs them follows."""
    recorded = host.scheduler.books.recorded.values()
    found = [task.number for task in recorded if task.state == TaskState.FAILED]
    if not found:
        raise ValueError("There is nothing to retry: no task has failed.")
    return found


def line(host: Host, args: dict[str, Any]) -> dict[str, Any]:
    """How many of the tasks `first` to `last` are in which state: what stands below the cell that submitted them."""
    first, last = args.get("first"), args.get("last")
    if type(first) is not int or type(last) is not int or not 0 <= last - first < outlook.LOOKED_AT:
        raise ValueError(f"The page did not say which tasks, {outlook.LOOKED_AT:,} at most. Reload it.")
    return {"counts": outlook.counts(host.scheduler.books, first, last + 1)}
