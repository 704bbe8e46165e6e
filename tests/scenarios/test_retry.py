"""Somebody has corrected the cause: what failed is open again, and nothing else is touched."""

from __future__ import annotations

from playbook import HELD, Playbook, launch, not_ok, ok, out, task

from treadle_runtime.core.events import CancelWanted, ClientLeft, HandlesDropped, RetryWanted, WorkerLeft
from treadle_runtime.core.instructions import Drop, Forget, Rearm, Report, Retract
from treadle_runtime.core.model import Kind, Outcome


def retry(*numbers: int, client: int = 1, instead: dict[int, tuple[int, tuple[int, ...]]] | None = None) -> RetryWanted:
    return RetryWanted(0.0, client, 9, list(numbers), instead or {})


def test_a_failed_task_and_all_that_needs_it_are_open_again(book: Playbook) -> None:
    book.workers(1).expect()
    book.submit(task(1), task(2, out(1)), task(3, out(2))).expect(launch(1, 1))
    book.returns(1, not_ok(1, Outcome.RAISED)).expect(
        Report(1, [(1, "failed", 1), (2, "upstream", 1), (3, "upstream", 1)])
    )
    book.play(retry(1)).expect(Rearm(1, 9, [1, 2, 3], []), launch(1, (1, 2)))
    assert book.states(2, 3) == ["waiting", "waiting"]
    book.returns(1, ok(1, attempt=2)).anything()
    assert book.states(1, 2) == ["done", "placed"]


def test_what_it_needs_comes_first_and_who_depends_on_another_failure_stays(book: Playbook) -> None:
    book.workers(1).expect()
    book.know()
    book.submit(task(1), task(2), task(3, out(1)), task(4, out(3), out(2)), task(5, out(4))).anything()
    book.returns(1, not_ok(1, Outcome.RAISED), not_ok(2, Outcome.RAISED)).anything()
    book.play(HandlesDropped(0.0, 1, [out(1), out(3)])).expect()  # what needs them keeps them
    assert book.play(retry(3)).anything()[0] == Rearm(1, 9, [1, 3], [])
    assert book.states(4, 5) == ["upstream", "upstream"]
    assert book.scheduler.explain(4) == "f #4 was not run: f #2, which it needs, failed."
    book.returns(1, ok(1, attempt=2)).anything()
    book.play(retry(5)).anything()
    assert book.states(2, 4, 5) == ["placed", "placed", "placed"]  # queued ahead, one behind the other


def test_what_had_succeeded_is_not_run_again(book: Playbook) -> None:
    book.workers(1).expect()
    book.submit(task(1), task(2, out(1))).expect(launch(1, 1))
    book.returns(1, ok(1)).anything()
    book.play(HandlesDropped(0.0, 1, [out(1)])).expect()
    book.returns(1, not_ok(2, Outcome.RAISED)).expect(Report(1, [(2, "failed", 2)]))  # and no Drop of its input
    book.play(retry(2)).expect(Rearm(1, 9, [2], []), launch(1, (2, 2, (out(1), Kind.INLINE))))
    book.returns(1, ok(2, attempt=2)).expect(Report(1, [(2, "done", 0)]), Forget([2]), Drop([out(1)], None))


def test_a_renewal_is_based_on_the_last_good_version(book: Playbook) -> None:
    book.workers(1).expect()
    book.submit(
        task(1),
        task(2, out(1), outputs=2, renews=((0, 1),)),
        task(3, out(2, 1), outputs=2, renews=((0, 1),)),
    ).expect(launch(1, 1))
    book.returns(1, ok(1)).anything()
    book.returns(1, not_ok(2, Outcome.RAISED)).expect(Retract(1, [3]), Report(1, [(2, "failed", 2), (3, "upstream", 2)]))
    rearm, launched = book.play(retry(3)).anything()
    assert rearm == Rearm(1, 9, [2, 3], [])
    assert launched.tasks[0] == (2, 2, ((out(1), Kind.INLINE),))


def test_other_code_reads_other_things(book: Playbook) -> None:
    book.workers(1).expect()
    book.submit(task(1), task(2), task(3, out(1))).expect(launch(1, 1))
    book.returns(1, ok(1)).anything()
    book.returns(1, ok(2)).anything()
    book.returns(1, not_ok(3, Outcome.RAISED)).anything()
    inputs = (out(1), Kind.INLINE), (out(2), Kind.INLINE)
    book.play(retry(3, instead={7: (8, (out(2),))})).expect(Rearm(1, 9, [3], []), launch(1, (3, 2, *inputs)))
    book.returns(1, not_ok(3, Outcome.RAISED, attempt=2)).anything()
    book.play(retry(3, instead={8: (9, ())})).expect(Rearm(1, 9, [3], []), launch(1, (3, 3, inputs[0])))
    book.returns(1, not_ok(3, Outcome.RAISED, attempt=3)).anything()
    book.play(retry(3, instead={9: (8, (out(77),))})).expect(
        Rearm(1, 9, [3], []), Report(1, [(3, "upstream", 77)]), Forget([3])
    )


