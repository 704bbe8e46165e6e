"""Where many tasks stand, as HTML: a strip of colours and chips with words.

Law: pure; counts in, HTML out. Inline styles and tables only: an untrusted notebook loses everything else. Words
take the page's colour or stand on a ground of their own; the strip never says anything that words beside it don't.
"""

from __future__ import annotations

from collections.abc import Mapping

from .picture import BAR_ORDER, COLOURS


def strip(counts: Mapping[str, int], width: str = "180px", height: int = 8) -> str:
    """Return a strip whose parts are as long as the counts are large."""
    total = max(1, sum(counts.values()))
    parts = "".join(
        f'<td style="width:{100 * counts[state] / total:.2f}%;height:{height}px;padding:0;border:none;'
        f'background:{COLOURS[state]}{";opacity:.45" if state in ("ready", "waiting") else ""}"></td>'
        for state in BAR_ORDER
        if counts.get(state)
    )
    return (
        f'<table style="width:{width};border:none;border-collapse:collapse;table-layout:fixed;margin:2px 0" '
        f'aria-hidden="true"><tr style="background:none">{parts}</tr></table>'
    )


def chip(state: str, words: str) -> str:
    """Return words on the colour of a state."""
    colour = COLOURS.get(state, COLOURS["waiting"])
    style = (
        f"display:inline-block;padding:0 7px;border-radius:8px;font-size:12px;color:#fff;background:{colour}"
    )
    return f'<span style="{style}">{words}</span>'


def as_row(*cells: str) -> str:
    """Return a table of one row; what is not needed is left out."""
    style = "padding:0 12px 0 0;text-align:left;border:none;background:none;vertical-align:middle"
    row = "".join(f'<td style="{style}">{cell}</td>' for cell in cells if cell)
    return f'<table style="border:none;border-collapse:collapse;margin:0;font-size:inherit"><tr style="background:none">{row}</tr></table>'
