"""How tasks that run are ended on real workers: by KeyboardInterrupt, else with their worker, and within 3 seconds."""

from __future__ import annotations

import os
import signal
import time

import pytest

from treadle_runtime.api import INOUT, start, task, wait_on
from treadle_runtime.errors import TaskCancelled, TaskTimeout, WorkerLost

from ..conftest import soon

WITHIN_S = 3.0
SLACK_S = 2.0  # for machines that do other things meanwhile


@pytest.fixture(scope="module")
def runtime():
    with start(workers=2) as session:
        yield session


@task
def sleeps(marker):
    open(marker, "w").close()
    time.sleep(60)


@task
def swallows(marker):
    open(marker, "w").close()
    while True:
        try:
            time.sleep(0.01)
        except KeyboardInterrupt:
            continue


@task
def makes_something_else_of_it(marker):
    open(marker, "w").close()
    try:
        time.sleep(60)
    except KeyboardInterrupt:
        raise RuntimeError("stopped") from None


@task
def worker_of():
    return os.getpid()


def run_until_it_is_there(call, folder):
    marker = folder / "runs"
    future = call(str(marker))
    future._call.client.flush()
    soon(marker.exists)
    return future


def story(runtime, future):
    facts = runtime.client.link.ask("story", {"number": future._call.number})
    return " | ".join(str(fact[5]) for fact in facts if fact[0] == "t" and len(fact) > 5)


def cancelled(future):
    """Cancel it; give the error and how long that took."""
    began = time.monotonic()
    assert future.cancel()
    with pytest.raises(TaskCancelled) as caught:
        future.result()
    return str(caught.value), time.monotonic() - began


def test_a_cancelled_task_is_interrupted_and_says_so(runtime, tmp_path):
    future = run_until_it_is_there(sleeps, tmp_path)
    said, took = cancelled(future)
    assert "was cancelled while it ran (KeyboardInterrupt ended it)" in said
    assert took < WITHIN_S + SLACK_S
    assert "KeyboardInterrupt ended it" in story(runtime, future)
    assert future.cancelled()


def test_what_a_task_makes_of_the_interrupt_does_not_matter(tmp_path):
    said, _ = cancelled(run_until_it_is_there(makes_something_else_of_it, tmp_path))
    assert "KeyboardInterrupt ended it" in said


def test_a_task_that_does_not_react_goes_with_its_worker_which_is_replaced(runtime, tmp_path):
    future = run_until_it_is_there(swallows, tmp_path)
    said, took = cancelled(future)
    assert "it did not react, so its worker was ended" in said
    assert took < WITHIN_S + SLACK_S
    assert "did not react to its cancel" in story(runtime, future)
    soon(lambda: sum(worker["ready"] for worker in runtime.client.link.ask("workers", {})) == 2)
    assert wait_on(worker_of()) != os.getpid()


@pytest.mark.usefixtures("runtime")
def test_a_waiting_task_says_nothing_of_how(tmp_path):
    one = run_until_it_is_there(sleeps, tmp_path)

    @task
    def after(x):
        return x

    waits = after(one)
    said, _ = cancelled(waits)
    assert "was cancelled. Call it again" in said
    cancelled(one)


@pytest.mark.usefixtures("runtime")
def test_a_timeout_ends_what_does_not_react_with_its_worker_and_the_next_attempt_finds_its_data(tmp_path):
    tries = tmp_path / "tries"

    @task(c=INOUT, timeout=0.2, retries=1)
    def stubborn_once(c):
        c.append("new")
        if tries.exists():
            return
        tries.touch()
        while True:
            try:
                time.sleep(0.01)
            except KeyboardInterrupt:
                continue

    c = ["old"]
    began = time.monotonic()
    done = stubborn_once(c)
    assert wait_on(c) == ["old", "new"]
    assert time.monotonic() - began < 0.2 + WITHIN_S + SLACK_S
    assert done._call.notes["attempts"] == 2


def test_a_timeout_of_what_does_not_react_is_a_timeout_all_the_same(runtime):
    @task(timeout=0.2)
    def stubborn():
        while True:
            try:
                time.sleep(0.01)
            except KeyboardInterrupt:
                continue

    future = stubborn()
    began = time.monotonic()
    with pytest.raises(TaskTimeout, match=r"stubborn #\d+ ran longer than its timeout of 0.2 s") as caught:
        wait_on(future)
    assert time.monotonic() - began < 0.2 + WITHIN_S + SLACK_S
    assert caught.value.limit == 0.2
    assert "it ran longer than its timeout of 0.2 s" in story(runtime, future)


@pytest.mark.usefixtures("runtime")
def test_retry_lost_false_is_worker_lost_at_once_and_else_it_runs_again(tmp_path):
    def dies_once(marker):
        if not os.path.exists(marker):
            open(marker, "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        return "again"

    assert wait_on(task(dies_once)(str(tmp_path / "a"))) == "again"
    once = task(retry_lost=False, retries=5)(dies_once)  # a lost worker is no failed attempt
    with pytest.raises(WorkerLost, match="signal 9"):
        wait_on(once(str(tmp_path / "b")))


def test_a_future_knows_that_its_task_runs(tmp_path):
    def wait_for(path):
        while not os.path.exists(path):
            time.sleep(0.02)

    with start(workers=1):
        running, waiting = task(wait_for)(str(tmp_path / "go")), task(wait_for)(str(tmp_path / "go"))
        end = time.monotonic() + 30
        while not running.running():
            assert time.monotonic() < end, "the task runs, and its future does not say so"
            time.sleep(0.02)
        assert not waiting.running()
        (tmp_path / "go").touch()
        wait_on(running, waiting)
        assert not running.running()
