"""A kernel dies: what runs ends, what waits is held, nothing is released; a later one resumes, takes over or clears."""

from __future__ import annotations

from playbook import INLINE, Playbook, launch, not_ok, ok, out, task

from treadle_runtime.core.events import (
    CancelWanted,
    ClientJoined,
    ClientLeft,
    FunctionsDefined,
    HandlesDropped,
    HandlesTaken,
    HoldEnded,
    TasksFollowed,
    TasksReturned,
    VersionsPut,
    VersionsWanted,
    WorkerLeft,
)
from treadle_runtime.core.instructions import Deliver, Drop, Forget, Report, Retract
from treadle_runtime.core.model import PUT_BASE, Kind, Outcome


def test_what_runs_ends_and_what_waits_is_held_until_it_is_resumed(book: Playbook) -> None:
    book.workers(1).expect()
    book.play(FunctionsDefined(0.0, [(7, "f")])).expect()
    book.submit(task(1), task(2), task(3, out(2))).expect(launch(1, 1))
    book.play(ClientLeft(0.0, 1, hold=True)).expect()
    book.returns(1, ok(1)).expect(Forget([1]))  # its value stays, and nobody is told
    assert book.states(1, 2, 3) == ["done", "waiting", "waiting"]
    assert (
        book.scheduler.explain(2)
        == "f #2 is waiting. It is held: its kernel has gone; %treadle resume lets it go on."
    )
    assert "f #2 (held)" in book.scheduler.explain(3)
    book.play(HoldEnded(0.0, [1])).expect(launch(1, 2, (3, 1, (out(2), Kind.HELD))))
    book.returns(1, ok(2), (3, 1, 0, (INLINE,), 0.001, 0.001, 0, None, None)).expect(Forget([2, 3]))


def test_other_clients_go_on_and_nothing_is_released(book: Playbook) -> None:
    book.workers(1).expect()
    book.know()
    book.submit(task(1)).anything()
    book.returns(1, ok(1)).anything()
    book.play(ClientLeft(0.0, 1, hold=True)).expect()
    book.play(HandlesTaken(0.0, 2, [out(1)]), VersionsWanted(0.0, 2, [out(1)])).expect(
        Deliver(2, [(out(1), Kind.INLINE)])
    )
    book.submit(task(9, out(1)), client=2).expect(launch(1, (9, 1, (out(1), Kind.INLINE))))


def test_a_queued_task_that_comes_back_is_held_too(book: Playbook) -> None:
    book.workers(1).expect()
    book.know()
    book.submit(task(1), task(2)).expect(launch(1, 1, 2))
    book.play(ClientLeft(0.0, 1, hold=True)).expect(Retract(1, [2]))
    book.play(WorkerLeft(0.0, 1, 1, "signal 9")).expect()
    book.workers(2).expect()
    assert book.states(1, 2) == ["waiting", "waiting"]
    book.play(HoldEnded(0.0, [1])).expect(launch(2, (1, 2), (2, 2)))


def test_what_is_queued_on_a_worker_is_given_back_and_held(book: Playbook) -> None:
    book.workers(1).expect()
    book.know()
    ahead = (3, 1, (out(2), Kind.HELD))
    book.submit(task(1), task(2), task(3, out(2))).expect(launch(1, 1, 2, ahead))
    book.play(ClientLeft(0.0, 1, hold=True)).expect(Retract(1, [3, 2]))
    book.returns(1, not_ok(2, Outcome.TAKEN_BACK), not_ok(3, Outcome.TAKEN_BACK)).expect()
    assert book.states(1, 2, 3) == ["placed", "waiting", "waiting"]
    assert book.scheduler.books.held == 2
    book.play(HoldEnded(0.0, [1])).expect(launch(1, (2, 2), (3, 2, (out(2), Kind.HELD))))


