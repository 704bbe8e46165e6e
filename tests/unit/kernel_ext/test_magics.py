"""Lines of the magics, and the extension in a terminal's IPython."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from treadle.cells.cell_magic import read_options
from treadle.verbs.verbs import VERBS, completions, help_text

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("line", "expected", "rest"),
    [
        ("", ((), (), (), None), ""),
        ("-i a,b -o c", (("a", "b"), ("c",), (), None), ""),
        ("-i a, b --inout d", (("a", "b"), (), ("d",), None), ""),
        ("--name 'case {i}' -o x y = 1", ((), ("x",), (), "case {i}"), "y = 1"),
        ("--name=fit --in a --out b", (("a",), ("b",), (), "fit"), ""),
        ("y = f(x)", ((), (), (), None), "y = f(x)"),
        ("-x + 1", ((), (), (), None), "-x + 1"),
        ("-i + 1", ((), (), (), None), "-i + 1"),
        ("-o a -o b", ((), ("a", "b"), (), None), ""),
    ],
)
def test_options(line, expected, rest):
    options, left = read_options(line)
    assert (options.inputs, options.outputs, options.inout, options.name) == expected
    assert left == rest


def test_completions():
    assert completions("%treadle ") == list(VERBS)
    assert completions("%treadle st") == list(VERBS)
    assert "workers=" in completions("%treadle start ")
    assert completions("%treadle stop c") == ["cancel"]
    assert completions("%treadle help ") == []


def test_every_verb_has_its_line_of_help():
    for _run, usage, told in VERBS.values():
        assert usage in help_text()
        assert told in help_text()


TERMINAL = """
%load_ext treadle
@task
def f(a):
    print("hello", a)
    return 1 / a

_ = wait_on(f(1))
k = 3
get_ipython().run_cell_magic("task", "", "y = k * 2")
print("value", wait_on(y))
get_ipython().run_line_magic("treadle", "tasks")
get_ipython().run_line_magic("treadle", "seed 42")
wait_on(f(0))
"""


def test_in_a_terminal(tmp_path):
    script = tmp_path / "cells.ipy"
    script.write_text(TERMINAL, encoding="utf-8")
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT / "runtime"), str(ROOT / "kernel_ext")]),
        "IPYTHONDIR": str(tmp_path / "ipython"),
        "TREADLE_ENGINE": "inline",
    }
    command = [sys.executable, "-m", "IPython", "--colors=NoColor", "--no-banner", "-c", f"%run {script}"]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    told = done.stdout + done.stderr
    assert "Treadle 0.1: " in told
    assert "hello 1" in told
    assert "value 6" in told
    assert told.count("cell[0] #2 done") == 1
    assert told.count("cell[0] #2") == 1
    assert "ZeroDivisionError: division by zero" in told
    assert "return 1 / a" in told
    assert "treadle_runtime" not in told