def test_what_can_not_be_retried_is_named_with_the_reason(book: Playbook) -> None:
    book.workers(1).expect()
    book.submit(task(1), task(2)).expect(launch(1, 1))
    book.returns(1, ok(1)).anything()
    book.submit(task(3, out(99))).anything()
    book.play(retry(1, 2, 3, 50)).expect(
        Rearm(
            1,
            9,
            [],
            [
                (1, "it is done, and there is nothing to retry"),
                (2, "it has not ended yet (placed)"),
                (3, "its inputs are no longer kept"),
                (50, "its inputs are no longer kept"),
            ],
        )
    )


def test_the_last_failures_keep_their_inputs_without_a_handle(book: Playbook) -> None:
    book.scheduler.books.options.kept_failures = 1
    book.workers(1).expect()
    book.know()
    book.submit(task(1), task(2)).expect(launch(1, 1, 2))
    book.play(HandlesDropped(0.0, 1, [out(1), out(2)])).expect()
    book.returns(1, not_ok(1, Outcome.RAISED)).anything()
    book.returns(1, not_ok(2, Outcome.RAISED)).expect(Report(1, [(2, "failed", 2)]), Forget([1]))
    book.play(retry(1, 2)).expect(Rearm(1, 9, [2], [(1, "its inputs are no longer kept")]), launch(1, (2, 2)))
    book.returns(1, not_ok(2, Outcome.RAISED, attempt=2)).anything()
    book.play(ClientLeft(0.0, 1)).expect(Forget([2]))


def test_large_inputs_of_failures_without_a_handle_go_first(book: Playbook) -> None:
    book.scheduler.books.options.kept_nbytes = 5
    book.workers(1).expect()
    book.submit(task(1), task(2, out(1))).expect(launch(1, 1))
    book.returns(1, ok(1)).anything()
    book.play(HandlesDropped(0.0, 1, [out(1), out(2)])).expect()
    book.returns(1, not_ok(2, Outcome.RAISED)).expect(Report(1, [(2, "failed", 2)]), Forget([2]), Drop([out(1)], None))


def test_a_held_input_of_a_failed_task_is_made_again_when_its_worker_dies(book: Playbook) -> None:
    book.workers(1).expect()
    book.submit(task(1), task(2, out(1))).expect(launch(1, 1))
    book.returns(1, ok(1, HELD)).anything()
    book.play(HandlesDropped(0.0, 1, [out(1)])).anything()
    book.returns(1, not_ok(2, Outcome.RAISED)).anything()
    book.play(WorkerLeft(0.0, 1, None, "signal 9")).expect()
    book.play(retry(2)).expect(Rearm(1, 9, [2], []))
    assert book.workers(2).anything()[0].tasks[0] == (1, 2, ())
    book.returns(2, ok(1, HELD, attempt=2)).anything()
    assert book.states(2) == ["placed"]


def test_a_cancelled_one_is_open_again_when_it_is_named_and_only_then(book: Playbook) -> None:
    book.submit(task(1), task(2, out(1)), task(3, out(1))).expect()
    book.play(CancelWanted(0.0, [2])).expect(Report(1, [(2, "cancelled", 2)]))
    book.play(CancelWanted(0.0, [1])).expect(Report(1, [(1, "cancelled", 1), (3, "cancelled", 1)]))
    book.play(retry(1)).expect(Rearm(1, 9, [1, 3], []))
    book.play(retry(2)).expect(Rearm(1, 9, [2], []))
    assert book.states(1, 2, 3) == ["ready", "waiting", "waiting"]


def test_somebody_elses_task_is_told_to_its_client(book: Playbook) -> None:
    book.workers(1).expect()
    book.submit(task(1)).expect(launch(1, 1))
    book.submit(task(2, out(1)), client=2).anything()
    book.returns(1, not_ok(1, Outcome.RAISED)).anything()
    book.play(retry(1)).expect(Rearm(1, 9, [1], []), Rearm(2, 0, [2], []), launch(1, (1, 2)))


def test_one_that_fails_again_is_reported_again(book: Playbook) -> None:
    book.workers(1).expect()
    book.submit(task(1)).expect(launch(1, 1))
    for attempt in (1, 2, 3):
        book.returns(1, not_ok(1, Outcome.RAISED, attempt)).expect(Report(1, [(1, "failed", 1)]))
        book.play(retry(1)).expect(Rearm(1, 9, [1], []), launch(1, (1, attempt + 1)))
    assert book.scheduler.story(1)[-2][5] == "retried for the 3rd time"
    book.returns(1, not_ok(1, Outcome.RAISED, 2)).expect()  # late
