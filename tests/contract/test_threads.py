"""Calls of several threads at once: whoever comes second builds on what the first one wrote."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from treadle_runtime.api import INOUT, task, wait_on


@task(c=INOUT)
def add(c, x):
    c += x if isinstance(x, int) else 1


class Meanwhile:
    """An argument on whose way into a call something else happens, once, in another thread."""

    def __init__(self, happens):
        self.happens = [happens]

    def __reduce__(self):
        if self.happens:
            thread = threading.Thread(target=self.happens.pop())
            thread.start()
            thread.join(timeout=60)
        return str, ()


@pytest.mark.parametrize("before", [0, 1])
def test_no_write_of_another_thread_is_lost(before):
    c = np.zeros(2)
    for _ in range(before):
        add(c, 1)
    add(c, Meanwhile(lambda: add(c, 10)))
    assert wait_on(c).tolist() == [11 + before] * 2


def test_a_wait_of_another_thread_is_no_change():
    c = np.zeros(2)
    add(c, 1)
    add(c, Meanwhile(lambda: wait_on(c)))
    assert wait_on(c).tolist() == [2, 2]


def test_a_task_that_writes_may_wait_for_threads_that_call_tasks():
    @task
    def total(c):
        return int(c.sum())

    @task(c=INOUT)
    def fill(c, other):
        found = []
        thread = threading.Thread(target=lambda: found.append(wait_on(total(other))))
        thread.start()
        thread.join(timeout=60)
        c += found[0]

    c, other = np.zeros(2), np.zeros(2)
    add(other, 1)
    fill(c, other)
    assert wait_on(c).tolist() == [2, 2]


def test_many_threads_write_one_object(engine):
    if engine != "local":
        return  # elsewhere tasks run in the thread that calls or waits
    c, raised = np.zeros(1), []

    def work():
        try:
            for _ in range(20):
                add(c, 1)
                wait_on(c)
        except Exception as error:  # noqa: BLE001 - a thread has nobody else to tell
            raised.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not raised
    assert wait_on(c).tolist() == [80]
