"""Answers for people: why is it waiting, and how did it get here.

Law: reads the books, changes nothing; plain short sentences.
"""

from __future__ import annotations

from typing import Any, Final

from .books import Books
from .later import LAST
from .model import Number, maker_of
from .records import Task, Version
from .states import DatumState, TaskState

NAMED: Final = 3
"""How many things a sentence names one by one."""


def label(task: Task) -> str:
    """A task as people call it: its title or function, and its number."""
    title = task.log[0][7] if task.log else None
    return f"{title or task.function.name} #{task.number}"


def explain(books: Books, number: Number) -> str:
    """Say why a task is where it is."""
    task = books.tasks.get(number)
    if task is None:
        return f"Nothing is known of task #{number}: it was never submitted, or its record has been let go."
    return _SAY[task.state](books, task)


def _waiting(books: Books, task: Task) -> str:
    awaited = [
        version
        for version in dict.fromkeys(task.reads)
        if version.extra is not None and task.number in version.extra.awaited
    ]
    pending = [version for version in dict.fromkeys(task.reads) if version.state == DatumState.PENDING]
    sentences = []
    if task.rare is not None and task.rare.held:
        sentences.append("It is held: its kernel has gone; %treadle resume lets it go on.")
    if pending:
        named = ", ".join(_maker(version) for version in pending[:NAMED])
        more = f" and {len(pending) - NAMED} more" if len(pending) > NAMED else ""
        sentences.append(f"{_inputs(len(pending))} still made by {named}{more}.")
    if awaited:
        workers = sorted({version.holder.wid for version in awaited if version.holder is not None})
        names = ", ".join(f"worker {wid}" for wid in workers)
        sentences.append(
            f"{_inputs(len(awaited))} being written by {names}, so that another worker can read."
        )
    return f"{label(task)} is waiting. " + " ".join(sentences) + _past(task) + _back_to(books, task)


def _back_to(books: Books, task: Task) -> str:
    """Say what the first thing that is missing goes back to, if that is not one of the makers just named."""
    way: list[Task] = []
    root = task
    while root.state == TaskState.WAITING and not (root.rare is not None and root.rare.held):
        makers = (version.maker for version in root.reads if version.state == DatumState.PENDING)
        below = next((maker for maker in makers if maker is not None), None)
        if below is None:
            break
        way.append(root)
        root = below
    if not way or (len(way) < 2 and root.worker is not None):
        return ""
    through = [label(one) for one in way[1:]]
    if len(through) > NAMED:
        through = [through[0], f"{len(through) - 2} others", through[-1]]
    by = f", by way of {', '.join(through)}" if through else ""
    return f" It goes back to {label(root)}{by}. {_SAY[root.state](books, root)}"


def _inputs(count: int) -> str:
    return "1 input is" if count == 1 else f"{count} inputs are"


def _maker(version: Version) -> str:
    maker = version.maker
    if maker is None:
        return f"#{maker_of(version.vid)}"
    if maker.worker is None:
        held = maker.rare is not None and maker.rare.held
        return f"{label(maker)} ({'held' if held else maker.state})"
    verb = "running" if maker.state == TaskState.RUNNING else "queued"
    return f"{label(maker)} ({verb} on worker {maker.worker.wid})"


def _ready(books: Books, task: Task) -> str:
    before = _before(books, task)
    turn = "it is next" if not before else f"{before} {'task is' if before == 1 else 'tasks are'} before it"
    if not books.workers:
        return f"{label(task)} is ready, but there is no worker yet; {turn}.{_past(task)}"
    if books.idle or (books.partly and task.function.estimate is not None):
        return f"{label(task)} is ready and about to be placed; {turn}.{_past(task)}"
    count = len(books.workers)
    busy = "the only worker is busy" if count == 1 else f"all {count} workers are busy"
    return f"{label(task)} is ready, but {busy}; {turn}.{_past(task)}"


