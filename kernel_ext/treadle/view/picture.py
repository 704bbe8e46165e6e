"""The graph as a static picture: an SVG of bounded size from the feed's state, for `<img>` in saved notebooks.

Law: pure; knows the feed's records. All words stand on tiles of their own colour, so the picture reads on light and
dark pages. Signs and words are those of labextension/src/words/states.ts (a test compares them).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from unicodedata import east_asian_width

from .escaped import escape

WORDS: Final = {
    "running": "running",
    "placed": "queued",
    "ready": "ready",
    "waiting": "waiting",
    "done": "done",
    "failed": "failed",
    "upstream": "upstream failed",
    "cancelled": "cancelled",
}
COLOURS: Final = {  # white words on them have a contrast of 4.5:1 at least
    "waiting": "#6b7683",
    "ready": "#4f6f9e",
    "placed": "#3b6fb6",
    "running": "#0f62e6",
    "done": "#1a7f45",
    "failed": "#c8242e",
    "upstream": "#a8480a",
    "cancelled": "#6d5f86",
}
SIGNS: Final = {
    "waiting": "M8 2.8a5.2 5.2 0 1 0 .01 0M8 5.2V8.3l2.1 1.3",
    "ready": "M8 4.2a3.8 3.8 0 1 0 .01 0",
    "placed": "M4 5h8M4 8h8M4 11h8",
    "running": "M5.2 3.2v9.6L13 8z",
    "done": "M3.6 8.6l3 3 6-7",
    "failed": "M4.2 4.2l7.6 7.6M11.8 4.2l-7.6 7.6",
    "upstream": "M8 3v6.2M8 12.2v.4",
    "cancelled": "M8 2.8a5.2 5.2 0 1 0 .01 0M4.4 4.4l7.2 7.2",
}
BAR_ORDER: Final = ("done", "failed", "upstream", "cancelled", "running", "placed", "ready", "waiting")
_LEADING: Final = ("failed", "running", "placed", "upstream", "ready", "waiting", "cancelled", "done")

_NODES = 120
_EDGES = 500
_ROWS = 14
_W, _H, _DX, _DY, _GAP = 122, 24, 132, 32, 40
_LETTERS = 14  # that a tile has room for
_LEGIBLE = 1100  # pictures wider than this are scrolled, not shrunk further


@dataclass
class Node:
    """A tile: one task, or many of one function."""

    label: str
    state: str
    counts: dict[str, int] | None = None
    parents: list[str] = field(default_factory=list)
    x: int = 0
    y: int = 0


def short(text: str, limit: int) -> str:
    """Cut `text`, without what would move the line."""
    text = re.sub(r"\s+", " ", text)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def name_of(state: Mapping[str, Any], function: int) -> str:
    """Return the function's name as the feed knows it."""
    return (
        "older tasks" if function < 0 else str(state["function"].get(str(function), {}).get("name", "task"))
    )


def nodes_of(state: Mapping[str, Any]) -> dict[str, Node]:
    """Return what is drawn, parents before children: tasks while they are few, else tasks of a kind together."""
    nodes: dict[str, Node] = {}
    for key, group in state["group"].items():
        whole = group["fn"] < 0 and group["cell"]
        name = f"cell [{group['cell']}]" if whole else name_of(state, group["fn"])
        nodes[key] = _group_node(name, group["counts"], group["in"])
    tasks = {key: task for key, task in state["task"].items() if "group" not in task}
    if len(tasks) + len(nodes) <= _NODES:
        for key, task in tasks.items():
            title = task.get("title") or name_of(state, task["fn"])
            parents = [str(maker) for maker in task.get("in", ())]
            nodes[key] = Node(_label(title, f"#{key}"), task["state"], None, parents)
    else:
        nodes.update(_gathered(state, tasks))
    return dict(list(nodes.items())[-_NODES:])


def _gathered(state: Mapping[str, Any], tasks: Mapping[str, Any]) -> dict[str, Node]:
    """Put tasks of one cell, function and level together."""
    level: dict[str, int] = {}
    home: dict[str, str] = {}
    made: dict[str, Node] = {}
    for key, task in tasks.items():
        makers = [str(maker) for maker in task.get("in", ())]
        level[key] = 1 + max((level.get(maker, -1) for maker in makers), default=-1)
        home[key] = f"{task['cell']}/{task['fn']}/{level[key]}"
        node = made.setdefault(home[key], Node(name_of(state, task["fn"]), "", {}))
        assert node.counts is not None
        node.counts[task["state"]] = node.counts.get(task["state"], 0) + 1
        node.parents += {home.get(maker, maker) for maker in makers} - set(node.parents)
    return {key: _group_node(node.label, node.counts or {}, node.parents) for key, node in made.items()}


def _group_node(name: str, counts: Mapping[str, int], parents: Iterable[str]) -> Node:
    lead = next((state for state in _LEADING if counts.get(state)), "waiting")
    return Node(
        _label(name, f"\N{MULTIPLICATION SIGN}{sum(counts.values())}"), lead, dict(counts), list(parents)
    )


def _label(name: str, number: str) -> str:
    wide = sum(east_asian_width(letter) in "WF" for letter in name)  # as wide as two
    kept = f" {number}" if len(number) < _LETTERS / 2 else ""  # a longer one would leave nothing of the name
    room = (_LETTERS - len(kept)) * len(name) // max(1, len(name) + wide)
    return f"{short(name, max(3, room))}{kept}"


