"""Names, failures and results that look like HTML or turn text around: lines, cards and the panel show them, and nothing is interpreted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.browser.test_plugin import FACES, SLOW_MS, command, in_panel

pytestmark = pytest.mark.long

SETUP = r'''%load_ext treadle
from treadle import task, wait_on
evil = '<img src=x onerror="window.hit=1"><script>window.hit=2</script>'
turned = "a\u202eb\x1b[31m\x07\u2066c\r"

class Odd:
    def __repr__(self): return evil + turned + "</div></table><svg onload='window.hit=3'>"
    def _repr_html_(self): return "<b id='own'>its own</b>"

def make(x):
    if x == 1:
        raise ValueError(evil + turned + "</pre><iframe srcdoc='<script>parent.hit=4</script>'></iframe>")
    print(evil, turned)
    return Odd()
make.__name__ = make.__qualname__ = evil
make = task(make)
strange = task(name="b\u202e" + evil)(lambda x: x)'''
CELLS = (SETUP, "a = make(0)\na", "b = make(1)\nb", "many = [strange(i) for i in range(3)] + [make(1)]\nmany", "wait_on(b)")
NOTHING = """() => ({ hit: window.hit ?? 0, foreign: [...document.querySelectorAll(
  ".jp-OutputArea img[src='x'], .jp-OutputArea iframe, .jp-OutputArea script, .jp-OutputArea [onerror], .jp-OutputArea [onload], .trd img, .trd iframe, .trd script, .trd [onerror]")].length })"""
TURNING = "\u202a\u202b\u202d\u202e\u2066\u2067\u2068"


def assert_nothing_is_interpreted(page: Page) -> None:
    assert page.evaluate(NOTHING) == {"hit": 0, "foreign": 0}


@FACES
def test_hostile_names_failures_and_results(
    opener: Any, page: Page, face: str, shoot: Callable[[Locator, str], None]
) -> None:
    name = opener.server.notebook(f"hostile-{face}.ipynb", *CELLS)
    notebook = getattr(opener, face)(name)
    command(page, "treadle:open")
    for index in range(4):
        notebook.run(index)
    first, second, third = (notebook.cells.nth(index).locator(".jp-OutputArea") for index in (1, 2, 3))
    expect(first.locator(".treadle-card")).to_contain_text("<img src=x onerror", timeout=SLOW_MS)
    expect(second.locator(".treadle-card")).to_contain_text("failed", timeout=SLOW_MS)
    expect(third.locator(".treadle-line")).to_contain_text("1 failed", timeout=SLOW_MS)
    notebook.run(4)
    assert_nothing_is_interpreted(page)
    for output in (first, second, third):
        for shown in output.locator(".treadle-card, .treadle-line").all():
            said = shown.inner_text()
            assert not [each for each in said if each in TURNING or (each < " " and each not in "\n\t")], said
    shoot(first, f"hostile-{face}")
    shoot(second, f"hostile-failed-{face}")
    view = in_panel(page)
    for part in ("Tasks", "Functions", "Failures", "Log"):
        view.get_by_role("tab", name=part).click()
        if part == "Failures":
            view.locator(".trd-failure-head").first.click()
            expect(view.locator(".trd-trace")).to_contain_text("<img src=x")
        shoot(page.locator("#treadle-panel"), f"hostile-{part.lower()}-{face}")
    assert_nothing_is_interpreted(page)
    notebook.save()
    page.goto("about:blank")
    text = (opener.server.folder / name).read_text(encoding="utf-8")
    strange = opener.server.folder / f"strange-{name}"
    strange.write_text(text.replace("a = make(0)", "a = make( 0)"), encoding="utf-8")  # not signed here
    again = getattr(opener, face)(f"strange-{name}")
    trusted = "() => [...jupyterapp.shell.currentWidget.content.widgets].every((cell) => cell.model.trusted)"
    assert page.evaluate(trusted) is False
    expect(again.cells.nth(1).locator(".treadle-card")).to_contain_text("<img src=x onerror")
    expect(again.cells.nth(3).locator(".treadle-line")).to_contain_text("1 failed")
    assert_nothing_is_interpreted(page)
    shoot(again.cells.nth(1).locator(".jp-OutputArea"), f"hostile-untrusted-{face}")
