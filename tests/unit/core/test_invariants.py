"""The checks find what they are there to find."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playbook import HELD, Playbook, ok, out, task

from treadle_runtime.core.books import Books, BrokenLaw
from treadle_runtime.core.invariants import check
from treadle_runtime.core.states import TaskState


def _busy() -> Playbook:
    book = Playbook()
    book.workers(1).expect()
    book.know()
    book.submit(task(1), task(2, out(1)), task(3), task(4, out(3), function=8))
    book.anything()
    book.returns(1, ok(1, HELD))
    return book


def _lose_pin(books: Books) -> None:
    books.versions[out(3)].pins = 0


def _lose_reader(books: Books) -> None:
    (books.versions[out(3)].readers or {}).clear()


def _miscount_missing(books: Books) -> None:
    books.tasks[4].missing = 2


def _jump(books: Books) -> None:
    books.tasks[4].log.append(("t", 4, "waiting", 0, 0.0))


def _lose_load(books: Books) -> None:
    books.workers[1].load += 1.0


def _miscount_states(books: Books) -> None:
    books.counts[TaskState.WAITING] += 1


def _lose_recipe(books: Books) -> None:
    books.tasks[1].unsettled = 0


def _lose_holder(books: Books) -> None:
    books.workers[1].held.clear()


def _misplace_room(books: Books) -> None:
    books.idle[1] = books.workers[1]


def _leave_unsaid(books: Books) -> None:
    books.workers[1].retracts.append(3)


@pytest.mark.parametrize(
    "damage",
    [
        _lose_pin,
        _lose_reader,
        _miscount_missing,
        _jump,
        _lose_load,
        _miscount_states,
        _lose_recipe,
        _lose_holder,
        _misplace_room,
        _leave_unsaid,
    ],
)
def test_damage_is_found(damage: Callable[[Books], None]) -> None:
    scheduler = _busy().scheduler
    check(scheduler)
    damage(scheduler.books)
    with pytest.raises(BrokenLaw):
        check(scheduler)


def test_a_forbidden_move_tells_the_story() -> None:
    books = _busy().scheduler.books
    with pytest.raises(BrokenLaw, match=r"task 1 cannot go from done to placed; its story: \[\('b', 1, 7"):
        books.move(books.tasks[1], TaskState.PLACED)
