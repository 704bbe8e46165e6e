"""Attempts that come back from workers, and what is seen of those under way.

Law: an answer counts only if it comes from the worker the task is on and names the attempt under way; late ones are
ignored, but what they left behind is freed.
"""

from __future__ import annotations

from typing import Final

from .books import Books
from .cone import end
from .events import TasksReturned, WorkersObserved
from .graph import finish, send_back
from .model import Kind, Outcome, ReturnRow, vid_of
from .records import Task, Worker
from .recovery import await_publication, lose_attempt
from .states import TaskState
from .tries import fail_attempt, too_long, watch
from .workers import SMOOTHING, fit, unload

DECLINES: Final = 10
"""How often a task may be declined before that counts as lost attempts."""
_OK: Final = int(Outcome.OK)


def on_tasks_returned(books: Books, event: TasksReturned) -> None:
    """Take back attempts, in the order the worker ended them."""
    worker = books.workers.get(event.worker)
    if worker is None:
        return  # it has left; what it held is lost and runs again
    tasks = books.tasks
    placed = worker.tasks
    overhead_s = books.options.overhead_s
    for row in event.rows:
        number = row[0]
        task = tasks.get(number)
        if task is None or task.worker is not worker or task.attempt != row[1]:
            _ignore(books, worker, row)
            continue
        cost = task.cost
        if row[2] != _OK or cost is None or task.missing:
            unload(worker, task)
        else:
            del placed[number]
            worker.load -= cost
        if row[2] == _OK:
            function = task.function
            estimate = function.estimate
            seen = row[4] + overhead_s
            function.estimate = seen if estimate is None else estimate + SMOOTHING * (seen - estimate)
            finish(books, task, worker, row[3])
        else:
            _not_ok(books, task, worker, row)
    worker.since = books.now
    fit(books, worker)
    books.touch(worker)


def _not_ok(books: Books, task: Task, worker: Worker, row: ReturnRow) -> None:
    number, outcome = task.number, row[2]
    if outcome == Outcome.RAISED:
        fail_attempt(books, task)
    elif outcome == Outcome.TIMED_OUT:
        fail_attempt(books, task, too_long(task))
    elif task.rare is not None and task.rare.cancel_wanted:
        how = "cancelled: KeyboardInterrupt ended it" if row[4] > 0.0 else "cancelled before it began"
        end(books, task, TaskState.CANCELLED, number, how)
    elif outcome == Outcome.INTERRUPTED:
        lose_attempt(books, task, "interrupted, though nobody cancelled it")
    elif outcome == Outcome.DECLINED:
        _declined(books, task, worker)
    else:
        send_back(books, task, f"taken back from worker {worker.wid}")


def _declined(books: Books, task: Task, worker: Worker) -> None:
    """A worker lacks an input: place the task again, where the input really is."""
    cause = f"worker {worker.wid} lacks an input"
    rare = task.rarely()
    rare.declined += 1
    if rare.declined > DECLINES:
        lose_attempt(books, task, cause)
        return
    await_publication(books, task, [version for version in task.reads if version.holder is worker])
    send_back(books, task, cause)


def _ignore(books: Books, worker: Worker, row: ReturnRow) -> None:
    """Free what a late answer left behind."""
    for output, (kind, _nbytes, _data) in enumerate(row[3]):
        vid = vid_of(row[0], output)
        version = books.versions.get(vid)
        if kind == Kind.HELD and (version is None or version.holder is not worker):
            worker.drops.append(vid)
            books.touch(worker)
        elif kind in (Kind.INLINE, Kind.FILE) and version is None:
            books.drops.append(vid)


def on_workers_observed(books: Books, event: WorkersObserved) -> None:
    """Tasks placed on a worker that were seen to run there."""
    for wid, number in event.running:
        worker = books.workers.get(wid)
        task = None if worker is None else worker.tasks.get(number)
        if task is not None and task.state == TaskState.PLACED:
            books.move(task, TaskState.RUNNING)
            watch(books, task)
