"""Tasks from birth to end: what each waits for, what its end sets free, and the cone a failure takes with it.

Law: true dependencies only, by version. Knows nothing of where a task runs, except to take it off its worker.
"""

from __future__ import annotations

from typing import Final

from . import versions as data
from .books import Books
from .events import TasksSubmitted, VersionsPut
from .facts import BORN
from .model import OUTPUT_BITS, Kind, Number, OutputRow, TaskRow, Vid, is_put, maker_of
from .records import Client, Task, Version
from .states import DatumState, TaskState
from .workers import fit, unload

WAITING: Final = TaskState.WAITING
READY: Final = TaskState.READY
PLACED: Final = TaskState.PLACED
RUNNING: Final = TaskState.RUNNING
DONE: Final = TaskState.DONE
CANCELLED: Final = TaskState.CANCELLED
UPSTREAM: Final = TaskState.UPSTREAM
FAILED: Final = TaskState.FAILED
IN_HAND: Final = frozenset({PLACED, RUNNING})
KINDS: Final = tuple(Kind)
_PENDING: Final = DatumState.PENDING
_THERE: Final = DatumState.READY
_BROKEN: Final = DatumState.BROKEN
_HELD: Final = Kind.HELD


def on_tasks_submitted(books: Books, event: TasksSubmitted) -> None:
    """Enter new tasks, each ready, waiting or without a chance."""
    client = books.client(event.client)
    functions = books.functions
    known = books.tasks
    queue = books.queue
    lane = None
    for row in event.rows:
        number = row[0]
        if number in known:
            continue  # said twice by a client that was not sure the first time arrived
        if lane is None or lane.cell != row[6] or lane.priority != row[8]:
            lane = queue.lane(row[8], client, row[6])
        function = functions.get(row[1]) or books.function(row[1])
        task = Task(number, function, lane, row[3], row[5])
        known[number] = task
        broken = _link(books, task, row) if row[3] else None
        makers = _makers(row[3]) if row[3] else ()
        born = (BORN, number, row[1], client.cid, row[6], task.depth, makers, row[9], books.now)
        books.facts.append(born)
        task.log.append(born)
        _make_outputs(books, task, row[4], client)
        options = row[10]
        if options is not None and options.get("retry_lost") is False:
            task.troubles().retry_lost = False
        books.counts[WAITING] += 1
        if broken is not None:
            end(books, task, *broken)
        elif task.missing:
            _note(books, task)
            _try_ahead(task)
        else:
            books.move(task, READY)
            queue.push(task)


def _link(books: Books, task: Task, row: TaskRow) -> tuple[str, Number] | None:
    """Tie a task to what it reads; give (state, root) if that can't be had any more."""
    known = books.versions
    number = task.number
    broken: tuple[str, Number] | None = None
    reads: list[Version] = []
    depth = 0
    for vid in row[3]:
        version = known.get(vid)
        if version is None:
            version = Version(vid, None, 0)
            version.state = DatumState.DROPPED
            broken = broken or (UPSTREAM, maker_of(vid))
        else:
            readers = version.readers
            if readers is None:
                readers = version.readers = {}
            if number not in readers:
                readers[number] = task
                state = version.state
                if state == _PENDING:
                    task.missing += 1
                elif state == _BROKEN and broken is None:
                    broken = _doom(version)
            maker = version.maker
            if maker is not None and maker.depth > depth:
                depth = maker.depth
        reads.append(version)
    task.reads = tuple(reads)
    task.depth = depth + 1
    return broken


def _doom(version: Version) -> tuple[str, Number]:
    """What becomes of a task that reads this broken version: (state, root)."""
    maker = version.maker
    if maker is None:
        return UPSTREAM, maker_of(version.vid)
    return (CANCELLED if maker.state == CANCELLED else UPSTREAM), maker.root


def _makers(reads: tuple[Vid, ...]) -> tuple[Number, ...]:
    return tuple(dict.fromkeys(maker_of(vid) for vid in reads if not is_put(vid)))


