"""Where the next task goes: fair turns, workers fed by time, data where it is, chains ahead of time, light stealing.

Law: decides; changes nothing but what it places. Constant work per task and per worker that changed.
"""

from __future__ import annotations

from itertools import islice
from typing import Final

from . import graph
from . import versions as data
from .books import Books
from .facts import TASK
from .model import Kind, Vid
from .records import Task, Version, Worker
from .recovery import await_publication
from .states import TASK_MOVES, DatumState, TaskState
from .workers import FULL, IDLE, PARTLY, fit, load, take_back

_READY: Final = TaskState.READY
_WAITING: Final = TaskState.WAITING
_PLACED: Final = TaskState.PLACED
_PENDING: Final = DatumState.PENDING
_HELD: Final = Kind.HELD
if _PLACED not in TASK_MOVES[_READY]:
    raise AssertionError("_feed() makes a move that the table does not allow")
SLICES: Final = 8
"""Short tasks are dealt to workers in slices of this part of what keeps them fed."""
STEAL_MOST: Final = 64
"""Tasks asked back at once for each idle worker."""
LOOK_AT: Final = 128
"""How many busy workers, and how many tasks of each, are looked at for work to move in one turn."""
STALE: Final = 1000
"""How many tasks that are no longer ready may stand in the queue."""


def place(books: Books) -> None:
    """Give every worker with room what it is to do next."""
    if books.counts[_READY]:
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
    """Place ready tasks in their turn until no worker has room for the next one."""
    idle, partly, queue = books.idle, books.partly, books.queue
    reserved: list[Worker] = []
    share = books.counts[_READY] // (len(idle) + len(partly) or 1)
    while idle or partly:
        task = queue.pop()
        if task is None:
            break
        worker = _choose(books, task)
        if worker is None:
            queue.unpop(task)
            break
        reads = task.reads
        if not reads and task.function.estimate is not None:
            _feed(books, task, worker, share)
            continue
        away = [version for version in reads if version.holder is not None and version.holder is not worker]
        if away:
            await_publication(books, task, away)
            graph.recount(books, task)
            reserved.append(worker)  # its room is promised for this turn
            _withdraw(books, worker)
        else:
            put(books, task, worker)
            fit(books, worker)
    for worker in reserved:
        fit(books, worker)


def _feed(books: Books, task: Task | None, worker: Worker, share: int) -> None:
    """Place a task that needs no data, and those behind it like it: a slice of the worker's feed, or its share."""
    queue, launches, placed, now = books.queue, worker.launches, worker.tasks, books.now
    facts, wid = books.facts, worker.wid
    if not placed:
        worker.since = now
    enough = min(worker.load + books.options.feed_s / SLICES, books.options.feed_s)
    count = 0
    while task is not None:
        cost = task.function.estimate
        if cost is None or task.reads:
            queue.unpop(task)
            break
        number = task.number
        task.cost = cost
        worker.load += cost
        task.worker = worker
        task.attempt += 1
        task.state = _PLACED
        fact = (TASK, number, _PLACED, wid, now)
        facts.append(fact)
        task.log.append(fact)
        placed[number] = task
        launches.append((number, task.attempt, ()))
        count += 1
        for version in task.outputs:
            if version.readers:
                worker.candidates.extend(version.readers.values())
        task = queue.pop() if worker.load < enough and count < share else None
    books.counts[_READY] -= count
    books.counts[_PLACED] += count
    books.touch(worker)
    fit(books, worker)
    if worker.room == PARTLY:
        books.partly.move_to_end(wid)


def _withdraw(books: Books, worker: Worker) -> None:
    (books.idle if worker.room == IDLE else books.partly).pop(worker.wid)
    worker.room = FULL


def _choose(books: Books, task: Task) -> Worker | None:
    """The worker with room that holds most of a task's input, else the one idle for the shortest time, else any with room."""
    known = task.function.estimate is not None
    if task.reads and (nearest := _nearest(books, task, known)) is not None:
        return nearest
    if books.idle:
        return next(reversed(books.idle.values()))  # the last one in: its caches are warm
    if known:
        return next(iter(books.partly.values()))
    return None


def _nearest(books: Books, task: Task, known: bool) -> Worker | None:
    """The worker with room that holds most of a task's input, if one holds any."""
    where: dict[int, int] = {}
    for version in task.reads:
        holder = version.holder
        if holder is not None and (holder.room == IDLE or (known and holder.room == PARTLY)):
            where[holder.wid] = where.get(holder.wid, 0) + version.nbytes + 1
    return books.workers[max(where, key=where.__getitem__)] if where else None


def put(books: Books, task: Task, worker: Worker) -> None:
    """Place a task on a worker; `fit` follows."""
    load(books, worker, task)
    books.move(task, _PLACED)
    reads = task.reads
    ahead = task.missing
    if len(reads) == 1:
        version = reads[0]
        inputs: tuple[tuple[Vid, Kind], ...] = ((version.vid, _HELD if ahead else version.kind),)
    else:
        inputs = tuple(
            [(each.vid, _HELD if ahead and each.state == _PENDING else each.kind) for each in reads]
        )
    worker.launches.append((task.number, task.attempt, inputs))
    if not worker.touched:
        books.touch(worker)
    for version in task.outputs:
        if version.readers:
            worker.candidates.extend(version.readers.values())


# ---------------------------------------------------------------- ahead of time
def _queue_ahead(books: Books) -> None:
    """Queue tasks behind the ones that make their inputs, on workers that this turn touched."""
    feed_s = books.options.feed_s
    for worker in books.touched:
        candidates = worker.candidates
        if not candidates:
            continue
        while candidates and worker.room != FULL:
            if books.idle and len(worker.tasks) - worker.ahead > 1:
                break  # an idle worker may rather take one of the two strands
            task = candidates.popleft()
            if task.state == _WAITING and _all_made_on(books, task, worker):
                put(books, task, worker)
                if worker.load >= feed_s:
                    break
        fit(books, worker)


def _all_made_on(books: Books, task: Task, worker: Worker) -> bool:
    """Tell whether all a task misses is being made on this worker, and the rest can be read there."""
    reads = task.reads
    if len(reads) > books.options.ahead_reads or task.function.estimate is None:
        return False
    if task.rare is not None and (task.rare.declined or task.rare.held):
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
    idle = len(books.idle)
    steal_s = books.options.steal_s
    later = False
    for worker in list(islice(books.stocked.values(), LOOK_AT)):
        if idle <= 0:
            break
        books.stocked[worker.wid] = books.stocked.pop(worker.wid)  # others first the next time
        if worker.closing:
            continue
        if worker.load < steal_s and books.now - worker.since < steal_s and not worker.unknown:
            later = True
            continue
        queued = min(len(worker.tasks) - 1, LOOK_AT)  # the first is running
        spare = [task for task in islice(reversed(worker.tasks.values()), queued) if can_move(task)]
        if spare:
            share = min(max(1, len(spare) * idle // (idle + 1)), STEAL_MOST * idle)
            take_back(books, worker, spare[:share])
            idle -= share
    if later:
        books.wake_at(books.now + steal_s)


def can_move(task: Task) -> bool:
    """Tell whether a queued task could run elsewhere as well: nothing is tied to its worker."""
    rare = task.rare
    if task.state != _PLACED or task.missing:
        return False
    if rare is not None and (rare.retracted or rare.cancel_wanted):
        return False
    if any(version.holder is not None for version in task.reads):
        return False
    return not any(_read_ahead(version) for version in task.outputs)


def _read_ahead(version: Version) -> bool:
    return any(reader.worker is not None for reader in (version.readers or {}).values())
