"""What is done about loss: dead workers, lost attempts, versions that are gone with their worker, cancels that hang.

Law: every loss ends in a new attempt, a new version or a final state, and a bounded number of times.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappop, heappush

from . import cone, graph, holding, kept, tries
from . import versions as data
from .books import Books
from .events import CancelWanted, ClientLeft, Tick, VersionsPublished, WorkerJoined, WorkerLeft
from .facts import WORKER
from .graph import KINDS
from .model import Kind, Number
from .records import Task, Version, Worker
from .states import TASK_FINAL, DatumState, TaskState, WorkerState
from .workers import fit


# ---------------------------------------------------------------- workers
def on_worker_joined(books: Books, event: WorkerJoined) -> None:
    """A worker is there, and idle."""
    if event.worker in books.workers:
        return
    worker = books.workers[event.worker] = Worker(event.worker)
    worker.since = books.now
    fit(books, worker)
    books.touch(worker)


def on_worker_left(books: Books, event: WorkerLeft) -> None:
    """A worker is gone: what only it held is made again, what was queued on it is placed again."""
    worker = books.workers.pop(event.worker, None)
    if worker is None:
        return
    worker.gone = True
    fit(books, worker)
    books.stocked.pop(worker.wid, None)
    worker.stocked = False
    books.leaving.pop(worker.wid, None)
    books.unsay(worker)
    books.facts.append((WORKER, worker.wid, WorkerState.GONE, event.reason, books.now))
    lost = list(worker.held.values())
    queued = list(worker.tasks.values())
    worker.held.clear()
    worker.tasks.clear()
    cause = f"worker {worker.wid} left: {event.reason}"
    remake(books, lost, cause)
    for task in queued:
        if task.worker is not worker:
            continue  # it went with another one's failure
        rare = task.rare
        if rare is not None and rare.cancel_wanted:
            cone.end(books, task, TaskState.CANCELLED, task.number, cause)
        elif rare is not None and rare.overdue:
            tries.fail_attempt(books, task, tries.too_long(task))
        elif task.number == event.running and not worker.closing:
            lose_attempt(books, task, cause)
        else:
            graph.send_back(books, task, cause)


def lose_attempt(books: Books, task: Task, cause: str) -> None:
    """An attempt ended with its worker: place it again, unless that has happened too often."""
    rare = task.rarely()
    rare.losses += 1
    if rare.losses >= books.options.max_losses or not rare.retry_lost:
        cone.end(books, task, TaskState.FAILED, task.number, cause)
    else:
        graph.send_back(books, task, cause)


# ---------------------------------------------------------------- versions
def on_versions_published(books: Books, event: VersionsPublished) -> None:
    """A worker wrote versions to the store, or found that it no longer has them."""
    worker = books.workers.get(event.worker)
    lost = []
    for vid, number_of_kind, nbytes in event.rows:
        kind = KINDS[number_of_kind]
        version = books.versions.get(vid)
        if version is None:
            if kind in (Kind.INLINE, Kind.FILE):
                books.drops.append(vid)  # dropped while it was being written
        elif worker is None or version.holder is not worker:
            continue  # an earlier holder's last words
        elif kind is Kind.NONE:
            del worker.held[vid]
            lost.append(version)
        else:
            graph.settle(books, version, kind, nbytes)
    remake(books, lost, f"worker {event.worker} no longer has its value")


def await_publication(books: Books, task: Task, held: Iterable[Version]) -> None:
    """Have these inputs of a task published; until then it waits (its `recount` follows)."""
    for version in held:
        version.extras().awaited[task.number] = task
        data.publish(books, version)


def remake(books: Books, lost: list[Version], cause: str) -> None:
    """Have lost versions made again by their makers, whose own dropped inputs follow."""
    again: dict[Number, Task] = {}
    affected: dict[Number, Task] = {}
    hopeless: list[Version] = []
    work = list(lost)
    while work:
        version = work.pop()
        if version.state == DatumState.PENDING:
            continue
        _lose(books, version)
        for reader in (version.readers or {}).values():
            affected[reader.number] = reader
        maker = version.maker
        if maker is None or (maker.state in TASK_FINAL and maker.state != TaskState.DONE):
            hopeless.append(version)
        elif maker.state == TaskState.DONE and maker.number not in again:
            again[maker.number] = affected[maker.number] = maker
            work.extend(_reopen(maker))
    for task in again.values():
        task.rarely().told = True
        books.move(task, TaskState.WAITING, cause)
    for task in affected.values():
        graph.recount(books, task)
    for version in hopeless:
        cone.break_version(books, version)
    for task in again.values():
        cone.check_reads(books, task)


def _lose(books: Books, version: Version) -> None:
    if version.state == DatumState.DROPPED:
        books.versions[version.vid] = version
    data.become(books, version, DatumState.PENDING)
    version.kind = Kind.NONE
    version.holder = None
    extra = version.extra
    if extra is not None:
        extra.publishing = False
        extra.awaited.clear()


def _reopen(task: Task) -> list[Version]:
    """A done task reads its inputs again; gives those that are to be made again as well."""
    task.unsettled = 0
    again = []
    for version in dict.fromkeys(task.reads):
        version.recipes -= 1
        if version.readers is None:
            version.readers = {}
        version.readers[task.number] = task
        if version.state == DatumState.DROPPED:
            again.append(version)
    return again


# ---------------------------------------------------------------- cancels
def on_cancel_wanted(books: Books, event: CancelWanted) -> None:
    """Cancel tasks: at once if no worker has them, else by way of the worker."""
    for number in event.numbers:
        task = books.tasks.get(number)
        if task is not None:
            cancel(books, task)


def cancel(books: Books, task: Task) -> None:
    """Cancel one task, if it is not final. A worker that does not give it back in time is killed."""
    if task.state in (TaskState.WAITING, TaskState.READY):
        cone.end(books, task, TaskState.CANCELLED, task.number, "cancelled")
        return
    worker = task.worker
    if worker is None or task.rarely().cancel_wanted:
        return
    task.rarely().cancel_wanted = True
    books.interrupt(worker, task)
    at = books.now + books.options.cancel_s
    heappush(books.deadlines, (at, task.number, task.attempt))
    books.wake_at(at)


def on_tick(books: Books, _event: Tick) -> None:
    """Kill workers that did not give a cancelled task, or one that took too long, back in time."""
    if books.wake is not None and books.now >= books.wake:
        books.wake = None
    deadlines = books.deadlines
    while deadlines:
        at, number, attempt = deadlines[0]
        task = books.tasks.get(number)
        worker = None if task is None or task.attempt != attempt else task.worker
        if task is not None and worker is not None and not worker.closing:
            if at > books.now:
                break
            worker.closing = True
            fit(books, worker)
            rare = task.rarely()
            rare.overdue = not rare.cancel_wanted
            books.kill(worker, rare.timeout_s if rare.overdue else 0.0)
        heappop(deadlines)
    if deadlines:
        books.wake_at(deadlines[0][0])


def on_client_left(books: Books, event: ClientLeft) -> None:
    """A client is gone: its handles go, and its unfinished tasks if it says so; or all is held for a later one."""
    if event.hold:
        holding.hold_client(books, books.client(event.client))
        return
    client = books.clients.pop(event.client, None)
    if client is None:
        return
    client.gone = True
    kept.let_go_of(books, client)
    if event.cancel or client.held:
        for task in [task for task in books.tasks.values() if task.lane.client is client]:
            cancel(books, task)
    for vid in client.handles:
        client.handles[vid] = 1
    data.drop_handles(books, client, list(client.handles))
