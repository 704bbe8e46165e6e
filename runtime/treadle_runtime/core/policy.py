"""Where the next task goes: fair turns, workers fed by time, data where it is, chains ahead of time, light stealing.

Law: decides; changes nothing but what it places. Constant work per task and per worker that changed.
"""

from __future__ import annotations

from itertools import islice
from typing import Final

from . import graph
from . import versions as data
from .books import Books
from .model import Kind
from .records import Task, Version, Worker
from .recovery import await_publication
from .states import DatumState, TaskState
from .workers import FULL, IDLE, fit, holders, load

_READY: Final = TaskState.READY
_WAITING: Final = TaskState.WAITING
_PLACED: Final = TaskState.PLACED
_PENDING: Final = DatumState.PENDING
_HELD: Final = Kind.HELD
STEAL_MOST: Final = 64
"""Tasks asked back at once for each idle worker."""
STALE: Final = 1000
"""How many tasks that are no longer ready may stand in the queue."""


def place(books: Books) -> None:
    """Give every worker with room what it is to do next."""
    _place_ready(books)
    if not books.counts[_READY]:
        _queue_ahead(books)
        if books.idle:
            _publish_idle(books)
            if books.stocked:
                _steal(books)
    elif books.idle:
        _publish_idle(books)
    queue = books.queue
    if queue.stale > STALE and queue.stale > books.counts[_READY]:
        queue.compact()


def _place_ready(books: Books) -> None:
    idle, partly, queue = books.idle, books.partly, books.queue
    reserved: list[Worker] = []
    while idle or partly:
        task = queue.head()
        if task is None:
            break
        reads = task.reads
        where = holders(reads) if reads else None
        if where is None:
            if idle:
                worker = next(iter(idle.values()))
            elif task.function.estimate is not None:
                worker = next(iter(partly.values()))
            else:
                break
            queue.take(task)
            put(books, task, worker)
            continue
        best = _choose(books, task, where)
        if best is None:
            break
        queue.take(task)
        away = [version for version in reads if version.holder is not None and version.holder is not best]
        if not away:
            put(books, task, best)
            continue
        await_publication(books, task, away)
        graph.recount(books, task)
        if best.wid not in where:  # its room is promised for this turn
            reserved.append(best)
            _withdraw(books, best)
    for worker in reserved:
        fit(books, worker)


def _withdraw(books: Books, worker: Worker) -> None:
    (books.idle if worker.room == IDLE else books.partly).pop(worker.wid)
    worker.room = FULL


def _choose(books: Books, task: Task, where: dict[int, int]) -> Worker | None:
    """The worker with room that holds most of a task's input, else any with room."""
    known = task.function.estimate is not None
    best: Worker | None = None
    most = 0
    for wid, nbytes in where.items():
        worker = books.workers[wid]
        if nbytes > most and worker.room != FULL and (known or worker.room == IDLE):
            best, most = worker, nbytes
    if best is not None:
        return best
    if books.idle:
        return next(iter(books.idle.values()))
    if known and books.partly:
        return next(iter(books.partly.values()))
    return None


def put(books: Books, task: Task, worker: Worker) -> None:
    """Place a task on a worker."""
    load(books, worker, task)
    books.move(task, _PLACED)
    reads = task.reads
    if reads:
        ahead = task.missing
        inputs = tuple(
            [(version.vid, _HELD if ahead and version.state == _PENDING else version.kind) for version in reads]
        )
    else:
        inputs = ()
    worker.launches.append((task.number, task.attempt, inputs))
    for version in task.outputs:
        if version.readers:
            worker.candidates.extend(version.readers.values())
    if worker.room == FULL:
        return
    partly = books.partly
    fit(books, worker)
    if worker.room != FULL and worker.room != IDLE:
        partly.move_to_end(worker.wid)


# ---------------------------------------------------------------- ahead of time
def _queue_ahead(books: Books) -> None:
    """Queue tasks behind the ones that make their inputs, on workers that this turn touched."""
    for worker in books.touched:
        candidates = worker.candidates
        while candidates and worker.room != FULL:
            if books.idle and len(worker.tasks) - worker.ahead > 1:
                break  # an idle worker may rather take one of the two strands
            task = candidates.popleft()
            if task.state == _WAITING and _all_made_on(books, task, worker):
                put(books, task, worker)


def _all_made_on(books: Books, task: Task, worker: Worker) -> bool:
    """Tell whether all a task misses is being made on this worker, and the rest can be read there."""
    reads = task.reads
    if len(reads) > books.options.ahead_reads or task.function.estimate is None:
        return False
    if task.trouble is not None and task.trouble.declined:
        return False
    for version in reads:
        if version.state == _PENDING:
            maker = version.maker
            if maker is None or maker.worker is not worker:
                return False
        elif version.holder is not None and (version.holder is not worker or _awaits(task, version)):
            return False
    return True


def _awaits(task: Task, version: Version) -> bool:
    return version.extra is not None and task.number in version.extra.awaited


# ---------------------------------------------------------------- idle workers
def _publish_idle(books: Books) -> None:
    """An idle worker writes what it holds to the store."""
    for worker in list(books.touched):
        if worker.held and not worker.tasks and not worker.closing and not worker.gone:
            for version in worker.held.values():
                data.publish(books, version)


def _steal(books: Books) -> None:
    """Ask for queued work of busy workers back, for the idle ones; only the answer moves it."""
    options = books.options
    idle = len(books.idle)
    later = False
    for worker in list(books.stocked.values()):
        if idle <= 0:
            break
        if worker.closing:
            continue
        waiting = books.now - worker.since
        if worker.load < options.steal_s and waiting < options.steal_s and not worker.unknown:
            later = True
            continue
        spare = [task for task in islice(worker.tasks.values(), 1, None) if _can_move(task)]
        if not spare:
            continue
        share = min(max(1, len(spare) * idle // (idle + 1)), STEAL_MOST * idle)
        for task in spare[-share:]:
            task.troubles().retracted = True
            worker.retracts.append(task.number)
        books.touch(worker)
        idle -= share
    if later:
        books.wake_at(books.now + options.steal_s)


def _can_move(task: Task) -> bool:
    """Tell whether a queued task could run elsewhere as well: nothing is tied to its worker."""
    trouble = task.trouble
    if task.state != _PLACED or task.missing:
        return False
    if trouble is not None and (trouble.retracted or trouble.cancel_wanted):
        return False
    if any(version.holder is not None for version in task.reads):
        return False
    return not any(_read_ahead(version) for version in task.outputs)


def _read_ahead(version: Version) -> bool:
    return any(reader.worker is not None for reader in (version.readers or {}).values())
