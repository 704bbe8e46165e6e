"""axe-core finds nothing serious in any part of the view, light, dark and with forced colours, wide and narrow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from bench_page import Bench
from playwright.sync_api import Page, expect
from scene import Scene

AXE = Path(__file__).parents[2] / "labextension" / "node_modules" / "axe-core" / "axe.min.js"
PARTS = ["Graph", "Stream", "Tasks", "Workers", "Functions", "Failures", "Log"]
RUN = "async () => (await axe.run(document.querySelector('.trd'))).violations"


def violations(page: Page) -> list[str]:
    found: list[dict[str, Any]] = page.evaluate(RUN)
    return [
        f"{each['id']} ({each['impact']}): {node['html'][:160]} {node['any'][0]['message'] if node['any'] else ''}"
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]


@pytest.mark.long
@pytest.mark.parametrize(("width", "dark"), [(1100, False), (1100, True), (300, False)])
def test_axe_finds_nothing_serious(page: Page, width: int, dark: bool) -> None:
    assert AXE.exists(), "axe-core is missing: run `npm ci` in labextension"
    scene = Scene()
    bench = Bench(page, scene, width=width, height=None if width > 300 else 760, dark=dark)
    page.add_script_tag(path=AXE)
    found = {part: seen for part in PARTS if bench.tab(part).is_visible() and (seen := violations(page))}
    bench.tab("Failures").locator(".trd-failure-head").first.click()
    expect(bench.view.locator(".trd-trace")).to_be_visible()
    assert (found, violations(page)) == ({}, [])


@pytest.mark.long
def test_forced_colours_and_less_motion_are_respected(page: Page) -> None:
    page.emulate_media(forced_colors="active", reduced_motion="reduce")
    bench = Bench(page, Scene())
    tab = bench.view.get_by_role("tab", name="Graph")
    assert tab.evaluate("(tab) => getComputedStyle(tab).borderBottomColor") != "rgba(0, 0, 0, 0)"
    bench.tab("Workers")
    meter = bench.view.locator(".trd-meter-fill").first
    assert meter.evaluate("(fill) => getComputedStyle(fill).transitionDuration") == "0s"
    assert meter.evaluate("(fill) => getComputedStyle(fill).forcedColorAdjust") == "none"
