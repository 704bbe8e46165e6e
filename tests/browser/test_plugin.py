"""The plugin in JupyterLab and Jupyter Notebook: panel, tab, status item, commands, with tasks of real runtimes."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.conftest import soon

FACES = pytest.mark.parametrize("face", ["lab", "notebook7"])
SLOW_MS = 30_000

SETUP = """\
%load_ext treadle
import os, time
from treadle import task, wait_on

@task
def work(n, gate=None):
    while gate and not os.path.exists(gate):
        time.sleep(0.02)
    if n == 3 and not os.path.exists("mended"):
        raise ValueError("three is not possible")
    return n
"""
SUBMIT = "results = [work(n, GATE if n > 3 else None) for n in range(8)]"
BLOCK = """\
import concurrent.futures
concurrent.futures.wait(results)
print(sum(result.cancelled() for result in results), "cancelled")"""


def command(page: Page, name: str) -> None:
    """Carry out a command, as a menu or the palette would."""
    page.evaluate("name => { jupyterapp.commands.execute(name) }", name)


def by_palette(page: Page, words: str) -> None:
    """Find a command by typing and carry it out."""
    page.keyboard.press("Control+Shift+C")
    field = page.locator(".lm-CommandPalette-input")
    expect(field).to_be_visible()
    field.fill(words)
    expect(page.locator(".lm-CommandPalette-item.lm-mod-active")).to_contain_text(words)
    page.keyboard.press("Enter")


def row(page: Page, title: str) -> Locator:
    """Return the panel's row of a runtime."""
    return page.locator("#treadle-panel .trd-p-row").filter(has_text=title)


def in_panel(page: Page) -> Locator:
    """Return the live view in the side panel."""
    return page.locator("#treadle-panel .trd")


def begun(opener: Any, face: str, name: str, gate: Path, *more: str) -> Any:
    """Open a notebook whose tasks 5 to 8 wait for the gate, one of the others having failed."""
    cells = (SETUP, f"GATE = {str(gate)!r}\n{SUBMIT}", BLOCK, *more)
    notebook = getattr(opener, face)(opener.server.notebook(name, *cells))
    notebook.run(0)
    return notebook


@FACES
def test_the_panel_shows_and_steers_what_runs_while_a_cell_blocks(
    opener: Any, page: Page, gate: Path, face: str, shoot: Callable[[Locator, str], None]
) -> None:
    name = f"panel-{face}.ipynb"
    notebook = begun(opener, face, name, gate)
    by_palette(page, "Show Live View")
    expect(page.locator("#treadle-panel")).to_contain_text("No runtime yet")
    notebook.run(1)
    notebook.start(2)
    expect(row(page, name)).to_contain_text("2/2 busy · 1 failed", timeout=SLOW_MS)
    view = in_panel(page)
    expect(view.locator('[data-task="5"]')).to_have_attribute("data-state", "running", timeout=SLOW_MS)
    shoot(page.locator("#treadle-panel"), f"panel-{face}")
    if face == "lab":
        status = page.locator(".trd-p-status")
        expect(status).to_have_text("treadle 2/2 busy · 1 failed")
        command(page, "application:toggle-right-area")
        expect(view).to_be_hidden()
        status.click()
        expect(view).to_be_visible()
    button = notebook.cells.nth(1).locator(".trd-p-cancel")
    expect(button).to_be_visible(timeout=SLOW_MS)
    assert notebook.is_busy(2)
    button.click()
    notebook.wait_for_end(2)
    assert notebook.output(2).strip() == "4 cancelled"
    expect(button).to_be_hidden(timeout=SLOW_MS)
    expect(row(page, name)).to_contain_text("0/2 busy · 1 failed")
    (opener.server.folder / "mended").touch()
    by_palette(page, "Retry Failed Tasks")
    expect(row(page, name)).not_to_contain_text("failed")
    (opener.server.folder / "mended").unlink()