def _make_outputs(books: Books, task: Task, count: int, client: Client) -> None:
    base = task.number << OUTPUT_BITS
    if count == 1:
        books.versions[base] = version = Version(base, task, 1)
        task.outputs = (version,)
        client.handles[base] = 1
    else:
        task.outputs = tuple([Version(base | output, task, 1) for output in range(count)])
        for version in task.outputs:
            books.versions[version.vid] = version
            client.handles[version.vid] = 1
    task.open = count


def _note(books: Books, task: Task) -> None:
    """Say that a new task waits (its first state is no move)."""
    fact = ("t", task.number, WAITING, 0, books.now)
    books.facts.append(fact)
    task.log.append(fact)


def _try_ahead(task: Task) -> None:
    """Offer a task to the worker that makes what it waits for."""
    for version in task.reads:
        if version.state == _PENDING:
            maker = version.maker
            if maker is not None and maker.worker is not None:
                maker.worker.candidates.append(task)
            return


def on_versions_put(books: Books, event: VersionsPut) -> None:
    """Enter versions a client stored by itself."""
    client = books.client(event.client)
    for vid, kind, nbytes in event.rows:
        version = books.versions.get(vid)
        if version is None:
            version = books.versions[vid] = Version(vid, None, 0)
            version.kind = KINDS[kind]
            version.nbytes = nbytes
            data.become(books, version, _THERE)
        data.take_handle(client, version)


def finish(books: Books, task: Task, rows: tuple[OutputRow, ...]) -> None:
    """A task has come back well: its outputs are there. Its worker has been unloaded, but is still `task.worker`."""
    worker = task.worker
    outputs = task.outputs
    if len(rows) != len(outputs) or any(row[0] == Kind.NONE for row in rows):
        end(books, task, FAILED, task.number, "its worker gave no value")
        return
    books.move(task, DONE)
    task.worker = None
    made: list[Version] = []
    unsettled = 0
    for version, row in zip(outputs, rows, strict=True):
        kind, nbytes = KINDS[row[0]], row[1]
        if version.state == _PENDING:
            made.append(version)
            version.nbytes = nbytes
            version.kind = kind
            if kind is _HELD and worker is not None:
                version.holder = worker
                worker.held[version.vid] = version
                unsettled += 1
        else:  # it ran again for the sake of another output: this one is there already or gone
            if kind is _HELD and worker is not None:
                worker.drops.append(version.vid)
                books.touch(worker)
            elif version.state == DatumState.DROPPED:
                books.drops.append(version.vid)
            if version.kind is _HELD or (version.state == DatumState.DROPPED and version.recipes):
                unsettled += 1
    _close_reads(books, task, unsettled)
    for version in made:
        appear(books, version)
    trouble = task.trouble
    if trouble is None or not trouble.told:
        books.report(task)
    if not outputs:
        books.retire(task)


def _close_reads(books: Books, task: Task, unsettled: int) -> None:
    """A task that is done no longer reads; it keeps its reads only while an output might have to be made again."""
    task.unsettled = unsettled
    number = task.number
    reads = task.reads
    if unsettled:
        debt = task.function.estimate or 0.0
        for version in dict.fromkeys(reads):
            version.recipes += 1
            if version.readers:
                version.readers.pop(number, None)
            if version.extra is not None and (version.kind is _HELD or version.state != _THERE):
                debt += version.extra.debt
        for version in task.outputs:
            if version.holder is not None:
                version.extras().debt = debt
                if debt > books.options.remake_s:
                    data.publish(books, version)
    else:
        task.reads = ()
        books.forgets.append(number)
    for version in reads:
        readers = version.readers
        if readers:
            readers.pop(number, None)
        if not readers and not version.pins:
            data.release(books, version)


def appear(books: Books, version: Version) -> None:
    """A pending version is there now: for its readers, for who wanted it, or for nobody."""
    data.become(books, version, _THERE)
    readers = version.readers
    if readers:
        for reader in readers.values():
            arrive(books, reader)
    if version.extra is not None:
        data.serve(books, version)
    if not version.pins and not readers:
        data.release(books, version)


def arrive(books: Books, task: Task) -> None:
    """One thing a task missed is there."""
    if not task.missing:
        return
    task.missing -= 1
    if not task.missing:
        if task.worker is not None:
            task.worker.ahead -= 1
        elif task.state == WAITING:
            books.move(task, READY)
            books.queue.push(task)


