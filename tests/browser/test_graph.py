"""The graph in a real browser, without Jupyter: boxes of many, folding, keyboard, files that are exported."""

from __future__ import annotations

import json
import re
import shutil
import struct
import subprocess
import xml.etree.ElementTree
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from treadle_runtime.feed.projection import Projection

from .view_page import View, became, born

HOSTILE = "</script><img src=x onerror=alert(1)>&\"'\\N"
SVG = "{http://www.w3.org/2000/svg}"


def small(name: str = "solve") -> Projection:
    """A task, ten that read it, one that failed among them, and one that reads all."""
    projection = Projection(epoch="small")
    projection.functions({1: "load", 2: name, 3: "mean"})
    facts = [born(1), became(1, "done", 1)]
    for n in range(2, 12):
        facts += [born(n, 1, fn=2, depth=1, cell=2), became(n, "failed" if n == 4 else "done", 1)]
    projection.apply([*facts, born(12, *range(2, 12), fn=3, depth=2, cell=3), became(12, "upstream")])
    row = {"number": 4, "type": "ValueError", "message": name, "traceback": f"line 1\n{name}"}
    projection.failures([row])
    projection.session({"name": "nb 1"})
    return projection


def many(tasks: int = 3000) -> Projection:
    """As many tasks of `load`, each read by one of `solve`, as boxes."""
    projection = Projection(epoch="many")
    projection.functions({1: "load", 2: "solve"})
    projection.apply([fact for n in range(1, tasks + 1) for fact in (born(n), became(n, "done", 1))])
    later = range(tasks + 1, 2 * tasks + 1)
    projection.apply(
        [fact for n in later for fact in (born(n, n - tasks, depth=1, fn=2), became(n, "waiting"))]
    )
    return projection


def test_a_box_of_many_is_opened_page_by_page_and_closed(
    page: Page, shoot: Callable[[Locator, str], None]
) -> None:
    view = View(page, many())
    tasks, heads = view.root.locator("[data-task]"), view.root.locator(".trd-frame-head")
    expect(view.root.locator("[data-group]")).to_have_count(2)
    view.root.locator(".trd-tasks").focus()
    page.keyboard.press("ArrowRight")
    expect(view.root.locator("[role=treeitem][aria-selected=true]")).to_have_text(re.compile("3,000 tasks of solve"))
    page.keyboard.press("Space")
    expect(tasks).to_have_count(400)
    expect(view.root.locator("[data-group=g2]")).to_have_attribute("aria-expanded", "true")
    expect(heads).to_contain_text(re.compile(r"1.400 of 3,000"))
    shoot(view.root, "box-open")
    heads.get_by_role("button", name="Next tasks").click()
    expect(heads).to_contain_text(re.compile(r"401.800 of 3,000"))
    expect(view.root.locator('[data-task="3401"]')).to_have_count(1)
    view.root.locator(".trd-tasks").focus()
    page.keyboard.press("PageUp")
    expect(heads).to_contain_text(re.compile(r"1.400 of 3,000"))
    view.tell([became(3001, "running", 2)])
    first = view.root.locator('[data-task="3001"]')
    expect(first).to_have_attribute("data-state", "running")
    view.tell([became(3001, "done", 2), became(3002, "done", 2)])
    expect(first).to_have_attribute("data-state", "done")  # by asking again: the feed tells of the box only
    heads.get_by_role("button", name="Close").click()
    expect(tasks).to_have_count(0)
    expect(heads).to_have_count(0)


def test_what_cannot_be_opened_says_why(page: Page) -> None:
    view = View(page, many())
    view.projection.members = lambda *_: (_ for _ in ()).throw(LookupError("There is no group."))  # type: ignore[method-assign]
    view.root.locator(".trd-tasks").focus()
    page.keyboard.press("Space")
    expect(view.root.locator(".trd-note")).to_contain_text("There is no group.")


def test_folded_by_function_and_by_cell_and_back(page: Page, shoot: Callable[[Locator, str], None]) -> None:
    view = View(page, small())
    choice = view.root.get_by_label("Show tasks")
    choice.select_option("function")
    expect(view.root.locator("[data-group]")).to_have_count(3)
    choice.select_option("cell")
    boxes = view.root.locator("[data-group]")
    expect(boxes).to_have_count(3)
    expect(boxes.nth(1)).to_have_text("10 tasks of cell [2]: 9 done, 1 failed")
    boxes_open = view.root.locator(".trd-tasks")
    boxes_open.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect(view.root.locator("[data-task]")).to_have_count(10)
    shoot(view.root, "by-cell")
    choice.select_option("none")
    expect(view.root.locator("[data-task]")).to_have_count(12)


