"""Where tasks go: fair turns, fed by time, near their data, ahead of time, and back from busy workers."""

from __future__ import annotations

import time

from playbook import HELD, Playbook, launch, not_ok, ok, out, task

from treadle_runtime.core.events import (
    Event,
    HandlesDropped,
    TasksReturned,
    TasksSubmitted,
    Tick,
    WorkerJoined,
)
from treadle_runtime.core.instructions import Forget, Launch, Report, Retract, WakeAt
from treadle_runtime.core.model import Kind, Outcome
from treadle_runtime.core.scheduler import Scheduler


def order(book: Playbook, worker: int) -> list[int]:
    """Let one worker run everything, one task at a time; give the order."""
    done: list[int] = []
    while True:
        launched = [entry for each in book.anything() if isinstance(each, Launch) for entry in each.tasks]
        if not launched:
            return done
        done += [number for number, _, _ in launched]
        book.returns(worker, *[ok(number, attempt=attempt, run_s=1.0) for number, attempt, _ in launched])


def test_priority_first_then_cells_in_turn_then_as_submitted(book: Playbook) -> None:
    book.submit(task(1), task(2), task(3), task(4, cell=2), task(5, cell=2), task(6, priority=1)).expect()
    book.submit(task(7), client=2).expect()
    book.workers(1)
    assert order(book, 1) == [6, 1, 4, 7, 2, 5, 3]


def test_many_tasks_of_one_cell_do_not_starve_the_next_cells_one(book: Playbook) -> None:
    book.know(run_s=0.010)
    book.workers(1).expect()
    book.submit(*[task(number) for number in range(1, 10_001)]).expect(launch(1, 1, 2, 3))
    book.submit(task(10_001, cell=2)).expect()
    book.returns(1, ok(1), ok(2)).anything()
    assert book.states(10_001) == ["placed"]


def test_what_got_ready_late_keeps_its_place_in_the_cell(book: Playbook) -> None:
    book.workers(1).expect()
    book.submit(task(1), task(2, out(1)), task(3), task(4)).expect(launch(1, 1))
    book.returns(1, ok(1, run_s=1.0))
    assert order(book, 1) == [2, 3, 4]


def test_functions_of_unknown_duration_are_queued_one_at_a_time(book: Playbook) -> None:
    book.workers(2, 1).expect()
    book.submit(task(1), task(2), task(3), task(4)).expect(launch(1, 1), launch(2, 2))
    book.returns(1, ok(1, run_s=0.001)).expect(launch(1, 3, 4), Report(1, [(1, "done", 0)]), Forget([1]))


def test_short_tasks_are_queued_up_to_a_time_and_long_ones_one_by_one(book: Playbook) -> None:
    book.know(7, 0.01)
    book.know(8, 10.0)
    book.submit(*[task(number) for number in range(1, 9)]).expect()
    book.workers(1).expect(launch(1, 1, 2, 3))
    book.submit(task(9, function=8, priority=1), task(10, function=8, priority=1)).expect()
    book.workers(2, 3).expect(launch(2, 10), launch(3, 9))


def test_the_worker_that_was_busy_last_gets_the_next_task_and_several_tasks_use_all(book: Playbook) -> None:
    book.workers(3, 2, 1).expect()
    book.submit(task(1), task(2)).expect(launch(1, 1), launch(2, 2))
    book.returns(1, ok(1)).anything()
    book.returns(2, ok(2)).anything()
    for number in (3, 4, 5):  # one after the other: 2 was busy last, and the others are left alone
        book.submit(task(number)).expect(launch(2, number))
        book.returns(2, ok(number)).anything()
    book.submit(task(6), task(7), task(8))
    assert sorted(each.worker for each in book.anything() if isinstance(each, Launch)) == [1, 2, 3]


def test_short_tasks_are_spread_over_idle_workers(book: Playbook) -> None:
    book.know(7, 0.0001)
    book.workers(1, 2, 3, 4).expect()
    book.submit(*[task(number) for number in range(1, 9)])
    assert [len(each.tasks) for each in book.anything() if isinstance(each, Launch)] == [2, 2, 2, 2]


