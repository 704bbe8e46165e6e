"""What tasks that did not end well keep, so that they can be retried: their inputs.

Law: knows final tasks and the pins they have, never how a task is run again. A task keeps its inputs while one of its
outputs can be reached: by a handle, by another task that needed it, or since it is one of the last that failed.
"""

from __future__ import annotations

from . import versions as data
from .books import Books
from .model import Number
from .records import Client, Task
from .states import DatumState

_BROKEN = DatumState.BROKEN


def keep(books: Books, task: Task) -> bool:
    """Have a task that did not end well pin its reads; False if it can't be retried or nobody could tell it to."""
    broken = [version for version in task.outputs if version.state == _BROKEN]
    if not broken or any(version.state == DatumState.DROPPED for version in task.reads):
        return False
    if not task.lane.client.gone:
        _enter(books, task)
    elif not any(version.pins for version in broken):
        return False
    for version in dict.fromkeys(task.reads):
        version.pins += 1
    task.rarely().kept = True
    books.recorded[task.number] = task
    return True


def trim(books: Books) -> None:
    """Let go of the oldest of the last that failed, if they are too many or too large."""
    while len(books.latest) > books.options.kept_failures or books.latest_nbytes > books.options.kept_nbytes:
        _let_go(books, next(iter(books.latest)))


def _enter(books: Books, task: Task) -> None:
    """Note it as the last that failed."""
    nbytes = sum(version.nbytes for version in dict.fromkeys(task.reads))
    books.latest[task.number] = nbytes
    books.latest_nbytes += nbytes
    for version in task.outputs:
        version.pins += version.state == _BROKEN


def leave(books: Books, task: Task) -> None:
    """It is no longer one of the last that failed; what it pinned is to be looked at by the caller."""
    nbytes = books.latest.pop(task.number, None)
    if nbytes is None:
        return
    books.latest_nbytes -= nbytes
    for version in task.outputs:
        version.pins -= version.state == _BROKEN


def _let_go(books: Books, number: Number) -> None:
    task = books.recorded[number]
    outputs = task.outputs
    leave(books, task)
    for version in outputs:
        if version.state == _BROKEN and not version.pins and not version.readers:
            data.release(books, version)


def let_go_of(books: Books, client: Client) -> None:
    """A client has left: nobody remembers its failures."""
    for number in [number for number in books.latest if books.recorded[number].lane.client is client]:
        _let_go(books, number)
