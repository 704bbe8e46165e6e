"""Lines that tasks draw anew with a carriage return, taken out of their text: each gets a place of its own in the cell.

Law: pure; text in, what is left of it and bars out. Only for cells of several tasks: one task alone is left to the page.
"""

from __future__ import annotations

from treadle_runtime.wire.asides import Bar


class Rewritten:
    """The lines without an end of one cell, by task and stream."""

    __slots__ = ("_count", "_lines")

    def __init__(self) -> None:
        self._lines: dict[tuple[int, str], tuple[int, str]] = {}  # -> number of the line, what stands there
        self._count = 0

    def take(self, number: int, stream: str, text: str) -> tuple[str, list[Bar]]:
        """Return the text without such lines, and how they look now. Their numbers are negative: others count from 0."""
        place = number, stream
        if "\r" not in text and place not in self._lines:
            return text, []
        *whole, rest = text.split("\n")
        kept, bars = "", []
        for line in whole:
            drawn = self._lines.pop(place, None)
            if drawn is None:
                kept += f"{line}\n"
            else:
                if last := _seen(line) or drawn[1]:
                    bars.append(Bar(last, drawn[0], over=True))
        if "\r" in rest or (rest and place in self._lines):
            drawn = self._lines.get(place)
            if drawn is None:
                self._count -= 1
                drawn = self._count, ""
            now = _seen(rest) or drawn[1]
            self._lines[place] = drawn[0], now
            rest = ""
            if now:
                bars.append(Bar(now, drawn[0]))
        return kept + rest, bars


def _seen(line: str) -> str:
    """Return what is left to see of a line after its carriage returns."""
    return line.rstrip("\r").rpartition("\r")[2]
