"""The command line: what a person types, what is printed, the exit code."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def treadle(*words: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(ROOT / "runtime"), str(ROOT / "kernel_ext")])
    environ = {key: value for key, value in os.environ.items() if not key.startswith("TREADLE_")}
    return subprocess.run(
        [sys.executable, "-m", "treadle_runtime.cli", *words],
        env={**environ, "PYTHONPATH": path, "JUPYTER_RUNTIME_DIR": str(folder), **variables},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def script(folder: Path, text: str) -> str:
    (folder / "job.py").write_text(text)
    return "job.py"


def test_a_script_sees_itself_as_main_with_its_arguments(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("answer = 42\n")
    text = "import sys, beside\nprint(__name__, sys.argv, beside.answer, sys.modules['__main__'].__file__)\n"
    done = treadle("run", script(tmp_path, text), "--fast", "x y", folder=tmp_path)
    assert (done.returncode, done.stdout) == (0, "__main__ ['job.py', '--fast', 'x y'] 42 job.py\n")


def test_options_before_the_script_are_those_of_start(tmp_path: Path) -> None:
    text = "import os; print(os.environ['TREADLE_ENGINE'], os.environ['TREADLE_SEED'])"
    done = treadle("run", "--engine", "inline", "--seed", "7", script(tmp_path, text), folder=tmp_path)
    assert done.stdout == "inline 7\n"


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("import sys; sys.exit(3)", 3, ""),
        ("import sys; sys.exit()", 0, ""),
        ("import sys; sys.exit('enough')", 1, "enough"),
        ("1/0", 1, "ZeroDivisionError"),
        ("def f(:", 1, "SyntaxError"),
    ],
)
def test_exit_codes_are_those_of_python(tmp_path: Path, text: str, code: int, said: str) -> None:
    done = treadle("run", script(tmp_path, text), folder=tmp_path)
    assert done.returncode == code
    assert said in done.stderr


def test_a_traceback_has_only_lines_of_the_script(tmp_path: Path) -> None:
    done = treadle("run", script(tmp_path, "def f():\n    raise ValueError('here')\n\nf()\n"), folder=tmp_path)
    assert "treadle_runtime" not in done.stderr
    assert "    f()" in done.stderr
    assert done.stderr.endswith("ValueError: here\n")


def test_a_script_or_notebook_that_is_not_there_is_refused_in_one_line(tmp_path: Path) -> None:
    missing = treadle("run", "gone.py", folder=tmp_path)
    assert missing.returncode == 1
    assert missing.stderr == (
        "treadle: gone.py cannot be read (No such file or directory): give the path of a Python file (UsageError)\n"
    )
    assert "a.ipynb cannot be read" in treadle("run", "a.ipynb", folder=tmp_path).stderr


@pytest.mark.parametrize("words", [[], ["stop"], ["stop", "a", "--all"], ["fly"], ["run"]])
def test_wrong_words_get_usage_and_exit_code_2(tmp_path: Path, words: list[str]) -> None:
    done = treadle(*words, folder=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("usage: treadle")


def test_version_and_help(tmp_path: Path) -> None:
    assert treadle("--version", folder=tmp_path).stdout == "treadle 0.1.0\n"
    text = treadle("--help", folder=tmp_path).stdout
    assert all(word in text for word in ("run", "ps", "stop", "tour"))


def test_the_tour_says_where_it_cannot_write(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = treadle("tour", "file/tour", folder=tmp_path)
    assert done.returncode == 1
    assert "cannot be written" in done.stderr


FAILING = """
import treadle
from treadle import task

@task
def f(x):
    return 1 / x