def test_what_has_begun_meanwhile_goes_on(book: Playbook) -> None:
    book.workers(1).expect()
    book.know()
    book.submit(task(1), task(2)).expect(launch(1, 1, 2))
    book.play(ClientLeft(0.0, 1, hold=True)).expect(Retract(1, [2]))
    book.returns(1, ok(1), ok(2)).expect(Forget([1, 2]))
    assert book.states(1, 2) == ["done", "done"]
    assert book.scheduler.books.held == 0


def test_what_another_kernel_waits_for_on_that_worker_is_left_there(book: Playbook) -> None:
    book.workers(1).expect()
    book.know()
    book.submit(task(1), task(2)).expect(launch(1, 1, 2))
    book.play(HandlesTaken(0.0, 2, [out(2)])).expect()
    book.submit(task(9, out(2)), client=2).expect(launch(1, (9, 1, (out(2), Kind.HELD))))
    book.play(ClientLeft(0.0, 1, hold=True)).expect()
    assert book.states(1, 2, 9) == ["placed", "placed", "placed"]


def test_a_lost_result_is_made_again_for_who_reads_it(book: Playbook) -> None:
    book.workers(1).expect()
    book.know()
    book.submit(task(1)).anything()
    book.returns(1, ok(1, (int(Kind.HELD), 10, None))).anything()
    book.play(ClientLeft(0.0, 1, hold=True)).expect()
    book.play(WorkerLeft(0.0, 1, None, "signal 9")).expect()
    book.workers(2).expect(launch(2, (1, 2)))


def test_who_follows_a_task_is_told_of_its_end_once(book: Playbook) -> None:
    book.workers(1).expect()
    book.submit(task(1), task(2), task(3)).expect(launch(1, 1))
    book.play(ClientLeft(0.0, 1, hold=True)).expect()
    book.play(ClientJoined(0.0, 2), TasksFollowed(0.0, 2, [1, 2])).expect()
    book.returns(1, not_ok(1, Outcome.RAISED)).expect(Report(2, [(1, "failed", 1)]))
    book.play(TasksFollowed(0.0, 2, [1, 77])).expect(Report(2, [(1, "failed", 1), (77, "cancelled", 77)]))
    book.play(CancelWanted(0.0, [2, 3])).expect(Report(2, [(2, "cancelled", 2)]))


def test_handles_are_taken_over_one_by_one_and_the_rest_is_cleared(book: Playbook) -> None:
    book.workers(1).expect()
    stored = (PUT_BASE + 1) << 16
    book.play(VersionsPut(0.0, 1, [(stored, Kind.FILE, 100_000)])).expect()
    book.submit(task(1), task(2), task(3, out(2))).expect(launch(1, 1))
    book.play(
        HandlesTaken(0.0, 1, [out(1)])
    ).expect()  # a second handle of a process that is gone counts no more
    book.play(ClientLeft(0.0, 1, hold=True)).expect()
    book.returns(1, ok(1)).expect(Forget([1]))
    book.play(HandlesTaken(0.0, 2, [out(1)]), HandlesDropped(0.0, 1, [out(1)])).expect()
    book.play(ClientLeft(0.0, 1, cancel=True)).expect(Forget([3, 2]), Drop([stored], None))
    book.play(HandlesDropped(0.0, 2, [out(1)])).expect(Drop([out(1)], None))
    assert book.states(2, 3) == ["cancelled", "cancelled"]
    assert book.scheduler.books.held == 0


def test_a_process_that_finds_its_way_back_goes_on_where_it_was(book: Playbook) -> None:
    book.workers(1).expect()
    book.submit(task(1), task(2)).expect(launch(1, 1))
    book.play(ClientLeft(0.0, 1, hold=True)).expect()
    book.play(ClientJoined(0.0, 1)).expect()
    book.play(TasksReturned(0.0, 1, [ok(1)])).expect(launch(1, 2), Report(1, [(1, "done", 0)]), Forget([1]))
