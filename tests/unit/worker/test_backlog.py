"""The queue of a worker: order, take back, cancel, and requests that come before what they are about."""

from __future__ import annotations

from typing import Any

import pytest

from treadle_runtime.core.model import Outcome
from treadle_runtime.worker.backlog import Backlog


def row(number: int, attempt: int = 1) -> Any:
    return (number, attempt, 1, b"", (), 1, 0, None, ())


def queued(backlog: Backlog) -> list[int]:
    numbers = []
    while len(backlog):
        numbers.append(backlog.pop()[0])
    return numbers


def test_first_come_first_served() -> None:
    backlog = Backlog()
    assert backlog.add([row(1), row(2)], 0.0) == []
    assert backlog.add([row(3)], 0.0) == []
    assert queued(backlog) == [1, 2, 3]
    with pytest.raises(IndexError):
        backlog.pop()


def test_take_back_answers_for_what_was_queued_and_only_for_that() -> None:
    backlog = Backlog()
    backlog.add([row(1), row(2), row(3)], 0.0)
    answers = backlog.take_back([2, 9], 0.0)
    assert [(a[0], a[2]) for a in answers] == [(2, Outcome.TAKEN_BACK)]
    assert queued(backlog) == [1, 3]


def test_a_take_back_waits_a_second_for_its_launch() -> None:
    backlog = Backlog()
    backlog.take_back([5, 6], 10.0)
    assert [(a[0], a[2]) for a in backlog.add([row(5), row(7)], 10.5)] == [(5, Outcome.TAKEN_BACK)]
    assert backlog.add([row(6), row(5, 2)], 11.5) == []  # too late, and the same task again
    assert queued(backlog) == [7, 6, 5]


def test_a_cancel_is_for_one_attempt_whether_queued_or_still_to_come() -> None:
    backlog = Backlog()
    backlog.add([row(1, 2)], 0.0)
    assert backlog.cancel(1, 1) is None
    answer = backlog.cancel(1, 2)
    assert answer is not None
    assert answer[:3] == [1, 2, Outcome.INTERRUPTED]
    assert backlog.cancel(2, 1) is None
    assert [a[:3] for a in backlog.add([row(2, 1), row(2, 2)], 0.0)] == [[2, 1, Outcome.INTERRUPTED]]
    assert queued(backlog) == [2]


def test_a_cancel_between_queue_and_start_is_seen_once() -> None:
    backlog = Backlog()
    backlog.add([row(1)], 0.0)
    taken = backlog.pop()
    assert backlog.cancel(1, 1) is None
    assert backlog.is_cancelled(taken)
    assert not backlog.is_cancelled(taken)


def test_cancels_of_what_never_comes_do_not_pile_up() -> None:
    backlog = Backlog()
    for number in range(5000):
        backlog.cancel(number, 1)
    assert len(backlog.cancelled) <= 1001


def test_at_the_end_everything_is_given_back() -> None:
    backlog = Backlog()
    backlog.add([row(1), row(2)], 0.0)
    assert [(a[0], a[2]) for a in backlog.take_all()] == [(1, Outcome.TAKEN_BACK), (2, Outcome.TAKEN_BACK)]
    assert len(backlog) == 0
