"""The pictures of README and docs: a wing at several angles in JupyterLab, each view in the light and in the dark.

`make pictures` takes them into docs/images.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from album import FINENESS, SLOW_MS, Album
from bench_page import Bench
from playwright.sync_api import Browser, Locator, Page, expect

pytestmark = pytest.mark.long
THEMES = pytest.mark.parametrize("ending", ["", "-dark"], ids=["light", "dark"])
SETUP = """\
%load_ext treadle
import numpy as np
import treadle
import wing
from treadle import task, wait_on"""
START = "_ = treadle.start(workers=4)"
FUNCTIONS = """\
@task
def read_mesh(file):
    return wing.read(file)

@task(name="solve {angle}°")
def solve(mesh, angle):
    return wing.solve(mesh, angle)

@task
def lift(field):
    return wing.lift(field)

@task
def noise(field, limit=80):
    level = wing.noise(field)
    if level > limit:
        raise ValueError(f"{level:.1f} dB, the limit is {limit} dB")
    return level

@task
def fit_polar(*lifts):
    return np.polyfit(range(len(lifts)), lifts, 2)"""
SHOW = "%treadle"
SUBMIT = """\
mesh = read_mesh("wing.msh")
fields = [solve(mesh, angle) for angle in range(0, 20, 2)]
lifts = [lift(field) for field in fields]
sounds = [noise(fields[1]), noise(fields[2], limit=70), noise(fields[6])]
polar = fit_polar(*lifts)"""
BLOCK = "print(wait_on(polar))"
FLOW = [SETUP, START, FUNCTIONS, SHOW, SUBMIT, BLOCK]

DRAG = """\
@task
def drag(angle):
    value = wing.measure(angle)
    if angle % 9 > 8.8:
        raise ValueError(f"the flow separates at {angle:.2f}°")
    return value"""
SWEEP = "drags = [drag(angle) for angle in np.linspace(0, 18, 241)[:-1]]"
CARD = "least = drag(3.5)\nleast"
TRAIN = "%%task\nangle = wing.train(points=240)"
VALUE = '%%task\nprint("the most lift, of 240 points, at")\nf"{angle}°"'
FAILURE = "wait_on(drags)"
CELLS = [SETUP, START, DRAG, SWEEP, CARD, TRAIN, VALUE, FAILURE]
PLAIN = """\
def smooth(pressure, weight, *, passes=3):
    for _ in range(passes):
        pressure += weight * (np.roll(pressure, 1) - pressure)
    return abs(pressure).max()"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1240, "height": 910}, device_scale_factor=FINENESS)
    yield context.new_page()
    context.close()