@pytest.mark.long
@FACES
def test_a_runtime_is_stopped_from_the_panel(opener: Any, page: Page, gate: Path, face: str) -> None:
    name = f"halt-{face}.ipynb"
    notebook = begun(opener, face, name, gate)
    command(page, "treadle:open")
    notebook.run(1)
    row(page, name).locator("button", has_text="Stop").click()
    dialog = page.locator(".jp-Dialog")
    expect(dialog).to_contain_text("Its tasks are cancelled")
    dialog.locator("button", has_text="Stop").click()
    expect(row(page, name)).to_have_count(0, timeout=SLOW_MS)
    notebook.run(2)
    expect(notebook.cells.nth(2).locator(".jp-OutputArea")).to_contain_text("has ended")


@pytest.mark.parametrize("face", ["lab", pytest.param("notebook7", marks=pytest.mark.long)])
def test_a_decorator_is_inserted_by_a_form_and_taken_back_by_one_undo(
    opener: Any, page: Page, face: str, shoot: Callable[[Locator, str], None]
) -> None:
    source = "import numpy as np\n\ndef multiply(a, b, c, *, scale=1.0):\n    c += scale * (a @ b)\n    return c"
    notebook = getattr(opener, face)(opener.server.notebook(f"decorator-{face}.ipynb", source))
    notebook.cells.nth(0).locator(".cm-line").nth(3).click()
    by_palette(page, "Insert Task Decorator")
    form = page.locator(".jp-Dialog .trd-p-form")
    expect(form.locator("output")).to_have_text("@task(c=INOUT)")
    form.get_by_label("scale").select_option("OUT")
    form.get_by_label("scale").select_option("IN")
    form.get_by_label("returns").fill("2")
    form.get_by_label("name").fill("block")
    expect(form.locator("output")).to_have_text('@task(c=INOUT, returns=2, name="block")')
    shoot(page.locator(".jp-Dialog-content"), f"decorator-{face}")
    page.keyboard.press("Enter")
    expect(form).to_have_count(0)
    read = "() => jupyterapp.shell.currentWidget.content.activeCell.model.sharedModel.getSource()"
    head = "from treadle import task, INOUT\n\nimport numpy as np\n\n"
    assert page.evaluate(read) == f'{head}@task(c=INOUT, returns=2, name="block")\n{source.partition("np")[2].strip()}'
    page.keyboard.press("Control+z")
    page.wait_for_function(f"source => ({read})() === source", arg=source)


@pytest.mark.long
def test_a_tab_shows_the_view_and_is_there_again_after_a_reload(
    opener: Any, page: Page, gate: Path, shoot: Callable[[Locator, str], None]
) -> None:
    notebook = begun(opener, "lab", "tab.ipynb", gate)
    notebook.run(1)
    expect(page.locator(".trd-p-status")).to_contain_text("busy", timeout=SLOW_MS)
    by_palette(page, "Open Live View in a Tab")
    tab = page.locator("[id^=treadle-tab-]")
    expect(tab.locator('[data-task="5"]')).to_have_attribute("data-state", "running", timeout=SLOW_MS)
    expect(page.locator(".lm-DockPanel-tabBar")).to_contain_text(["Treadle: tab.ipynb"] * 1, use_inner_text=True)
    shoot(tab, "tab")
    workspace = "async () => JSON.stringify(await jupyterapp.serviceManager.workspaces.fetch('default'))"
    soon(lambda: "treadle:" in page.evaluate(workspace))  # JupyterLab writes it down a little later
    page.goto(page.url.replace("?reset", "?"))
    expect(tab.locator('[data-task="5"]')).to_have_attribute("data-state", "running", timeout=SLOW_MS)


