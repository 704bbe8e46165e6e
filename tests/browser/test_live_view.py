"""The live view in a real JupyterLab and Notebook 7, fed by a fake feed: what a person at the screen sees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Locator, Page, expect

from treadle.view.snapshot import render
from treadle_runtime.feed.projection import Projection
from treadle_runtime.feed.reducer import nothing, reduce

SHOW = """\
from fake_feed import Source
from treadle.view.widget import Dashboard
source = Source()
view = Dashboard(source)
view"""
BLOCK = "source.play()"
PLAY = "source.play(hold=False)"
ANSWERED = "print(source.commands)"
COUNT_PIXELS = """(root, state) => {
  const canvas = root.querySelector('canvas');
  const probe = document.createElement('canvas').getContext('2d');
  probe.fillStyle = getComputedStyle(root).getPropertyValue('--trd-' + state);
  probe.fillRect(0, 0, 1, 1);
  const [r, g, b] = probe.getImageData(0, 0, 1, 1).data;
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let i = 0; i < data.length; i += 4) {
    if (data[i] === r && data[i + 1] === g && data[i + 2] === b && data[i + 3] === 255) count += 1;
  }
  return count;
}"""


def live(notebook: Any, index: int = 0) -> Locator:
    """Return the live view of a cell, once it stands and has data."""
    view: Locator = notebook.cells.nth(index).locator(".trd")
    expect(view).to_be_visible(timeout=15_000)
    expect(view.locator("[data-task]")).to_have_count(14)
    return view


def wait_for_colour(page: Page, view: Locator, state: str, there: bool = True) -> None:
    """Wait until the canvas shows a state's colour, or no longer does."""
    compare = "> 20" if there else "=== 0"
    page.wait_for_function(
        f"([root, state]) => ({COUNT_PIXELS})(root, state) {compare}", arg=[view.element_handle(), state]
    )


@pytest.mark.parametrize("face", ["lab", pytest.param("notebook7", marks=pytest.mark.long)])
def test_nodes_change_colour_while_a_cell_blocks(
    opener: Any, page: Page, face: str, shoot: Callable[[Locator, str], None]
) -> None:
    notebook = getattr(opener, face)(opener.server.notebook(f"block-{face}.ipynb", SHOW, BLOCK, ANSWERED))
    notebook.run(0)
    view = live(notebook)
    expect(view.locator('[data-task="4"]')).to_have_attribute("data-state", "waiting")
    wait_for_colour(page, view, "running", there=False)
    notebook.start(1)
    expect(view.locator('[data-task="4"]')).to_have_attribute("data-state", "running", timeout=20_000)
    expect(view.locator('[data-task="2"]')).to_have_attribute("data-state", "done")
    wait_for_colour(page, view, "running")
    wait_for_colour(page, view, "done")
    wait_for_colour(page, view, "failed")
    expect(view.locator('[data-worker="1"]')).to_contain_text("solve #4")
    shoot(view, f"live-{face}")
    assert notebook.is_busy(1), "all this was seen while the cell blocks"
    view.locator('[data-failure="3"] .trd-failure-head').click()
    expect(view.locator(".trd-trace")).to_contain_text("----> 3")
    expect(view.locator(".trd-facts")).to_contain_text("ran for300 ms")  # the kernel answered although it is blocked
    notebook.wait_for_end(1)
    wait_for_colour(page, view, "running", there=False)
    expect(view.locator("[data-chip=done]")).to_have_text("12 done")
    expect(view.locator("[data-chip=upstream]")).to_have_text("1 upstream failed")
    expect(view.locator(".trd-announcer")).to_contain_text("solve #3 failed: ZeroDivisionError")
    shoot(view, f"ended-{face}")
    notebook.run(2)
    assert "('details', {'number': 3})" in notebook.output(2)


