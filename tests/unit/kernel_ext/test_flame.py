"""The flame view: shares, bounds, and nothing unescaped."""

from __future__ import annotations

import base64
import re

from treadle.show.flame import flame_html, flame_svg, flame_text, hottest
from treadle_runtime.worker.sampling import Profile

OUTER = ("cell.py", 3, "outer")


def profile_of(*stacks):
    return Profile(sum(count for count, _, _ in stacks), 1.0, list(stacks))


def test_shares_of_lines_and_boxes():
    found = profile_of(
        (75, "MainThread", [OUTER, ("cell.py", 7, "hot")]), (25, "MainThread", [OUTER, ("cell.py", 9, "cold")])
    )
    assert hottest(found)[:2] == [(1.0, "File cell.py line 3, in outer"), (0.75, "File cell.py line 7, in hot")]
    svg = flame_svg(found)
    widths = {text: float(width) for width, text in re.findall(r'width="([\d.]+)" height="17"[^>]*/><text[^>]*>(\w+)', svg)}
    assert widths["outer"] > widths["hot"] > widths["cold"]
    assert abs(widths["hot"] / widths["outer"] - 0.75) < 0.01
    assert flame_text(found, "f #17").splitlines()[2] == "  75%  File cell.py line 7, in hot"


def test_threads_stand_beside_each_other():
    svg = flame_svg(profile_of((50, "MainThread", [OUTER]), (50, "helper", [OUTER])))
    assert svg.count("outer 50%") == 2
    assert "helper 50%" in svg


def test_many_and_hostile_stacks_stay_small_and_escaped():
    stacks = [
        (1, "<script>", [("<img src=x>", n, f"<b>{'x' * 500}{n}{k}") for k in range(60)]) for n in range(2000)
    ]
    html = flame_html(profile_of(*stacks), "<script>alert(1)</script>")
    assert len(html) < 200_000
    assert "<script" not in html
    picture = base64.b64decode(re.search(r"base64,([^\"]+)", html)[1]).decode()
    assert "<b>" not in picture
    assert "<img" not in picture
