"""axe-core finds nothing in the side panel at 300 px and in the tab of JupyterLab, in light, dark, high contrast and forced colours."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.browser.test_accessible import AXE, PARTS
from tests.browser.test_plugin import SLOW_MS, begun, command, in_panel

pytestmark = pytest.mark.long
WIDTH = 300
RUN = "async (place) => (await axe.run(document.querySelector(place))).violations"
LOOKS = ["JupyterLab Light", "JupyterLab Dark", "JupyterLab Dark High Contrast", "forced colours"]
SIGNS = """(view) => Object.fromEntries([...view.querySelectorAll('.trd-task-table .trd-sign')].map((sign) =>
  [sign.dataset.state, sign.querySelector('path').getAttribute('d')]))"""


def violations(page: Page, place: str) -> list[str]:
    """Return what axe finds, of any impact."""
    found: list[dict[str, Any]] = page.evaluate(RUN, place)
    return [f"{each['id']} ({each['impact']}): {node['html'][:160]} {node['failureSummary'][:300]}" for each in found for node in each["nodes"]]


def widen(page: Page) -> None:
    """Drag the side panel's edge until the panel is as wide as wanted."""
    box = page.locator("#treadle-panel").bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] - 2, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - WIDTH - 2, y, steps=4)
    page.mouse.up()
    now = page.locator("#treadle-panel").bounding_box()
    assert now is not None
    assert abs(now["width"] - WIDTH) < 6


def test_axe_finds_nothing_in_panel_and_tab(
    opener: Any, page: Page, gate: Path, shoot: Callable[[Locator, str], None]
) -> None:
    notebook = begun(opener, "lab", "axe.ipynb", gate)
    notebook.run(1)
    command(page, "treadle:open")
    view = in_panel(page)
    expect(view.locator('[data-task="5"]')).to_have_attribute("data-state", "running", timeout=SLOW_MS)
    widen(page)
    page.add_script_tag(path=AXE)
    command(page, "treadle:open-tab")
    tab = page.locator("[id^=treadle-tab-]")
    expect(tab.locator('[data-task="5"]')).to_have_attribute("data-state", "running", timeout=SLOW_MS)
    found = {}
    for look in LOOKS:
        forced = look == "forced colours"
        page.emulate_media(forced_colors="active" if forced else "none")
        theme = "JupyterLab Light" if forced else look
        page.evaluate("theme => jupyterapp.commands.execute('apputils:change-theme', { theme })", theme)
        expect(page.locator("body")).to_have_attribute("data-jp-theme-name", theme)
        for place, shown in (("#treadle-panel", view), ("[id^=treadle-tab-]", tab)):
            for part in PARTS:
                title = shown.get_by_role("tab", name=part)
                if title.is_visible():
                    title.click()
                if bad := violations(page, place):
                    found[f"{look}, {place}, {part}"] = bad
            shown.get_by_role("tab", name="Graph").click()
        shoot(page.locator("#treadle-panel"), f"axe-{look.replace(' ', '-').lower()}")
    assert found == {}
    view.get_by_role("tab", name="Tasks").click()
    signs = view.evaluate(SIGNS)
    assert set(signs) == {"done", "failed", "running", "placed"}
    assert len(set(signs.values())) == len(signs), "each state has a shape of its own"
    shoot(page.locator("#treadle-panel"), "forced-tasks")
