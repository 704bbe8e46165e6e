"""What the menus, the context menu, a click and the keyboard do while a cell blocks, in JupyterLab."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.browser.test_plugin import SLOW_MS, begun, command, in_panel, row

pytestmark = pytest.mark.long


def by_context_menu(page: Page, place: Locator, words: str) -> None:
    """Right-click somewhere and take the entry."""
    place.click(button="right")
    entry = page.locator(".lm-Menu .lm-Menu-item", has_text=words)
    expect(entry).to_be_visible()
    assert "lm-mod-disabled" not in str(entry.get_attribute("class"))
    entry.click()


def by_menu(page: Page, words: str) -> None:
    """Take an entry of Kernel > Treadle."""
    page.locator(".lm-MenuBar-item", has_text="Kernel").click()
    page.locator(".lm-Menu-item", has_text="Treadle").hover()
    page.locator(".lm-Menu-item", has_text=words).click()


def states(view: Locator) -> list[str | None]:
    """Return the states of all tasks."""
    return [each.get_attribute("data-state") for each in view.locator(".trd-tasks > li").all()]


def test_the_context_menu_cancels_the_tasks_of_the_cell_that_was_clicked(opener: Any, page: Page, gate: Path) -> None:
    more = ("other = [work(8, GATE), work(9, GATE)]", "wait_on(other)")
    notebook = begun(opener, "lab", "context.ipynb", gate, *more)
    command(page, "treadle:open")
    notebook.run(1)
    expect(row(page, "context.ipynb")).to_contain_text("2/2 busy · 1 failed", timeout=SLOW_MS)  # the first four have ended
    notebook.run(3)
    view = in_panel(page)
    expect(view.locator('[data-task="10"]')).to_be_attached(timeout=SLOW_MS)
    notebook.start(4)
    by_context_menu(page, notebook.cells.nth(1).locator(".jp-InputArea-editor"), "Cancel This Cell's Tasks")
    expect(view.locator('.trd-tasks > [data-state="cancelled"]')).to_have_count(4, timeout=SLOW_MS)
    assert states(view)[:4] == ["done", "done", "done", "failed"]
    assert notebook.is_busy(4), "tasks of the other cell go on"
    by_context_menu(page, notebook.cells.nth(3).locator(".jp-InputArea-editor"), "Cancel This Cell's Tasks")
    expect(view.locator('.trd-tasks > [data-state="cancelled"]')).to_have_count(6, timeout=SLOW_MS)
    notebook.wait_for_end(4)


def test_the_context_menu_inserts_a_decorator(opener: Any, page: Page) -> None:
    notebook = opener.lab(opener.server.notebook("insert.ipynb", "def double(x):\n    return 2 * x"))
    by_context_menu(page, notebook.cells.nth(0).locator(".cm-line").nth(1), "Insert Task Decorator")
    page.locator(".jp-Dialog .trd-p-form").get_by_label("returns").press("Enter")
    expect(notebook.cells.nth(0).locator(".cm-content")).to_contain_text("@task")


def test_export_and_log_by_the_menu_while_a_cell_blocks(opener: Any, page: Page, gate: Path) -> None:
    notebook = begun(opener, "lab", "menus.ipynb", gate)
    notebook.run(1)
    expect(page.locator(".trd-p-status")).to_contain_text("2/2 busy", timeout=SLOW_MS)
    notebook.start(2)
    by_menu(page, "Export Live View")  # the panel was not open
    view = in_panel(page)
    with page.expect_download() as download:
        view.get_by_role("menuitem", name="SVG").click()
    svg = Path(download.value.path()).read_text(encoding="utf-8")
    assert svg.count("work") >= 8
    by_menu(page, "Show Log of Tasks")
    expect(view.get_by_role("tabpanel", name="Log")).to_be_visible()
    assert notebook.is_busy(2)


def test_a_click_retries_a_failed_task_while_a_cell_blocks(opener: Any, page: Page, gate: Path) -> None:
    notebook = begun(opener, "lab", "click.ipynb", gate)
    command(page, "treadle:open")
    notebook.run(1)
    notebook.start(2)
    view = in_panel(page)
    view.get_by_role("tab", name="Failures").click()
    view.locator(".trd-failure-head").first.click()
    mended = opener.server.folder / "mended"
    mended.touch()
    view.locator(".trd-details [data-deed=retry]").click()
    expect(view.locator(".trd-details")).to_contain_text("is tried again", timeout=SLOW_MS)
    assert notebook.is_busy(2)
    gate.touch()
    expect(view.locator('[data-task="4"]')).to_have_attribute("data-state", "done", timeout=SLOW_MS)
    mended.unlink()


def test_by_keys_alone_through_panel_tabs_graph_details_and_buttons(opener: Any, page: Page, gate: Path) -> None:
    notebook = begun(opener, "lab", "keyboard.ipynb", gate)
    command(page, "treadle:open")
    notebook.run(1)
    notebook.start(2)
    view = in_panel(page)
    expect(view.locator('[data-task="5"]')).to_have_attribute("data-state", "running", timeout=SLOW_MS)
    page.locator("#treadle-panel .trd-p-choose").last.focus()

    def tab_to(wanted: str) -> None:
        """Press Tab until something is reached, within a page's patience."""
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate("wanted => document.activeElement.matches(wanted)", wanted):
                return
        raise AssertionError(f"{wanted} is not reached by Tab")

    tab_to(".trd-tab")
    page.keyboard.press("ArrowRight")
    expect(view.get_by_role("tab", name="Stream")).to_be_focused()
    expect(view.get_by_role("tabpanel", name="Stream")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    tab_to("[role=tree]")
    page.keyboard.press("Home")
    for _ in range(4):
        page.keyboard.press("ArrowDown")
    expect(view.locator('[data-task="5"]')).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(view.locator(".trd-details [data-deed=cancel]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(view.locator('[data-task="5"]')).to_have_attribute("data-state", "cancelled", timeout=SLOW_MS)
    expect(view.locator(".trd-details [data-deed=cancel]")).to_be_focused()
    tab_to("[aria-label='Close details']")
    page.keyboard.press("Enter")
    expect(view.locator(".trd-details")).to_be_hidden()
    expect(view.locator("[role=tree]")).to_be_focused()
    assert notebook.is_busy(2)


def test_a_hidden_panel_keeps_how_the_graph_is_seen_and_what_is_chosen(opener: Any, page: Page, gate: Path) -> None:
    notebook = begun(opener, "lab", "hidden.ipynb", gate)
    command(page, "treadle:open")
    gate.touch()
    notebook.run(1)
    notebook.run(2)
    view = in_panel(page)
    expect(view.locator('[data-task="8"]')).to_have_attribute("data-state", "done", timeout=SLOW_MS)
    view.locator("[role=tree]").focus()
    for key in ("Home", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    for _ in range(3):
        view.get_by_role("button", name="Zoom in").click()
    expect(view.locator('[data-task="2"]')).to_have_attribute("aria-selected", "true")
    seen = _picture(view)
    command(page, "application:toggle-right-area")
    expect(view).to_be_hidden()
    command(page, "application:toggle-right-area")
    expect(view).to_be_visible()
    assert _picture(view) == seen
    expect(view.locator('[data-task="2"]')).to_have_attribute("aria-selected", "true")
    expect(view.locator(".trd-details")).to_contain_text("#2")


def _picture(view: Locator) -> str:
    """Return the graph as it is drawn, two frames from now."""
    draw = "canvas => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(canvas.toDataURL()))))"
    return str(view.locator("canvas.trd-canvas").evaluate(draw))
