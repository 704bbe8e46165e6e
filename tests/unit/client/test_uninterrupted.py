"""An interrupt waits until the steps are done, and then comes."""

from __future__ import annotations

import signal
import threading

import pytest

from treadle_runtime.client.uninterrupted import uninterrupted


def press() -> None:
    signal.raise_signal(signal.SIGINT)


def test_an_interrupt_comes_right_after() -> None:
    steps: list[int] = []

    def act() -> None:
        press()
        press()
        steps.append(1)

    with pytest.raises(KeyboardInterrupt):
        uninterrupted(act)
    assert steps == [1]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_error_passes_and_the_handler_is_back() -> None:
    with pytest.raises(ZeroDivisionError):
        uninterrupted(lambda: 1 // 0)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_another_handler_gets_its_signal() -> None:
    told: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: told.append(number))
    try:
        uninterrupted(press)
        assert told == [signal.SIGINT]
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        uninterrupted(press)
    finally:
        signal.signal(signal.SIGINT, before)


def test_other_threads_just_act() -> None:
    steps: list[int] = []
    thread = threading.Thread(target=uninterrupted, args=[lambda: steps.append(1)])
    thread.start()
    thread.join()
    assert steps == [1]
