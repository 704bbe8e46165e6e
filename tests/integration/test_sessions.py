"""Start, stop and what goes wrong with processes, as a person meets it (docs/guide.md, "Starting and stopping")."""

from __future__ import annotations

import concurrent.futures
import gc
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from treadle_runtime.api import INOUT, barrier, cancel, current, peek, put, start, stop, task, wait_on
from treadle_runtime.errors import RuntimeLost, StoreFull, TaskCancelled, UsageError

from ..conftest import LIMIT_S, soon

ROOT = Path(__file__).resolve().parents[2]


@task
def wait_for(path, value=None):
    end = time.monotonic() + 20
    while not os.path.exists(path) and time.monotonic() < end:
        time.sleep(0.002)
    return value


@task(c=INOUT)
def grow(c, path=None):
    c.append(len(c))
    if path is not None:
        wait_for(path)


@task
def ones(nbytes):
    return np.ones(nbytes // 8)


@task
def same(x):
    return x


@pytest.fixture(scope="module")
def session():
    """One runtime for the tests that leave it as it was."""
    with start(workers=2) as made:
        yield made


class TestOneRuntime:
    """What can be shown with one runtime."""

    @pytest.fixture(autouse=True)
    def _session(self, session):
        self.session = session

    def test_start_again(self):
        assert start() is self.session
        assert start(workers=2) is self.session
        assert start(workers=2, engine="local") is self.session
        assert current() is self.session
        with pytest.raises(UsageError, match=r"is running.*Call treadle.stop\(\) first"):
            start(engine="inline")

    def test_a_keyboard_interrupt_leaves_everything_usable(self, tmp_path):
        x = wait_for(tmp_path / "go", 3)
        timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            wait_on(x)
        timer.join()
        assert not x.done()
        (tmp_path / "go").touch()
        assert wait_on(x) == 3
        assert wait_on(same(4)) == 4

    def test_results_that_are_dropped_do_not_fill_the_store(self):
        most = 0
        for _ in range(1000):
            x = ones(1_000_000)
            wait_on(x)
            del x
            most = max(most, self.session.client.store.total())
        assert most < 50_000_000

    def test_many_threads_call_and_wait(self):
        wrong = []

        def use(k):
            mine = []
            for i in range(60):
                if wait_on(same((k, i))) != (k, i):
                    wrong.append((k, i))
                grow(mine)
            if wait_on(mine) != list(range(60)):
                wrong.append(mine)
            x = same(np.full(3000, k))
            if wait_on(same(x))[0] != k or wait_on(x)[-1] != k:
                wrong.append(k)

        threads = [threading.Thread(target=use, args=(k,)) for k in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LIMIT_S)
        assert not any(thread.is_alive() for thread in threads)
        assert wrong == []

    def test_several_threads_wait_for_one_large_value(self):
        for _ in range(20):
            x = ones(80_000)
            with concurrent.futures.ThreadPoolExecutor(4) as pool:
                values = list(pool.map(wait_on, [x] * 4, timeout=LIMIT_S))
            assert all(value is values[0] for value in values)

    def test_callbacks_may_wait(self):
        got, xs = [], [ones(80_000) for _ in range(30)]
        done = threading.Semaphore(0)

        def then(x):
            got.append(wait_on(same(x)).sum() + wait_on(ones(80_000)).sum())
            done.release()

        for x in xs:
            x.add_done_callback(then)
        assert sum(wait_on(x).sum() for x in xs) == 30 * 10_000  # fetched here while callbacks fetch
        for _ in xs:
            assert done.acquire(timeout=LIMIT_S)
        assert got == [20_000] * 30

    def test_futures_are_collected_in_any_thread(self):
        def drop():
            for _ in range(300):
                same(1)
            gc.collect()

        threads = [threading.Thread(target=drop) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LIMIT_S)
        barrier()
        soon(lambda: self.session.client.link.ask("handles", {"client": 1}) == [] or gc.collect() < 0)

    def test_a_forked_child_is_told(self):
        wait_on(same(1))
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                same(2)
                os.write(write, b"it went on")
            except UsageError as error:
                os.write(write, str(error).encode())
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        os.close(write)
        with os.fdopen(read, "rb") as told:
            assert b"forked" in told.read()
        assert wait_on(same(3)) == 3

    def test_cancel_of_everything_that_waits(self, tmp_path):
        first = [wait_for(tmp_path / "never") for _ in range(2)]
        rest = [same(x) for x in first]
        assert cancel(first, {"more": rest}) == 4
        for x in (*first, *rest):
            with pytest.raises(TaskCancelled):
                wait_on(x)


class TestItsEnd:
    """What needs runtimes of its own. Each ends the one before."""

    @pytest.fixture(autouse=True)
    def _none(self):
        stop(cancel=True)
        yield
        stop(cancel=True)

    def test_stop_waits_and_what_there_is_stays(self, tmp_path):
        start(workers=2)
        late, c, a = wait_for(tmp_path / "go", 5), [], np.zeros(3)
        large, shared = ones(1_000_000), put(np.ones(20_000))
        grow(c)
        task(a=INOUT)(lambda a: a.fill(2))(a)
        threading.Timer(0.1, (tmp_path / "go").touch).start()
        stop()
        assert peek() is None
        assert wait_on(late, c, a.sum()) == [5, [0], 6]
        assert wait_on(large).sum() == 125_000
        assert wait_on(shared).sum() == 20_000
        stop()

    def test_stop_cancels(self, tmp_path):
        start(workers=2)
        there, c = same(3), [7]
        wait_on(there)
        x = wait_for(tmp_path / "never")
        y = same(x)
        grow(c, tmp_path / "never")
        stop(cancel=True)
        assert wait_on(there) == 3
        for what in (x, y, c):
            with pytest.raises(TaskCancelled, match="was cancelled"):
                wait_on(what)
        assert wait_on(c) == [7]  # told once; then an ordinary object
        assert x.cancelled()
        c.append(8)
        assert wait_on(same(c)) == [7, 8]  # the next call starts anew

    def test_somebody_else_stops_it(self, tmp_path):
        session = start(workers=2)
        large = np.ones(300_000)
        fill = task(a=INOUT)(lambda a: a.fill(2))
        wait_on(fill(large))
        fill(large)
        x = task(a=INOUT)(lambda a, path: wait_for.__wrapped__(path, a.fill(3)))(large, tmp_path / "never")
        y = same(x)
        session.client.link.ask("stop", {})
        soon(lambda: session.client.lost is not None)
        for what in (large, x, y):  # that the value before is gone with the runtime is no news
            with pytest.raises(TaskCancelled, match="was cancelled"):
                wait_on(what)

    def test_a_cancelled_write_is_told_when_the_next_runtime_uses_the_object(self, tmp_path):
        c = [1]
        start(workers=2)
        grow(c, tmp_path / "never")
        stop(cancel=True)
        with pytest.raises(TaskCancelled):
            same(c)
        assert wait_on(same(c)) == [1]

    def test_with_and_an_error_in_it(self, tmp_path):
        def use():
            with start(workers=2) as made:
                left.append(wait_for(tmp_path / "never"))
                left.append(made)
                raise KeyError("mine")

        left = []
        with pytest.raises(KeyError, match="mine"):
            use()
        x, session = left
        assert x.cancelled()
        assert "stopped" in repr(session)

    def test_variables_and_the_implicit_start(self, monkeypatch):
        monkeypatch.setenv("TREADLE_WORKERS", "1")
        assert wait_on(same(1)) == 1
        assert current().plan.workers == 1
        stop()
        monkeypatch.setenv("TREADLE_WORKERS", "many")
        with pytest.raises(UsageError, match="TREADLE_WORKERS='many'"):
            same(1)

    def test_the_runtime_is_killed(self, tmp_path):
        session = start(workers=2)
        c = [1]
        grow(c)
        assert wait_on(c) == [1, 1]
        x = wait_for(tmp_path / "never")
        grow(c, tmp_path / "never")
        os.kill(session.client.link.pid, signal.SIGKILL)
        _done, left = concurrent.futures.wait([x], timeout=LIMIT_S)
        assert not left
        for what in (x, c):
            with pytest.raises(RuntimeLost, match=r"has no result.*killed by signal 9"):
                wait_on(what)
        assert wait_on(same(5)) == 5  # a new one
        assert wait_on(same(c)) == [1, 1]

    def test_a_full_store_names_what_holds_it_and_recovers(self):
        start(workers=2, memory="40MB")
        kept = [put(np.full(1_000_000, i)) for i in range(4)]
        with pytest.raises(StoreFull, match=r"store is full \(40 MB\).*put: 8 MB.*del x.*memory="):
            kept.append(put(np.full(2_000_000, 9.0)))
        assert wait_on(task(np.sum)(kept[1])) == 1_000_000
        del kept[:]
        assert wait_on(task(np.sum)(put(np.full(2_000_000, 1.0)))) == 2_000_000

    def test_submission_waits_for_room_and_says_what_holds_it(self, tmp_path, capsys):
        start(workers=2, memory="40MB")
        held = put(np.full(3_000_000, 1.0))
        reading = task(lambda _data, path: wait_for(path))(held, tmp_path / "go")
        del held
        timer = threading.Timer(1.5, (tmp_path / "go").touch)
        timer.start()
        more = put(np.full(3_000_000, 2.0))
        timer.join()
        assert (tmp_path / "go").exists(), "it has waited for the task that holds the room"
        assert "the store is full (a stored argument or put: 24 MB)" in capsys.readouterr().err
        assert wait_on(task(np.sum)(more), reading) == [6_000_000, None]

    def test_nothing_is_left(self):
        before = _open_things()
        with start(workers=2):
            wait_on([ones(2_000_000) for _ in range(3)])
            store = Path(current().client.store.folder)
            assert store.exists()
        assert not store.exists()
        soon(lambda: _open_things() == before)


def _open_things():
    gc.collect()
    me = psutil.Process()
    return me.num_fds(), len(me.children(recursive=True)), threading.active_count()


def run(code, cwd, **environ):
    path = cwd / "script.py"
    path.write_text(code)
    found = os.pathsep.join([str(ROOT / "runtime"), str(ROOT / "kernel_ext")])
    return subprocess.run(
        [sys.executable, str(path)],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": found, **environ},
    )


HEAD = """
import os, time
import treadle
from treadle import *
@task
def f(x): return x
@task
def bad(): raise ValueError("on purpose")
@task
def slow(path):
    while not os.path.exists(path): time.sleep(0.01)
    print("slow is done", flush=True)
if __name__ == "__main__":
    start(workers=2)
    folder = treadle.start().client.link.session.folder
    open("folder", "w").write(str(folder))
"""


def test_a_script_ends_with_its_tasks_done_and_leaves_nothing(tmp_path):
    done = run(
        HEAD + "    x = slow('go'); bad(); print('end of script', flush=True); open('go', 'w').close()\n",
        tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert "end of script" in done.stdout
    assert "1 task failed and nobody has looked" in done.stderr
    assert "ValueError, bad #2, script.py line 8: on purpose" in done.stderr
    _nothing_of(tmp_path)


def test_a_script_that_ends_by_an_error_cancels(tmp_path):
    done = run(HEAD + "    x = slow('never'); wait_on(f(1)); 1 / 0\n", tmp_path)
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    _nothing_of(tmp_path)


def _nothing_of(tmp_path):
    folder = (tmp_path / "folder").read_text()
    assert not os.path.exists(folder)
    left = [p for p in psutil.process_iter(["cmdline"]) if folder in (p.info["cmdline"] or ())]
    assert left == []


@pytest.mark.parametrize("chosen", ["file", "file/below"])
def test_a_store_folder_that_cannot_be_used(tmp_path, chosen):
    (tmp_path / "file").touch()
    code = "import treadle\ntry: treadle.start(workers=2)\nexcept treadle.TreadleError as e: print(type(e).__name__, e)\n"
    done = run(code, tmp_path, TREADLE_STORE=str(tmp_path / chosen))
    assert done.returncode == 0, done.stderr
    assert "StoreFull" in done.stdout
    assert "TREADLE_STORE" in done.stdout
