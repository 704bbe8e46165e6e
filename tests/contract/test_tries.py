"""Tasks that may be tried again, and tasks that may not take longer than so many seconds."""

from __future__ import annotations

import asyncio
import time

import pytest

from treadle_runtime.api import INOUT, put, task, wait_on
from treadle_runtime.errors import TaskTimeout, UpstreamFailed
from treadle_runtime.worker.context import current_task


def count(path):
    """Note one more run in a file, and return how many there were."""
    with open(path, "a+") as file:
        file.write("x")
        return file.tell()


@task(retries=2)
def third_time(path, value):
    if count(path) < 3:
        raise ValueError("not yet")
    return value


@task(retries=2)
def never(path):
    raise ValueError(f"run {count(path)}")


@task(c=INOUT, d=INOUT, retries=3)
def append(path, c, d):
    c.append(len(c))
    if count(path) < 3:
        raise OSError("half written")
    d["n"] = len(c)


@task(timeout=0.15)
def nap(seconds):
    time.sleep(seconds)
    return seconds


@task(timeout=0.15)
def stubborn():
    end = time.monotonic() + 0.4
    while time.monotonic() < end:
        try:
            time.sleep(0.05)
        except KeyboardInterrupt:
            continue
    return "too late"


@task(timeout=0.15, retries=1)
def slow_once(path):
    if count(path) == 1:
        time.sleep(10)
    return current_task().attempt


def test_a_task_is_tried_again_until_it_goes_well(tmp_path):
    path = tmp_path / "runs"
    assert wait_on(third_time(str(path), put([1, 2]))) == [1, 2]
    assert path.stat().st_size == 3


def test_the_last_failure_is_what_one_sees_with_the_number_of_attempts(tmp_path):
    path = tmp_path / "runs"
    with pytest.raises(ValueError, match="run 3") as caught:
        wait_on(never(str(path)))
    assert path.stat().st_size == 3
    assert "the last of 3 attempts" in str(caught.value.__cause__)


def test_an_attempt_finds_its_data_as_they_were_before_the_failed_one(tmp_path):
    c, d = [0], {}
    append(str(tmp_path / "runs"), c, d)
    assert wait_on(c) == [0, 1]
    assert wait_on(d) == {"n": 2}


def test_a_task_that_takes_too_long_fails_with_a_timeout_that_names_it():
    began = time.monotonic()
    late, after = nap(20), nap(0)
    with pytest.raises(TaskTimeout, match=r"nap #\d+ ran longer than its timeout of 0.15 s") as caught:
        wait_on(late)
    assert isinstance(caught.value, TimeoutError)
    assert caught.value.limit == 0.15
    assert time.monotonic() - began < 10
    assert wait_on(after) == 0


def test_swallowing_the_interrupt_does_not_help():
    with pytest.raises(TaskTimeout):
        wait_on(stubborn())


def test_what_needs_a_task_that_took_too_long_is_not_run():
    with pytest.raises(UpstreamFailed, match="TaskTimeout"):
        wait_on(third_time("unused", nap(20)))


def test_a_timeout_counts_as_a_failed_attempt(tmp_path):
    assert wait_on(slow_once(str(tmp_path / "runs"))) == 2


def test_the_limit_is_of_each_run_not_of_the_wait():
    naps = [nap(0.05) for _ in range(8)]  # 0.2 s on two workers
    assert wait_on(naps) == [0.05] * 8


def test_what_is_async_has_a_limit_too():
    @task(timeout=0.2)
    async def nap(seconds):
        await asyncio.sleep(seconds)
        return seconds

    late, soon = nap(20), nap(0)
    with pytest.raises(TaskTimeout):
        wait_on(late)
    assert wait_on(soon) == 0


def test_names_of_pycompss():
    @task(time_out=0.1, on_failure="CANCEL_SUCCESSORS")
    def sleeps():
        time.sleep(5)

    with pytest.raises(TaskTimeout):
        wait_on(sleeps())
