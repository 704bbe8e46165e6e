"""Workers die, inputs are not where they should be, values that only one worker held are made again."""

from __future__ import annotations

from playbook import HELD, INLINE, Playbook, launch, not_ok, ok, out, task

from treadle_runtime.core.events import (
    HandlesDropped,
    TasksSubmitted,
    VersionsPublished,
    VersionsWanted,
    WorkerJoined,
    WorkerLeft,
)
from treadle_runtime.core.instructions import Deliver, Drop, Forget, Publish, Report
from treadle_runtime.core.model import Kind, Outcome


def test_only_the_running_task_counts_a_loss(book: Playbook) -> None:
    book.workers(1).expect()
    book.know()
    book.submit(task(1), task(2)).expect(launch(1, 1, 2))
    for attempt, worker in ((2, 2), (3, 3)):
        book.play(WorkerLeft(0.0, worker - 1, 1, "signal 11"), WorkerJoined(0.0, worker)).expect(
            launch(worker, (1, attempt), (2, attempt))
        )
    book.play(WorkerLeft(0.0, 3, 1, "signal 11", b"lost")).expect(Report(1, [(1, "failed", 1)]))
    book.play(WorkerJoined(0.0, 4)).expect(launch(4, (2, 4)))
    book.returns(4, ok(2, attempt=4)).anything()
    assert book.scheduler.story(1)[-1] == ("t", 1, "failed", 3, 0.0, "worker 3 left: signal 11")


def test_retry_lost_false_fails_at_the_first_loss(book: Playbook) -> None:
    book.workers(1).expect()
    book.submit(task(1, options={"retry_lost": False})).expect(launch(1, 1))
    book.play(WorkerLeft(0.0, 1, 1, "exit 3")).expect(Report(1, [(1, "failed", 1)]))


def test_late_answers_of_a_worker_that_has_left_are_ignored(book: Playbook) -> None:
    book.workers(2, 1).expect()
    book.submit(task(1)).expect(launch(1, 1))
    book.play(WorkerLeft(0.0, 1, None, "exit 0")).expect(launch(2, (1, 2)))
    book.returns(1, ok(1)).expect()
    book.returns(2, ok(1)).expect()  # an older attempt
    book.returns(2, ok(1, attempt=2)).expect(Report(1, [(1, "done", 0)]), Forget([1]))


def test_a_held_value_is_published_when_its_worker_has_nothing_to_do(book: Playbook) -> None:
    book.workers(1).expect()
    book.submit(task(1)).expect(launch(1, 1))
    book.returns(1, ok(1, HELD)).expect(Publish(1, [out(1)]), Report(1, [(1, "done", 0)]))
    book.play(VersionsWanted(0.0, 1, [out(1)])).expect()
    book.play(VersionsPublished(0.0, 1, [(out(1), Kind.FILE, 1_000_000)])).expect(
        Deliver(1, [(out(1), Kind.FILE)]), Forget([1])
    )


def test_a_held_value_stays_where_its_readers_run_and_is_dropped_there(book: Playbook) -> None:
    book.workers(1).expect()
    book.know()
    book.submit(task(1), task(2, out(1))).expect(launch(1, 1, (2, 1, (out(1), Kind.HELD))))
    book.play(HandlesDropped(0.0, 1, [out(1)])).expect()
    book.returns(1, ok(1, HELD), ok(2)).expect(
        Report(1, [(1, "done", 0), (2, "done", 0)]), Forget([2, 1]), Drop([out(1)], 1)
    )


def test_a_task_placed_elsewhere_waits_for_publication(book: Playbook) -> None:
    book.workers(2, 1).expect()
    book.know(run_s=1.0)
    book.submit(task(1), task(2), task(3, function=8), cell := task(4, out(1))).expect(
        launch(1, 1), launch(2, 2)
    )
    assert cell
    book.returns(1, ok(1, HELD)).expect(launch(1, 3), Report(1, [(1, "done", 0)]))
    book.returns(2, ok(2)).expect(Publish(1, [out(1)]), Report(1, [(2, "done", 0)]), Forget([2]))
    assert book.states(4) == ["waiting"]
    assert "being written by worker 1" in book.scheduler.explain(4)
    book.play(VersionsPublished(0.0, 1, [(out(1), Kind.FILE, 1_000_000)])).expect(
        launch(2, (4, 1, (out(1), Kind.FILE))), Forget([1])
    )
    book.returns(2, ok(4)).anything()
    book.returns(1, ok(3)).anything()


