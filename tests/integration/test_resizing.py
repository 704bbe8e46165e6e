"""`start` while a runtime runs: it is resized, and whatever goes on goes on (docs/guide.md, "Starting and stopping")."""

from __future__ import annotations

import gc
import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from treadle_runtime.api import INOUT, peek, put, start, stop, task, wait_on
from treadle_runtime.config import THREAD_VARIABLES
from treadle_runtime.errors import StoreFull, UsageError
from treadle_runtime.feed.reducer import nothing, reduce
from treadle_runtime.wire.messages import Watch

from ..conftest import LIMIT_S, soon

ROOT = Path(__file__).resolve().parents[2]


@task
def hold(mine, go):
    """Say that it runs, and end when it may; returns who ran it."""
    open(mine, "w").close()
    end = time.monotonic() + 20
    while not os.path.exists(go) and time.monotonic() < end:
        time.sleep(0.002)
    return os.getpid()


@task
def where(_=None):
    return os.getpid()


@task
def draw():
    return random.random()


@task
def threads_here():
    return {os.environ[name] for name in THREAD_VARIABLES}, os.getpid()


@task
def large(k, _after=None):
    return np.full(200_000, float(k))


@task
def total(x):
    return float(x.sum())


@task(c=INOUT)
def add(c, k):
    c.append(k)


def pids(session):
    return {row["pid"] for row in session.client.link.ask("workers", {})}


def ready(session, count):
    def there():
        rows = session.client.link.ask("workers", {})
        return len(rows) == count and all(row["ready"] for row in rows) and {row["pid"] for row in rows}

    return soon(there)


@pytest.fixture
def session():
    stop(cancel=True)
    with start(workers=2, threads=1, memory="40MB") as made:
        yield made


def test_more_workers_take_part_at_once(session, tmp_path):
    xs = [hold(tmp_path / str(k), tmp_path / "go") for k in range(4)]
    soon(lambda: sum((tmp_path / str(k)).exists() for k in range(4)) == 2)
    before = pids(session)
    assert start(workers=4) is session
    soon(lambda: all((tmp_path / str(k)).exists() for k in range(4)))  # all four run
    assert before < ready(session, 4)
    assert repr(session).startswith("<Treadle: 4 workers")
    (tmp_path / "go").touch()
    assert len(set(wait_on(xs))) == 4


def test_fewer_workers_and_nothing_is_lost(session, tmp_path):
    start(workers=4)
    ready(session, 4)
    held = [large(k) for k in range(8)]  # held by workers, some of which will leave
    sums = [total(x) for x in held]
    running = [hold(tmp_path / str(k), tmp_path / "go") for k in range(4)]
    waiting = [where() for _ in range(50)]
    c = []
    for k in range(20):
        add(c, k)
    soon(lambda: all((tmp_path / str(k)).exists() for k in range(4)))
    start(workers=1)
    assert repr(session).startswith("<Treadle: 1 worker,")
    (tmp_path / "go").touch()
    assert len(set(wait_on(running))) == 4  # each ended where it ran
    assert len(wait_on(waiting)) == 50
    assert wait_on(sums) == [200_000.0 * k for k in range(8)]
    assert wait_on(c) == list(range(20))
    assert [float(x[-1]) for x in wait_on(held)] == [float(k) for k in range(8)]
    left = ready(session, 1)
    assert wait_on(where()) in left
    assert all(call.attempt <= 1 for call in session.client.calls.values()), "nothing ran twice"


def test_to_and_fro_while_tasks_come(session):
    results, wrong = [], []

    def use():
        for k in range(150):
            results.append(wait_on(total(large(k))))
            if results[-1] != 200_000.0 * k:
                wrong.append(k)

    user = threading.Thread(target=use)
    user.start()
    numbers = [3, 1, 4, 2, 1, 3, 2]
    while user.is_alive():
        start(workers=numbers[0])
        numbers.append(numbers.pop(0))
        user.join(0.15)
    user.join()
    assert wrong == []
    assert len(results) == 150
    start(workers=2)
    ready(session, 2)


