"""Lines that several tasks print into one place, each under the name of its task.

Law: text in, text out; knows tasks by number and name alone. Output is cut at line ends, never within a line.

A carriage return rewrites the line of its task. Only one such line can stand last, so it belongs to the first task that
wants it until that line or that task ends; the others' are held back meanwhile, and shown when they are final. Whole lines
go above it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ..core.model import Number
from ..wire.asides import Bar

Written = list[tuple[str, str]]
"""(stream, text) to be written, in this order."""


class _Last(NamedTuple):
    """The line without an end that stands last."""

    task: Number
    stream: str
    line: str
    width: int


class Lines:
    """One place: a cell, or the terminal of a script."""

    __slots__ = ("_held", "_is_over", "_last")

    def __init__(self, is_over: Callable[[Number], bool]) -> None:
        self._is_over = is_over
        self._last: _Last | None = None
        self._held: dict[Number, tuple[str, str]] = {}

    def add(self, number: Number, name: str, stream: str, text: str) -> Written:
        """Take in what task `number` has printed; return what to write."""
        *whole, rest = text.split("\n")
        written: Written = []
        for line in whole:
            self._whole(number, stream, f"{name}#{number} {_seen(line)}", written)
        if "\r" in rest:
            self._unfinished(number, stream, f"{name}#{number} {_seen(rest)}", written)
        elif rest:
            self._whole(number, stream, f"{name}#{number} {rest}", written)
        return _merged(written)

    def flush(self) -> Written:
        """Return what was held back, as whole lines."""
        written: Written = []
        for number, (stream, line) in list(self._held.items()):
            self._whole(number, stream, line, written)
        return _merged(written)

    @property
    def holds(self) -> bool:
        """Whether `flush` would give anything."""
        return bool(self._held)

    def _whole(self, number: Number, stream: str, line: str, written: Written) -> None:
        self._held.pop(number, None)
        last, self._last = self._last, None
        if last is None:
            written.append((stream, f"{line}\n"))
        elif last.stream != stream:  # nothing can be written over it from here
            written += [(last.stream, "\n"), (stream, f"{line}\n")]
        elif last.task == number:
            written.append((stream, f"\r{line.ljust(last.width)}\n"))
        elif self._is_over(last.task):
            written.append((stream, f"\n{line}\n"))
        else:
            written.append((stream, f"\r{line.ljust(last.width)}\n{last.line}"))
            self._last = last._replace(width=len(last.line))

    def _unfinished(self, number: Number, stream: str, line: str, written: Written) -> None:
        last = self._last
        if last is None:
            written.append((stream, line))
        elif last.task == number and last.stream == stream:
            written.append((stream, f"\r{line.ljust(last.width)}"))
            self._last = _Last(number, stream, line, max(len(line), last.width))
            return
        elif last.task == number or self._is_over(last.task):
            written += [(last.stream, "\n"), (stream, line)]
        else:
            self._held[number] = (stream, line)
            return
        self._held.pop(number, None)
        self._last = _Last(number, stream, line, len(line))


def bar_text(bar: Bar) -> str:
    """Return what draws a bar where there is one last line: the first bar moves, those below it are told when they stay."""
    if bar.over:
        return f"\r{bar.text}\n" if bar.text else ""
    return "" if bar.position else f"\r{bar.text}"


def _merged(written: Written) -> Written:
    """Return the same in as few pieces as can be: each is a message to the page."""
    merged: list[tuple[str, list[str]]] = []
    for stream, text in written:
        if merged and merged[-1][0] == stream:
            merged[-1][1].append(text)
        else:
            merged.append((stream, [text]))
    return [(stream, "".join(texts)) for stream, texts in merged]


def _seen(line: str) -> str:
    """Return what is left to see of a line after its carriage returns."""
    return line.rstrip("\r").rpartition("\r")[2]
