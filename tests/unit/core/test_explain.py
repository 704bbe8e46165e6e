"""Why is it waiting, and how did it get here: in words."""

from __future__ import annotations

from playbook import Playbook, not_ok, ok, out, task

from treadle_runtime.core.events import (
    CancelWanted,
    FunctionsDefined,
    RetryWanted,
    WorkerLeft,
    WorkersObserved,
)
from treadle_runtime.core.model import Outcome


def said(book: Playbook, number: int) -> str:
    book.anything()
    return book.scheduler.explain(number)


def test_waiting_and_ready(book: Playbook) -> None:
    book.know()
    book.submit(*[task(number) for number in range(1, 6)])
    assert said(book, 2) == "f #2 is ready, but there is no worker yet; 1 task is before it."
    book.submit(task(6, out(1), out(2), out(3), out(4)), task(7, out(6)))
    assert said(book, 6) == (
        "f #6 is waiting. 4 inputs are still made by f #1 (ready), f #2 (ready), f #3 (ready) and 1 more. "
        "It goes back to f #1. f #1 is ready, but there is no worker yet; it is next."
    )
    assert said(book, 7) == (
        "f #7 is waiting. 1 input is still made by f #6 (waiting). It goes back to f #1, by way of f #6. "
        "f #1 is ready, but there is no worker yet; it is next."
    )
    book.know(run_s=1.0)
    book.workers(1)
    assert said(book, 3) == "f #3 is ready, but the only worker is busy; 1 task is before it."
    book.workers(2)
    assert said(book, 3) == "f #3 is ready, but all 2 workers are busy; it is next."
    book.submit(task(8, cell=2), task(9, priority=1))
    assert said(book, 4) == "f #4 is ready, but all 2 workers are busy; 3 tasks are before it."


def test_on_a_worker(book: Playbook) -> None:
    book.know()
    book.workers(1)
    book.anything()
    book.submit(task(1), task(2), task(3, out(2)))
    assert said(book, 1) == "f #1 is queued on worker 1, next in line."
    assert (
        said(book, 3) == "f #3 is queued on worker 1, behind 2 others, ahead of an input that is made there."
    )
    book.play(WorkersObserved(0.0, [(1, 1)]))
    assert said(book, 1) == "f #1 is running on worker 1."
    book.play(CancelWanted(0.0, [1]))
    assert said(book, 1) == "f #1 is running on worker 1. Its cancel is under way."
    book.play(WorkerLeft(0.0, 1, 1, "signal 9"))
    assert said(book, 1) == "f #1 was cancelled: worker 1 left: signal 9."
    book.workers(2)
    book.anything()
    book.play(WorkerLeft(0.0, 2, 2, "signal 9"))
    assert said(book, 2).endswith("It has lost its worker once.")


def test_at_the_end(book: Playbook) -> None:
    book.know()
    book.workers(1)
    book.anything()
    book.submit(task(1), task(2), task(3, out(2)), task(4), task(5, out(4)))
    book.anything()
    book.returns(1, ok(1), not_ok(2, Outcome.RAISED))
    book.anything()
    book.play(CancelWanted(0.0, [4]))
    book.anything()
    book.returns(1, not_ok(4, Outcome.INTERRUPTED))
    assert said(book, 1) == "f #1 is done on worker 1."
    assert said(book, 2) == "f #2 failed: its own code raised."
    assert said(book, 3) == "f #3 was not run: f #2, which it needs, failed."
    assert said(book, 4) == "f #4 was cancelled: KeyboardInterrupt ended it."
    assert said(book, 5) == "f #5 was cancelled with f #4, which it needs."
    assert (
        said(book, 99)
        == "Nothing is known of task #99: it was never submitted, or its record has been let go."
    )
    assert book.scheduler.story(99) == []
    assert [entry[:4] for entry in book.scheduler.story(1)] == [
        ("b", 1, 7, 1),
        ("t", 1, "ready", 0),
        ("t", 1, "placed", 1),
        ("t", 1, "done", 1),
    ]


def test_a_chain_goes_back_to_what_runs(book: Playbook) -> None:
    book.play(FunctionsDefined(0.0, [(7, "f")]))
    book.workers(1)
    book.anything()
    book.submit(task(1), *[task(number, out(number - 1)) for number in range(2, 8)])
    book.anything()
    book.play(WorkersObserved(0.0, [(1, 1)]))
    book.play(WorkersObserved(0.0, [(1, 1)]), after=12.0)
    assert said(book, 7) == (
        "f #7 is waiting. 1 input is still made by f #6 (waiting). "
        "It goes back to f #1, by way of f #6, 3 others, f #2. f #1 is running on worker 1 for 12 s."
    )
    assert said(book, 2) == "f #2 is waiting. 1 input is still made by f #1 (running on worker 1)."


def test_what_was_retried(book: Playbook) -> None:
    book.play(FunctionsDefined(0.0, [(7, "f")]))
    book.workers(1)
    book.anything()
    book.submit(task(1), task(2, out(1)))
    book.anything()
    book.returns(1, not_ok(1, Outcome.RAISED))
    book.anything()
    book.play(RetryWanted(0.0, 1, 1, [2], {}))
    assert said(book, 1) == "f #1 is queued on worker 1, next in line. It failed before and was retried."
    assert [entry[2:] for entry in book.scheduler.story(1)][-2] == ("ready", 0, 0.0, "retried")
