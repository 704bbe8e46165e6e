"""Waiting for the only task under way: quick when it is quick, free when it is long, and it holds nothing back for long (runtime/README.md)."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from treadle_runtime.api import current, start, stop, task, wait_on

LIMIT_S = 20.0


@pytest.fixture(scope="module", autouse=True)
def runtime():
    stop(cancel=True)
    with start(workers=1):
        yield


def test_waiting_for_long_tasks_costs_next_to_no_cpu_time():
    pause = task(time.sleep)
    wait_on(pause(0.0))
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(10):
        wait_on(pause(0.05))
    assert time.process_time() - cpu < 0.25 * (time.perf_counter() - wall)


def test_what_was_dropped_is_freed_while_the_next_task_is_waited_for(tmp_path):
    @task
    def gate(path):
        while not path.exists():
            time.sleep(0.005)

    store = current().client.store
    for _ in range(3):
        wait_on(task(abs)(-1))  # waits are short now
    kept = wait_on(task(np.ones)(4_000_000))
    assert store.total() > kept.nbytes
    del kept
    waiting = threading.Thread(target=lambda: wait_on(gate(tmp_path / "go")))
    waiting.start()
    limit = time.monotonic() + LIMIT_S
    while store.total() > 1_000_000 and time.monotonic() < limit:
        time.sleep(0.005)
    freed = store.total() < 1_000_000
    (tmp_path / "go").touch()
    waiting.join(LIMIT_S)
    assert freed


def test_a_task_submitted_while_another_thread_waits_is_not_held_up(tmp_path):
    @task
    def gate(path):
        while not path.exists():
            time.sleep(0.005)

    wait_on(task(abs)(-1))
    waiting = threading.Thread(target=lambda: wait_on(gate(tmp_path / "go")))
    waiting.start()
    behind = [task(abs)(-number) for number in range(3)]
    (tmp_path / "go").touch()
    assert wait_on(behind) == [0, 1, 2]
    waiting.join(LIMIT_S)