def test_keys_walk_along_the_edges(page: Page) -> None:
    view = View(page, small())
    view.root.locator(".trd-tasks").focus()
    chosen = view.root.locator("[role=treeitem][aria-selected=true]")
    for key, number in (
        ("ArrowRight", 2),
        ("ArrowDown", 3),
        ("ArrowRight", 12),
        ("ArrowLeft", 3),
        ("End", 12),
    ):
        page.keyboard.press(key)
        expect(chosen).to_have_attribute("data-task", str(number))
    page.keyboard.press("Enter")
    expect(view.root.locator(".trd-details button:focus")).to_have_count(1)
    view.root.get_by_role("button", name="Rearrange").click()
    expect(view.root.locator("[data-task]")).to_have_count(12)


def export(view: View, kind: str, folder: Path) -> Path:
    """Export by the menu; return the file."""
    view.root.get_by_role("button", name="Export").click()
    with view.page.expect_download() as download:
        view.root.locator(f"[data-export={kind}]").click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


class Tags(HTMLParser):
    """Which elements a page has."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


@pytest.mark.parametrize("name", [pytest.param("solve", marks=pytest.mark.long), HOSTILE])
def test_what_is_exported_can_be_read(page: Page, tmp_path: Path, name: str) -> None:
    view = View(page, small(name))
    svg = export(view, "svg", tmp_path)
    assert re.fullmatch(r"treadle-nb-1-\d{4}-\d\d-\d\d-\d{4}\.svg", svg.name)
    tree = xml.etree.ElementTree.fromstring(svg.read_bytes())
    titles = [title.text or "" for title in tree.iter(f"{SVG}title")]
    assert len(titles) == 13
    assert f"{name} #4: failed" in titles
    assert not list(tree.iter(f"{SVG}script"))
    png = export(view, "png", tmp_path).read_bytes()
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", png[16:24])
    assert 500 < width < 6000
    assert 300 < height < 4000
    dot = export(view, "dot", tmp_path)
    assert dot.read_text(encoding="utf-8").count(" -> ") == 20
    if program := shutil.which("dot"):
        found = subprocess.run(
            [program, "-Tplain", dot], capture_output=True, text=True, check=True, timeout=60
        )
        assert found.stdout.count("\nnode ") == 12
        assert found.stdout.count("\nedge ") == 20
    tags = Tags()
    html = export(view, "html", tmp_path).read_text(encoding="utf-8")
    tags.feed(html)
    assert not [tag for tag, _ in tags.seen if tag in ("img", "iframe", "link", "object")]
    assert [attrs.get("type") for tag, attrs in tags.seen if tag == "script"] == ["application/json"]
    data = json.loads(html.partition('id="treadle-data">')[2].partition("</script>")[0])
    assert data["failures"][0]["message"] == name


@pytest.mark.parametrize("scheme", [pytest.param("light", marks=pytest.mark.long), "dark"])
def test_the_exported_page_opens_from_a_folder(
    browser: Browser, page: Page, tmp_path: Path, scheme: str
) -> None:
    path = export(View(page, small(HOSTILE)), "html", tmp_path)
    context = browser.new_context(color_scheme=scheme)  # type: ignore[arg-type]
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("console", lambda message: wrong.append(message.text))
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("dialog", lambda dialog: wrong.append(dialog.message))
    opened.on("request", lambda request: wrong.append(request.url) if request.url != path.as_uri() else None)
    opened.goto(path.as_uri())
    expect(opened.locator("svg")).to_be_visible()
    expect(opened.locator("body")).to_contain_text("ValueError")
    ground = opened.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(17, 20, 24)")
    context.close()
    assert wrong == []


def test_an_empty_graph_is_not_exported(page: Page) -> None:
    view = View(page, Projection(epoch="nothing"))
    view.root.get_by_role("button", name="Export").click()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(view.root.locator(".trd-note")).to_contain_text("nothing to export yet")
