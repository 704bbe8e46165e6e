"""Processes are known by id and start time, and watched with or without pidfd."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest

from treadle_runtime.wire import process
from treadle_runtime.wire.process import ASK_EVERY_S, Watch, is_alive, start_time, usage


@pytest.fixture(params=["pidfd", "without"])
def watch(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    if request.param == "without":
        monkeypatch.setenv("TREADLE_NO_PIDFD", "1")
    elif not process.has_pidfd():
        pytest.fail("this system has no pidfd: only the other way can be tested")
    found = Watch()
    yield found
    found.close()


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as found:
        yield found
        found.kill()


def end_of(watch: Watch) -> list[object]:
    limit = time.monotonic() + 10
    while time.monotonic() < limit:
        descriptor = watch.fileno()
        if descriptor is not None:
            select.select([descriptor], [], [], 10)
        else:
            select.select([], [], [], ASK_EVERY_S)
        found = watch.ended()
        if found:
            return list(found)
    return []


def test_start_times_are_those_that_psutil_gives(child: subprocess.Popen[bytes]) -> None:
    mine, others = start_time(os.getpid()), start_time(child.pid)
    assert mine is not None
    assert others is not None
    later = psutil.Process(child.pid).create_time() - psutil.Process().create_time()
    assert others - mine == pytest.approx(later, abs=0.021)


def test_an_end_is_told_once(watch: Watch, child: subprocess.Popen[bytes]) -> None:
    assert watch.add("child", child.pid, start_time(child.pid))
    assert watch.add("myself", os.getpid())
    assert watch.ended() == []
    child.kill()  # nobody waits for it: a zombie has ended, too
    assert end_of(watch) == ["child"]
    assert watch.ended() == []


def test_who_is_watched_no_longer_is_not_told(watch: Watch, child: subprocess.Popen[bytes]) -> None:
    assert watch.add("child", child.pid)
    watch.remove("child")
    watch.remove("child")
    child.kill()
    child.wait()
    assert watch.ended() == []


def test_the_dead_and_the_wrong_cannot_be_watched(watch: Watch, child: subprocess.Popen[bytes]) -> None:
    started = start_time(child.pid)
    assert started is not None
    assert not watch.add("another that had this id", child.pid, started - 100)
    child.kill()
    child.wait()
    assert not watch.add("gone", child.pid, started)
    assert not is_alive(child.pid, started)
    assert start_time(child.pid) is None
    assert usage(child.pid) is None


def test_what_a_process_uses() -> None:
    found = usage(os.getpid())
    assert found is not None
    assert found[0] > 0
    assert found[1] == pytest.approx(psutil.Process().memory_info().rss, rel=0.5)


def test_without_proc_psutil_is_asked(child: subprocess.Popen[bytes]) -> None:
    assert process._start_time_elsewhere(child.pid) == psutil.Process(child.pid).create_time()
    assert process._usage_elsewhere(child.pid) is not None
    child.kill()
    child.wait()
    assert process._start_time_elsewhere(child.pid) is None
    assert process._usage_elsewhere(child.pid) is None
