"""Tasks that did not end well, tried again: they become open, with all they need and all that needs them.

Law: moves final tasks back and nothing else; what runs where, and what has become of an attempt, is decided elsewhere.
What had succeeded is not touched. Numbers and versions stay the same, so every handle means the new attempt.
"""

from __future__ import annotations

from . import kept
from . import versions as data
from .books import Books
from .cone import doom, end
from .events import RetryWanted
from .instructions import Rearm
from .model import ClientId, FunctionId, Number, Vid, maker_of
from .records import Task, Version
from .states import TASK_FINAL, DatumState, TaskState

_BROKEN = DatumState.BROKEN
_READY = DatumState.READY


def on_retry_wanted(books: Books, event: RetryWanted) -> None:
    """Open tasks again; what can't be is named with the reason."""
    chosen: dict[Number, Task] = {}
    refused: list[tuple[Number, str]] = []
    for number in event.numbers:
        found = _needed(books, number)
        if isinstance(found, str):
            refused.append((number, found))
        else:
            chosen.update(found)
    _add_followers(books, chosen)
    opened = sorted(chosen.values(), key=_by_depth)
    # whoever wished hears of all that no living client hears of: a page, or the next kernel of a notebook
    alone = [task.number for task in opened if task.lane.client.gone and task.lane.client.cid != event.client]
    told: dict[ClientId, list[Number]] = {books.client(event.client).cid: alone}
    for task in opened:
        _open(books, task)
        for client in (task.lane.client, *task.rarely().followers):
            told.setdefault(client.cid, []).append(task.number)
        instead = event.instead.get(task.function.fid)
        if instead is not None and task.lane.client.cid == event.client:
            _call_instead(books, task, *instead)
    hopeless = [task for task in opened if not _enter(books, task)]
    for cid, numbers in told.items():
        mine = cid == event.client
        if cid in books.clients and not books.clients[cid].gone:
            books.rearms.append(Rearm(cid, event.id if mine else 0, numbers, refused if mine else []))
    for task in hopeless:
        lost = next(version for version in task.reads if version.state not in (_READY, DatumState.PENDING))
        end(books, task, TaskState.UPSTREAM, maker_of(lost.vid), "what its new code reads is gone")


def refusal(books: Books, number: Number) -> str:
    """Return why a task can't be tried again, "" if it can."""
    found = _needed(books, number)
    return found if isinstance(found, str) else ""


def _by_depth(task: Task) -> tuple[int, Number]:
    return task.depth, task.number


def _needed(books: Books, number: Number) -> dict[Number, Task] | str:
    """Return a task with the failed ones it needs, or why it can't be retried."""
    found: dict[Number, Task] = {}
    work = [number]
    while work:
        one = work.pop()
        task = books.recorded.get(one)
        if task is None:
            return _why_not(books, number, one)
        if one not in found:
            found[one] = task
            work += [maker_of(version.vid) for version in task.reads if version.state == _BROKEN]
    return found


def _why_not(books: Books, number: Number, missing: Number) -> str:
    task = books.tasks.get(missing)
    state = None if task is None else task.state
    if missing != number:
        return f"what it needs can't be had again: the inputs of #{missing} are no longer kept"
    if state == TaskState.DONE:
        return "it is done, and there is nothing to retry"
    if state is not None and state not in TASK_FINAL:
        return f"it has not ended yet ({state})"
    return "its inputs are no longer kept"


def _add_followers(books: Books, chosen: dict[Number, Task]) -> None:
    """Add what was taken along by the failure of chosen ones, unless it needs something else that has failed."""
    taken = [
        task for task in books.recorded.values() if task.root != task.number and task.number not in chosen
    ]
    for task in sorted(taken, key=_by_depth):  # makers before readers
        broken = [version for version in task.reads if version.state == _BROKEN]
        still = [version for version in broken if maker_of(version.vid) not in chosen]
        if not still:
            chosen[task.number] = task
        elif task.root in chosen:
            task.rarely().root = doom(still[0])[1]


def _open(books: Books, task: Task) -> None:
    """Undo the end of a task: it reads its inputs, and its outputs are awaited."""
    number = task.number
    kept.leave(books, task)
    del books.recorded[number]
    rare = task.rarely()
    rare.kept = rare.cancel_wanted = rare.retracted = rare.told = False
    rare.root = rare.losses = rare.declined = rare.failed = 0
    rare.retried += 1
    for version in dict.fromkeys(task.reads):
        version.pins -= 1
        _read(version, task)
    for version in task.outputs:
        if version.state == _BROKEN:
            data.become(books, version, DatumState.PENDING)


def _read(version: Version, task: Task) -> None:
    if version.readers is None:
        version.readers = {}
    version.readers[task.number] = task


def _call_instead(books: Books, task: Task, function: FunctionId, reads: tuple[Vid, ...]) -> None:
    """Have an opened task call another function, which reads other things besides its arguments."""
    task.function = books.function(function)
    rare = task.rarely()
    rare.recorded = len(task.reads) if rare.recorded < 0 else rare.recorded
    surplus = task.reads[rare.recorded :]
    task.reads = task.reads[: rare.recorded]
    for version in surplus:
        if version not in task.reads and version.readers is not None:
            version.readers.pop(task.number, None)
            if not version.pins and not version.readers:
                data.release(books, version)
    for vid in reads:
        found = books.versions.get(vid)
        if found is None:
            found = Version(vid, None, 0)
            found.state = DatumState.DROPPED
        else:
            _read(found, task)
        task.reads += (found,)


def _enter(books: Books, task: Task) -> bool:
    """Put an opened task where it belongs; False if something it reads is gone."""
    states = [version.state for version in dict.fromkeys(task.reads)]
    task.missing = sum(state != _READY for state in states)
    times = (
        "retried" if task.rarely().retried == 1 else f"retried for the {_ordinal(task.rarely().retried)} time"
    )
    books.move(task, TaskState.WAITING if task.missing else TaskState.READY, times)
    if not task.missing:
        books.queue.push(task)
    return DatumState.DROPPED not in states and _BROKEN not in states


def _ordinal(count: int) -> str:
    ending = "th" if 10 < count % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(count % 10, "th")
    return f"{count}{ending}"
