"""Runtimes with a name: scripts that join them, leave them to themselves, and get results from them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

import treadle
from treadle_runtime.api import joining, left
from treadle_runtime.client.attach import list_runtimes, stop_runtime
from treadle_runtime.config import Options

ROOT = Path(__file__).parents[2]
HEAD = """
import os, sys, time
import treadle
@treadle.task
def f(x): return x + 1
@treadle.task
def slow(path):
    while not os.path.exists(path): time.sleep(0.01)
    return path
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for scripts, whose runtimes have all ended afterwards."""
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    yield tmp_path
    left = [(each.name, psutil.Process(each.owner.pid)) for each in list_runtimes()]
    for name, _process in left:
        stop_runtime(name)
    assert not psutil.wait_procs([process for _name, process in left], timeout=20)[1]


def begin(folder: Path, code: str) -> subprocess.Popen[str]:
    """Start a script."""
    path = folder / f"script{len(list(folder.glob('*.py')))}.py"
    path.write_text(HEAD + code)
    found = os.pathsep.join([str(ROOT / "runtime"), str(ROOT / "kernel_ext")])
    pipe = subprocess.PIPE
    environ = {**os.environ, "PYTHONPATH": found, "TREADLE_MEMORY": "32MB"}
    return subprocess.Popen(
        [sys.executable, str(path)], cwd=folder, stdout=pipe, stderr=pipe, text=True, env=environ
    )


def end(script: subprocess.Popen[str]) -> str:
    """Wait for a script that must not fail; return what it printed."""
    out, err = script.communicate(timeout=60)
    assert script.returncode == 0, err
    return out + err


def test_a_detached_script_leaves_its_runtime_to_finish_and_its_results_to_be_got(folder: Path) -> None:
    end(
        begin(
            folder,
            "treadle.start(name='big', workers=1, detach=True)\nx = slow('gate'); y = [f(i) for i in range(9)]\ntreadle.publish('y', y); treadle.publish('x', x)",
        )
    )
    [found] = list_runtimes()
    assert (found.name, found.clients) == ("big", 0)
    assert psutil.pid_exists(found.owner.pid)
    (folder / "gate").touch()
    said = end(
        begin(
            folder,
            "treadle.start(name='big')\nprint(treadle.wait_on(treadle.get('y')), treadle.get('x').result())",
        )
    )
    assert "[1, 2, 3, 4, 5, 6, 7, 8, 9] gate" in said


def test_a_detached_script_that_publishes_nothing_leaves_nothing(folder: Path) -> None:
    end(begin(folder, "with treadle.start(workers=1, detach=True): x = slow('gate')\nprint('left')"))
    [found] = list_runtimes()
    process = psutil.Process(found.owner.pid)
    (folder / "gate").touch()
    process.wait(timeout=20)
    assert list_runtimes() == []


def test_scripts_that_start_at_the_same_moment_share_one_runtime(folder: Path) -> None:
    code = "s = treadle.start(name='one', workers=1)\nprint(s.client.link.pid, flush=True); treadle.wait_on(slow('gate'))"
    scripts = [begin(folder, code) for _ in range(3)]
    pids = {script.stdout.readline() for script in scripts if script.stdout is not None}
    assert len(pids) == len(list_runtimes()) == 1
    (folder / "gate").touch()
    for script in scripts:
        end(script)
    assert list_runtimes() == []


def test_tasks_of_a_script_that_dies_end_with_it_and_others_go_on(folder: Path) -> None:
    first = begin(
        folder,
        "treadle.start(name='one', workers=1)\nx = slow('gate'); print('on', flush=True); y = f(1); print(y.result())",
    )
    assert first.stdout is not None
    assert first.stdout.readline() == "on\n"
    second = begin(
        folder, "treadle.start(name='one')\nz = slow('never'); print('on', flush=True); time.sleep(60)"
    )
    assert second.stdout is not None
    assert second.stdout.readline() == "on\n"
    second.kill()
    second.communicate()
    limit = time.monotonic() + 20
    while list_runtimes()[0].clients > 1:
        assert time.monotonic() < limit
        time.sleep(0.01)
    (folder / "gate").touch()
    assert end(first).startswith("2\n")


def test_a_name_that_makes_no_sense_is_an_error_at_the_call(folder: Path) -> None:
    said = end(
        begin(folder, "try: treadle.start(name='../x')\nexcept treadle.UsageError as error: print(error)")
    )
    assert "name='../x' is no name for a runtime: use letters, digits" in said


def test_stop_cancels_what_is_still_held_and_a_dead_kernel_is_known_without_a_notebook_server(
    folder: Path,
) -> None:
    code = """
from treadle_runtime.api import left
s = treadle.start(name='lab', workers=1, keep_alive=60)
left.belong(s, 'kernel-1', '', '')
x = [slow('gate') for _ in range(3)]
s.client.flush()
print('on', flush=True); time.sleep(60)
"""
    kernel = begin(folder, code)
    assert kernel.stdout is not None
    assert kernel.stdout.readline() == "on\n"
    kernel.kill()
    kernel.communicate()
    [found] = list_runtimes()
    session = joining.rejoin(found, Options())
    try:
        left.belong(session, "kernel-1", "", "")
        estate = left.Estate(session)
        futures = [estate.take_task(number) for number in estate.tasks]
        assert len(futures) == 3
        assert left.summary(session)["held"] >= 2
        (folder / "gate").touch()
    finally:
        treadle.stop()
    states = [future._call.state for future in futures]
    assert states.count("cancelled") >= 2
    assert list_runtimes() == []
