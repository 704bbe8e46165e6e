"""From submission to being forgotten, when all goes well."""

from __future__ import annotations

from playbook import FILE, INLINE, Playbook, launch, ok, out, task

from treadle_runtime.core.events import (
    HandlesDropped,
    HandlesTaken,
    VersionsPut,
    VersionsWanted,
    WorkersObserved,
)
from treadle_runtime.core.instructions import Deliver, Drop, Forget, Report
from treadle_runtime.core.model import PUT_BASE, Kind, vid_of


def test_one_task_from_call_to_release(book: Playbook) -> None:
    book.workers(1).expect()
    book.submit(task(1)).expect(launch(1, 1))
    book.returns(1, ok(1)).expect(Report(1, [(1, "done", 0)]), Forget([1]))
    book.play(HandlesDropped(0.0, 1, [out(1)])).expect(Drop([out(1)], None))
    assert book.scheduler.counts()["done"] == 1
    assert book.scheduler.version(out(1)) is None


def test_facts_tell_birth_first_and_then_every_state(book: Playbook) -> None:
    book.workers(1).expect()
    book.submit(task(1), task(2, out(1))).expect(launch(1, 1))
    assert book.facts == [
        ("b", 1, 7, 1, 1, 1, (), None, 0.0),
        ("t", 1, "ready", 0, 0.0),
        ("b", 2, 7, 1, 1, 2, (1,), None, 0.0),
        ("t", 2, "waiting", 0, 0.0),
        ("t", 1, "placed", 1, 0.0),
        ("w", 1, "busy", "", 0.0),
    ]
    book.play(WorkersObserved(0.0, [(1, 1), (1, 2), (9, 1)])).expect()
    assert book.facts == [("t", 1, "running", 1, 0.0)]
    book.returns(1, ok(1)).anything()
    assert book.facts == [
        ("t", 1, "done", 1, 0.0),
        ("t", 2, "ready", 0, 0.0),
        ("t", 2, "placed", 1, 0.0),
    ]


def test_a_successor_is_launched_with_the_place_of_its_input(book: Playbook) -> None:
    book.workers(1).expect()
    book.submit(task(1), task(2, out(1), out(1))).expect(launch(1, 1))
    book.returns(1, ok(1, FILE)).expect(
        launch(1, (2, 1, (out(1), Kind.FILE), (out(1), Kind.FILE))), Report(1, [(1, "done", 0)]), Forget([1])
    )
    book.returns(1, ok(2)).expect(Report(1, [(2, "done", 0)]), Forget([2]))


def test_a_result_nobody_can_reach_is_dropped_when_its_last_reader_ends(book: Playbook) -> None:
    book.workers(1).expect()
    book.submit(task(1), task(2, out(1))).expect(launch(1, 1))
    book.play(HandlesDropped(0.0, 1, [out(1)])).expect()
    book.returns(1, ok(1)).expect(
        launch(1, (2, 1, (out(1), Kind.INLINE))), Report(1, [(1, "done", 0)]), Forget([1])
    )
    book.returns(1, ok(2)).expect(Report(1, [(2, "done", 0)]), Forget([2]), Drop([out(1)], None))


def test_a_result_whose_handle_went_before_it_was_made_is_dropped_at_once(book: Playbook) -> None:
    book.workers(1).expect()
    book.submit(task(1, outputs=2)).expect(launch(1, 1))
    book.play(HandlesDropped(0.0, 1, [out(1, 1)])).expect()
    book.returns(1, ok(1, INLINE, FILE)).expect(
        Report(1, [(1, "done", 0)]), Forget([1]), Drop([out(1, 1)], None)
    )


def test_a_put_lives_by_its_handles(book: Playbook) -> None:
    put = vid_of(PUT_BASE, 0)
    book.play(VersionsPut(0.0, 1, [(put, Kind.FILE, 1_000_000)])).expect()
    assert book.facts == [("d", put, "ready", 1_000_000, 0.0)]
    book.play(HandlesTaken(0.0, 2, [put])).expect()
    book.play(HandlesDropped(0.0, 1, [put])).expect()
    book.play(HandlesDropped(0.0, 2, [put])).expect(Drop([put], None))
    book.play(HandlesDropped(0.0, 2, [put])).expect()


def test_a_wanted_value_is_delivered_now_later_or_never(book: Playbook) -> None:
    book.workers(1).expect()
    book.submit(task(1)).expect(launch(1, 1))
    book.play(VersionsWanted(0.0, 1, [out(1), out(99)])).expect(Deliver(1, [(out(99), Kind.NONE)]))
    book.returns(1, ok(1)).expect(
        Report(1, [(1, "done", 0)]), Deliver(1, [(out(1), Kind.INLINE)]), Forget([1])
    )
    book.play(VersionsWanted(0.0, 1, [out(1)])).expect(Deliver(1, [(out(1), Kind.INLINE)]))


def test_what_is_said_twice_counts_once(book: Playbook) -> None:
    book.workers(1).expect()
    book.submit(task(1)).expect(launch(1, 1))
    book.submit(task(1)).expect()
    book.returns(1, ok(1), ok(1)).expect(Report(1, [(1, "done", 0)]), Forget([1]))


def test_the_history_is_bounded() -> None:
    book = Playbook(history=2)
    book.workers(1).expect()
    for number in (1, 2, 3):
        book.submit(task(number)).anything()
        book.returns(1, ok(number)).anything()
        book.play(HandlesDropped(0.0, 1, [out(number)])).anything()
    assert book.facts == [("e", 1)]
    assert book.scheduler.task(1) is None
    assert book.scheduler.task(2) is not None
    assert book.scheduler.counts()["done"] == 3
