"""Notebooks run without a page: each cell ends with its tasks, what is stored is complete, failures fail the run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import papermill
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

ROOT = Path(__file__).parents[2]
LOAD = "%load_ext treadle\nimport time"
SLOW = "@task\ndef slow(n):\n    time.sleep(0.3)\n    print('slow', n)\n    return n"
BAD = "@task\ndef bad():\n    time.sleep(0.2)\n    raise ValueError('broken in the task')"


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT / "runtime"), str(ROOT / "kernel_ext")]))
    monkeypatch.setenv("TREADLE_WORKERS", "2")
    monkeypatch.setenv("TREADLE_MEMORY", "64MB")
    monkeypatch.setenv("TREADLE_KEEP_ALIVE", "5s")
    monkeypatch.delenv("TREADLE_OVERLAP", raising=False)


def notebook(*sources):
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return made


def execute(*sources, **options):
    made = notebook(*sources)
    try:
        NotebookClient(made, timeout=60, kernel_name="python3", **options).execute()
    except CellExecutionError as error:
        return made, str(error)
    return made, ""


def text(cell):
    return "".join(output["text"] for output in cell.outputs if output.output_type == "stream")


def test_stored_outputs_are_complete():
    made, error = execute(
        LOAD,
        SLOW,
        "%%task\nprint('inside')\nk = 20\ntime.sleep(0.2)\nk + 1",
        "%%task\n%treadle expect-failures\n1 / 0",
        "wait_on(k)",
        "futures = [slow(n) for n in range(4)]",
        "slow(9)",
        "treadle.dashboard()",
    )
    assert not error
    outputs = [cell.outputs for cell in made.cells]
    assert text(made.cells[2]) == "inside\n"
    assert [o["data"]["text/plain"] for o in outputs[2] if o.output_type == "display_data"] == [
        "cell[3] #1 done \N{RIGHTWARDS ARROW} k",
        "21",
    ]
    assert "ZeroDivisionError" in outputs[3][0]["data"]["text/plain"]
    assert outputs[4][0]["data"]["text/plain"] == "20"
    assert sorted(line.split()[-1] for line in text(made.cells[5]).splitlines()) == ["0", "1", "2", "3"]
    assert any("4 done in" in o["data"]["text/plain"] for o in outputs[5] if "data" in o)
    card = next(o["data"]["text/plain"] for o in outputs[6] if "data" in o)
    assert "done" in card
    view = outputs[7][0]["data"]
    assert "6 done" in view["text/plain"]
    assert "1 failed" in view["text/html"]


def test_a_failed_task_fails_its_cell_and_the_run_ends_there():
    made, error = execute(LOAD, BAD.replace("0.2", "0.6"), "x = bad()", "print('never')")
    assert "broken in the task" in error
    assert "ValueError" in error
    assert [output.output_type for output in made.cells[2].outputs] == ["display_data", "error"]  # its line first
    assert "treadle_runtime" not in "".join(made.cells[2].outputs[-1].traceback)
    assert made.cells[3].outputs == []


def test_a_cell_that_looks_at_a_failure_itself_does_not_fail():
    made, error = execute(
        LOAD, BAD, "try:\n    wait_on(bad())\nexcept ValueError:\n    print('seen')", "print('goes on')"
    )
    assert not error
    assert "seen" in text(made.cells[2])
    assert "goes on" in text(made.cells[3])


def test_expected_failures_do_not_fail_the_cell():
    made, error = execute(LOAD, BAD, "%treadle expect-failures\nx = bad()", "print('goes on')")
    assert not error
    assert "goes on" in text(made.cells[3])


def test_a_failed_cell_task_fails_its_cell():
    _, error = execute(LOAD, "%%task\nk = 1 / 0", "print('never')")
    assert "ZeroDivisionError" in error


def test_papermill(tmp_path):
    nbformat.write(notebook(LOAD, SLOW, "x = slow(1)", "print(wait_on(x))"), tmp_path / "in.ipynb")
    made = papermill.execute_notebook(tmp_path / "in.ipynb", tmp_path / "out.ipynb", progress_bar=False)
    assert text(made.cells[-1]) == "1\n"
    nbformat.write(notebook(LOAD, BAD, "x = bad()", "print('never')"), tmp_path / "in.ipynb")
    with pytest.raises(papermill.PapermillExecutionError, match="broken in the task"):
        papermill.execute_notebook(tmp_path / "in.ipynb", tmp_path / "out.ipynb", progress_bar=False)


@pytest.mark.parametrize(("source", "code"), [pytest.param("x = slow(1)", 0, marks=pytest.mark.long), ("x = bad()", 1)])
def test_nbconvert(source, code, tmp_path):
    nbformat.write(notebook(LOAD, SLOW, BAD, source), tmp_path / "in.ipynb")
    command = [sys.executable, "-m", "nbconvert", "--execute", "--to", "html", "in.ipynb"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=90)
    assert ran.returncode == code, ran.stderr
    assert ("broken in the task" in ran.stderr) == bool(code)
