"""Futures of a runtime that was stopped or has died, used with the next one: numbers begin anew, values must not be mixed up."""

from __future__ import annotations

import os
import signal

import numpy as np
import psutil
import pytest

from treadle_runtime.api import INOUT, futures, group, inputs, put, start, stop, task, wait_on
from treadle_runtime.errors import DataLost, RuntimeLost, UsageError
from treadle_runtime.testing import VirtualCluster


@task
def f(x):
    return x + 1


@task(c=INOUT)
def add(c, x):
    c.append(x)


@task
def total(values, offset=0):
    return float(np.sum(values)) + offset


def begin(engine):
    return VirtualCluster(seed=5, workers=2) if engine == "virtual" else start(workers=2, engine=engine)


@pytest.fixture(params=["inline", "virtual", "local"])
def engine(request):
    yield request.param
    stop()


@pytest.fixture
def before(engine):
    """Results of a runtime that was stopped before anybody looked at them; the next one has tasks of the same numbers."""
    with begin(engine):
        old = {
            "one": f(1),
            "list": task(list)([5]),
            "put": put({"k": 1}),
            "large": task(np.ones)(300_000),
            "large put": put(np.ones(200_000)),
            "bad": f("text"),
        }
    with begin(engine):
        new = [f(100), task(list)([50]), put({"k": 2}), task(np.zeros)(300_000), put(np.zeros(200_000)), f(0)]
        yield old
        assert wait_on(new[0], new[1], new[5]) == [101, [50], 1]


def test_they_are_their_values_in_new_calls(before):
    assert wait_on(f(before["one"])) == 3
    assert wait_on(total([before["one"], 4])) == 6
    assert wait_on(task(str)(before["put"])) == "{'k': 1}"
    assert wait_on(total(before["large"])) == 300_000
    assert wait_on(total(values=before["large put"], offset=before["one"])) == 200_002


def test_what_a_function_reads_from_outside_too(before):
    one, large = before["one"], before["large"]

    @task
    def reads():
        return one + int(large.sum())

    assert wait_on(reads()) == 300_002


def test_they_can_be_written(before):
    add(before["list"], 6)
    add(before["list"], f(6))
    assert wait_on(before["list"]) == [5, 6, 7]


def test_one_without_a_result_is_refused_at_the_call(before):
    for call in (lambda: f(before["bad"]), lambda: total([1, before["bad"]]), lambda: add(before["bad"], 1)):
        with pytest.raises(UsageError, match=r"f #\d has no result \(failed\), and its runtime has ended"):
            call()
    with pytest.raises(UsageError, match="belongs to a runtime that has ended"):
        inputs(before["one"])


def test_a_runtime_that_was_killed_takes_what_was_not_fetched():
    session = start(workers=2)
    small, large, never = f(1), task(np.ones)(300_000), task(psutil.Process)("nonsense")
    wait_on(small, total(large))
    never.exception()
    os.kill(session.client.link.ask("status", {})["pid"], signal.SIGKILL)
    with pytest.raises(RuntimeLost):
        session.client.link.wait(lambda: False, 20)
    try:
        assert wait_on(f(small)) == 3
        with pytest.raises(DataLost, match="its runtime has ended"):
            total(large)
        with pytest.raises(UsageError, match="its runtime has ended"):
            f(never)
    finally:
        stop()


def test_a_group_goes_on_with_the_next_runtime():
    with group("sweep") as g:
        with begin("inline"):
            f(1)
        with begin("inline"):
            f(2)
            assert wait_on(futures(group="sweep")) == [3]
    assert wait_on(g) == [2, 3]
