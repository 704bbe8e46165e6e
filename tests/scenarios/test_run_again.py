"""A cell runs again: what nobody can reach of its run before goes last, and nothing else changes."""

from __future__ import annotations

from playbook import Playbook, launch, ok, out, task

from treadle_runtime.core.events import CellRunAgain, HandlesDropped, HandlesTaken
from treadle_runtime.core.instructions import Launch


def order(book: Playbook, *numbers: int) -> list[int]:
    """Let one worker run everything; give the order in which it did."""
    ran = []
    left = [entry for each in book.anything() if isinstance(each, Launch) for entry in each.tasks]
    while left:
        number, attempt, _ = left.pop(0)
        ran.append(number)
        book.returns(1, ok(number, attempt=attempt, run_s=10.0))
        left += [entry for each in book.anything() if isinstance(each, Launch) for entry in each.tasks]
    assert sorted(ran) == sorted(numbers)
    return ran


def test_tasks_nobody_can_reach_go_behind_those_of_other_cells(book: Playbook) -> None:
    book.workers(1).expect()
    book.submit(*[task(n, cell=1) for n in range(1, 5)]).expect(launch(1, 1))
    book.submit(*[task(n, cell=2) for n in range(5, 8)]).expect()
    book.play(HandlesDropped(0.0, 1, [out(n) for n in range(1, 5)])).expect()
    book.play(CellRunAgain(0.0, 1, 5)).expect()
    book.returns(1, ok(1, run_s=10.0))
    assert order(book, 2, 3, 4, 5, 6, 7) == [5, 6, 7, 2, 3, 4]


def test_what_a_handle_reaches_keeps_its_turn_also_through_others(book: Playbook) -> None:
    book.workers(1).expect()
    book.submit(task(1, cell=1), task(2, cell=1), task(3, cell=1), task(4, out(3), cell=2)).expect(
        launch(1, 1)
    )
    book.submit(task(5, cell=3), task(6, cell=3)).expect()
    book.play(HandlesDropped(0.0, 1, [out(2), out(3)])).expect()
    book.play(CellRunAgain(0.0, 1, 4)).expect()
    book.returns(1, ok(1, run_s=10.0))
    ran = order(book, 2, 3, 4, 5, 6)
    assert ran[-1] == 2
    assert ran.index(3) < ran.index(6)


def test_waiting_tasks_are_put_behind_when_they_get_ready(book: Playbook) -> None:
    book.know(7, 10.0)
    book.workers(1).expect()
    book.submit(task(1, cell=1), task(2, out(1), cell=1), task(3, cell=2), task(4, cell=2)).expect(
        launch(1, 1)
    )
    book.play(HandlesDropped(0.0, 1, [out(1), out(2)])).expect()
    book.play(CellRunAgain(0.0, 1, 3)).expect()
    book.returns(1, ok(1, run_s=10.0))
    assert order(book, 2, 3, 4)[-1] == 2


def test_it_may_be_said_twice_and_of_tasks_that_have_ended(book: Playbook) -> None:
    book.workers(1).expect()
    book.submit(task(1, cell=1), task(2, cell=1)).expect(launch(1, 1))
    book.play(HandlesDropped(0.0, 1, [out(2)]), HandlesTaken(0.0, 1, [out(1)])).expect()
    for _ in range(2):
        book.play(CellRunAgain(0.0, 1, 900)).expect()
    book.returns(1, ok(1, run_s=10.0))
    assert order(book, 2) == [2]


def test_the_answer_says_why_it_waits(book: Playbook) -> None:
    book.workers(1).expect()
    book.submit(task(1, cell=1), task(2, cell=1)).expect(launch(1, 1))
    book.play(HandlesDropped(0.0, 1, [out(2)])).expect()
    book.play(CellRunAgain(0.0, 1, 3)).expect()
    assert "an earlier run of its cell" in book.scheduler.explain(2)