def test_a_task_goes_where_most_of_its_input_is(book: Playbook) -> None:
    book.know()
    book.workers(2, 1).expect()
    book.submit(task(1), task(2)).expect(launch(1, 1), launch(2, 2))
    book.submit(task(3, out(2))).expect(launch(2, (3, 1, (out(2), Kind.HELD))))
    book.returns(2, ok(2, HELD), not_ok(3, Outcome.TAKEN_BACK)).expect(
        launch(2, (3, 2, (out(2), Kind.HELD))), Report(1, [(2, "done", 0)])
    )


def test_a_chain_is_queued_ahead_of_time_up_to_what_keeps_the_worker_fed(book: Playbook) -> None:
    book.know(7, 0.01)
    book.workers(2, 1).expect()
    rows = [task(number, *([out(number - 1)] if number > 1 else [])) for number in range(1, 7)]
    book.submit(*rows).expect(launch(1, 1, (2, 1, (out(1), Kind.HELD)), (3, 1, (out(2), Kind.HELD))))
    assert "ahead of an input" in book.scheduler.explain(3)
    book.returns(1, ok(1, run_s=0.01)).expect(
        launch(1, (4, 1, (out(3), Kind.HELD))), Report(1, [(1, "done", 0)]), Forget([1])
    )


def test_a_task_whose_inputs_are_made_on_two_workers_waits(book: Playbook) -> None:
    book.know()
    book.workers(2, 1).expect()
    book.submit(task(1), task(2), task(3, out(1), out(2))).expect(launch(1, 1), launch(2, 2))
    assert book.states(3) == ["waiting"]
    assert book.scheduler.explain(3) == (
        "f #3 is waiting. 2 inputs are still made by f #1 (queued on worker 1), f #2 (queued on worker 2)."
    )


def test_ready_tasks_come_before_tasks_ahead_of_time(book: Playbook) -> None:
    book.know(7, 0.02)
    book.workers(1).expect()
    book.submit(task(1), task(2, out(1)), task(3, cell=2), task(4, cell=2)).expect(launch(1, 1, 3))


def test_an_idle_worker_gets_queued_work_of_a_busy_one_by_its_answer_only(book: Playbook) -> None:
    book.know(7, 0.01)
    book.workers(1).expect()
    book.submit(task(1), task(2), task(3)).expect(launch(1, 1, 2, 3))
    book.workers(2).expect(Retract(1, [3]))
    assert book.states(3) == ["placed"]
    book.returns(1, not_ok(3, Outcome.TAKEN_BACK)).expect(launch(2, (3, 2)))
    book.returns(2, ok(3, attempt=2)).expect(Retract(1, [2]), Report(1, [(3, "done", 0)]), Forget([3]))
    book.returns(1, ok(1), ok(2)).anything()


def test_a_short_task_behind_one_that_turns_out_long_is_moved_after_a_while(book: Playbook) -> None:
    book.know(7, 0.001)
    book.workers(1).expect()
    book.submit(task(1), task(2)).expect(launch(1, 1, 2))
    book.workers(2).expect(WakeAt(0.005))
    book.play(Tick(0.0), after=0.006).expect(Retract(1, [2]))


def test_nothing_is_quadratic_and_the_records_are_bounded() -> None:
    """100 workers, 20,000 tasks in ten cells, every third reads the one before."""
    scheduler = Scheduler()
    scheduler.handle([WorkerJoined(0.0, wid) for wid in range(1, 101)])
    rows = [
        task(number, *([out(number - 1)] if number % 3 == 0 else []), cell=number % 10)
        for number in range(1, 20_001)
    ]
    began = time.process_time()
    events: list[Event] = [TasksSubmitted(0.0, 1, rows)]
    done, at = 0, 0.0
    while events:
        at += 0.001
        launched: dict[int, list[tuple[int, int]]] = {}
        finished: list[int] = []
        for instruction in scheduler.handle(events).instructions:
            if isinstance(instruction, Launch):
                launched[instruction.worker] = [entry[:2] for entry in instruction.tasks]
            elif isinstance(instruction, Report):
                finished += [entry[0] for entry in instruction.tasks]
        done += len(finished)
        events = [
            TasksReturned(at, wid, [ok(number, attempt=attempt) for number, attempt in entries])
            for wid, entries in launched.items()
        ]
        if finished:
            events.append(HandlesDropped(at, 1, [out(number) for number in finished]))
    assert done == 20_000
    assert time.process_time() - began < 3
    books = scheduler.books
    assert not books.versions
    assert len(books.tasks) == len(books.history) == 20_000
    assert not any(lane.active for lane in books.queue.lanes())
