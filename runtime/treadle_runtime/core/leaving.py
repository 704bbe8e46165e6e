"""Workers that are to leave: nothing new goes to them, what is queued there moves, what they hold is written down.

Law: decides when such a worker may go. What runs on it ends there; nothing is lost, and nothing is run twice.
"""

from __future__ import annotations

from . import versions as data
from .books import Books
from .events import WorkersUnwanted
from .policy import can_move
from .records import Worker
from .workers import fit, take_back


def on_workers_unwanted(books: Books, event: WorkersUnwanted) -> None:
    """These workers are to leave when what runs there has ended."""
    for wid in event.workers:
        worker = books.workers.get(wid)
        if worker is not None and not worker.leaving:
            worker.leaving = True
            books.leaving[wid] = worker
            fit(books, worker)


def see_off(books: Books) -> None:
    """Go on with those who are to leave, and let go who has nothing left."""
    for worker in list(books.leaving.values()):
        if worker.tasks:
            _move_queued(books, worker)
        for version in worker.held.values():
            data.publish(books, version)
        if not worker.tasks and not worker.held and not worker.closing:
            del books.leaving[worker.wid]
            books.dismiss(worker)


def _move_queued(books: Books, worker: Worker) -> None:
    """Ask back what has not begun and is not tied to this worker by its data."""
    tasks = iter(list(worker.tasks.values()))
    next(tasks)  # it runs
    take_back(books, worker, [task for task in tasks if can_move(task)])
