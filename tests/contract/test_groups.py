"""Groups: the tasks of a block as one list."""

from __future__ import annotations

import os
import threading
import time

import pytest

import treadle
from treadle_runtime.api import INOUT, as_completed, cancel, futures, group, retry, task, wait_on
from treadle_runtime.errors import TaskCancelled


@task
def square(x):
    return x * x


@task(returns=2)
def both(x):
    return x, -x


@task(c=INOUT)
def add(c, x):
    c.append(x)


@task
def total(values):
    assert type(values) is list
    return sum(values)


@task
def gate(path):
    while not os.path.exists(path):
        time.sleep(0.01)
    return path


def call_some(n):
    return [square(i) for i in range(n)][-1]


def test_all_that_a_block_submits_in_order():
    before = square(9)
    with group("sweep") as g:
        last = call_some(3)
        a, b = both(7)
        pair = treadle.map(square, [4, 5], chunk=1)
    after = square(10)
    assert [*g] == [g[0], g[1], last, a, b, *pair]
    assert wait_on(g) == [0, 1, 4, 7, -7, 16, 25]
    assert wait_on({"g": g})["g"] == [0, 1, 4, 7, -7, 16, 25]
    assert wait_on(total(g)) == 46
    assert {f.result() for f in as_completed(g)} == {*wait_on(g)}
    assert before not in g
    assert after not in g


def test_groups_in_groups_and_found_by_name():
    with group("outer") as outer:
        first = square(1)
        with group("inner") as inner:
            second = square(2)
        third = square(3)
    assert [*outer] == [first, second, third]
    assert [*inner] == [second]
    assert wait_on(futures(group="outer")) == [1, 4, 9]
    with group("outer"):
        square(5)
    assert wait_on(futures(group="outer")) == [25]  # the newest of this name
    assert wait_on(outer) == [1, 4, 9]
    with group("empty") as empty:
        pass
    assert empty == []
    assert futures(group="empty") == futures(group="nobody") == []


def test_names_mean_the_tasks_of_a_group_whatever_else_it_holds():
    with group("mixed") as g:
        g.append(square(3))
        g.clear()
        square(4)
        square(5)
    with group("mixed"), group("mixed") as inner:
        square(6)
    assert wait_on(futures(group="mixed")) == wait_on(inner) == [36]
    assert wait_on(g) == [16, 25]


def test_tasks_that_write_are_waited_for_too():
    c = []
    with group() as g:
        for x in range(3):
            add(c, x)
    wait_on(g)
    assert wait_on(c) == [0, 1, 2]


def test_calls_of_other_threads_do_not_belong():
    with group() as g:
        elsewhere = threading.Thread(target=square, args=(3,))
        elsewhere.start()
        elsewhere.join()
        mine = square(4)
    assert [*g] == [mine]


def test_a_block_that_fails_leaves_its_tasks_alone():
    g = group()
    with pytest.raises(ZeroDivisionError), g:
        wait_on(square(6)) / 0
    assert wait_on(g) == [36]
    square(7)
    assert len(g) == 1


def test_a_group_is_cancelled_and_tried_again(engine, tmp_path):
    path = tmp_path / "go"
    if engine != "local":  # nothing takes time there
        path.touch()
    with group("held") as g:
        for _ in range(3):
            gate(str(path))
    other = square(8)
    count = cancel(g)
    assert count == (0 if engine == "inline" else 3)
    if count:
        with pytest.raises(TaskCancelled):
            wait_on(g)
        gone = sum(f.cancelled() for f in g)
        assert gone == 3 or engine == "virtual"  # there one may have ended before it hears of it
        path.touch()
        assert retry(g) == gone
    assert wait_on(g) == [str(path)] * 3
    assert wait_on(other) == 64
