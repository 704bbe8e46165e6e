"""One thread owns the socket; others wait behind it."""

from __future__ import annotations

import threading
import time

import pytest

from treadle_runtime.client.seat import NOBODY, Seat


def nothing() -> None:
    """Nobody to nudge."""


def test_whoever_comes_first_owns_it() -> None:
    seat = Seat()
    assert seat.take(1, lambda: False, None, 1.0, nothing)
    assert not seat.take_if_free(2)
    assert not seat.leave(2)
    assert seat.leave(1)
    assert seat.take_if_free(2)
    assert seat.owner == 2


def test_what_has_come_true_needs_no_place() -> None:
    seat = Seat()
    assert not seat.take(1, lambda: True, None, 1.0, nothing)
    assert seat.owner == NOBODY


def test_a_wait_behind_another_ends_at_its_deadline() -> None:
    seat = Seat()
    seat.take_if_free(1)
    begin = time.monotonic()
    assert not seat.take(2, lambda: False, begin + 0.05, 1.0, nothing)
    assert 0.04 < time.monotonic() - begin < 5


def test_who_waits_hears_of_deliveries_and_takes_over_in_the_end() -> None:
    seat = Seat()
    seat.take_if_free(1)
    here = threading.Event()
    delivered = threading.Event()
    found: list[bool] = []

    def wait(me: int, until: threading.Event | None) -> None:
        found.append(seat.take(me, until.is_set if until else lambda: False, None, 30.0, here.set))

    first = threading.Thread(target=wait, args=(2, delivered))
    first.start()
    assert here.wait(10)
    delivered.set()
    seat.announce()
    first.join(10)
    assert found == [False]
    here.clear()
    second = threading.Thread(target=wait, args=(3, None))
    second.start()
    assert here.wait(10)
    seat.leave(1)
    second.join(10)
    assert found == [False, True]
    assert seat.owner == 3


def test_a_polite_one_lets_those_who_wait_go_first() -> None:
    seat = Seat()
    seat.take_if_free(1)
    here = threading.Event()
    waiting = threading.Thread(target=seat.take, args=(2, lambda: False, None, 30.0, here.set))
    waiting.start()
    assert here.wait(10)
    seat.owner = NOBODY  # as in the moment before the one who waits is woken
    assert not seat.take_if_free(3, politely=True)
    seat.announce()
    waiting.join(10)
    assert seat.owner == 2
    seat.leave(2)
    assert seat.take_if_free(3, politely=True)


def test_an_interrupt_while_waiting_leaves_nothing_behind() -> None:
    seat = Seat()
    seat.take_if_free(1)

    def nudge() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        seat.take(2, lambda: False, None, 1.0, nudge)
    assert not seat.wanted
    assert seat.leave(1)


def test_who_could_not_leave_is_still_the_owner_and_may_come_back() -> None:
    seat = Seat()
    seat.take_if_free(1)
    assert seat.take(1, lambda: False, None, 1.0, nothing)
    assert seat.leave(1)
