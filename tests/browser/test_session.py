"""The live view on the real runtime: the tour, and what a person does to tasks while a cell blocks."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

LOAD, VIEW, READ, MANY, WAIT, IN_PLACE, WHOLE_CELL, LONGEST, FAILURE, CHECK = range(10)
RECORD = """([list, prompt]) => {
  window.seen = [];
  new MutationObserver((changes) => {
    for (const { target } of changes) window.seen.push([target.dataset.state, prompt.textContent.trim()]);
  }).observe(list, { subtree: true, attributes: true, attributeFilter: ['data-state'] });
}"""
SETUP = """\
%load_ext treadle
import time
import numpy as np
from treadle import task, wait_on

@task
def load_mesh(size):
    return np.random.default_rng(size).random((size, size))

@task
def solve(mesh, case):
    ends = time.monotonic() + (60 if case == 7 else 0.4)
    while time.monotonic() < ends:
        np.linalg.svd(mesh)
    if case == 3:
        raise ValueError(f"case {case} does not converge")
    return case

@task
def mean(*cases):
    return np.mean(cases)
"""
SUBMIT = """\
mesh = load_mesh(60)
cases = [solve(mesh, case) for case in range(12)]
halves = [mean(*cases[:3], *cases[4:6]), mean(*cases[6:])]
total = mean(*halves)"""
BLOCK = """\
try:
    wait_on(total)
except Exception as error:
    print(type(error).__name__)"""


def test_the_tour_is_seen_running(opener: Any, tour: Any, shoot: Callable[[Locator, str], None]) -> None:
    shutil.copytree(tour, opener.server.folder, dirs_exist_ok=True)
    notebook = opener.lab("01-tour.ipynb")
    notebook.run(LOAD)
    notebook.run(VIEW)
    view = notebook.cells.nth(VIEW).locator(".trd")
    expect(view).to_be_visible(timeout=15_000)
    expect(view).to_contain_text("No tasks yet")
    notebook.run(READ)
    notebook.run(MANY)
    tasks = view.locator("[data-task]")
    expect(tasks).to_have_count(25)
    prompt = notebook.cells.nth(WAIT).locator(".jp-InputPrompt").element_handle()
    notebook.page.evaluate(RECORD, [view.locator(".trd-tasks").element_handle(), prompt])
    notebook.start(WAIT)
    expect(view.locator('[data-state="done"][data-task]')).to_have_count(25, timeout=30_000)
    notebook.wait_for_end(WAIT)
    seen = notebook.page.evaluate("window.seen")
    assert ["done", "[*]:"] in seen, f"nodes became done while the cell blocked: {seen}"
    for index in (IN_PLACE, WHOLE_CELL, LONGEST, FAILURE):
        notebook.run(index)
    failure = view.locator("[data-failure] .trd-failure-head")
    expect(failure).to_contain_text("IndexError")
    expect(view.locator("[data-chip=failed]")).to_have_text("1 failed")
    failure.click()
    expect(view.locator(".trd-trace")).to_contain_text("IndexError")
    expect(view.locator(".trd-trace")).to_contain_text("points[triangles[piece::PIECES, corner]]")
    shoot(view, "tour-failure")
    notebook.run(CHECK)


@pytest.mark.long
def test_a_running_task_is_cancelled_from_the_view_while_a_cell_blocks(
    opener: Any, shoot: Callable[[Locator, str], None]
) -> None:
    notebook = opener.lab(opener.server.notebook("my-analysis.ipynb", SETUP, "%treadle", SUBMIT, BLOCK))
    notebook.page.evaluate("() => jupyterapp.commands.execute('application:toggle-left-area')")
    notebook.run(0)
    notebook.run(1)
    view = notebook.cells.nth(1).locator(".trd")
    expect(view).to_be_visible(timeout=15_000)
    notebook.run(2)
    expect(view.locator("[data-task]")).to_have_count(16, timeout=20_000)
    notebook.start(3)
    expect(view.locator('[data-task="5"]')).to_have_attribute("data-state", "failed", timeout=20_000)
    running = view.locator('[data-task="9"]')  # case 7, which would take a minute
    expect(running).to_have_attribute("data-state", "running", timeout=20_000)
    shoot(view, "tour")
    view.get_by_role("tab", name="Stream").click()
    shoot(view, "live-stream")
    view.get_by_role("tab", name="Tasks").click()
    view.get_by_role("button", name="solve #9", exact=True).click()
    details = view.locator(".trd-details")
    expect(details).to_contain_text("solve #9")
    details.locator("button", has_text="Cancel").click()
    expect(running).to_have_attribute("data-state", "cancelled", timeout=10_000)
    notebook.wait_for_end(3)
    assert notebook.output(3).strip() == "TaskCancelled"
    assert not notebook.is_busy(3)
    expect(view.locator("[data-chip=running]")).to_be_hidden()