def recount(books: Books, task: Task) -> None:
    """Find out anew what a task misses, after something was lost or has to be published first."""
    missing = 0
    for version in dict.fromkeys(task.reads):
        if version.state != _THERE or (version.extra is not None and task.number in version.extra.awaited):
            missing += 1
    worker = task.worker
    if worker is not None:
        worker.ahead += bool(missing) - bool(task.missing)
    task.missing = missing
    if task.state == READY and missing:
        books.move(task, WAITING)
    elif task.state == WAITING and not missing:
        books.move(task, READY)
        books.queue.push(task)


def send_back(books: Books, task: Task, cause: str) -> None:
    """A task that was on a worker (and has been unloaded) is to be placed again."""
    task.worker = None
    if task.trouble is not None:
        task.trouble.retracted = False
    recount(books, task)
    books.move(task, WAITING if task.missing else READY, cause)
    if not task.missing:
        books.queue.push(task)


def end(books: Books, task: Task, state: str, root: Number, cause: str = "") -> None:
    """A task fails or is cancelled, and all that needs it with it; the root is named, never a chain."""
    below = CANCELLED if state == CANCELLED else UPSTREAM
    cone = _cone(task)
    for member in cone:
        member.root = root
        books.queue.stale += member.queued
        _take_off(books, member)
    for member in cone:
        books.move(member, state if member is task else below, cause)
        member.worker = None
        cause = ""
        broken = [version for version in member.outputs if version.state == _PENDING]
        _fall_back(member)
        for version in broken:
            data.become(books, version, _BROKEN)
            data.refuse(books, version)
        books.report(member, tuple([_fallback_vid(version) for version in member.outputs]))
    for member in cone:
        _close_failed(books, member)


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
    if len(cone) == 1:
        return [task]
    return sorted(cone.values(), key=_by_depth)


def _by_depth(task: Task) -> tuple[int, Number]:
    return task.depth, task.number


def _take_off(books: Books, task: Task) -> None:
    """Take a task that will not be run off its worker, which is told."""
    worker = task.worker
    if worker is None:
        return
    if task.number in worker.tasks:
        unload(books, worker, task)
        fit(books, worker)
        if not worker.gone:
            worker.retracts.append(task.number)
            books.touch(worker)


def _fall_back(task: Task) -> None:
    """Tie each output that renews something to the last good version below it."""
    for read, output in task.renews:
        version = task.outputs[output] if output < len(task.outputs) else None
        if version is None or version.state != _PENDING or read >= len(task.reads):
            continue
        below: Version | None = task.reads[read]
        while below is not None and below.state == _BROKEN:
            below = below.extra.fallback if below.extra is not None else None
        if below is not None and below.state != DatumState.DROPPED:
            below.pins += 1
            version.extras().fallback = below


def _fallback_vid(version: Version) -> Vid:
    extra = version.extra
    return extra.fallback.vid if extra is not None and extra.fallback is not None else 0


def _close_failed(books: Books, task: Task) -> None:
    """Give back what a failed task read, and forget what nobody can ask of it."""
    number = task.number
    reads, outputs = task.reads, task.outputs
    task.reads = ()
    task.missing = 0
    books.forgets.append(number)
    for version in reads:
        readers = version.readers
        if readers:
            readers.pop(number, None)
        extra = version.extra
        if extra is not None:
            extra.awaited.pop(number, None)
        if not readers and not version.pins:
            data.release(books, version)
    for version in outputs:
        if version.state == _BROKEN and not version.pins and not version.readers:
            data.release(books, version)
    if not outputs:
        books.retire(task)


def break_version(books: Books, version: Version) -> None:
    """A lost version that can't be made again, and all that reads it."""
    root = maker_of(version.vid) if version.maker is None else version.maker.root
    data.become(books, version, _BROKEN)
    data.refuse(books, version)
    for reader in list((version.readers or {}).values()):
        if reader.number in (version.readers or {}):
            end(books, reader, UPSTREAM, root)
    if not version.pins and not version.readers:
        data.release(books, version)


def check_reads(books: Books, task: Task) -> None:
    """A task that is to run again can't, if one of its inputs has broken meanwhile."""
    for version in task.reads:
        if version.state == _BROKEN:
            end(books, task, *_doom(version))
            return
