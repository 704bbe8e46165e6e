"""What must be true after every event. Slow and thorough: for tests, and for a machine that doubts itself.

Law: reads the books, changes nothing; recomputes from scratch what the scheduler counts as it goes.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from .books import Books, BrokenLaw
from .model import Kind, Number, Vid
from .records import Task, Version, Worker
from .scheduler import Scheduler
from .states import TASK_FINAL, TASK_MOVES, DatumState, TaskState
from .workers import FULL, IDLE, PARTLY

IN_HAND: Final = (TaskState.PLACED, TaskState.RUNNING)
BIRTH: Final = (TaskState.WAITING, TaskState.READY)


def check(scheduler: Scheduler) -> None:
    """Check everything the scheduler claims to keep.

    Raises
    ------
    BrokenLaw
        Something is contradictory; the message says what, and tells the story of the task.
    """
    books = scheduler.books
    versions = _reachable(books)
    for task in books.tasks.values():
        _check_task(books, task)
    _check_counts(books)
    for version in versions.values():
        _check_version(books, version)
    _check_needs(books, versions)
    for worker in books.workers.values():
        _check_worker(books, worker)
    _check_queue(books)
    for client in books.clients.values():
        for vid in client.handles:
            held = books.versions.get(vid)
            _demand(held is not None and held.pins > 0, f"client {client.cid} holds {vid}, which is gone")
    _demand(len(books.history) <= books.options.history, "the history is longer than it may be")
    _demand(len(books.latest) <= books.options.kept_failures, "more failures are kept than may be")
    _demand(sum(books.latest.values()) == books.latest_nbytes, "the bytes of kept failures are miscounted")


def _demand(holds: bool, claim: str, task: Task | None = None) -> None:
    if not holds:
        raise BrokenLaw(
            claim if task is None else f"task {task.number} ({task.state}): {claim}; its story: {task.log}"
        )


def _reachable(books: Books) -> dict[Vid, Version]:
    """Every version somebody could still come back to: the known ones, and what lineage keeps a recipe of."""
    found = dict(books.versions)
    for task in books.tasks.values():
        for version in task.reads:
            found.setdefault(version.vid, version)
        for version in task.outputs:
            found.setdefault(version.vid, version)
    return found


def _check_task(books: Books, task: Task) -> None:
    state = task.state
    moves = [entry[2] for entry in task.log[1:]]
    _demand(task.log[0][0] == "b", "its story does not begin with its birth", task)
    _demand(moves[0] in BIRTH and moves[-1] == state, "its story does not fit its state", task)
    for old, new in pairwise(moves):
        _demand(new in TASK_MOVES[old], f"went from {old} to {new}", task)
    if state in TASK_FINAL:
        _demand(task.worker is None, "is on a worker", task)
        kept = task.rare is not None and task.rare.kept
        _demand(bool(task.reads) <= bool(task.unsettled or kept), "keeps its reads without need", task)
        _demand(
            (books.recorded.get(task.number) is task) == kept,
            "is misplaced among those that can be retried",
            task,
        )
        _demand(not kept or (state != TaskState.DONE and bool(task.open)), "can't be retried", task)
        latest = task.number not in books.latest or any(v.state == DatumState.BROKEN for v in task.outputs)
        _demand(latest, "is kept, and has no output to keep it", task)
        _demand(
            task.open == sum(version.maker is task for version in task.outputs), "miscounts its outputs", task
        )
        for version in task.outputs:
            _demand(version.state != DatumState.PENDING, f"owes {version.vid}", task)
        return
    _demand(
        task.number not in books.recorded and task.number not in books.latest,
        "is open and among the failed",
        task,
    )
    reads = list(dict.fromkeys(task.reads))
    missing = [version for version in reads if version.state != DatumState.READY or _awaited(version, task)]
    held = task.rare is not None and task.rare.held
    _demand(task.missing == len(missing) + held, f"misses {len(missing) + held}, not {task.missing}", task)
    _demand(not held or state == TaskState.WAITING, "is held and does not wait", task)
    for version in reads:
        _demand(task.number in (version.readers or {}), f"is no reader of {version.vid}", task)
        _demand(
            version.state in (DatumState.PENDING, DatumState.READY),
            f"reads {version.vid} ({version.state})",
            task,
        )
    if state in IN_HAND:
        worker = task.worker
        _demand(
            worker is not None and books.workers.get(worker.wid) is worker, "is on no living worker", task
        )
        _demand(worker is not None and task.number in worker.tasks, "is not known to its worker", task)
    else:
        _demand(task.worker is None, "is on a worker", task)
        _demand(bool(missing or held) == (state == TaskState.WAITING), f"misses {len(missing)}", task)
        _demand(state != TaskState.READY or task.queued, "is not in the queue", task)


def _awaited(version: Version, task: Task) -> bool:
    return version.extra is not None and task.number in version.extra.awaited


def _check_counts(books: Books) -> None:
    counts = dict.fromkeys(books.counts, 0)
    for task in books.tasks.values():
        counts[task.state] += 1
    held = sum(task.rare is not None and task.rare.held for task in books.tasks.values())
    _demand(books.held == held, f"{held} tasks are held, counted: {books.held}")
    for state, count in counts.items():
        if state in TASK_FINAL:
            _demand(books.counts[state] >= count, f"more tasks are {state} than counted")
        else:
            _demand(
                books.counts[state] == count, f"{count} tasks are {state}, counted: {books.counts[state]}"
            )


def _check_version(books: Books, version: Version) -> None:
    vid, state = version.vid, version.state
    _demand(
        (books.versions.get(vid) is version) == (state != DatumState.DROPPED), f"{vid} ({state}) is misplaced"
    )
    readers = version.readers or {}
    for number, reader in readers.items():
        _demand(reader.state not in TASK_FINAL, f"{vid} is read by #{number}, which is final")
    _demand(
        (version.holder is not None) == (version.kind is Kind.HELD),
        f"{vid}: {version.kind} and its holder differ",
    )
    if version.holder is not None:
        _demand(version.holder.held.get(vid) is version, f"{vid} is not known to its holder")
        _demand(
            books.workers.get(version.holder.wid) is version.holder,
            f"{vid} is held by a worker that has left",
        )
    _demand(
        (version.kind is Kind.NONE) == (state != DatumState.READY),
        f"{vid} is {state} and {version.kind.name}",
    )
    maker = version.maker
    if state == DatumState.PENDING:
        _demand(maker is not None and maker.state not in TASK_FINAL, f"{vid} is pending and nobody makes it")
    elif state == DatumState.READY:
        recipes = version.recipes if version.kind is not Kind.HELD else 0
        _demand(bool(version.pins or readers or recipes), f"{vid} is kept and nobody needs it")
    elif state == DatumState.BROKEN:
        _demand(version.pins > 0 and not readers, f"{vid} is broken and kept without need")
    extra = version.extra
    if extra is not None:
        for number, task in extra.awaited.items():
            _demand(extra.publishing, f"#{number} waits for {vid}, which nobody publishes")
            _demand(task.state not in TASK_FINAL, f"#{number} is final and waits for {vid}")
        if extra.wanted and state == DatumState.READY:
            _demand(extra.publishing, f"{vid} is wanted, and nobody publishes it")
        _demand(
            not extra.wanted or state in (DatumState.PENDING, DatumState.READY),
            f"{vid} ({state}) is still wanted",
        )


def _check_needs(books: Books, versions: dict[Vid, Version]) -> None:
    """Pins, readers, recipes and unsettled outputs, counted again."""
    pins: dict[Vid, int] = {}
    recipes: dict[Vid, int] = {}
    for client in books.clients.values():
        for vid in client.handles:
            pins[vid] = pins.get(vid, 0) + 1
    for task in books.tasks.values():
        unsettled = 0
        for version in dict.fromkeys(task.reads) if task.number in books.recorded else ():
            pins[version.vid] = pins.get(version.vid, 0) + 1
        for version in task.outputs if task.number in books.latest else ():
            pins[version.vid] = pins.get(version.vid, 0) + (version.state == DatumState.BROKEN)
        if task.state == TaskState.DONE:
            for version in task.outputs:
                held = version.holder is not None
                unsettled += held or (version.state == DatumState.DROPPED and version.recipes > 0)
            for version in dict.fromkeys(task.reads):
                recipes[version.vid] = recipes.get(version.vid, 0) + 1
        _demand(task.unsettled == unsettled, f"has {unsettled} unsettled outputs, not {task.unsettled}", task)
    for vid, version in versions.items():
        _demand(version.pins == pins.get(vid, 0), f"{vid} has {pins.get(vid, 0)} pins, not {version.pins}")
        _demand(
            version.recipes == recipes.get(vid, 0),
            f"{vid} has {recipes.get(vid, 0)} recipes, not {version.recipes}",
        )


def _check_worker(books: Books, worker: Worker) -> None:
    tasks: dict[Number, Task] = worker.tasks
    wid = worker.wid
    for task in tasks.values():
        _demand(task.worker is worker and task.state in IN_HAND, f"is listed on worker {wid}", task)
    costs = [task.cost for task in tasks.values()]
    known = sum(cost for cost in costs if cost is not None)
    _demand(abs(worker.load - known) < 1e-6, f"worker {wid} has {known} s to do, not {worker.load}")
    _demand(worker.unknown == costs.count(None), f"worker {wid} miscounts unknown tasks")
    _demand(
        worker.ahead == sum(task.missing > 0 for task in tasks.values()),
        f"worker {wid} miscounts tasks ahead",
    )
    _demand(
        worker.stocked == (len(tasks) > 1) == (wid in books.stocked),
        f"worker {wid} is misplaced among the stocked",
    )
    _demand((worker.room == IDLE) == (wid in books.idle), f"worker {wid} is misplaced among the idle")
    _demand(
        (worker.room == PARTLY) == (wid in books.partly), f"worker {wid} is misplaced among the partly fed"
    )
    _demand(
        worker.room == FULL or not (worker.closing or worker.leaving),
        f"worker {wid} is being ended and has room",
    )
    ends = worker.closing or worker.leaving
    _demand((worker.room == IDLE) == (not tasks and not ends), f"worker {wid} is idle or not")
    _demand(worker.leaving >= (wid in books.leaving), f"worker {wid} is to leave and does not know it")
    for vid, version in worker.held.items():
        _demand(version.holder is worker and version.vid == vid, f"worker {wid} does not hold {vid}")
    said = worker.launches or worker.retracts or worker.publishes or worker.drops
    _demand(not said and not worker.touched, f"worker {wid} was not told everything")


def _check_queue(books: Books) -> None:
    seen = set()
    for lane in books.queue.lanes():
        for task in lane:
            _demand(task.queued and task.number not in seen, "is in the queue twice", task)
            seen.add(task.number)
    for wid in (*books.idle, *books.partly):
        _demand(wid in books.workers, f"worker {wid} has left and is thought to have room")
    if (
        books.counts[TaskState.READY] and books.idle
    ):  # rightly only if its room is promised to who waits for data
        awaited = any(
            version.extra is not None and version.extra.awaited for version in books.versions.values()
        )
        _demand(awaited, "tasks are ready, and workers idle")
