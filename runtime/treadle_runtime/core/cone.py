"""The cone of a failure or cancel: a task and all that needs it.

Law: the root is named, never a chain; the rest goes on. Knows nothing of why a task failed.
"""

from __future__ import annotations

from typing import Final

from . import versions as data
from .books import Books
from .holding import unmark
from .kept import keep, trim
from .model import Number, maker_of
from .records import Task, Version
from .states import DatumState, TaskState
from .workers import fit, unload

_CANCELLED: Final = TaskState.CANCELLED
_UPSTREAM: Final = TaskState.UPSTREAM
_PENDING: Final = DatumState.PENDING
_BROKEN: Final = DatumState.BROKEN


def end(books: Books, task: Task, state: str, root: Number, cause: str = "") -> None:
    """A task fails or is cancelled, and all that needs its pending outputs with it."""
    below = _CANCELLED if state == _CANCELLED else _UPSTREAM
    cone = _cone(task)
    for member in cone:
        member.rarely().root = root
        unmark(books, member)
        books.queue.stale += member.queued
        _take_off(books, member)
    for member in cone:
        books.move(member, state if member is task else below, cause if member is task else "")
        member.worker = None
        for version in member.outputs:
            if version.state == _PENDING:
                data.become(books, version, _BROKEN)
                data.refuse(books, version)
        books.report(member, root)
    kept = {
        member.number for member in reversed(cone) if keep(books, member)
    }  # who is kept keeps what made its inputs
    for member in cone:
        _close(books, member, member.number in kept)
    if kept:
        trim(books)


def _cone(task: Task) -> list[Task]:
    """A task and all that can't be had without its pending outputs, makers before readers."""
    cone = {task.number: task}
    work = [task]
    while work:
        for version in work.pop().outputs:
            if version.state == _PENDING and version.readers:
                for reader in version.readers.values():
                    if reader.number not in cone:
                        cone[reader.number] = reader
                        work.append(reader)
    return [task] if len(cone) == 1 else sorted(cone.values(), key=_by_depth)


def _by_depth(task: Task) -> tuple[int, Number]:
    return task.depth, task.number


def _take_off(books: Books, task: Task) -> None:
    """Take a task that will not be run off its worker, which is told."""
    worker = task.worker
    if worker is None or task.number not in worker.tasks:
        return
    unload(worker, task)
    fit(books, worker)
    books.touch(worker)
    if not worker.gone:
        worker.retracts.append(task.number)


def _close(books: Books, task: Task, kept: bool) -> None:
    """Keep what a failed task reads while it can be retried; give the rest back, and forget what nobody can ask of it."""
    number = task.number
    reads, outputs = task.reads, task.outputs
    task.missing = 0
    if not kept:
        task.reads = ()
        books.forgets.append(number)
    for version in reads:
        if version.readers:
            version.readers.pop(number, None)
        if version.extra is not None:
            version.extra.awaited.pop(number, None)
        if not version.pins and not version.readers:
            data.release(books, version)
    for version in outputs:
        if version.state == _BROKEN and not version.pins and not version.readers:
            data.release(books, version)
    if not outputs:
        books.retire(task)


def doom(version: Version) -> tuple[str, Number]:
    """What becomes of a task that reads this broken version: (state, root)."""
    maker = version.maker
    if maker is None:
        return _UPSTREAM, maker_of(version.vid)
    return (_CANCELLED if maker.state == _CANCELLED else _UPSTREAM), maker.root


def break_version(books: Books, version: Version) -> None:
    """A lost version can't be made again: it is broken, and all that reads it fails."""
    state, root = doom(version)
    data.become(books, version, _BROKEN)
    data.refuse(books, version)
    while version.readers:
        end(books, next(iter(version.readers.values())), state, root)
    if not version.pins:
        data.release(books, version)


def check_reads(books: Books, task: Task) -> None:
    """A task that is to run again can't, if one of its inputs has broken meanwhile."""
    for version in task.reads:
        if version.state == _BROKEN:
            end(books, task, *doom(version))
            return
