"""Workers: what is queued on each, for how long it will keep it busy, and which has room.

Law: counts and estimates; knows nothing of data and decides nothing. A worker is kept fed by time, not by count.
"""

from __future__ import annotations

from typing import Final

from .books import Books
from .records import Task, Worker

FULL: Final = 0
IDLE: Final = 1
PARTLY: Final = 2
SMOOTHING: Final = 0.2
"""Weight of the newest run time in a function's estimate."""


def fit(books: Books, worker: Worker) -> None:
    """Enter a worker where it belongs by what is queued on it; follows every change of that."""
    count = len(worker.tasks)
    if worker.closing or worker.gone or worker.leaving:
        room = FULL
    elif not count:
        room = IDLE
        worker.load = 0.0  # no drift
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
    if worker.stocked != (count > 1):
        worker.stocked = count > 1
        if worker.stocked:
            books.stocked[worker.wid] = worker
        else:
            del books.stocked[worker.wid]


def load(books: Books, worker: Worker, task: Task) -> None:
    """Count a task that is put on a worker; `fit` follows."""
    tasks = worker.tasks
    if not tasks:
        worker.since = books.now
    tasks[task.number] = task
    cost = task.cost = task.function.estimate
    if cost is None:
        worker.unknown += 1
    else:
        worker.load += cost
    if task.missing:
        worker.ahead += 1
    task.worker = worker
    task.attempt += 1


def unload(worker: Worker, task: Task) -> None:
    """Count a task that has left its worker; `fit` follows when all that left at once are counted.

    The caller clears `task.worker` when the last fact about it has been said.
    """
    del worker.tasks[task.number]
    cost = task.cost
    if cost is None:
        worker.unknown -= 1
    else:
        worker.load -= cost
    if task.missing:
        worker.ahead -= 1


def take_back(books: Books, worker: Worker, tasks: list[Task]) -> None:
    """Ask a worker for queued tasks; only its answer moves them."""
    for task in tasks:
        task.rarely().retracted = True
        worker.retracts.append(task.number)
    if tasks:
        books.touch(worker)
