"""The end of a version runs no Python, so that no press of the Stop button is lost in it."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import time
from typing import Any

import pytest

from treadle_runtime.client.handles import Handle, Handles


class Version:
    """Something that can be held weakly."""


def test_each_end_is_told_once_with_its_id() -> None:
    told: list[Handle] = []
    handles = Handles(told.append)
    one, same, other = Version(), Version(), Version()
    for version, vid in ((one, 5), (same, 5), (other, 6)):
        handles.hold(version, vid)
    del version, one
    assert [handle.vid for handle in told] == [5]
    del other, same
    assert [handle.vid for handle in told] == [5, 6, 5]


def test_after_the_end_nothing_is_told() -> None:
    told: list[Handle] = []
    handles = Handles(told.append)
    version = Version()
    handles.hold(version, 5)
    handles.clear()
    del version
    assert not told


def test_no_press_is_swallowed_while_versions_die(monkeypatch: pytest.MonkeyPatch) -> None:
    swallowed: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", swallowed.append)
    told: list[Handle] = []
    handles = Handles(told.append)
    stop = threading.Event()
    seen, armed = 0, False

    def on_press(*_: Any) -> None:  # one press, one interrupt: none while the test itself counts
        nonlocal armed
        if armed:
            armed = False
            raise KeyboardInterrupt

    def press() -> None:
        while not stop.wait(0.0005):
            os.kill(os.getpid(), signal.SIGINT)

    gc.collect()
    gc.disable()  # finalisers of others are not what is tested
    presser = threading.Thread(target=press)
    end = time.monotonic() + 0.5
    previous = signal.signal(signal.SIGINT, on_press)
    presser.start()
    try:
        while time.monotonic() < end:
            try:
                armed = True
                while time.monotonic() < end:
                    handles.hold(Version(), 1)
                armed = False
            except KeyboardInterrupt:
                seen += 1
    finally:
        stop.set()
        presser.join()
        signal.signal(signal.SIGINT, previous)
        gc.enable()
    assert seen > 10
    assert not swallowed
    assert len(told) > 1000
