"""The static view: bounded, readable anywhere, telling nothing of whose it was."""

from __future__ import annotations

import base64
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from treadle.view.picture import COLOURS, SIGNS, WORDS, svg
from treadle.view.snapshot import render, text, unpathed
from treadle_runtime.feed.projection import Projection
from treadle_runtime.feed.reducer import nothing, reduce

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
STATES = ("done", "failed", "running", "placed", "ready", "waiting", "upstream", "cancelled")


def state_of(projection: Projection) -> dict[str, Any]:
    state = nothing()
    assert reduce(state, projection.snapshot())
    delta = projection.delta()
    assert delta is None or reduce(state, delta)
    return state


def many(tasks: int, name: str = "solve", title: str | None = None) -> dict[str, Any]:
    projection = Projection(epoch="e")
    projection.functions({n: f"{name}{n}" for n in range(1, 90)})
    for n in range(1, tasks + 1):
        makers = tuple(range(max(1, n - 7), n - 2))
        projection.apply(
            [("b", n, 1 + n % 89, 0, n // 50, n % 9, makers, title, 0.0), ("t", n, STATES[n % 8], 1, 0.0)]
        )
        if n % 10 == 0:
            row = {
                "number": n,
                "type": f"E{n}",
                "message": name * 50,
                "traceback": f'  File "/data/ann/x.py"\n{name}' * 80,
            }
            projection.failures([row])
    projection.apply([("w", n, "idle", "", 0.0) for n in range(1, 200)])
    return state_of(projection)


class Tags(HTMLParser):
    """Collects tags and attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


@pytest.mark.parametrize("tasks", [0, 1, 30, 300, 1900, 10_000])
def test_under_200_kb_for_any_number_of_tasks(tasks: int) -> None:
    html = render(many(tasks, "é<&>" * 20), live=True, at="14:02:31", view_id="v", note="a note")
    assert len(html.encode()) < 200_000
    assert ("No tasks yet" in html) == (tasks == 0)


def test_only_what_an_untrusted_notebook_keeps() -> None:
    html = render(many(40, HOSTILE, HOSTILE), live=True, at="14:02:31", view_id='v"><script>')
    tags = Tags(html).seen
    assert {tag for tag, _ in tags} <= {"div", "span", "table", "tr", "td", "b", "pre", "img"}
    assert {name for _, attributes in tags for name in attributes} <= {"style", "class", "src", "alt"}
    sources = [attributes["src"] or "" for tag, attributes in tags if tag == "img"]
    assert len(sources) == 1
    root = ET.fromstring(base64.b64decode(sources[0].removeprefix("data:image/svg+xml;base64,")))
    assert {element.tag.rpartition("}")[2] for element in root.iter()} <= {
        "svg",
        "defs",
        "pattern",
        "path",
        "rect",
        "text",
    }


def test_no_absolute_path_is_told() -> None:
    html = render(many(40), live=False, at="14:02:31")
    assert "x.py" in html
    assert "ann" not in html
    assert unpathed("open('/data/ann/a b.txt')") == "open('a b.txt')"
    assert unpathed("C:\\Users\\ann\\x.py") == "x.py"
    assert unpathed("1/2 of a/b at http://host/x/y") == "1/2 of a/b at http://host/x/y"


def test_what_a_reader_learns() -> None:
    projection = Projection(epoch="e")
    projection.functions({1: "solve"})
    projection.apply(
        [
            ("b", 1, 1, 0, 5, 0, (), None, 0.0),
            ("t", 1, "failed", 2, 0.0),
            ("w", 2, "gone", "killed by signal 9", 0.0),
        ]
    )
    projection.failures([{"number": 1, "type": "ValueError", "message": "no such case", "traceback": "T"}])
    state = state_of(projection)
    for shown in (render(state, live=False, at="14:02:31"), text(state)):
        for words in (
            "1 failed",
            "ValueError, solve #1, [5]: no such case",
            "worker 2",
            "killed by signal 9",
        ):
            assert words in shown
    assert "solve #1" in svg(state)[0]


def test_words_signs_and_colours_are_those_of_the_live_view() -> None:
    source = Path(__file__).parents[2] / "labextension" / "src"
    states = (source / "words" / "states.ts").read_text(encoding="utf-8")
    assert dict(re.findall(r"(\w+): \{ d: '([^']+)'", states)) == SIGNS
    words = states[states.index("WORD:") : states.index("interface Sign")]
    assert dict(re.findall(r"(\w+): '([^']+)',", words)) == WORDS
    theme = (source / "page" / "theme.ts").read_text(encoding="utf-8")
    light = theme[theme.index("LIGHT:") : theme.index("DARK:")]
    assert COLOURS.items() <= dict(re.findall(r"(\w+): '(#\w+)'", light)).items()


@pytest.mark.parametrize(
    ("name", "shown"),
    [("mean_of_all", "mean_of_all"), ("计算平均值和方差", "计算平均…"), ("🚀🚀🚀🚀🚀🚀🚀", "🚀🚀🚀🚀…")],
)
def test_a_name_stays_within_its_tile_however_wide_its_letters(name: str, shown: str) -> None:
    state = {**nothing(), "task": {"1": {"fn": 1, "cell": 1, "state": "done"}}, "function": {"1": {"name": name}}}
    drawn = svg(state)[0]
    assert f">{shown} #1</text>" in drawn


def test_a_number_leaves_room_for_the_name() -> None:
    tasks = {number: {"fn": 1, "cell": 1, "state": "done"} for number in ("99999", "1000000001")}
    drawn = svg({**nothing(), "task": tasks, "function": {"1": {"name": "mean_of_all_cases"}}})[0]
    assert ">mean_o… #99999</text>" in drawn
    assert ">mean_of_all_c…</text>" in drawn
