"""Failures that are alike as one, with a count: what counts as alike, in which words, and the rows of the feed.

Law: knows rows of plain values, bounded in number and bytes; what it drops can still be asked for as details. Of each row all
tasks are known by number, of which the row names the first few.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from .delta import FAILURE_BYTES, TRACEBACK_CHARS, Record, clip

_LIMITS = {"function": 60, "type": 60, "message": 500, "traceback": TRACEBACK_CHARS}
_NUMBERS_KEPT = 20
_FRAMES_KEPT = 16


_LIBRARIES: Final = ("/site-packages/", "/dist-packages/", "/lib/python3.", "<frozen ")


def own_frame(frames: Sequence[Sequence[Any]] | None) -> Sequence[Any] | None:
    """Return the last of some (file, line, ...) that is no library's: the line that people look for; else the last.

    Examples
    --------
    >>> own_frame([["job.py", 3, "f"], ["/usr/lib/python3.11/json/decoder.py", 355, "decode"]])
    ['job.py', 3, 'f']
    """
    if not frames:
        return None
    own = (frame for frame in reversed(frames) if not any(mark in str(frame[0]) for mark in _LIBRARIES))
    return next(own, frames[-1])


def kind_of(
    function: object, type_name: object, cell: object, frame: Sequence[Any] | None
) -> tuple[object, ...]:
    """Return what failures must have in common to be alike: `frame` is (file, line, ...) of the last own line."""
    return (function, type_name, cell, tuple(frame[:2]) if frame else None)


def headline(type_name: str, function: str, place: str, numbers: Sequence[int], count: int = 0) -> str:
    """Return how people read failures that are alike; `place` is their last own line, "" if unknown.

    Examples
    --------
    >>> headline("ValueError", "f", "[5] line 3", [17, 18], 98)
    '98 x ValueError, f, [5] line 3'
    >>> headline("ValueError", "f", "[5] line 3", [17])
    'ValueError, f #17, [5] line 3'
    """
    many = max(count, len(numbers))
    named = function if many > 1 else f"{function} #{numbers[0]}"
    words = f"{many} x {type_name}, {named}" if many > 1 else f"{type_name}, {named}"
    return f"{words}, {place}" if place else words


class Failures:
    """The rows, newest last, and what of them is not yet told."""

    def __init__(self) -> None:
        self._rows: dict[tuple[Any, ...], Record] = {}
        self._numbers: dict[tuple[Any, ...], dict[int, None]] = {}  # of all tasks that a row stands for
        self._key_of: dict[int, tuple[Any, ...]] = {}
        self._nbytes: dict[tuple[Any, ...], int] = {}
        self._changed: dict[tuple[Any, ...], None] = {}

    def add(self, row: Mapping[str, Any]) -> None:
        """Take in one failure; one like an older one (function, type, cell, last line) only counts there."""
        record: Record = {
            name: clip(value, _LIMITS.get(name, 60)) if isinstance(value, str) else value
            for name, value in row.items()
            if value is None or isinstance(value, (str, int, float))
        }
        if frames := row.get("frames"):
            kept = list(frames)[-_FRAMES_KEPT:]
            record["frames"] = [
                [clip(str(file), 200), int(line), clip(str(name), 60)] for file, line, name in kept
            ]
        frames = row.get("frames")
        key = kind_of(row.get("function"), row.get("type"), row.get("cell"), own_frame(frames))
        if self._key_of.get(record["number"], key) != key:  # it has failed anew, and otherwise
            self.remove([record["number"]])
        self._numbers.setdefault(key, {})[record["number"]] = None
        self._key_of[record["number"]] = key
        self._write(key, self._rows.get(key, record))
        self._nbytes[key] = len(json.dumps(self._rows[key]))
        while sum(self._nbytes.values()) > FAILURE_BYTES:
            self._drop(next(iter(self._rows)))

    def _write(self, key: tuple[Any, ...], row: Record) -> None:
        """Have a row tell of the tasks it stands for now."""
        numbers = self._numbers[key]
        self._rows[key] = {**row, "count": len(numbers), "numbers": list(islice(numbers, _NUMBERS_KEPT))}
        self._changed[key] = None

    def _drop(self, key: tuple[Any, ...]) -> None:
        self._changed.pop(key, None)
        del self._rows[key], self._nbytes[key]
        for number in self._numbers.pop(key):
            del self._key_of[number]

    def remove(self, numbers: Iterable[int]) -> None:
        """Tasks have not failed after all; the row of a failure goes with the last one it stands for."""
        touched: dict[tuple[Any, ...], None] = {}
        for number in numbers:
            if (key := self._key_of.pop(number, None)) is not None:
                del self._numbers[key][number]
                touched[key] = None
        for key in touched:
            if not self._numbers[key]:
                self._drop(key)
                continue
            self._write(key, {**self._rows[key], "number": next(iter(self._numbers[key]))})

    def alike(self, number: int) -> list[int]:
        """Return the tasks that failed like this one, itself among them; none if it is not known to have failed."""
        key = self._key_of.get(number)
        return [] if key is None else list(self._numbers[key])

    def see(self, number: int) -> None:
        """Somebody has looked at the failure of this task."""
        key = self._key_of.get(number)
        if key is not None and not self._rows[key].get("seen"):
            self._rows[key] = {**self._rows[key], "seen": True}
            self._changed[key] = None

    def numbers(self) -> set[int]:
        """Return the numbers of the rows that there are."""
        return {row["number"] for row in self._rows.values()}

    def changes(self) -> list[Record]:
        """Return new or changed rows since the last call."""
        added = [self._rows[key] for key in self._changed]
        self._changed = {}
        return added
