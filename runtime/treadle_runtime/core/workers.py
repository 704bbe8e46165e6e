"""Workers: what is queued on each, for how long it will keep it busy, and which has room.

Law: counts and estimates; knows nothing of data and decides nothing. A worker is kept fed by time, not by count.
"""

from __future__ import annotations

from typing import Final

from .books import Books
from .records import Function, Task, Version, Worker

FULL: Final = 0
IDLE: Final = 1
PARTLY: Final = 2
SMOOTHING: Final = 0.2
"""Weight of the newest run time in a function's estimate."""


def fit(books: Books, worker: Worker) -> None:
    """Enter a worker among the idle, the partly fed or neither, by what is queued on it."""
    if worker.closing or worker.gone:
        room = FULL
    elif not worker.tasks:
        room = IDLE
    elif not worker.unknown and worker.load < books.options.feed_s:
        room = PARTLY
    else:
        room = FULL
    old = worker.room
    if room != old:
        if old == IDLE:
            books.idle.pop(worker.wid, None)
        elif old == PARTLY:
            books.partly.pop(worker.wid, None)
        worker.room = room
        if room == IDLE:
            books.idle[worker.wid] = worker
        elif room == PARTLY:
            books.partly[worker.wid] = worker


def load(books: Books, worker: Worker, task: Task) -> None:
    """Count a task that is put on a worker."""
    tasks = worker.tasks
    if not tasks:
        worker.since = books.now
    tasks[task.number] = task
    if len(tasks) == 2:
        books.stocked[worker.wid] = worker
    cost = task.cost = task.function.estimate
    if cost is None:
        worker.unknown += 1
    else:
        worker.load += cost
    if task.missing:
        worker.ahead += 1
    task.worker = worker
    task.attempt += 1
    if not worker.touched:
        books.touch(worker)


def unload(books: Books, worker: Worker, task: Task) -> None:
    """Count a task that has left its worker. `fit` follows when all that left at once are counted; the caller
    clears `task.worker` when its last fact about it has been said."""
    tasks = worker.tasks
    del tasks[task.number]
    cost = task.cost
    if cost is None:
        worker.unknown -= 1
    else:
        worker.load -= cost
    if task.missing:
        worker.ahead -= 1
    if len(tasks) == 1:
        del books.stocked[worker.wid]
    elif not tasks:
        worker.load = 0.0  # no drift


def learn(books: Books, function: Function, run_s: float) -> None:
    """Take a run time into the estimate."""
    seen = run_s + books.options.overhead_s
    estimate = function.estimate
    function.estimate = seen if estimate is None else estimate + SMOOTHING * (seen - estimate)


def holders(reads: tuple[Version, ...]) -> dict[int, int] | None:
    """Bytes of these versions that are in workers' memories only, by worker; None if all can be read anywhere."""
    found: dict[int, int] | None = None
    for version in reads:
        worker = version.holder
        if worker is not None:
            if found is None:
                found = {}
            found[worker.wid] = found.get(worker.wid, 0) + version.nbytes + 1
    return found
