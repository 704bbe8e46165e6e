"""Tasks from birth to end: what each waits for, and what its end sets free.

Law: true dependencies only, by version. Knows nothing of where a task runs. The moves made here without
`Books.move` (three per ordinary task) are checked against the table when the module is loaded.
"""

from __future__ import annotations

from typing import Final

from . import versions as data
from .books import Books
from .cone import doom, end
from .events import TasksSubmitted, VersionsPut
from .facts import BORN, TASK
from .fairness import Lane
from .holding import mark
from .model import INLINE_LIMIT, OUTPUT_BITS, Kind, Number, OutputRow, Vid, is_put, maker_of
from .records import Client, Task, Version, Worker
from .states import TASK_MOVES, DatumState, TaskState

WAITING: Final = TaskState.WAITING
READY: Final = TaskState.READY
DONE: Final = TaskState.DONE
KINDS: Final = tuple(Kind)
_PENDING: Final = DatumState.PENDING
_THERE: Final = DatumState.READY
_BROKEN: Final = DatumState.BROKEN
_DROPPED: Final = DatumState.DROPPED
_HELD: Final = Kind.HELD
_NONE: Final = Kind.NONE
if not (DONE in TASK_MOVES[TaskState.PLACED] and DONE in TASK_MOVES[TaskState.RUNNING]):
    raise AssertionError("finish() makes moves that the table does not allow")


# ---------------------------------------------------------------- birth
def on_tasks_submitted(books: Books, event: TasksSubmitted) -> None:
    """Enter new tasks, each ready, waiting or without a chance."""
    client = books.client(event.client)
    cid, handles = event.client, client.handles
    functions, known, versions, facts, now = (
        books.functions,
        books.tasks,
        books.versions,
        books.facts,
        books.now,
    )
    lane: Lane | None = None
    ready = 0
    for number, fid, _, reads, outputs, _, cell, _, priority, title, options in event.rows:
        if number in known:
            continue  # said twice by a client that was not sure the first time arrived
        if lane is None or lane.cell != cell or lane.priority != priority:
            lane = books.queue.lane(priority, client, cell)
        function = functions.get(fid) or books.function(fid)
        if reads or outputs != 1 or options is not None:
            task = known[number] = Task(number, function, lane, WAITING, [], outputs)
            broken = _link(books, task, reads, title)
            _make_outputs(books, task, client)
            if options is not None:
                _note_options(task, options)
            _begin(books, task, broken)
            continue
        born = (BORN, number, fid, cid, cell, 1, (), title, now)
        fact = (TASK, number, READY, 0, now)
        task = known[number] = Task(number, function, lane, READY, [born, fact], 1)
        facts.append(born)
        facts.append(fact)
        vid = number << OUTPUT_BITS
        version = versions[vid] = Version(vid, task, 1)
        task.outputs = (version,)
        handles[vid] = 1
        ready += 1
        books.queue.push(task)
    books.counts[READY] += ready


def _note_options(task: Task, options: dict[str, int | float | str | bool]) -> None:
    """Take over what the options of a new task say about attempts that fail."""
    if options.get("retry_lost") is False:
        task.rarely().retry_lost = False
    if retries := options.get("retries"):
        task.rarely().retries = int(retries)
    if timeout_s := options.get("timeout"):
        task.rarely().timeout_s = float(timeout_s)


def _link(books: Books, task: Task, reads: tuple[Vid, ...], title: str | None) -> tuple[str, Number] | None:
    """Enter a task with what it reads, and tell its birth; give (state, root) if it reads what can't be had any more."""
    known = books.versions
    number = task.number
    broken: tuple[str, Number] | None = None
    linked: list[Version] = []
    makers: list[Number] = []
    depth = 0
    for vid in reads:
        version = known.get(vid)
        if version is None:
            version = Version(vid, None, 0)
            version.state = _DROPPED
            broken = broken or (TaskState.UPSTREAM, maker_of(vid))
            if not is_put(vid):
                makers.append(maker_of(vid))
        else:
            maker = version.maker
            if maker is not None:
                makers.append(maker.number)
                above = maker.log[0][5]
                if above > depth:
                    depth = above
            readers = version.readers
            if readers is None:
                version.readers = {number: task}
            elif number in readers:
                linked.append(version)
                continue
            else:
                readers[number] = task
            state = version.state
            if state == _PENDING:
                task.missing += 1
            elif state == _BROKEN:
                broken = broken or doom(version)
        linked.append(version)
    task.reads = tuple(linked)
    names = tuple(makers) if len(makers) < 2 else tuple(dict.fromkeys(makers))
    lane = task.lane
    born = (BORN, number, task.function.fid, lane.client.cid, lane.cell, depth + 1, names, title, books.now)
    books.facts.append(born)
    task.log.append(born)
    return broken


def _make_outputs(books: Books, task: Task, client: Client) -> None:
    """Enter what a task will make, with one handle of its client on each."""
    vid = task.number << OUTPUT_BITS
    if task.open == 1:
        books.versions[vid] = version = Version(vid, task, 1)
        task.outputs = (version,)
        client.handles[vid] = 1
        return
    task.outputs = tuple([Version(each, task, 1) for each in range(vid, vid + task.open)])
    for version in task.outputs:
        books.versions[version.vid] = version
        client.handles[version.vid] = 1


def _begin(books: Books, task: Task, broken: tuple[str, Number] | None) -> None:
    """Say a task's first state and put it where it belongs."""
    state = task.state = WAITING if task.missing or broken else READY
    fact = (TASK, task.number, state, 0, books.now)
    books.facts.append(fact)
    task.log.append(fact)
    books.counts[state] += 1
    if broken is not None:
        end(books, task, *broken)
    elif task.missing:
        _try_ahead(books, task)
    else:
        books.queue.push(task)


