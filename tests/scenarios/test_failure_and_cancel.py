"""A failure is a value with a story; a cancel takes the shortest way that works."""

from __future__ import annotations

from playbook import INLINE, Playbook, launch, not_ok, ok, out, task

from treadle_runtime.core.events import (
    CancelWanted,
    ClientJoined,
    ClientLeft,
    HandlesDropped,
    Tick,
    VersionsWanted,
    WorkerLeft,
)
from treadle_runtime.core.instructions import Deliver, Drop, Forget, Interrupt, Kill, Report, Retract, WakeAt
from treadle_runtime.core.model import Kind, Outcome


def test_descendants_name_the_root_and_the_rest_goes_on(book: Playbook) -> None:
    book.workers(1).expect()
    book.submit(task(1), task(2, out(1)), task(3, out(2)), task(4)).expect(launch(1, 1))
    book.returns(1, not_ok(1, Outcome.RAISED)).expect(
        launch(1, 4),
        Report(1, [(1, "failed", 1), (2, "upstream", 1), (3, "upstream", 1)]),
    )
    book.submit(task(5, out(3)), task(6, out(99))).expect(
        Report(1, [(5, "upstream", 1), (6, "upstream", 99)]),
        Forget([6]),  # never again: what it reads is unknown
    )
    book.play(VersionsWanted(0.0, 1, [out(3)])).expect(Deliver(1, [(out(3), Kind.NONE)]))
    assert [fact[:3] for fact in book.scheduler.story(3)] == [
        ("b", 3, 7),
        ("t", 3, "waiting"),
        ("t", 3, "upstream"),
    ]


def test_the_version_below_a_failed_renewal_lives_as_long_as_its_handle(book: Playbook) -> None:
    book.workers(1).expect()
    book.submit(
        task(1),
        task(2, out(1), outputs=2, renews=((0, 1),)),
        task(3, out(2, 1), outputs=2, renews=((0, 1),)),
    ).expect(launch(1, 1))
    book.returns(1, ok(1)).anything()
    book.returns(1, not_ok(2, Outcome.RAISED)).expect(
        Retract(1, [3]), Report(1, [(2, "failed", 2), (3, "upstream", 2)])
    )
    book.play(HandlesDropped(0.0, 1, [out(2), out(2, 1), out(3), out(3, 1)])).expect()
    book.play(HandlesDropped(0.0, 1, [out(1)])).expect()  # nobody can reach it, but for who may retry
    book.play(ClientLeft(0.0, 1)).expect(Forget([3, 2]), Drop([out(1)], None))


def test_what_is_queued_behind_a_failure_is_retracted(book: Playbook) -> None:
    book.workers(1).expect()
    book.know()
    book.submit(task(1), task(2, out(1))).expect(launch(1, 1, (2, 1, (out(1), Kind.HELD))))
    book.returns(1, not_ok(1, Outcome.RAISED)).expect(
        Retract(1, [2]), Report(1, [(1, "failed", 1), (2, "upstream", 1)])
    )
    book.returns(1, not_ok(2, Outcome.DECLINED)).expect()


def test_waiting_and_ready_tasks_are_cancelled_at_once(book: Playbook) -> None:
    book.submit(task(1), task(2, out(1)), task(3)).expect()
    book.play(CancelWanted(0.0, [1, 77])).expect(
        Report(1, [(1, "cancelled", 1), (2, "cancelled", 1)])
    )
    book.workers(1).expect(launch(1, 3))
    book.returns(1, ok(3)).anything()


def test_a_placed_task_is_interrupted_and_its_worker_killed_if_that_does_not_help(book: Playbook) -> None:
    book.workers(2, 1).expect()
    book.know()
    book.submit(task(1), task(2), task(3)).expect(launch(1, 1, 3), launch(2, 2))
    book.play(CancelWanted(0.0, [1])).expect(Interrupt(1, 1, 1), WakeAt(1.5))
    book.play(CancelWanted(0.0, [1]), after=1.0).expect()
    book.play(Tick(0.0), after=0.5).expect(Kill(1))
    book.play(WorkerLeft(0.0, 1, 1, "signal 9"), after=0.1).expect(
        launch(2, (3, 2)), Report(1, [(1, "cancelled", 1)])
    )
    lost = book.scheduler.task(3)
    assert lost is not None
    assert lost.rare is None, "it did not run, so it has lost no attempt"
    book.returns(2, ok(2), ok(3, attempt=2)).anything()


def test_a_cancel_that_comes_too_late_changes_nothing(book: Playbook) -> None:
    book.workers(1).expect()
    book.submit(task(1)).expect(launch(1, 1))
    book.play(CancelWanted(0.0, [1])).expect(Interrupt(1, 1, 1), WakeAt(1.5))
    book.returns(1, ok(1)).expect(Report(1, [(1, "done", 0)]), Forget([1]))
    book.play(Tick(0.0), after=2.0).expect()
    book.play(CancelWanted(0.0, [1])).expect()


def test_an_interrupt_nobody_asked_for_is_a_lost_attempt(book: Playbook) -> None:
    book.workers(1).expect()
    book.submit(task(1)).expect(launch(1, 1))
    book.returns(1, not_ok(1, Outcome.INTERRUPTED)).expect(launch(1, (1, 2)))
    book.play(CancelWanted(0.0, [1])).expect(Interrupt(1, 1, 2), WakeAt(1.5))
    book.returns(1, not_ok(1, Outcome.INTERRUPTED, attempt=2)).expect(
        Report(1, [(1, "cancelled", 1)])
    )
    book.play(Tick(0.0), after=2.0).expect()


def test_a_client_that_leaves_takes_its_handles_and_if_it_says_so_its_tasks(book: Playbook) -> None:
    book.play(ClientJoined(0.0, 1), ClientJoined(0.0, 2)).expect()
    book.submit(task(1), task(2, out(1)), client=1).expect()
    book.submit(task(3), client=2).expect()
    book.play(ClientLeft(0.0, 1, cancel=True)).expect(Forget([2, 1]))
    book.play(ClientLeft(0.0, 2)).expect()
    book.workers(1).expect(launch(1, 3))
    book.returns(1, ok(3, INLINE)).expect(Forget([3]), Drop([out(3)], None))
    assert not book.scheduler.books.versions
