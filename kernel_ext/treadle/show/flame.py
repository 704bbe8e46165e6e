"""Samples of a task as a flame view: a static picture and text.

Law: pure; stacks in, SVG or lines out. Bounded in bytes whatever is in the samples, and all that is in them is escaped.
"""

from __future__ import annotations

import base64
from collections import Counter
from typing import Final

from treadle_runtime.worker.sampling import Place, Profile

from ..view.escaped import escape
from ..view.frames import place

WIDTH: Final = 900
ROW: Final = 18
LEAST: Final = 0.004
"""Parts of the whole below this are not drawn."""
BOXES: Final = 700
ROWS: Final = 40
LINES: Final = 10
_FILLS: Final = ("#f2b46b", "#f4c989", "#efa35c", "#f7d9a6")
_CHAR: Final = 6.6  # of the font that is asked for, roughly


class Node:
    """A function as called from one place, and how often it was seen there."""

    __slots__ = ("below", "count", "place")

    def __init__(self, place: Place) -> None:
        self.place = place
        self.count = 0
        self.below: dict[tuple[str, str], Node] = {}


def tree(profile: Profile) -> Node:
    """Return the stacks as one tree; threads stand beside each other."""
    root = Node(("", 0, ""))
    for count, thread, places in profile.stacks:
        here = root
        here.count += count
        for one in [("", 0, thread), *places][:ROWS]:
            key = (one[0], one[2])
            here = here.below.setdefault(key, Node(one))
            here.count += count
    return root


def flame_svg(profile: Profile) -> str:
    """Return the picture: each box a function, as wide as the share of samples it was seen in, callees below."""
    root = tree(profile)
    boxes: list[str] = []
    depth = 0
    waiting = [(root, 0.0, -1)]
    while waiting and len(boxes) < BOXES:
        node, left, row = waiting.pop(0)
        if row >= 0:
            boxes.append(_box(node, left, row, node.count / root.count))
            depth = max(depth, row)
        for below in sorted(node.below.values(), key=lambda one: -one.count):
            if below.count / root.count >= LEAST:
                waiting.append((below, left, row + 1))
            left += below.count / root.count
    height = (depth + 1) * ROW
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'font-family="monospace" font-size="11">{"".join(boxes)}</svg>'
    )


def _box(node: Node, left: float, row: int, share: float) -> str:
    file, _line, function = node.place
    x, width = left * WIDTH, share * WIDTH
    fill = "#c9d4e0" if not file else _FILLS[(row + len(function)) % len(_FILLS)]
    told = f"{function} {share:.0%}"
    room = int((width - 4) / _CHAR)
    text = escape(told if len(told) <= room else f"{function[: room - 1]}…" if room > 3 else "")
    box = f'<rect x="{x:.1f}" y="{row * ROW}" width="{max(width - 0.5, 0.5):.1f}" height="{ROW - 1}" fill="{fill}"/>'
    return box + (f'<text x="{x + 3:.1f}" y="{row * ROW + 13}" fill="#20242a">{text}</text>' if text else "")


def flame_html(profile: Profile, title: str) -> str:
    """Return the picture with a line above, for a display: no script, nothing that an untrusted notebook loses."""
    data = base64.b64encode(flame_svg(profile).encode()).decode()
    rows = "".join(
        f'<tr style="background:none"><td style="text-align:right">{share:.0%}</td>'
        f'<td style="text-align:left">{escape(where)}</td></tr>'
        for share, where in hottest(profile)
    )
    return (
        f"<div>{escape(title)}</div>"
        f'<img alt="flame view: {escape(title)}" style="max-width:100%" src="data:image/svg+xml;base64,{data}">'
        f'<table style="font-family:monospace;font-size:12px;background:none">{rows}</table>'
    )


def flame_text(profile: Profile, title: str) -> str:
    """Return the lines where most time was spent, for a terminal."""
    return "\n".join([title, *(f"{share:5.0%}  {where}" for share, where in hottest(profile))])


def hottest(profile: Profile) -> list[tuple[float, str]]:
    """Return (share of the samples, place) of the lines that were seen running most, in whatever they called included."""
    seen: Counter[Place] = Counter()
    total = sum(count for count, _thread, _places in profile.stacks)
    for count, _thread, places in profile.stacks:
        for one in dict.fromkeys(places):
            seen[one] += count
    return [
        (count / total, f"{place(file)} line {line}, in {function}")
        for (file, line, function), count in seen.most_common(LINES)
    ]
