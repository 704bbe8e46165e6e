"""Workers that are to leave: they end what runs, give back what waits, write down what they hold, and only then go."""

from __future__ import annotations

from playbook import HELD, Playbook, launch, not_ok, ok, out, task

from treadle_runtime.core.events import (
    HandlesDropped,
    VersionsPublished,
    WorkerJoined,
    WorkerLeft,
    WorkersUnwanted,
)
from treadle_runtime.core.instructions import Dismiss, Publish, Report, Retract
from treadle_runtime.core.model import Kind, Outcome


def test_an_idle_worker_goes_at_once_and_gets_nothing_more(book: Playbook) -> None:
    book.workers(1, 2).expect()
    book.play(WorkersUnwanted(0.0, [1])).expect(Dismiss(1))
    book.submit(task(1)).expect(launch(2, 1))
    book.play(WorkerLeft(0.0, 1, None, "as asked")).expect()


def test_what_runs_ends_and_what_waits_moves(book: Playbook) -> None:
    book.workers(1, 2).expect()
    book.know()
    book.submit(*[task(n) for n in range(1, 5)]).anything()
    queued = [list(worker.tasks) for worker in book.scheduler.books.workers.values()]
    first, *rest = queued[0]
    book.play(WorkersUnwanted(0.0, [1])).expect(*([Retract(1, rest)] if rest else []))
    book.returns(1, *[not_ok(n, Outcome.TAKEN_BACK) for n in rest])
    launched = [number for each in book.anything() for number, _, _ in each.tasks]  # type: ignore[union-attr]
    assert launched == rest
    book.returns(1, ok(first))
    assert Dismiss(1) in book.anything()


def test_what_it_holds_is_written_down_before_it_goes(book: Playbook) -> None:
    book.workers(2, 1).expect()
    book.submit(task(1), task(2)).expect(launch(1, 1), launch(2, 2))
    book.play(WorkersUnwanted(0.0, [1])).expect()
    book.returns(1, ok(1, HELD)).expect(Publish(1, [out(1)]), Report(1, [(1, "done", 0)]))
    book.play(VersionsPublished(0.0, 1, [(out(1), Kind.FILE, 1_000_000)]))
    assert Dismiss(1) in book.anything()
    book.play(WorkerLeft(0.0, 1, None, "as asked")).expect()
    book.submit(task(3, out(1))).expect()  # worker 2 is busy with what nobody knows the length of
    book.returns(2, ok(2))
    assert launch(2, (3, 1, (out(1), Kind.FILE))) in book.anything()


def test_what_nobody_can_reach_need_not_be_written(book: Playbook) -> None:
    book.workers(2, 1).expect()
    book.submit(task(1)).expect(launch(1, 1))
    book.play(WorkersUnwanted(0.0, [1])).expect()
    book.returns(1, ok(1, HELD)).anything()
    book.play(HandlesDropped(0.0, 1, [out(1)]))
    assert Dismiss(1) in book.anything()


def test_one_that_dies_on_its_way_out_loses_an_attempt_as_any_other(book: Playbook) -> None:
    book.workers(1).expect()
    book.submit(task(1)).expect(launch(1, 1))
    book.play(WorkersUnwanted(0.0, [1])).expect()
    book.play(WorkerLeft(0.0, 1, 1, "signal 9"), WorkerJoined(0.0, 2)).expect(launch(2, (1, 2)))
    assert "has lost its worker once" in book.scheduler.explain(1)


def test_when_all_leave_ready_tasks_wait_for_who_comes(book: Playbook) -> None:
    book.workers(1).expect()
    book.play(WorkersUnwanted(0.0, [1])).expect(Dismiss(1))
    book.submit(task(1)).expect()
    book.play(WorkerLeft(0.0, 1, None, "as asked"), WorkerJoined(0.0, 2)).expect(launch(2, 1))
