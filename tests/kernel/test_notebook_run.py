"""`treadle run notebook.ipynb`: cells overlap, late output finds its cell, one look at the end."""

from __future__ import annotations

import contextlib
import io
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
LOAD = "%load_ext treadle\nimport time\nprint('begins')"
TASKS = "@task\ndef slow(n):\n    time.sleep(0.8)\n    print('slow', n)\n    return n\nmine = [slow(n) for n in range(2)]"
OTHER = "began = time.time()\nother = slow(7)\nprint('next cell')"
BAD = "@task\ndef bad():\n    raise ValueError('broken in the task')\nx = bad()"


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT / "runtime"), str(ROOT / "kernel_ext")]))
    monkeypatch.setenv("TREADLE_KEEP_ALIVE", "5s")

    def treadle(*sources, name="a.ipynb", kernel=""):
        made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
        if kernel:
            made.metadata.kernelspec = {"name": kernel, "display_name": kernel}
        if sources:
            nbformat.write(made, tmp_path / name)
        ran = subprocess.run(
            [sys.executable, "-m", "treadle_runtime.cli", "run", "--workers", "2", name],
            cwd=tmp_path, capture_output=True, text=True, timeout=90,
        )  # fmt: skip
        out = (tmp_path / name).with_suffix(".out.ipynb")
        return ran, nbformat.read(out, as_version=4) if out.exists() else None

    return treadle


def text(cell):
    return "".join(output["text"] for output in cell.outputs if output.output_type == "stream")


def test_output_that_comes_late_stands_below_its_cell_and_the_notebook_may_be_in_another_folder(run, tmp_path):
    (tmp_path / "ä b").mkdir()
    ran, made = run(LOAD, TASKS, OTHER, name="ä b/a.ipynb")
    assert ran.returncode == 0, ran.stderr
    assert sorted(path.name for path in (tmp_path / "ä b").iterdir()) == ["a.ipynb", "a.out.ipynb"]  # no sockets left
    assert text(made.cells[0]).endswith("begins\n")
    assert sorted(line.split()[-1] for line in text(made.cells[1]).splitlines()) == ["0", "1"]
    assert text(made.cells[2]).splitlines()[0] == "next cell"
    assert text(made.cells[2]).endswith("slow 7\n")
    assert "written: ä b/a.out.ipynb" in ran.stdout


def test_a_failure_nobody_looked_at_is_told_at_the_end(run):
    ran, made = run(LOAD, BAD, "print('goes on')")
    assert ran.returncode == 1
    assert "broken in the task" in ran.stderr
    assert re.search(r"----> 3 +raise ValueError", ran.stderr)  # older versions of IPython indent less
    for ours in ("kernel_ext", "treadle_runtime", "sys.modules", "finish"):
        assert ours not in ran.stderr  # the person's lines only
    assert "goes on" in text(made.cells[2])


def test_lines_are_final_and_a_notebook_that_only_imports_is_looked_at_too(run):
    slow = BAD.replace("raise", "time.sleep(0.8); raise")  # a cell whose tasks end at once has no line
    ran, made = run(LOAD, f"%treadle expect-failures\n{slow}", TASKS)
    assert ran.returncode == 0, ran.stderr
    shown = [o["data"]["text/plain"] for cell in made.cells for o in cell.outputs if "data" in o]
    assert any("1 failed in" in text for text in shown), shown
    assert any("2 done in" in text for text in shown), shown
    ran, _ = run(f"from treadle import task\n{BAD}")
    assert ran.returncode == 1
    assert "broken in the task" in ran.stderr
    assert "kernel_ext" not in ran.stderr


def test_a_mistake_in_a_magic_ends_the_run(run):
    ran, _ = run("%load_ext treadle", "%treadle nosuch", "print('goes on')")
    assert ran.returncode == 1
    assert "`%treadle nosuch` is no verb" in ran.stderr
    assert "cell 3" not in ran.stdout


def test_a_failing_cell_ends_the_run_and_what_its_tasks_have_not_done(run, tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    (tmp_path / "runtime").mkdir()
    ran, made = run(f"{LOAD}\n{TASKS.replace('0.8', '60')}", "1 / 0", "print('never')")
    assert list((tmp_path / "runtime").glob("treadle-*.json")) == []  # nobody would come back for it
    assert ran.returncode == 1
    assert "ZeroDivisionError" in ran.stderr
    assert made.cells[2].outputs == []


def test_what_is_no_notebook_is_told(run, tmp_path):
    ran, _ = run()
    assert ran.returncode == 2
    assert "a.ipynb cannot be read" in ran.stderr
    (tmp_path / "b.ipynb").write_text("{}")
    ran, _ = run(name="b.ipynb")
    assert ran.returncode == 2
    assert "is no notebook" in ran.stderr


def test_a_kernel_that_is_not_there_is_named_in_one_line(run):
    ran, _ = run("1", kernel="gone")
    assert ran.returncode == 2
    assert ran.stderr.startswith("treadle run: There is no kernel 'gone' here")
    assert len(ran.stderr.splitlines()) == 1


def test_where_it_cannot_be_written_is_said_before_the_first_cell(tmp_path):
    from treadle.notebook_run import main

    nbformat.write(nbformat.v4.new_notebook(), tmp_path / "a.ipynb")
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        assert main([str(tmp_path / "a.ipynb"), "--output", str(tmp_path / "gone" / "b.ipynb")]) == 2
    assert "b.ipynb cannot be written" in said.getvalue()


@pytest.mark.long
def test_ctrl_c_cancels_what_the_notebook_has_left(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT / "runtime"), str(ROOT / "kernel_ext")]))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    called = f"{TASKS.replace('0.8', '60')}\nopen('called', 'w').close()\ntreadle.wait_on(mine)"
    cells = [nbformat.v4.new_code_cell(source) for source in (LOAD, called)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "a.ipynb")
    with subprocess.Popen(
        [sys.executable, "-m", "treadle_runtime.cli", "run", "--workers", "2", "a.ipynb"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    ) as running:  # fmt: skip
        end = time.monotonic() + 60
        while not (tmp_path / "called").exists():
            assert time.monotonic() < end
            assert running.poll() is None
            time.sleep(0.05)
        os.killpg(running.pid, signal.SIGINT)  # as a terminal does
        said = running.communicate(timeout=60)[1]
    assert (running.returncode, said) == (130, "treadle run: interrupted\n")
    assert list(tmp_path.glob("treadle-*.json")) == []
