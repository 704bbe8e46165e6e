"""What stands below cells in JupyterLab: lines, cards, values and failures, as a person sees them; pictures of the guide."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

pytestmark = pytest.mark.long

SETUP = """\
%load_ext treadle
import time, tempfile
from pathlib import Path
from treadle import task, wait_on
gate = Path(tempfile.mkdtemp())

def held(name):
    while not (gate / name).exists():
        time.sleep(0.01)

@task
def simulate(case, seconds=0.05):
    time.sleep(seconds)
    if case % 40 == 17:
        raise ValueError(f"case {case} does not converge")
    return case ** 2

@task
def measure(table, name):
    held(name)
    return len(table)

_ = wait_on(simulate(0, 0))"""
CASES = "cases = [simulate(case, 0.15) for case in range(60)]"
ONE = "rows = measure(['a', 'b', 'c'], 'one')\nrows"
LIST = "many = [simulate(case, 0.3) for case in range(6)]\nmany"
TASK = (
    "%%task\nfor step in range(4):\n    treadle.progress(step, 4, f'epoch {step}')\n"
    "    held(f'step{step}')\nmodel = 'trained'"
)
VALUE = "%%task\nprint('checked', model)\nlen(model)"
FAILURE = "wait_on(simulate(17))"
FAILED_CARD = "%%task\nsteps = 5\nsteps / (model == 'lost')"
OPEN = "(gate / 'one').touch()"
STEPS = "import os\nfor step in range(2): (gate / f'step{step}').touch()"
LAST = "for step in range(2, 4): (gate / f'step{step}').touch()"
CELLS = [SETUP, CASES, ONE, LIST, TASK, VALUE, FAILURE, FAILED_CARD, OPEN, STEPS, LAST]
DARK = "() => jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Dark' })"
LIGHT = "() => jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Light' })"


class Scene:
    """The open notebook, its cells by their source."""

    def __init__(self, notebook: Any, shoot: Callable[[Locator, str], None]) -> None:
        self.notebook, self.page, self.shoot = notebook, notebook.page, shoot
        self.cell = {source: notebook.cells.nth(index) for index, source in enumerate(CELLS)}

    def run(self, source: str) -> Locator:
        """Run a cell and return it."""
        cell: Locator = self.notebook.run(CELLS.index(source))
        return cell

    def in_both_themes(self, source: str, name: str) -> None:
        """Take a picture of a cell in the light and in the dark."""
        self.shoot(self.cell[source], name)
        body = self.page.locator("body")
        self.page.evaluate(DARK)
        expect(body).to_have_attribute("data-jp-theme-light", "false")
        self.shoot(self.cell[source], f"{name}-dark")
        self.page.evaluate(LIGHT)
        expect(body).to_have_attribute("data-jp-theme-light", "true")

    def left_of_bar(self, source: str) -> float:
        """Return where the bar of a cell's line begins."""
        found = "cell => cell.querySelector('.treadle-line table').getBoundingClientRect().left"
        return float(self.cell[source].evaluate(found))


def test_what_stands_below_cells(opener: Any, shoot: Callable[[Locator, str], None]) -> None:
    notebook = opener.lab(opener.server.notebook("cells.ipynb", *CELLS))
    notebook.page.evaluate("() => jupyterapp.commands.execute('application:toggle-left-area')")
    scene = Scene(notebook, shoot)
    scene.run(SETUP)
    look_at_a_line(scene)
    look_at_cards_of_futures(scene)
    look_at_task_cells(scene)
    look_at_failures(scene)


def look_at_a_line(scene: Scene) -> None:
    line = scene.run(CASES).locator(".treadle-line")
    expect(line).to_contain_text(re.compile(r"2 running · \d+ waiting · \d+ done"), timeout=20_000)
    before = scene.left_of_bar(CASES)
    scene.shoot(scene.cell[CASES], "line-running")
    expect(line).to_contain_text(re.compile(r"58 done · 2 failed in .* on 2 workers\)"), timeout=30_000)
    expect(line).to_contain_text(re.compile(r"2 x ValueError, simulate, \[1\] line 15: case 17 does not"))
    assert scene.left_of_bar(CASES) == before  # nothing beside the words moves while they change
    expect(line.locator("button")).to_have_count(0)
    scene.in_both_themes(CASES, "line-done")


def look_at_cards_of_futures(scene: Scene) -> None:
    card = scene.run(ONE).locator(".treadle-card")
    expect(card).to_contain_text(re.compile(r"running\s*measure #\d+ of cell \[\d+\] · on worker [12]"))
    expect(card).to_contain_text("measure(['a', 'b', 'c'], 'one')")
    scene.shoot(scene.cell[ONE], "card-running")
    scene.run(OPEN)
    expect(card).to_contain_text("measure(['a', 'b', 'c'], 'one') \N{RIGHTWARDS ARROW} 3")
    expect(scene.cell[ONE].locator(".treadle-line")).to_have_count(0)
    scene.in_both_themes(ONE, "card-done")
    expect(scene.run(LIST).locator(".treadle-line")).to_contain_text("6 futures: 6 done in ", timeout=20_000)
    expect(scene.cell[LIST].locator(".treadle-card")).to_have_count(0)


def look_at_task_cells(scene: Scene) -> None:
    card = scene.run(TASK).locator(".treadle-card")
    value = scene.run(VALUE).locator(".jp-OutputArea-output")
    scene.run(STEPS)
    expect(card).to_contain_text(re.compile(r"running\s*cell\[\d+\] #\d+ . model · on worker [12] · 50 %, epoch 2"))
    expect(value).to_contain_text(re.compile(r"waiting\s*cell\[\d+\]"))
    scene.shoot(scene.cell[TASK], "task-running")
    scene.run(LAST)
    expect(card).to_contain_text(re.compile(r"done\s*cell\[\d+\] #\d+ . model"))
    expect(value).to_have_count(3)
    expect(value.nth(0)).to_contain_text("done")
    expect(value.nth(1)).to_have_text("checked trained\n")
    expect(value.nth(2)).to_have_text("7")
    scene.shoot(scene.cell[VALUE], "task-value")


def look_at_failures(scene: Scene) -> None:
    failure = scene.run(FAILURE).locator(".jp-OutputArea-output").last
    expect(failure).to_contain_text("called with (17)")
    assert failure.inner_text().count("Traceback") == 1
    scene.in_both_themes(FAILURE, "failure")
    card = scene.run(FAILED_CARD).locator(".treadle-card")
    expect(card).to_contain_text("ZeroDivisionError: division by zero")
    scene.shoot(scene.cell[FAILED_CARD], "task-failed")
