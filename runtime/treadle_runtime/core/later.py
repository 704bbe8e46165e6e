"""Tasks that nobody waits for any more go last: those of an earlier run of a cell which no handle can reach.

Law: changes whose turn it is, never whether a task runs. What is on a worker stays there.
"""

from __future__ import annotations

from typing import Final

from .books import Books
from .events import CellRunAgain
from .fairness import Lane
from .model import Number
from .records import Task
from .states import TaskState

LAST: Final = -(1 << 40)
"""The priority behind everything else."""
_LEFT: Final = (TaskState.WAITING, TaskState.READY)


def on_cell_run_again(books: Books, event: CellRunAgain) -> None:
    """Put the waiting tasks of a run behind all others, as far as nobody can get at what they make."""
    known: dict[Number, bool] = {}
    lanes: dict[Lane, None] = {}  # themselves: a client that left and came back has the same number
    moved: list[Task] = []
    for number in range(event.first, event.last):
        task = books.tasks.get(number)
        if task is None or task.state not in _LEFT or task.lane.priority == LAST or _reached(task, known):
            continue
        lane = task.lane
        lanes[lane] = None
        task.lane = books.queue.lane(LAST, lane.client, lane.cell)
        moved.append(task)
    books.queue.move(moved, list(lanes))


def _reached(task: Task, known: dict[Number, bool]) -> bool:
    """Tell whether a handle names what a task makes, or what is made from that by tasks to come."""
    stack = [task]  # no recursion: chains are long
    while stack:
        current = stack[-1]
        readers = [reader for version in current.outputs for reader in (version.readers or {}).values()]
        if any(version.pins for version in current.outputs) or any(known.get(r.number) for r in readers):
            known[current.number] = True
        else:
            unknown = [reader for reader in readers if reader.number not in known]
            if unknown:
                stack += unknown
                continue
            known[current.number] = False
        stack.pop()
    return known[task.number]