def test_what_only_a_dead_worker_held_is_made_again_with_what_it_was_made_from(book: Playbook) -> None:
    book.workers(1).expect()
    book.know()
    book.submit(task(1), task(2, out(1)), task(3, out(2))).anything()
    book.play(HandlesDropped(0.0, 1, [out(1)])).expect()
    book.returns(1, ok(1, HELD), ok(2, HELD)).expect(
        Report(1, [(1, "done", 0), (2, "done", 0)]), Drop([out(1)], 1)
    )
    book.play(WorkerLeft(0.0, 1, 3, "signal 9")).expect()
    assert book.states(1, 2, 3) == ["ready", "waiting", "waiting"]
    assert "runs again because its result was lost" in book.scheduler.explain(1)
    book.workers(2).expect(launch(2, (1, 2), (2, 2, (out(1), Kind.HELD)), (3, 2, (out(2), Kind.HELD))))
    book.returns(2, ok(1, INLINE, attempt=2), ok(2, INLINE, attempt=2), ok(3, attempt=2)).expect(
        Report(1, [(3, "done", 0)]), Forget([1, 2, 3]), Drop([out(1)], None)
    )


def test_a_second_run_that_fails_is_reported_after_all(book: Playbook) -> None:
    book.workers(1).expect()
    book.submit(task(1)).expect(launch(1, 1))
    book.returns(1, ok(1, HELD)).expect(Publish(1, [out(1)]), Report(1, [(1, "done", 0)]))
    book.play(WorkerLeft(0.0, 1, None, "signal 9")).expect()
    book.workers(2).expect(launch(2, (1, 2)))
    book.returns(2, not_ok(1, Outcome.RAISED, attempt=2)).expect(Report(1, [(1, "failed", 1)]))


def test_a_declined_task_goes_where_its_input_is(book: Playbook) -> None:
    book.workers(1).expect()
    book.know()
    book.submit(task(1), task(2, out(1))).expect(launch(1, 1, (2, 1, (out(1), Kind.HELD))))
    book.returns(1, ok(1), not_ok(2, Outcome.DECLINED)).expect(
        launch(1, (2, 2, (out(1), Kind.INLINE))), Report(1, [(1, "done", 0)]), Forget([1])
    )
    book.returns(1, ok(2, attempt=2)).anything()


def test_a_worker_that_lost_what_it_held_has_it_made_again(book: Playbook) -> None:
    book.workers(1).expect()
    book.know()
    book.submit(task(1), task(2, out(1))).anything()
    book.returns(1, ok(1, HELD), not_ok(2, Outcome.DECLINED)).expect(
        Publish(1, [out(1)]), Report(1, [(1, "done", 0)])
    )
    book.play(VersionsPublished(0.0, 1, [(out(1), Kind.NONE, 0)])).expect(launch(1, (1, 2)))
    book.returns(1, ok(1, attempt=2)).expect(launch(1, (2, 2, (out(1), Kind.INLINE))), Forget([1]))
    book.returns(1, ok(2, attempt=2)).anything()


def test_a_file_written_while_its_version_was_dropped_is_freed(book: Playbook) -> None:
    book.workers(1).expect()
    book.submit(task(1)).anything()
    book.returns(1, ok(1, HELD)).expect(Publish(1, [out(1)]), Report(1, [(1, "done", 0)]))
    book.play(HandlesDropped(0.0, 1, [out(1)])).expect(Forget([1]), Drop([out(1)], 1))
    book.play(VersionsPublished(0.0, 1, [(out(1), Kind.FILE, 1_000_000)])).expect(Drop([out(1)], None))


def test_a_long_line_of_held_values_is_cut_by_publishing() -> None:
    book = Playbook(remake_s=0.0025)
    book.workers(1).expect()
    book.know(run_s=0.001)
    book.submit(
        *[task(number, *([out(number - 1)] if number > 1 else [])) for number in range(1, 7)]
    ).anything()
    book.returns(1, *[ok(number, HELD) for number in range(1, 5)])
    published = [vid for each in book.anything() if isinstance(each, Publish) for vid in each.vids]
    assert published == [out(3), out(4)]


def test_a_worker_that_leaves_in_the_turn_it_was_given_work(book: Playbook) -> None:
    book.workers(1).expect()
    book.know()
    book.submit(task(1), task(2)).expect(launch(1, 1, 2))
    book.play(
        TasksSubmitted(0.0, 1, [task(3, out(2))]),  # a candidate to be queued behind what makes its input
        WorkerLeft(0.0, 1, 1, "signal 9"),
        WorkerJoined(0.0, 2),
    ).anything()
    assert book.states(1, 2, 3) == ["placed", "placed", "placed"]