@pytest.mark.long
def test_the_keyboard_reaches_everything(opener: Any, page: Page) -> None:
    notebook = opener.lab(opener.server.notebook("keys.ipynb", SHOW, ANSWERED))
    notebook.run(0)
    view = live(notebook)
    view.locator(".trd-tasks").focus()
    details = view.locator(".trd-details")
    expect(details).to_contain_text("load_mesh #1")
    page.keyboard.press("ArrowRight")
    expect(details).to_contain_text("solve #2")
    expect(view.locator("[data-task][aria-selected=true]")).to_have_attribute("data-task", "2")
    page.keyboard.press("ArrowRight")
    expect(details).to_contain_text("mean #14")
    page.keyboard.press("Enter")
    expect(details.locator("button", has_text="Cancel")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(details).to_be_hidden()
    notebook.run(1)
    assert "('cancel', {'numbers': [14]})" in notebook.output(1)


@pytest.mark.long
def test_the_view_follows_the_theme(opener: Any, page: Page, shoot: Callable[[Locator, str], None]) -> None:
    notebook = opener.lab(opener.server.notebook("theme.ipynb", SHOW, PLAY))
    notebook.run(0)
    notebook.run(1)
    view = live(notebook)
    expect(view).to_have_attribute("data-theme", "light")
    page.evaluate("() => jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Dark' })")
    expect(view).to_have_attribute("data-theme", "dark")
    wait_for_colour(page, view, "done")
    shoot(view, "dark")
    page.evaluate("() => jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Light' })")
    expect(view).to_have_attribute("data-theme", "light")


@pytest.mark.long
def test_a_reloaded_page_is_live_again_and_the_file_keeps_the_picture(opener: Any, page: Page) -> None:
    name = opener.server.notebook("reload.ipynb", SHOW, PLAY)
    notebook = opener.lab(name)
    notebook.run(0)
    live(notebook)
    notebook.run(1)
    notebook.save()
    read: Any = nbformat.read
    (output,) = read(opener.server.folder / name, 4).cells[0].outputs
    assert set(output.data) == {"text/html", "text/plain"}, (
        "a widget's view would be an error without a kernel"
    )
    assert "12 done" in output.data["text/html"]
    page.reload()
    expect(live(notebook).locator("[data-chip=done]")).to_have_text("12 done")


FACES = pytest.mark.parametrize("face", ["lab", pytest.param("notebook7", marks=pytest.mark.long)])


@FACES
def test_without_a_kernel_the_picture_is_there(opener: Any, page: Page, face: str) -> None:
    name = opener.server.notebook(f"kept-{face}.ipynb", SHOW, PLAY)
    notebook = getattr(opener, face)(name)
    notebook.run(0)
    live(notebook)
    notebook.run(1)
    notebook.save()
    page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    page.evaluate("() => jupyterapp.shell.currentWidget.context.save()")
    page.goto("about:blank")
    notebook = getattr(opener, face)(name)
    picture = notebook.cells.nth(0).locator(".treadle-view")
    expect(picture.locator("img")).to_be_visible()
    expect(picture).to_contain_text("12 done")
    expect(page.locator(".jp-Notebook")).not_to_contain_text("rror displaying widget")


@FACES
def test_without_anywidgets_front_end_the_picture_is_kept_up_to_date_and_says_why(
    bare_opener: Any, page: Page, face: str
) -> None:
    name = bare_opener.server.notebook(f"bare-{face}.ipynb", SHOW, PLAY)
    notebook = getattr(bare_opener, face)(name)
    notebook.run(0)
    picture = notebook.cells.nth(0).locator(".treadle-view")
    expect(picture.locator("img")).to_be_visible()
    expect(picture).to_contain_text("waiting")
    notebook.run(1)
    expect(picture).to_contain_text("12 done")
    expect(picture).to_contain_text("pip install anywidget", timeout=15_000)
    expect(page.locator(".jp-Notebook")).not_to_contain_text("avascript error")
    assert page.locator(".trd").count() == 0


@pytest.mark.long
@pytest.mark.parametrize("face", ["lab", "notebook7"])
def test_an_untrusted_notebook_shows_the_picture(
    opener: Any, page: Page, shoot: Callable[[Locator, str], None], face: str
) -> None:
    projection = Projection(epoch="e")
    projection.functions({1: "solve"})
    projection.apply(
        [
            fact
            for n in range(1, 9)
            for fact in (("b", n, 1, 0, 1, 0, (), None, 0.0), ("t", n, "done", 1, 0.0))
        ]
    )
    projection.delta()
    state = nothing()
    assert reduce(state, projection.snapshot())
    html = render(state, live=False, at="14:02:31", view_id="x")
    new: Any = nbformat.v4
    cell = new.new_code_cell("view", execution_count=1)
    cell.outputs = [new.new_output("display_data", data={"text/html": html})]
    name = opener.server.notebook(f"untrusted-{face}.ipynb", cell)
    notebook = getattr(opener, face)(name)
    trusted = "() => [...jupyterapp.shell.currentWidget.content.widgets].some((cell) => cell.model.trusted)"
    assert page.evaluate(trusted) is False
    output = notebook.cells.nth(0).locator(".jp-OutputArea-output")
    expect(output).to_contain_text("8 done")
    picture = output.locator("img")
    expect(picture).to_be_visible()
    assert picture.evaluate("(img) => img.naturalWidth") > 100
    shoot(output, f"untrusted-{face}")
