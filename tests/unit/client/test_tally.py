"""Tallies count each task once; estimates follow from them and stay calm."""

from __future__ import annotations

import time
from typing import Any

import pytest

from treadle_runtime.client.calls import Call
from treadle_runtime.client.estimate import Countdown, may_tell, seconds_left
from treadle_runtime.client.tally import Tally


class Calls(dict[int, Call]):
    """Calls as a client has them."""

    def submit(self, *functions: str) -> None:
        for function in functions:
            number = len(self) + 1
            self[number] = Call(None, number, function, 5, None)  # type: ignore[arg-type]

    def finish(self, tally: Tally, number: int, state: str = "done", run_s: float = 1.0) -> None:
        row: Any = (number, state, (), None, 0, (1, 1, run_s), None)
        self[number].finish(row)
        tally.on_finished(self[number])


@pytest.fixture
def calls() -> Calls:
    return Calls()


def test_what_is_submitted_and_what_has_ended(calls: Calls) -> None:
    tally = Tally(calls, 1, 0.0)
    calls.submit("f", "f", "g")
    tally.look(4)
    calls.finish(tally, 1, run_s=2.0)
    calls.finish(tally, 3, "failed")
    tally.look(4)
    assert (tally.submitted, tally.ended, tally.left, tally.states) == (3, 2, 1, {"done": 1, "failed": 1})
    assert tally.left_by_function() == [(1, 2.0)]
    assert (tally.work_s, [call.number for call in tally.failed], tally.lowest()) == (3.0, [3], 2)


def test_what_ends_before_anybody_looked_is_not_counted_twice(calls: Calls) -> None:
    tally = Tally(calls, 1, 0.0)
    calls.submit("f", "f")
    calls.finish(tally, 1)
    tally.look(1)
    assert (tally.submitted, tally.left) == (1, 0)
    tally.look(3)
    tally.look(3)
    assert (tally.submitted, tally.left) == (2, 1)


def test_a_number_that_is_submitted_late_is_found(calls: Calls) -> None:
    tally = Tally(calls, 1, 0.0)
    calls.submit("f", "f")
    late = calls.pop(1)
    tally.look(3)
    assert tally.submitted == 1
    calls[1] = late
    tally.look(3)
    assert tally.submitted == 2


def test_tasks_that_are_to_run_again_are_open_again(calls: Calls) -> None:
    tally = Tally(calls, 1, 0.0)
    calls.submit("f", "f")
    tally.look(3)
    calls.finish(tally, 1)
    calls.finish(tally, 2, "failed")
    tally.look(3)
    calls[2].state = "waiting"
    tally.recount()
    assert (tally.left, tally.states, tally.failed, tally.lowest()) == (1, {"done": 1}, [], 2)


def test_what_is_told_only_after_a_recount_is_not_counted_twice(calls: Calls) -> None:
    tally = Tally(calls, 1, 0.0)
    calls.submit("f", "f", "f")
    tally.look(4)
    calls[1].state = "done"  # and about to be told
    tally.recount()
    assert tally.left == 2
    tally.on_finished(calls[1])
    calls.finish(tally, 2)
    tally.look(4)
    assert (tally.left, tally.states["done"]) == (1, 2)


def test_counting_costs_next_to_nothing(calls: Calls) -> None:
    tally = Tally(calls, 1, 0.0)
    calls.submit(*["f"] * 10_000)
    for call in calls.values():
        call.state = "done"
    began = time.thread_time()
    tally.look(10_001)
    for call in calls.values():
        tally.on_finished(call)
    tally.look(10_001)
    assert time.thread_time() - began < 0.05  # of 10,000 tasks, which take half a second at their fastest
    assert tally.left == 0


def test_an_estimate_takes_the_longer_of_work_and_chain() -> None:
    assert seconds_left([(100, 0.1)], workers=4) == pytest.approx(2.5)
    assert seconds_left([(100, 0.1)], workers=4, path_s=6.0) == 6.0
    assert seconds_left([(10, 1.0), (10, None)], workers=2) == pytest.approx(
        10.0
    )  # unknown ones count like the others
    assert seconds_left([(10, None)], workers=2) is None
    assert seconds_left([], workers=2) is None


@pytest.mark.parametrize("truth", [[100, 1, 100, 1, 100], [0.1, 0.1, 1e6, 1e6, 0.1], [5, 5, 5, 5, 5]])
@pytest.mark.parametrize("every_s", [0.2, 1.0, 3.0])
def test_what_is_shown_never_jumps_more_than_twofold_a_second(truth: list[float], every_s: float) -> None:
    shown = Countdown()
    last, at = shown.next(50.0, 0.0), 0.0
    for estimate_s in truth:
        at += every_s
        now = shown.next(estimate_s, at)
        assert min(last - every_s, (last - every_s) / 2**every_s) - 1e-9 <= now <= max(0.05, last) * 2**every_s * 1.001
        assert now >= 0
        last = now


def test_a_right_estimate_is_shown_as_it_is() -> None:
    shown = Countdown()
    assert [round(shown.next(10.0 - at, at), 3) for at in range(5)] == [10, 9, 8, 7, 6]


def test_what_does_not_come_nearer_is_not_counted_down() -> None:
    """Tasks that take longer than those before: what is left of them stays what it was."""
    shown = Countdown()
    assert {shown.next(3.0, 0.2 * step) for step in range(200)} == {3.0}


def test_nothing_is_told_too_early() -> None:
    assert not may_tell(4.9, 90, 100)
    assert not may_tell(60.0, 4, 100)
    assert may_tell(5.0, 5, 100)
