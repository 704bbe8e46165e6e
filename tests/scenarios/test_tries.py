"""Attempts that fail by themselves or take too long: tried again as often as the task allows, then the failure is told."""

from __future__ import annotations

from playbook import HELD, Playbook, launch, not_ok, ok, out, task

from treadle_runtime.core.events import CancelWanted, Tick, WorkerJoined, WorkerLeft, WorkersObserved
from treadle_runtime.core.instructions import Forget, Interrupt, Kill, Report, WakeAt
from treadle_runtime.core.model import Kind, Outcome


def causes(book: Playbook, number: int) -> list[str]:
    """What the story of a task says besides its states."""
    return [fact[5] for fact in book.scheduler.story(number) if fact[0] == "t" and len(fact) > 5]


def test_a_task_that_raised_is_tried_again_as_often_as_it_may(book: Playbook) -> None:
    book.workers(1).expect()
    book.submit(task(1, options={"retries": 2}), task(2, out(1))).expect(launch(1, 1))
    book.returns(1, not_ok(1, Outcome.RAISED)).expect(launch(1, (1, 2)))
    assert "has failed once and is tried again" in book.scheduler.explain(1)
    book.returns(1, not_ok(1, Outcome.RAISED, attempt=2)).expect(launch(1, (1, 3)))
    book.returns(1, not_ok(1, Outcome.RAISED, attempt=3)).expect(
        Report(1, [(1, "failed", 1), (2, "upstream", 1)])
    )
    assert causes(book, 1) == [f"attempt {n} of 3: its own code raised" for n in (1, 2, 3)]
    assert book.scheduler.explain(1) == "function 7 #1 failed: attempt 3 of 3: its own code raised."


def test_a_second_attempt_that_goes_well_is_all_that_is_told(book: Playbook) -> None:
    book.workers(1).expect()
    book.submit(task(1, options={"retries": 1}), task(2, out(1))).expect(launch(1, 1))
    book.returns(1, not_ok(1, Outcome.RAISED)).expect(launch(1, (1, 2)))
    book.returns(1, ok(1, attempt=2)).expect(
        launch(1, (2, 1, (out(1), Kind.INLINE))), Report(1, [(1, "done", 0)]), Forget([1])
    )


def test_what_was_queued_behind_a_failed_attempt_waits_for_the_next_one(book: Playbook) -> None:
    book.workers(1).expect()
    book.know()
    book.submit(task(1, options={"retries": 1}), task(2, out(1))).expect(
        launch(1, 1, (2, 1, (out(1), Kind.HELD)))
    )
    book.returns(1, not_ok(1, Outcome.RAISED), not_ok(2, Outcome.DECLINED)).expect(launch(1, (1, 2)))
    book.returns(1, ok(1, HELD, attempt=2)).expect(
        launch(1, (2, 2, (out(1), Kind.HELD))), Report(1, [(1, "done", 0)])
    )


def test_a_lost_worker_is_no_failed_attempt(book: Playbook) -> None:
    book.workers(1).expect()
    book.submit(task(1, options={"retries": 1, "retry_lost": False})).expect(launch(1, 1))
    book.play(WorkerLeft(0.0, 1, 1, "signal 9")).expect(Report(1, [(1, "failed", 1)]))


def test_a_cancel_ends_a_task_that_waits_for_its_next_attempt(book: Playbook) -> None:
    book.workers(1).expect()
    book.know(run_s=1.0)
    book.submit(task(1, options={"retries": 5})).expect(launch(1, 1))
    book.submit(task(3, priority=1)).expect()
    book.returns(1, not_ok(1, Outcome.RAISED)).expect(launch(1, 3))
    book.play(CancelWanted(0.0, [1])).expect(Report(1, [(1, "cancelled", 1)]))


def test_an_attempt_that_took_too_long_failed(book: Playbook) -> None:
    book.workers(1).expect()
    book.submit(task(1, options={"timeout": 2.0}), task(2, options={"timeout": 2.0, "retries": 1})).anything()
    book.returns(1, not_ok(1, Outcome.TIMED_OUT)).expect(launch(1, 2), Report(1, [(1, "failed", 1)]))
    assert book.scheduler.explain(1) == "function 7 #1 failed: it ran longer than its timeout of 2 s."
    book.returns(1, not_ok(2, Outcome.TIMED_OUT)).expect(launch(1, (2, 2)))
    assert causes(book, 2) == ["attempt 1 of 2: it ran longer than its timeout of 2 s"]


def test_a_worker_that_cannot_end_its_task_in_time_is_ended(book: Playbook) -> None:
    book.workers(1).expect()
    book.submit(task(1, options={"timeout": 2.0, "retries": 1})).expect(launch(1, 1))
    book.play(WorkersObserved(0.0, [(1, 1)]), after=5.0).expect(
        WakeAt(8.5)
    )  # it waited for long: that is no run time
    book.play(Tick(0.0), after=3.5).expect(Kill(1, 2.0))
    book.play(WorkerLeft(0.0, 1, 1, "ended"), WorkerJoined(0.0, 2)).expect(launch(2, (1, 2)))
    assert causes(book, 1) == ["attempt 1 of 2: it ran longer than its timeout of 2 s"]
    book.play(WorkersObserved(0.0, [(2, 1)])).expect(WakeAt(12.0))
    book.returns(2, ok(1, attempt=2)).expect(Report(1, [(1, "done", 0)]), Forget([1]))
    book.play(Tick(0.0), after=3.5).expect()


def test_a_cancel_of_a_task_with_a_timeout_stays_a_cancel(book: Playbook) -> None:
    book.workers(1).expect()
    book.submit(task(1, options={"timeout": 9.0, "retries": 3})).expect(launch(1, 1))
    book.play(WorkersObserved(0.0, [(1, 1)])).expect(WakeAt(10.5))
    book.play(CancelWanted(0.0, [1])).expect(Interrupt(1, 1, 1), WakeAt(1.5))
    book.play(Tick(0.0), after=1.5).expect(Kill(1))
    book.play(WorkerLeft(0.0, 1, 1, "ended")).expect(Report(1, [(1, "cancelled", 1)]))


def test_a_task_that_fails_for_good_takes_along_what_needs_it(book: Playbook) -> None:
    book.workers(1).expect()
    book.know()
    book.submit(task(1, options={"retries": 1}), task(2, out(1))).anything()
    book.returns(1, not_ok(1, Outcome.RAISED), not_ok(2, Outcome.DECLINED)).expect(launch(1, (1, 2)))
    book.returns(1, not_ok(1, Outcome.RAISED, attempt=2)).expect(
        Report(1, [(1, "failed", 1), (2, "upstream", 1)])
    )