futures = [f(0), f(0), f(2)]
"""


@pytest.mark.parametrize("engine", ["inline", "local"])
def test_failures_that_nobody_looked_at_are_listed_and_make_the_run_fail(tmp_path: Path, engine: str) -> None:
    done = treadle("run", "--workers", "2", "--engine", engine, script(tmp_path, FAILING), folder=tmp_path)
    assert done.returncode == 1
    assert "2 tasks failed and nobody has looked:\n  2 x ZeroDivisionError, f, job.py line 7: division by zero" in done.stderr


def test_also_those_of_a_runtime_that_the_script_itself_has_stopped(tmp_path: Path) -> None:
    text = FAILING + "treadle.stop()\nprint('went on')\n"
    done = treadle("run", "--engine", "inline", script(tmp_path, text), folder=tmp_path)
    assert (done.returncode, done.stdout) == (1, "went on\n")


def test_failures_that_were_looked_at_are_the_scripts_own_affair(tmp_path: Path) -> None:
    text = FAILING + "assert [type(each.exception()).__name__ for each in futures[:2]] == ['ZeroDivisionError'] * 2\n"
    done = treadle("run", "--engine", "inline", script(tmp_path, text), folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_a_script_has_not_waited_for_is_done_all_the_same(tmp_path: Path) -> None:
    text = "import pathlib, treadle\ntreadle.task(pathlib.Path('made').write_text)('yes')\n"
    assert treadle("run", "--workers", "2", script(tmp_path, text), folder=tmp_path).returncode == 0
    assert (tmp_path / "made").read_text() == "yes"


def test_a_script_that_ends_by_sys_exit_fails_with_its_tasks_too(tmp_path: Path) -> None:
    text = FAILING + "import sys\nsys.exit(int(sys.argv[1]))\n"
    codes = [treadle("run", "--engine", "inline", script(tmp_path, text), code, folder=tmp_path).returncode for code in "03"]
    assert codes == [1, 3]


@pytest.mark.parametrize(
    ("option", "value"), [("--workers", "banana"), ("--threads", "0"), ("--memory", "lots"), ("--seed", "x"), ("--engine", "dask")]
)
def test_an_option_that_makes_no_sense_is_said_before_the_script_begins(tmp_path: Path, option: str, value: str) -> None:
    done = treadle("run", option, value, script(tmp_path, "print('begun')"), folder=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("treadle: TREADLE_")
    assert len(done.stderr.splitlines()) == 1


WAITS = """
import time
from treadle import task, wait_on

@task
def slow(n):
    time.sleep(60)

futures = [slow(n) for n in range(4)]
"""
CALLED = "print('called', flush=True)\n"


@pytest.mark.parametrize(
    ("words", "end", "code"),
    [
        (["-m", "treadle_runtime.cli", "run"], CALLED + "wait_on(futures)", 130),
        (["-m", "treadle_runtime.cli", "run"], CALLED, 130),
        ([], "import atexit\natexit.register(print, 'called', flush=True)", 0),  # Python's own answer to an interrupt at its exit
    ],
)
def test_ctrl_c_cancels_what_a_script_has_left(tmp_path: Path, words: list[str], end: str, code: int) -> None:
    path = os.pathsep.join([str(ROOT / "runtime"), str(ROOT / "kernel_ext")])
    running = subprocess.Popen(
        [sys.executable, *words, script(tmp_path, WAITS + end)],
        env={**os.environ, "PYTHONPATH": path, "JUPYTER_RUNTIME_DIR": str(tmp_path), "TREADLE_WORKERS": "2"},
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    with running:
        assert running.stdout is not None
        assert running.stdout.readline() == "called\n"
        os.killpg(running.pid, signal.SIGINT)  # as a terminal does
        said = running.communicate(timeout=30)[1]
    assert running.returncode == code
    assert "interrupted" in said
    assert "Traceback" not in said


def test_a_folder_that_is_gone_is_said_and_left_behind(tmp_path: Path) -> None:
    text = """
import os
from treadle import task, wait_on

@task
def here():
    return os.getcwd()

try:
    wait_on(here())
except FileNotFoundError as error:
    assert "had been deleted" in str(error)
os.chdir("/")
print(wait_on(here()))
"""
    inside = f"mkdir gone && cd gone && rmdir ../gone && exec '{sys.executable}' -m treadle_runtime.cli run --workers 2 '{tmp_path}/job.py'"
    script(tmp_path, text)
    path = os.pathsep.join([str(ROOT / "runtime"), str(ROOT / "kernel_ext")])
    environ = {**os.environ, "PYTHONPATH": path, "JUPYTER_RUNTIME_DIR": str(tmp_path)}
    done = subprocess.run(
        ["sh", "-c", inside], env=environ, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (0, "/\n"), done.stderr