@pytest.mark.long
def test_two_notebooks_have_a_runtime_each_and_the_panel_shows_the_one_in_use(
    opener: Any, page: Page, gate: Path
) -> None:
    first = begun(opener, "lab", "one.ipynb", gate)
    first.run(1)
    opener.server.notebook("two.ipynb", SETUP, "print(wait_on([work(n) for n in range(3)]))")
    command(page, "treadle:open")
    expect(row(page, "one.ipynb")).to_have_class(re.compile("trd-p-chosen"), timeout=SLOW_MS)
    page.evaluate("() => jupyterapp.commands.execute('docmanager:open', {path: 'two.ipynb'})")
    panels = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")
    expect(panels).to_have_count(1)
    expect(panels).to_contain_text("range(3)")
    second = type(first)(page)
    second.cells = panels.locator(".jp-Notebook .jp-CodeCell")
    second.wait_for_kernel()
    second.run(0)
    second.run(1)
    expect(row(page, "two.ipynb")).to_have_class(re.compile("trd-p-chosen"), timeout=SLOW_MS)
    expect(in_panel(page).locator("[data-task]")).to_have_count(3)
    page.evaluate("() => jupyterapp.commands.execute('docmanager:open', {path: 'one.ipynb'})")
    expect(row(page, "one.ipynb")).to_have_class(re.compile("trd-p-chosen"))
    expect(in_panel(page).locator("[data-task]")).to_have_count(8, timeout=SLOW_MS)
    row(page, "two.ipynb").locator(".trd-p-choose").click()
    expect(in_panel(page).locator("[data-task]")).to_have_count(3)
    command(page, "running:show-panel")
    listed = page.locator("#jp-running-sessions")
    expect(listed).to_contain_text("Treadle runtimes", ignore_case=True)
    expect(listed.locator(".jp-RunningSessions-item", has_text="two.ipynb").first).to_be_visible()
    page.evaluate("() => jupyterapp.shell.currentWidget.context.rename('renamed.ipynb')")
    expect(row(page, "renamed.ipynb")).to_be_attached(timeout=SLOW_MS)
    expect(row(page, "one.ipynb")).to_have_count(0)


@pytest.mark.long
def test_after_a_restart_the_panel_goes_on_and_re_attaching_shows(opener: Any, page: Page, gate: Path) -> None:
    more = "more = [work(8, GATE) for _ in range(20)]"
    notebook = begun(opener, "lab", "restart.ipynb", gate, "%load_ext treadle\nprint(treadle)", more, "%treadle resume")
    notebook.run(1)
    line = notebook.cells.nth(1).locator(".treadle-line")
    expect(line).to_contain_text("1 failed", timeout=SLOW_MS)
    notebook.run(4)
    command(page, "treadle:open")
    view = in_panel(page)
    expect(view.locator('[data-task="5"]')).to_have_attribute("data-state", "running", timeout=SLOW_MS)
    page.evaluate("async () => { await jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart(); }")
    notebook.wait_for_kernel()
    expect(view.locator('[data-task="5"]')).to_have_attribute("data-state", "running")
    held = re.compile(r"(\d+) held")
    expect(view.locator(".trd-status")).to_contain_text(held, timeout=SLOW_MS)
    expect(row(page, "restart.ipynb")).to_contain_text(re.compile(r"2/2 busy · \d+ held · 1 failed"), timeout=SLOW_MS)
    notebook.run(3)
    told = held.search(notebook.output(3))
    assert told
    expect(view.locator(".trd-status")).to_contain_text(f"{told[1]} held: %treadle resume")
    gate.touch()
    expect(view.locator('[data-task="5"]')).to_have_attribute("data-state", "done", timeout=SLOW_MS)
    expect(view.locator('[data-task="6"]')).to_have_attribute("data-state", "waiting")
    notebook.run(5)
    expect(view.locator('[data-task="6"]')).to_have_attribute("data-state", "done", timeout=SLOW_MS)
    expect(view.locator(".trd-status")).to_have_text("live", timeout=SLOW_MS)
    expect(line).to_contain_text("7 done · 1 failed", timeout=SLOW_MS)  # of the kernel before
    expect(row(page, "restart.ipynb")).to_have_class(re.compile("trd-p-chosen"))
