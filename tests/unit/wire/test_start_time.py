"""A process is told from others that had its id, whatever somebody does to the clock."""

from __future__ import annotations

import os
import time

from treadle_runtime.wire.process import is_alive, start_time


def test_a_process_is_told_from_an_earlier_one_of_its_id() -> None:
    started = start_time(os.getpid())
    assert started is not None
    assert is_alive(os.getpid(), started)
    assert not is_alive(os.getpid(), started + 1)


def test_setting_the_clock_moves_no_start() -> None:
    """It counts from boot: a start cannot lie further back than the machine is up."""
    started = start_time(os.getpid())
    assert started is not None
    assert 0 < started <= time.clock_gettime(time.CLOCK_BOOTTIME)
