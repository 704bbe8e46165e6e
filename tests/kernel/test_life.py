"""Interrupt, restart and end of a kernel; its live view. Each test that ends a kernel has one of its own."""

from __future__ import annotations

import time

import psutil
import pytest

SLOW = "@task\ndef slow(path):\n    import os, time\n    while not os.path.exists(path):\n        time.sleep(0.01)\n    return 'done'"


@pytest.fixture
def own(open_notebook):
    opened = open_notebook()
    opened.ok("%load_ext treadle")
    yield opened
    opened.client.stop_channels()
    if opened.manager.is_alive():
        opened.manager.shutdown_kernel()


def processes_of(notebook) -> list[psutil.Process]:
    """The same for a kernel that is busy."""
    kernel = psutil.Process(notebook.manager.provisioner.process.pid)
    [runtime] = [each for each in kernel.children() if "treadle_runtime.host" in " ".join(each.cmdline())]
    return [runtime, *runtime.children(recursive=True)]


def processes(notebook) -> list[psutil.Process]:
    """The runtime of a kernel and its workers."""
    pid = notebook.value("treadle.start().client.link.ask('status', {})['pid']")
    runtime = psutil.Process(pid)
    return [runtime, *runtime.children(recursive=True)]


def end_of(alive: list[psutil.Process]) -> list[psutil.Process]:
    return psutil.wait_procs(alive, timeout=20)[1]


def test_kernel_that_is_shut_down_leaves_no_process(own):
    own.ok("@task\ndef f(): return 1\nwait_on([f() for _ in range(4)])")
    alive = processes(own)
    assert len(alive) >= 3
    own.manager.shutdown_kernel()
    assert end_of(alive) == []


def test_live_view_is_never_blank_and_follows_a_blocked_cell(own, tmp_path):
    own.ok(SLOW)
    view = own.ok("%treadle")
    assert "No tasks yet" in view.shown[0]["text/html"]
    gate = tmp_path / "gate"
    blocked = own.start(f"wait_on(slow({str(gate)!r}))")
    own.until(lambda: "running" in view.shown[0]["text/plain"], "the running task in the view")
    assert own.cells[blocked].status == "busy"
    gate.touch()
    own.until(lambda: "1 done" in view.shown[0]["text/plain"], "the finished task in the view")
    assert "slow" in own.ok("treadle.dashboard()").shown[0]["text/html"]  # right from the beginning


def test_a_runtime_that_is_killed_is_told_everywhere_and_the_next_call_starts_anew(own, tmp_path):
    own.ok(SLOW + f"\n@task\ndef f(x): return x\ndone = f(1); wait_on(done)\nx = slow({str(tmp_path / 'gate')!r}); y = f(x)")
    cell = own.start("print('waits', flush=True)\nwait_on(x)")
    own.until(lambda: "waits" in own.cells[cell].text, "the cell")
    runtime, *workers = processes_of(own)
    runtime.kill()
    own.until(lambda: own.cells[cell].status == "idle", "the end of the wait")
    errors = [own.cells[cell].error, own.run("wait_on(y)").error, own.run("x.result()").error]
    for error in errors:
        assert f"The runtime process (pid {runtime.pid}) has ended, killed by signal 9" in error
        assert "The next call of a task starts a new one. (RuntimeLost)" in error
        assert "%treadle retry" not in error  # nobody can any more
    assert end_of(workers) == []
    assert "killed by signal 9" in own.run("%treadle retry").text
    assert own.value("wait_on(done), wait_on(f(2))") == (1, 2)
    told = own.run("wait_on(f(x))").error
    assert "has no result (failed), and its runtime has ended. Call the task again." in told
    assert "%treadle retry" not in told
    assert "belongs to a runtime that has ended. Call the task again." in own.run("%treadle retry x").text


def test_runtime_is_told_apart_after_stop(own):
    own.ok("@task\ndef f(x): return x\na = f(5)")
    own.ok("%treadle stop")
    assert own.value("wait_on(a)") == 5
    started = time.monotonic()
    assert own.value("wait_on(f(6))") == 6
    assert time.monotonic() - started < 30