def _place(nodes: dict[str, Node]) -> tuple[int, int]:
    """Give each node its place by longest path and its parents' mean; return width and height."""
    layers: list[list[str]] = []
    layer_of: dict[str, int] = {}
    for key, node in nodes.items():
        layer_of[key] = layer = 1 + max((layer_of.get(parent, -1) for parent in node.parents), default=-1)
        layers += [[] for _ in range(layer + 1 - len(layers))]
        layers[layer].append(key)
    width, y = 0, 0
    for line in _lines(layers):
        tallest = max(min(_ROWS, len(keys)) for keys in line)
        width = max(width, _place_line(nodes, line, layer_of, y, tallest))
        y += tallest * _DY + _GAP // 2
    return width, max(0, y - _GAP // 2)


def _lines(layers: list[list[str]]) -> Iterator[list[list[str]]]:
    """Cut layers into lines, like a text that is too wide."""
    line: list[list[str]] = []
    x = 0
    for keys in layers:
        if line and x > _LEGIBLE - _W:
            yield line
            line, x = [], 0
        line.append(keys)
        x += -(-len(keys) // _ROWS) * _DX + _GAP - (_DX - _W)
    if line:
        yield line


def _place_line(
    nodes: dict[str, Node], line: list[list[str]], layer_of: dict[str, int], y: int, tallest: int
) -> int:
    x = 4
    for keys in line:
        near = {key: [p for p in nodes[key].parents if layer_of.get(p) == layer_of[key] - 1] for key in keys}
        means = {key: _mean([nodes[p].y for p in near[key]]) for key in keys}
        keys.sort(key=lambda key: means[key])
        rows = min(_ROWS, len(keys))
        top = 4 + y + (tallest - rows) * _DY // 2
        columns = -(-len(keys) // _ROWS)
        for i, key in enumerate(keys):
            nodes[key].x, nodes[key].y = x + i % columns * _DX, top + i // columns * _DY
        x += columns * _DX + _GAP - (_DX - _W)
    return x - _GAP + 4


def _mean(values: list[int]) -> float:
    return sum(values) / len(values) if values else 0.0


def _tile(node: Node) -> str:
    colour = COLOURS.get(node.state, "#6b7683")
    parts = [f'<rect x="{node.x}" y="{node.y}" width="{_W}" height="{_H}" rx="5" fill="{colour}"/>']
    if node.state in ("upstream", "cancelled"):
        parts.append(f'<rect x="{node.x}" y="{node.y}" width="{_W}" height="{_H}" rx="5" fill="url(#h)"/>')
    paint = 'fill="#fff"' if node.state == "running" else 'fill="none" stroke="#fff" stroke-width="1.9"'
    sign = SIGNS.get(node.state, SIGNS["waiting"])
    parts.append(
        f'<path transform="translate({node.x + 4} {node.y + (2 if node.counts else 4)})" d="{sign}" {paint}/>'
    )
    words = node.y + (13 if node.counts else 16)
    parts.append(f'<text x="{node.x + 24}" y="{words}">{escape(node.label)}</text>')
    if node.counts:
        parts.append(_bar(node.counts, node.x + 5, node.y + 17, _W - 10, 4))
    return "".join(parts)


def _bar(counts: Mapping[str, int], x: float, y: float, width: float, height: float) -> str:
    total = max(1, sum(counts.values()))
    parts = [f'<rect x="{x - 1}" y="{y - 1}" width="{width + 2}" height="{height + 2}" fill="#fff"/>']
    for state in BAR_ORDER:
        if part := width * counts.get(state, 0) / total:
            faint = ' opacity=".45"' if state in ("ready", "waiting") else ""
            parts.append(
                f'<rect x="{x:.1f}" y="{y}" width="{part:.1f}" height="{height}" fill="{COLOURS[state]}"{faint}/>'
            )
            x += part
    return "".join(parts)


def svg(state: Mapping[str, Any]) -> tuple[str, int, int]:
    """Return the picture with its width and height; "" if there is nothing to draw."""
    nodes = nodes_of(state)
    if not nodes:
        return "", 0, 0
    width, height = _place(nodes)
    edges = [(nodes[parent], node) for node in nodes.values() for parent in node.parents if parent in nodes][
        :_EDGES
    ]
    lines = "".join(
        f"M{a.x + _W} {a.y + 12}C{(a.x + _W + b.x) // 2} {a.y + 12} {(a.x + _W + b.x) // 2} {b.y + 12} {b.x} {b.y + 12}"
        for a, b in edges
    )
    tiles = "".join(_tile(node) for node in nodes.values())
    hatch = (
        '<pattern id="h" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<path d="M0 0v7" stroke="#fff" stroke-width="1.4" opacity=".4"/></pattern>'
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="sans-serif" font-size="11" fill="#fff"><defs>{hatch}</defs>'
        f'<path d="{lines}" fill="none" stroke="#8a94a0" stroke-width="1.2"/>{tiles}</svg>',
        width,
        height,
    )


def img(state: Mapping[str, Any], words: str) -> str:
    """Return the picture as an `<img>` with the alternative text `words`, "" if there is nothing to draw."""
    source, width, _ = svg(state)
    if not source:
        return ""
    data = base64.b64encode(source.encode()).decode("ascii")
    return (
        f'<img alt="{escape(words)}" style="width:{width}px;max-width:{"100%" if width <= _LEGIBLE else "none"};height:auto" '
        f'src="data:image/svg+xml;base64,{data}">'
    )