def _before(books: Books, task: Task) -> int:
    """How many ready tasks are placed before this one, if nothing else gets ready."""
    mine = [other for other in task.lane if other.state == TaskState.READY and other.number < task.number]
    turns = len(mine)
    before = turns
    seen = False
    for lane in books.queue.lanes():
        if lane is task.lane:
            seen = True
            continue
        ready = sum(other.state == TaskState.READY for other in lane)
        if lane.priority > task.lane.priority:
            before += ready
        elif lane.priority == task.lane.priority:
            before += min(ready, turns + (not seen))
    return before


def _placed(_books: Books, task: Task) -> str:
    worker = task.worker
    if worker is None:
        return f"{label(task)} is placed."
    before = list(worker.tasks).index(task.number)
    queue = "next in line" if not before else f"behind {before} other{'s' if before > 1 else ''}"
    ahead = ", ahead of an input that is made there" if task.missing else ""
    closing = (
        "; the worker is being ended"
        if worker.closing
        else "; the worker leaves then"
        if worker.leaving
        else ""
    )
    return f"{label(task)} is queued on worker {worker.wid}, {queue}{ahead}{closing}.{_past(task)}"


def _running(books: Books, task: Task) -> str:
    where = "" if task.worker is None else f" on worker {task.worker.wid}"
    since = books.now - task.log[-1][4]
    long = f" for {since:.0f} s" if since >= 1 else ""
    return f"{label(task)} is running{where}{long}.{_past(task)}"


def _done(_books: Books, task: Task) -> str:
    where = f" on worker {task.log[-1][3]}" if task.log[-1][3] else ""
    return f"{label(task)} is done{where}."


def _failed(_books: Books, task: Task) -> str:
    cause = task.log[-1][5] if len(task.log[-1]) > 5 else "its own code raised"
    return f"{label(task)} failed: {cause}."


def _upstream(books: Books, task: Task) -> str:
    return f"{label(task)} was not run: {_root(books, task)}, which it needs, failed."


def _cancelled(books: Books, task: Task) -> str:
    if task.root == task.number:
        cause = task.log[-1][5] if len(task.log[-1]) > 5 else ""
        return f"{label(task)} was {'' if cause.startswith('cancelled') else 'cancelled: '}{cause or 'cancelled'}."
    return f"{label(task)} was cancelled with {_root(books, task)}, which it needs."


def _root(books: Books, task: Task) -> str:
    root = books.tasks.get(task.root)
    return f"#{task.root}" if root is None else label(root)


def _past(task: Task) -> str:
    """What has gone wrong with it before."""
    rare = task.rare
    last = task.lane.priority == LAST and task.worker is None
    said = ["It is of an earlier run of its cell, out of reach, so it goes last."] if last else []
    if rare is None:
        return " ".join(["", *said])
    if rare.retried:
        said.append("It failed before and was retried." if rare.retried == 1 else f"It was retried {rare.retried} times.")
    if rare.cancel_wanted:
        said.append("Its cancel is under way.")
    if rare.told:
        said.append("It runs again because its result was lost.")
    if rare.failed:
        said.append(
            f"It has failed {'once' if rare.failed == 1 else f'{rare.failed} times'} and is tried again."
        )
    if task.attempt and rare.losses and not rare.told:
        times = "once" if rare.losses == 1 else f"{rare.losses} times"
        said.append(f"It has lost its worker {times}.")
    return " " + " ".join(said) if said else ""


def story(books: Books, number: Number) -> list[tuple[Any, ...]]:
    """How a task got here: its facts in order, those with a special cause with that cause behind."""
    task = books.tasks.get(number)
    return [] if task is None else list(task.log)


_SAY: Final = {
    TaskState.WAITING: _waiting,
    TaskState.READY: _ready,
    TaskState.PLACED: _placed,
    TaskState.RUNNING: _running,
    TaskState.DONE: _done,
    TaskState.FAILED: _failed,
    TaskState.UPSTREAM: _upstream,
    TaskState.CANCELLED: _cancelled,
}
