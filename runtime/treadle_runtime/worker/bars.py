"""Bars of tqdm in tasks: each position is a line of its own that is drawn anew, in a page or a terminal far away.

Law: takes from a bar what it would write to this process' terminal, where nobody sees its lines move, and says it as asides; how far
the bar is says `progress`. Bars that write to a file of the person's own are left alone.
"""

from __future__ import annotations

import sys
import time
from typing import Any, Final

from ..wire.asides import Bar
from .asides import say
from .context import current_task

PAUSE_S: Final = 0.05
"""A bar that is drawn more often than that is not seen in between."""
_LINE: Final = "_treadle_line"


class _Nowhere:
    """In place of the stream of a bar: the moves between its lines."""

    encoding = "utf-8"

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None:
        """There is nothing to flush."""


class _Line:
    """What stands in one line of a task."""

    __slots__ = ("_number", "_position", "_said_at", "_text")

    def __init__(self, number: int, position: int) -> None:
        self._number, self._position = number, position
        self._said_at = float("-inf")
        self._text = ""

    def draw(self, text: str) -> None:
        """Take the place of tqdm's printer."""
        self._text = text.rstrip()
        now = time.monotonic()
        if now - self._said_at >= PAUSE_S:
            self._said_at = now
            say(Bar(self._text, self._number, self._position))

    def end(self) -> None:
        """Say how it stays. A line that stays empty is the next bar's at this position."""
        if self._text:
            _taken.pop(self._position, None)
        say(Bar(self._text, self._number, self._position, over=True))


_of = (0, 0)  # the task and its attempt whose lines are counted
_taken: Final[dict[int, int]] = {}  # position -> number of the line
_count = 0


def adopt(bar: Any) -> None:
    """Have a bar that is about to be drawn on the terminal say it instead; once for each bar."""
    stream = getattr(bar, "fp", None)
    stream = getattr(stream, "_wrapped", stream)
    task = current_task()
    if task is None or not hasattr(bar, "sp") or (stream is not sys.stderr and stream is not sys.stdout):
        return
    line = _Line(_number(task.number, task.attempt, abs(bar.pos)), abs(bar.pos))
    bar.fp, bar.sp = _Nowhere(), line.draw
    setattr(bar, _LINE, line)


def end(bar: Any) -> None:
    """Say that a bar is closed."""
    line = vars(bar).pop(_LINE, None)
    if line is not None:
        line.end()


def _number(number: int, attempt: int, position: int) -> int:
    global _of, _count
    if (number, attempt) != _of:
        _of, _count = (number, attempt), 0
        _taken.clear()
    if position not in _taken:
        _taken[position] = _count
        _count += 1
    return _taken[position]