def test_threads_replace_workers_when_they_are_idle(session, tmp_path):
    running = hold(tmp_path / "0", tmp_path / "go")
    soon((tmp_path / "0").exists)
    before = ready(session, 2)
    start(threads=3)
    fresh = soon(lambda: len(now := pids(session)) == 2 and len(now & before) == 1 and now - before)
    assert wait_on(threads_here()) == ({"3"}, *fresh)  # one is new already, the busy one not yet
    (tmp_path / "go").touch()
    assert wait_on(running) in before
    soon(lambda: not pids(session) & before)
    ready(session, 2)
    assert session.client.link.ask("status", {})["threads"] == 3


def test_the_store_may_grow(session):
    kept = [put(np.full(1_000_000, k)) for k in range(4)]
    with pytest.raises(StoreFull, match=r"40 MB"):
        kept.append(put(np.full(2_000_000, 9.0)))
    start(memory="80MB")
    kept.append(put(np.full(2_000_000, 9.0)))
    assert wait_on(total(kept[4])) == 18_000_000
    assert session.client.link.ask("status", {})["memory"] == 80_000_000


def test_the_same_again_changes_nothing_and_too_much_is_told(session):
    before = ready(session, 2)
    for same in ({}, {"workers": 2}, {"threads": 1}, {"memory": "40MB"}, {"workers": 2, "engine": "local"}):
        assert start(**same) is session
    assert pids(session) == before
    with pytest.raises(UsageError, match=r"workers=1000000 is more than .* allows: use at most"):
        start(workers=1_000_000)
    with pytest.raises(
        UsageError, match=r"engine='local' is running.*engine='inline'.*treadle.stop\(\) first"
    ):
        start(engine="inline", workers=3)
    start(seed=4)
    first = wait_on(draw())
    start(seed=4)  # the same: no new beginning
    assert wait_on(draw()) != first
    start(seed=5)
    start(seed=4)
    assert wait_on(draw()) == first
    assert (session.plan.workers, pids(session)) == (2, before)
    assert peek() is session


def test_the_view_follows(session):
    state = nothing()

    session.client.on_delta.append(lambda delta: reduce(state, delta))
    session.client.link.send(Watch(True))
    for count in (4, 1, 3):
        start(workers=count)
        ready(session, count)
    now = pids(session)
    assert session.client.link.wait(lambda: _shown(state) == now, LIMIT_S), state["worker"]
    gone = [worker for worker in state["worker"].values() if worker["state"] == "gone"]
    assert {worker["reason"] for worker in gone} <= {
        f"Worker {key} left as the runtime was resized." for key in state["worker"]
    }
    session.client.link.send(Watch(False))


def _shown(state):
    return {worker.get("pid") for worker in state["worker"].values() if worker["state"] != "gone"}


OTHER = """
import sys, treadle
session = treadle.start(name=sys.argv[1])
print(repr(session), flush=True)
sys.stdin.readline()
treadle.wait_on(treadle.task(abs)(-1))
print(repr(session), flush=True)
treadle.start(workers=1)
print(repr(session), flush=True)
sys.stdin.readline()
"""


def test_whoever_shares_it_sees_the_new_numbers(tmp_path):
    stop(cancel=True)
    name = f"shared-{os.getpid()}"
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "runtime"), str(ROOT / "kernel_ext")])}
    with start(workers=2, memory="40MB", name=name) as session:
        other = subprocess.Popen(
            [sys.executable, "-c", OTHER, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environ,
            cwd=tmp_path,
        )
        with other:
            assert other.stdin is not None
            assert other.stdout is not None
            assert "2 workers" in other.stdout.readline()
            start(workers=3)
            other.stdin.write("go\n")
            other.stdin.flush()
            assert "3 workers" in other.stdout.readline()
            assert "1 worker," in other.stdout.readline()
            ready(session, 1)
            assert "1 worker," in repr(session)
            assert start(workers=1).plan.workers == 1
            other.stdin.write("end\n")
            other.stdin.close()


def test_workers_that_are_only_starting_may_go_again():
    stop(cancel=True)
    with start(workers=4) as session:
        start(workers=1)
        assert wait_on(where()) in ready(session, 1)


def test_nothing_is_left():
    stop(cancel=True)

    def open_things():
        gc.collect()
        me = psutil.Process()
        return me.num_fds(), len(me.children(recursive=True)), threading.active_count()

    before = open_things()
    with start(workers=1) as session:
        for count in (3, 1, 2):
            start(workers=count)
            wait_on([where() for _ in range(10)])
            ready(session, count)
        host = psutil.Process(session.client.link.pid)
        soon(lambda: len(host.children()) == 2)
    soon(lambda: open_things() == before)