def _try_ahead(books: Books, task: Task) -> None:
    """Offer a task to the worker that makes the first thing it waits for."""
    for version in task.reads:
        if version.state == _PENDING:
            maker = version.maker
            if maker is not None and maker.worker is not None:
                maker.worker.candidates.append(task)
                books.touch(maker.worker)
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


# ---------------------------------------------------------------- end
def finish(books: Books, task: Task, worker: Worker, rows: tuple[OutputRow, ...]) -> None:
    """A task, already unloaded from its worker, has come back well: its outputs are there."""
    outputs = task.outputs
    simple = len(rows) == 1 == len(outputs) and rows[0][0] < _HELD and outputs[0].state == _PENDING
    if not simple and (len(rows) != len(outputs) or any(row[0] == _NONE for row in rows)):
        end(books, task, TaskState.FAILED, task.number, "its worker gave no value")
        return
    number = task.number
    counts = books.counts
    counts[task.state] -= 1
    counts[DONE] += 1
    task.state = DONE
    fact = (TASK, number, DONE, worker.wid, books.now)
    books.facts.append(fact)
    task.log.append(fact)
    task.worker = None
    if task.rare is None or not task.rare.told:
        books.report(task, 0)
    elif task.rare.followers:
        books.report_followers(task, 0)
    if simple:
        version = outputs[0]
        version.kind = KINDS[rows[0][0]]
        version.nbytes = rows[0][1]
        unsettled = 0
    else:
        unsettled = _take_outputs(books, outputs, worker, rows)
    if unsettled or task.reads:
        _close_reads(books, task, unsettled)
    else:
        books.forgets.append(number)
    for version in outputs:
        if version.state == _PENDING:
            appear(books, version)
    if not outputs:
        books.retire(task)


def _take_outputs(
    books: Books, outputs: tuple[Version, ...], worker: Worker, rows: tuple[OutputRow, ...]
) -> int:
    """Note where the outputs of a done task are; gives how many of them might have to be made again."""
    unsettled = 0
    for version, row in zip(outputs, rows, strict=True):
        kind = KINDS[row[0]]
        if version.state != _PENDING:
            unsettled += _made_again(books, version, worker, kind, row[1])
            continue
        version.kind = kind
        version.nbytes = row[1]
        if kind is _HELD:
            version.holder = worker
            worker.held[version.vid] = version
            unsettled += 1
    return unsettled


def _made_again(books: Books, version: Version, worker: Worker, kind: Kind, nbytes: int) -> int:
    """A task ran again for another output's sake: this one is there already, or gone. Gives 1 if it is unsettled."""
    holder = version.holder
    if kind is _HELD:
        worker.drops.append(version.vid)
        books.touch(worker)
    elif version.state == _DROPPED:
        books.drops.append(version.vid)
    elif holder is not None:  # as good as published
        settle(books, version, kind, nbytes)
        holder.drops.append(version.vid)
        books.touch(holder)
    return version.holder is not None or (version.state == _DROPPED and version.recipes > 0)


def settle(books: Books, version: Version, kind: Kind, nbytes: int) -> None:
    """A version that one worker held can be read by all: for who waited for that, and its maker need not make it again."""
    if version.holder is not None:
        del version.holder.held[version.vid]
    version.holder = None
    version.kind = kind
    version.nbytes = nbytes
    extra = version.extras()
    extra.publishing = False
    awaiting = list(extra.awaited.values())
    extra.awaited.clear()
    for task in awaiting:
        arrive(books, task)
    data.serve(books, version)
    data.settle(books, version)


def _close_reads(books: Books, task: Task, unsettled: int) -> None:
    """A task that is done no longer reads; it keeps its reads only while an output might have to be made again."""
    task.unsettled = unsettled
    number = task.number
    reads = task.reads
    if unsettled:
        _keep_lineage(books, task)
    else:
        task.reads = ()
        books.forgets.append(number)
    for version in reads:
        readers = version.readers
        if readers:
            readers.pop(number, None)
        if not readers and not version.pins:
            data.release(books, version)


def _keep_lineage(books: Books, task: Task) -> None:
    """The reads of a done task stay within reach; what would take long to make again is published at once."""
    debt = task.function.estimate or 0.0
    for version in dict.fromkeys(task.reads):
        version.recipes += 1
        if version.extra is not None and (version.holder is not None or version.state == _DROPPED):
            debt += version.extra.debt
    for version in task.outputs:
        if version.holder is not None:
            version.extras().debt = debt
            if debt > books.options.remake_s:
                data.publish(books, version)


def appear(books: Books, version: Version) -> None:
    """A pending version is there now: for its readers, for who wanted it, or for nobody."""
    if version.nbytes > INLINE_LIMIT:
        data.become(books, version, _THERE)
    else:
        version.state = _THERE
    readers = version.readers
    if readers:
        for reader in readers.values():
            arrive(books, reader)
    if version.extra is not None:
        data.serve(books, version)
    if not version.pins and not readers:
        data.release(books, version)


# ---------------------------------------------------------------- between
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
    missing = int(task.rare is not None and task.rare.held)
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
    if task.rare is not None:
        task.rare.retracted = False
    if task.lane.client.held:
        mark(books, task)
    recount(books, task)
    books.move(task, WAITING if task.missing else READY, cause)
    if not task.missing:
        books.queue.push(task)