@pytest.fixture
def album(page: Page, tmp_path: Path) -> Album:
    return Album(page, tmp_path)


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A server whose folder holds what the pictures are about and nothing else, and no runtime of another picture."""
    from tests.browser.conftest import serve

    for server in serve(tmp_path_factory.mktemp("wing")):
        (server.folder / "fake_feed.py").unlink()
        shutil.copy(Path(__file__).with_name("wing.py"), server.folder)
        yield server
        for name in ("flow", "drags", "trained"):
            (server.folder / name).touch()


def command(page: Page, name: str) -> None:
    """Carry out a command of JupyterLab."""
    page.evaluate("name => { jupyterapp.commands.execute(name) }", name)


def choose(view: Locator, part: str) -> None:
    """Open a tab of a view."""
    view.get_by_role("tab", name=part).click()


def begun(opener: Any, face: str, name: str, album: Album, ending: str) -> Any:
    """Open a notebook in a theme; its flow is half done, and its last cell waits for it."""
    notebook = getattr(opener, face)(opener.server.notebook(name, *FLOW))
    album.wear(ending)
    if face == "lab":
        command(opener.page, "application:toggle-left-area")
    for index in range(FLOW.index(BLOCK)):
        notebook.run(index)
    notebook.start(FLOW.index(BLOCK))
    view = notebook.cells.nth(FLOW.index(SHOW)).locator(".trd")
    for chip, words in {"running": "3 running", "failed": "1 failed"}.items():
        expect(view.locator(f"[data-chip={chip}]")).to_have_text(words, timeout=SLOW_MS)
    expect(view.locator("[data-chip=done]")).to_have_text("16 done", timeout=SLOW_MS)
    return notebook


@THEMES
def test_the_view_and_where_it_stands(opener: Any, page: Page, album: Album, ending: str) -> None:
    notebook = begun(opener, "lab", "wing.ipynb", album, ending)
    view = notebook.cells.nth(FLOW.index(SHOW)).locator(".trd")
    choose(view, "Stream")
    view.get_by_role("button", name="All:").click()
    album.take("stream", view)
    choose(view, "Graph")
    album.take("live-graph", view)
    notebook.cells.nth(FLOW.index(BLOCK)).evaluate("cell => cell.scrollIntoView({ block: 'end' })")
    album.take_page("window")
    look_at_the_places(page, album)
    look_at_the_parts(view, album)
    if ending:
        album.wear("-contrast")
        choose(view, "Graph")
        album.take("live-graph", view)
    (opener.server.folder / "flow").touch()
    notebook.wait_for_end(FLOW.index(BLOCK))


def look_at_the_parts(view: Locator, album: Album) -> None:
    choose(view, "Workers")
    album.take("workers", view, height=250)
    choose(view, "Functions")
    album.take("functions", view, height=330)
    choose(view, "Failures")
    view.locator(".trd-failure-head").click()
    expect(view.locator(".trd-trace")).to_contain_text("ValueError")
    album.take("failures", view)
    close_details(view)
    choose(view, "Tasks")
    view.get_by_role("searchbox").fill("lift")
    album.take("search", view, height=430)
    view.get_by_role("searchbox").fill("solve 12")
    view.get_by_role("button", name=re.compile("^solve 12° #")).click()
    view.get_by_role("searchbox").fill("")
    choose(view, "Log")
    expect(view.locator(".trd-log")).to_contain_text("sweep  800")
    album.take("log", view)
    choose(view, "Graph")
    album.take("details", view)
    close_details(view)


def close_details(view: Locator) -> None:
    """Have the parts all the room again."""
    view.get_by_role("button", name="Close details").click()


def look_at_the_places(page: Page, album: Album) -> None:
    album.take("status", page.locator(".trd-p-status"), pad=2)
    command(page, "treadle:open")
    panel = page.locator("#treadle-panel")
    expect(panel.locator(".trd")).to_be_visible(timeout=SLOW_MS)
    choose(panel.locator(".trd"), "Stream")
    panel.get_by_role("button", name="All:").click()
    album.take("panel", panel, height=600)
    album.take_page("jupyterlab")
    command(page, "treadle:open-tab")
    tab = page.locator("[id^=treadle-tab-]")
    expect(tab.locator("[data-chip=running]")).to_have_text("3 running", timeout=SLOW_MS)
    command(page, "application:toggle-right-area")
    choose(tab, "Stream")
    tab.get_by_role("button", name="All:").click()
    album.take("tab", page.locator("#jp-main-dock-panel"))
    command(page, "application:close")
    expect(tab).to_have_count(0)


@THEMES
def test_in_jupyter_notebook(opener: Any, page: Page, album: Album, ending: str) -> None:
    notebook = begun(opener, "notebook7", "flow.ipynb", album, ending)
    command(page, "treadle:open")
    panel = page.locator("#treadle-panel")
    expect(panel.locator(".trd")).to_be_visible(timeout=SLOW_MS)
    album.take_page("notebook")
    (opener.server.folder / "flow").touch()
    notebook.wait_for_end(FLOW.index(BLOCK))


@THEMES
def test_what_stands_below_cells(opener: Any, page: Page, album: Album, ending: str) -> None:
    folder = opener.server.folder
    notebook = opener.lab(opener.server.notebook("cells.ipynb", *CELLS))
    album.wear(ending)
    command(page, "application:toggle-left-area")
    page.set_viewport_size({"width": 900, "height": 700})
    page.add_style_tag(content=".jp-cell-toolbar { display: none !important }")
    cell = {source: notebook.cells.nth(index) for index, source in enumerate(CELLS)}
    for source in (SETUP, START, DRAG, SWEEP):
        notebook.run(CELLS.index(source))
    expect(cell[SWEEP]).to_contain_text(re.compile(r"4 running · \d+ waiting · 119 done · 2 failed"), timeout=SLOW_MS)
    album.take("line-running", cell[SWEEP])
    (folder / "drags").touch()
    expect(cell[SWEEP]).to_contain_text("236 done · 4 failed in", timeout=SLOW_MS)
    album.take("line-done", cell[SWEEP])
    notebook.run(CELLS.index(CARD))
    expect(cell[CARD].locator(".treadle-card")).to_contain_text("done", timeout=SLOW_MS)
    album.take("card", cell[CARD])
    notebook.run(CELLS.index(TRAIN))
    value = notebook.run(CELLS.index(VALUE))
    expect(cell[TRAIN]).to_contain_text("62 %, epoch 5", timeout=SLOW_MS)
    album.take("task-running", cell[TRAIN])
    (folder / "trained").touch()
    expect(value.locator(".jp-OutputArea-output")).to_have_count(3, timeout=SLOW_MS)
    album.take("task-value", value)
    notebook.run(CELLS.index(FAILURE))
    expect(cell[FAILURE]).to_contain_text("to look; edit the function")
    album.take("failure", cell[FAILURE])


@THEMES
def test_the_form_of_a_decorator(opener: Any, page: Page, album: Album, ending: str) -> None:
    notebook = opener.lab(opener.server.notebook("form.ipynb", PLAIN))
    album.wear(ending)
    notebook.cells.nth(0).locator(".cm-line").nth(1).click()
    command(page, "treadle:insert-decorator")
    form = page.locator(".jp-Dialog .trd-p-form")
    expect(form.locator("output")).to_have_text("@task(pressure=INOUT)")
    album.take("decorator", page.locator(".jp-Dialog-content"))
    page.keyboard.press("Escape")
    expect(form).to_have_count(0)


class Crowd:
    """100,000 tasks, as a page asks for them."""

    def __init__(self) -> None:
        from tests.browser.test_many_tasks import hundred_thousand

        self.projection = hundred_thousand()
        self.projection.delta()

    def snapshot(self) -> dict[str, Any]:
        return self.projection.snapshot()

    def command(self, name: str, args: dict[str, Any]) -> dict[str, Any]:
        return {"data": self.projection.members(args["group"], args["offset"]) if name == "members" else {}}


@THEMES
def test_a_hundred_thousand_tasks(page: Page, album: Album, ending: str) -> None:
    bench = Bench(page, Crowd(), width=1060, dark=bool(ending))
    album.ending = ending
    expect(bench.view).to_have_attribute("data-theme", "dark" if ending else "light")
    bench.view.locator(".trd-tasks").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect(bench.view.locator("[data-task]")).to_have_count(400)
    page.keyboard.press("Escape")
    bench.view.get_by_role("button", name="Show everything").click(click_count=2)
    album.take("boxes", bench.view)
