"""What is queued on workers, and which has room."""

from __future__ import annotations

from treadle_runtime.core.books import Books, SchedulerOptions
from treadle_runtime.core.records import Client, Function, Task, Worker
from treadle_runtime.core.states import TaskState
from treadle_runtime.core.workers import FULL, IDLE, PARTLY, fit, load, unload


def new(books: Books, number: int, estimate: float | None) -> Task:
    function = Function(number, "f")
    function.estimate = estimate
    return Task(number, function, books.queue.lane(0, Client(1), 0), TaskState.READY, [], 1)


def put(books: Books, worker: Worker, task: Task) -> None:
    load(books, worker, task)
    fit(books, worker)


def test_a_worker_has_room_until_enough_time_is_queued() -> None:
    books = Books(SchedulerOptions(feed_s=0.03))
    worker = Worker(1)
    fit(books, worker)
    assert (worker.room, list(books.idle)) == (IDLE, [1])
    tasks = [new(books, number, 0.01) for number in (1, 2, 3)]
    for task in tasks[:2]:
        put(books, worker, task)
    assert (worker.room, list(books.idle), list(books.partly), list(books.stocked)) == (PARTLY, [], [1], [1])
    put(books, worker, tasks[2])
    assert (worker.room, list(books.partly)) == (FULL, [])
    for task in tasks:
        unload(worker, task)
    fit(books, worker)
    assert (worker.room, worker.load, list(books.stocked)) == (IDLE, 0.0, [])


def test_a_task_of_unknown_duration_fills_a_worker() -> None:
    books = Books(SchedulerOptions())
    worker = Worker(1)
    task = new(books, 1, None)
    put(books, worker, task)
    assert worker.room == FULL
    task.function.estimate = 5.0  # learned meanwhile: what was counted is what is given back
    unload(worker, task)
    fit(books, worker)
    assert (worker.room, worker.unknown, worker.load) == (IDLE, 0, 0.0)


def test_a_worker_that_is_being_ended_has_no_room() -> None:
    books = Books(SchedulerOptions())
    worker = Worker(1)
    fit(books, worker)
    worker.closing = True
    fit(books, worker)
    assert (worker.room, list(books.idle)) == (FULL, [])
