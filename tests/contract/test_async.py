"""`async def` tasks are run (docs/guide.md, "Async")."""

from __future__ import annotations

import asyncio
import contextvars
import os
import threading

import pytest

from treadle_runtime.api import INOUT, map, task, wait_on
from treadle_runtime.errors import TaskFailed, UsageError

where = contextvars.ContextVar("where", default="nowhere")


@task
async def later(x, delay=0.001):
    await asyncio.sleep(delay)
    return x + 1


@task(returns=2)
async def both(x):
    return x, await asyncio.gather(*(asyncio.sleep(0, result=k) for k in range(x)))


@task(c=INOUT)
async def grow(c):
    await asyncio.sleep(0)
    c.append(len(c))


class Client:
    def __init__(self):
        self.asked = 0

    @task
    async def ask(self, question):
        await asyncio.sleep(0)
        self.asked += 1
        return question * 2


def test_they_are_run_and_give_futures_like_any_other():
    assert wait_on(later(later(1))) == 3
    first, second = both(3)
    assert wait_on(first, second) == [3, [0, 1, 2]]
    c = []
    for _ in range(3):
        grow(c)
    assert wait_on(c) == [0, 1, 2]
    client = Client()
    answer = client.ask("ab")
    assert wait_on(answer) == "abab"
    assert wait_on(client).asked == 1
    assert wait_on(map(later, [1, 2])) == [2, 3]
    assert wait_on(task(lambda: asyncio.sleep(0, result=7))()) == 7  # whatever gives a coroutine


def test_what_they_raise_and_leave_behind():
    @task
    async def bad():
        await asyncio.sleep(0)
        raise KeyError("mine")

    @task
    async def careless():
        where.set("here")
        asyncio.get_running_loop().create_task(asyncio.sleep(1000))
        return threading.active_count()

    @task
    def next_one():
        return where.get()

    with pytest.raises(KeyError, match="mine"):
        wait_on(bad())
    assert wait_on(careless()) > 0
    assert wait_on([next_one() for _ in range(4)]) == ["nowhere"] * 4

    async def cancelled():
        raise asyncio.CancelledError

    with pytest.raises(TaskFailed, match="CancelledError"):
        wait_on(task(cancelled)())


def test_a_task_called_in_one_is_awaited_as_in_plain_python():
    @task
    async def outer(x):
        return await later(x) + await later(10)

    assert wait_on(outer(1)) == 13


def test_from_within_a_running_loop(engine):
    async def cell():
        first = later(4)
        return wait_on(first) if engine == "virtual" else await first, wait_on(later(5))

    assert asyncio.run(cell()) == (5, 6)


@pytest.mark.parametrize("function", [lambda: (x for x in "ab"), lambda: _agen()])
def test_generators_name_the_remedy(function):
    with pytest.raises(
        UsageError, match=r"returned an? (async )?generator\. Return (list\(\.\.\.\) of it|\[x async for x)"
    ):
        wait_on(task(function)())


async def _agen():
    yield 1


def test_one_that_is_cancelled_runs_its_finally(engine, tmp_path):
    if engine != "local":
        return  # tasks that run in the caller have ended when it could be cancelled
    begun, ended = tmp_path / "begun", tmp_path / "ended"

    @task
    async def long():
        begun.touch()
        try:
            await asyncio.sleep(60)
        finally:
            ended.touch()

    x = long()
    limit = 20.0
    while not begun.exists() and limit > 0:
        wait_on(later(0, 0.01))
        limit -= 0.01
    assert x.cancel()
    with pytest.raises(Exception, match="cancelled"):
        wait_on(x)
    assert ended.exists()
    assert wait_on(task(os.getpid)()) > 0
