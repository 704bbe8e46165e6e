"""Where many tasks stand, as HTML: a strip of colours and chips with words.

Law: pure; counts in, HTML out. Inline styles and tables only: an untrusted notebook loses everything else. Words
take the page's colour or stand on a ground of their own; the strip never says anything that words beside it don't.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..view.picture import BAR_ORDER, COLOURS


def strip(counts: Mapping[str, float]) -> str:
    """Return a strip whose parts are as long as the counts are large."""
    total = sum(counts.values()) or 1
    parts = "".join(
        f'<td style="width:{100 * counts[state] / total:.2f}%;height:8px;padding:0;border:none;'
        f'background:{COLOURS[state]}{";opacity:.45" if state in ("ready", "waiting") else ""}"></td>'
        for state in BAR_ORDER
        if counts.get(state)
    )
    return (
        '<table style="display:inline-table;vertical-align:middle;width:150px;border:none;border-collapse:collapse;'
        'table-layout:fixed;margin:0" '
        f'aria-hidden="true"><tr style="background:none">{parts}</tr></table>'
    )


def chip(state: str, words: str) -> str:
    """Return words on the colour of a state."""
    colour = COLOURS.get(state, COLOURS["waiting"])
    style = (
        f"display:inline-block;padding:0 7px;border-radius:8px;font-size:12px;color:#fff;background:{colour}"
    )
    return f'<span style="{style}">{words}</span>'


def as_row(words: str, *others: str) -> str:
    """Return words with what stands beside them: at the same place however the words change, below them where it is narrow."""
    beside = "".join(f'<span style="display:inline-block;margin:0 12px 0 0">{other}</span>' for other in others if other)
    style = "display:inline-block;min-width:400px;max-width:100%;margin:0 12px 0 0;font-variant-numeric:tabular-nums"
    return f'<div><span style="{style}">{words}</span>{beside}</div>' if beside else f"<div>{words}</div>"
