"""Waiting for several futures, with threads and with an event loop; cancelling what is waited for."""

from __future__ import annotations

import asyncio
import os
import time

import pytest

from treadle_runtime.api import as_completed, cancel, map, peek, task, wait_on
from treadle_runtime.errors import UsageError


@task
def square(x):
    return x * x


@task
def fail():
    raise ValueError("no")


@task
def wait_for(path):
    while not os.path.exists(path):
        time.sleep(0.005)
    return path


def test_for_and_async_for_on_the_same_object(engine):
    if engine == "virtual":
        return  # an event loop can't drive the simulation

    async def run():
        completed = as_completed(map(square, range(6)))
        first = await anext(completed)
        some = [next(completed), next(completed)]
        return sorted([f.result() async for f in completed] + [f.result() for f in (first, *some)])

    assert asyncio.run(run()) == [0, 1, 4, 9, 16, 25]


def test_failed_ones_come_too_and_each_once():
    good, bad = square(2), fail()
    completed = as_completed([good, bad, good])
    assert set(completed) == {good, bad}
    assert list(completed) == []
    assert repr(completed) == "<as_completed: 0 of 2 to come>"


def test_nothing_to_iterate_over():
    assert list(as_completed([])) == []
    with pytest.raises(UsageError, match="no future"):
        as_completed([3])


def test_timeout_ends_neither_the_tasks_nor_the_iteration(engine, tmp_path):
    if engine != "local":
        return  # nothing takes time there
    slow, quick = wait_for(str(tmp_path / "go")), square(3)
    wait_on(quick)
    completed = as_completed([slow, quick], timeout=0.1)
    assert next(completed).result() == 9
    with pytest.raises(TimeoutError, match="None of 1 tasks"):
        next(completed)

    async def run():
        with pytest.raises(TimeoutError, match="None of 1 tasks"):
            await anext(completed)

    asyncio.run(run())
    (tmp_path / "go").touch()
    assert [f.result() for f in completed] == [str(tmp_path / "go")]


def test_cancelling_an_await_leaves_the_task_alone(engine, tmp_path):
    if engine != "local":
        return  # nothing takes time there
    slow = wait_for(str(tmp_path / "go"))

    async def run():
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(slow, 0.05)

    asyncio.run(run())
    (tmp_path / "go").touch()
    assert wait_on(slow) == str(tmp_path / "go")


def test_cancelling_by_cell(engine, tmp_path):
    session = peek()
    before, session.cell = session.cell, 12
    try:
        of_cell = [wait_for(str(tmp_path / "never")) for _ in range(3)] if engine == "local" else [square(1)]
    finally:
        session.cell = before
    other = square(5)
    if engine == "local":
        assert cancel(cell=12) == 3
        assert all(f.cancelled() for f in as_completed(of_cell))
    else:
        wait_on(of_cell)
    wait_on(other)
    assert cancel(cell=12) == 0
    assert cancel(cell=4711) == 0
