"""Local modules are followed: an edit reaches every worker before the next call (docs/guide.md, "Your own modules")."""

from __future__ import annotations

import os
import time

import pytest

MINE = """
from pack.deep import scale
STEP = {step}
class Adder:
    def __init__(self, n):
        self.n = n
    def add(self, x):
        return x + self.n + STEP
def grow(x):
    return scale(x) + STEP
"""
DEEP = """
FACTOR = {factor}
def scale(x):
    return x * FACTOR
"""
LATE = """
def value():
    return {value}
"""
TASKS = """
import os, time
from mine import grow
import mine
@task
def direct(x):
    time.sleep(0.05)
    return os.getpid(), grow(x)
@task
def dotted(x):
    return mine.grow(x)
@task
def method(adder, x):
    return adder.add(x)
@task
def inside(x):
    import late
    time.sleep(0.05)
    return os.getpid(), late.value()
adder = mine.Adder(100)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("project")


@pytest.fixture(scope="module")
def edit(folder):
    """Write a file as a person does: later than before, whatever the clock's grain."""
    now = [time.time() - 1000]

    def write(name, text):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        now[0] += 10
        os.utime(path, (now[0], now[0]))

    write("mine.py", MINE.format(step=1))
    write("pack/__init__.py", "")
    write("pack/deep.py", DEEP.format(factor=10))
    write("late.py", LATE.format(value=1))
    return write


@pytest.fixture(scope="module")
def notebook(open_notebook, folder, edit):  # noqa: ARG001 - the files are there before the kernel looks
    opened = open_notebook()
    opened.ok(f"%cd -q {folder}\n%load_ext treadle\n%load_ext autoreload\n%autoreload 2")
    opened.ok(TASKS)
    yield opened
    opened.client.stop_channels()
    opened.manager.shutdown_kernel()


def on_all(notebook, call):
    """The values of a call on every worker: as many calls as it takes to have met both."""
    notebook.ok(
        f"seen = {{}}\nwhile len(seen) < 2:\n    seen.update(wait_on([{call} for _ in range(4)]))\nvalues = set(seen.values())"
    )
    return notebook.value("sorted(values)")


def test_an_edit_reaches_every_worker_before_the_next_call(notebook, edit):
    assert on_all(notebook, "direct(2)") == [21]
    assert notebook.value("wait_on(dotted(2), method(adder, 1))") == [21, 102]
    edit("mine.py", MINE.format(step=5))
    assert on_all(notebook, "direct(2)") == [25]
    assert notebook.value("wait_on(dotted(2), method(adder, 1))") == [25, 106]


def test_so_does_one_of_a_module_that_the_module_uses(notebook, edit):
    edit("pack/deep.py", DEEP.format(factor=20).replace("x * FACTOR", "x * FACTOR + 1000"))
    assert on_all(notebook, "direct(2)") == [1045]
    assert notebook.value("wait_on(dotted(2))") == 1045


def test_what_only_tasks_import_is_read_as_it_is_on_the_disk(notebook, edit):
    assert on_all(notebook, "inside(0)") == [1]
    edit("late.py", LATE.format(value=22))
    assert on_all(notebook, "inside(0)") == [22]


def test_reload_by_hand(notebook, edit):
    notebook.ok("%autoreload 0")
    edit("mine.py", MINE.format(step=7))
    assert on_all(notebook, "direct(2)") == [1045]  # as here: what has been loaded counts
    notebook.ok("import importlib; importlib.reload(mine); from mine import grow")
    assert on_all(notebook, "direct(2)") == [1047]
    assert notebook.value("grow(2)") == 1047


def test_a_module_that_breaks_tells_and_its_last_good_version_goes_on(notebook, edit):
    notebook.ok("%autoreload 2")
    edit("mine.py", "def grow(x:\n")
    ran = notebook.run("value = wait_on(dotted(2))")
    assert not ran.error
    assert "SyntaxError" in ran.text
    assert notebook.value("value") == 1047
