"""How much of what tasks say a cell shows: a page that drowns in output helps nobody, and everything is in the log.

Law: pure; counts lines, figures and bytes of one cell against limits, with the time given.
"""

from __future__ import annotations

from typing import Final

LINES: Final = 1_000
LINES_PER_S: Final = 200
FIGURES: Final = 20
NBYTES: Final = 10 << 20


class Fold:
    """The account of one cell."""

    __slots__ = ("_figures", "_in_second", "_lines", "_nbytes", "_second", "folded")

    def __init__(self) -> None:
        self._lines = 0
        self._figures = 0
        self._nbytes = 0
        self._second = float("-inf")  # when the present second began
        self._in_second = 0
        self.folded = 0
        """Lines and figures that were not shown."""

    def cut(self, text: str, now: float) -> str:
        """Return what of a text is shown: whole lines; one without an end only if all before it is shown."""
        whole = text.count("\n")
        shown = min(whole, self._room(len(text), now))
        self._lines += shown
        self._in_second += shown
        if shown == whole and self._room(0, now):
            return text
        end = 0
        for _ in range(shown):
            end = text.index("\n", end) + 1
        left = text[end:]
        self.folded += left.count("\n") + (not left.endswith("\n") and "\r" not in left and left != "")
        return text[:end]

    def takes(self, nbytes: int, is_figure: bool, now: float) -> bool:
        """Tell whether one more display is shown; one that is no figure counts as a line."""
        room = self._room(nbytes, now)
        if is_figure and self._figures < FIGURES and self._nbytes <= NBYTES:
            self._figures += 1
        elif not is_figure and room:
            self._lines += 1
            self._in_second += 1
        else:
            self.folded += 1
            return False
        return True

    def _room(self, nbytes: int, now: float) -> int:
        """Return how many lines may follow, with so many more bytes."""
        self._nbytes += nbytes
        if now - self._second >= 1.0:
            self._second, self._in_second = now, 0
        room = min(LINES - self._lines, LINES_PER_S - self._in_second)
        return max(0, room) if self._nbytes <= NBYTES else 0
