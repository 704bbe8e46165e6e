"""The plugin where things are otherwise: below a prefix, without widgets, without the server's part, in other colours, by keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

SLOW_MS = 30_000
pytestmark = pytest.mark.long
FACES = pytest.mark.parametrize("face", ["lab", "notebook7"])

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
    print("case", case, "of 12")
    time.sleep(0.2 + 0.1 * (case % 3) if case < 8 else 30)
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
BLOCK = "wait_on(total)"
CELLS = (SETUP, SUBMIT, BLOCK)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A server as JupyterHub starts it: below /user/NAME/; the widgets' manager is switched off as well."""
    from tests.browser.conftest import serve

    base = tmp_path_factory.mktemp("hub")
    yield from serve(base, disabled=["@jupyter-widgets/jupyterlab-manager"], base_url="/user/jo@ex.org/")


def started(notebook: Any, page: Page) -> Locator:
    """Run the cells up to one that blocks, open the panel; return its view."""
    notebook.run(0)
    notebook.run(1)
    page.evaluate("() => { jupyterapp.commands.execute('treadle:open') }")
    view = page.locator("#treadle-panel .trd")
    expect(view.locator('[data-task="10"]')).to_have_attribute("data-state", "running", timeout=SLOW_MS)
    notebook.start(2)
    return view


@FACES
@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark", "JupyterLab Dark High Contrast"])
def test_every_view_in_every_theme(
    opener: Any, page: Page, face: str, theme: str, shoot: Callable[[Locator, str], None]
) -> None:
    short = theme.removeprefix("JupyterLab ").lower().replace(" ", "-")
    name = opener.server.notebook(f"{short}-{face}.ipynb", *CELLS)
    notebook = getattr(opener, face)(name)
    page.evaluate("theme => jupyterapp.commands.execute('apputils:change-theme', { theme })", theme)
    try:
        view = started(notebook, page)
        expect(view).to_have_attribute("data-theme", "light" if short == "light" else "dark")
        for part in ("graph", "stream", "tasks", "workers", "functions", "failures", "log"):
            view.locator("[role=tab]", has_text=part.title()).click()
            if part == "log":
                view.locator("[role=tab]", has_text="Graph").click()
                view.locator(".trd-tasks").focus()
                page.keyboard.press("ArrowDown")
                page.keyboard.press("ArrowDown")
                view.locator("[role=tab]", has_text="Log").click()
            shoot(page.locator("#treadle-panel"), f"{face}-{short}-{part}")
        if face == "lab":
            page.evaluate("() => { jupyterapp.commands.execute('treadle:open-tab') }")
            tab = page.locator("[id^=treadle-tab-]")
            expect(tab.locator('[data-task="10"]')).to_have_attribute("data-state", "running", timeout=SLOW_MS)
            shoot(tab, f"tab-{short}")
        page.evaluate("() => { jupyterapp.commands.execute('treadle:cancel-notebook') }")
        expect(view.locator('[data-task="10"]')).to_have_attribute("data-state", "cancelled", timeout=SLOW_MS)
    finally:
        page.evaluate("() => jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Light' })")


@FACES
def test_below_a_hubs_prefix_and_without_the_widgets_manager(hub: Any, page: Page, face: str) -> None:
    from tests.browser.conftest import Opener

    notebook = getattr(Opener(page, hub), face)(hub.notebook(f"hub-{face}.ipynb", *CELLS))
    view = started(notebook, page)
    button = notebook.cells.nth(1).locator(".trd-p-cancel")
    button.click()
    expect(view.locator('[data-task="10"]')).to_have_attribute("data-state", "cancelled", timeout=SLOW_MS)


@FACES
def test_by_keys_alone(opener: Any, page: Page, face: str) -> None:
    notebook = getattr(opener, face)(opener.server.notebook(f"keys-{face}.ipynb", *CELLS))
    view = started(notebook, page)
    mine = page.locator("#treadle-panel .trd-p-row").filter(has_text=f"keys-{face}.ipynb")
    mine.locator(".trd-p-choose").focus()
    page.keyboard.press("Tab")
    if face == "lab":
        expect(mine.locator(".trd-p-tool", has_text="Tab")).to_be_focused()
        page.keyboard.press("Tab")
    expect(mine.locator(".trd-p-tool", has_text="Stop")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".jp-Dialog")).to_contain_text("Stop the runtime of")
    page.keyboard.press("Escape")
    expect(page.locator(".jp-Dialog")).to_have_count(0)
    notebook.cells.nth(1).locator(".trd-p-cancel").focus()
    page.keyboard.press("Enter")
    expect(view.locator('[data-task="10"]')).to_have_attribute("data-state", "cancelled", timeout=SLOW_MS)


@FACES
def test_a_server_that_does_not_know_treadle_is_said_so_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, page: Page, face: str
) -> None:
    from tests.browser.conftest import Opener, serve

    for server in serve(tmp_path_factory.mktemp("unknown"), knows_treadle=False):
        getattr(Opener(page, server), face)(server.notebook("x.ipynb", "1"))
        page.evaluate("() => { jupyterapp.commands.execute('treadle:open') }")
        expect(page.locator("#treadle-panel .trd-p-hint")).to_contain_text("run `pip install treadle` in the server's environment")
        break


def test_a_server_that_forbids_it_is_said_so_in_one_line(opener: Any, page: Page) -> None:
    page.route("**/treadle/api/runtimes*", lambda route: route.fulfill(status=403, json={"message": "Forbidden"}))
    opener.lab(opener.server.notebook("forbidden.ipynb", "1"))
    page.evaluate("() => { jupyterapp.commands.execute('treadle:open') }")
    expect(page.locator("#treadle-panel .trd-p-hint")).to_contain_text("does not let this page reach runtimes (403 Forbidden)")
