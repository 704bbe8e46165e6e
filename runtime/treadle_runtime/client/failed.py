"""Failures that are alike, as one: for the cell's line, the list of failures, and the end of a session.

Law: reads what the client knows of calls; never unpickles anything. What counts as alike is `feed.failures`' word.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..core.model import Number
from ..feed.failures import headline, kind_of, own_frame
from .calls import Call


class FailureGroup(NamedTuple):
    """Failures of one function in the same way at the same line; `words` is how people read them."""

    words: str
    message: str  # of the first
    numbers: list[Number]

    def __str__(self) -> str:
        return f"{self.words}: {self.message}" if self.message else self.words


def grouped(calls: Sequence[Call]) -> list[FailureGroup]:
    """Return groups of failed calls, that of the first call first.

    Examples
    --------
    >>> grouped([])
    []
    """
    found: dict[tuple[object, ...], tuple[str, str, str, list[Call]]] = {}
    for call in calls:
        kind, message, frame = _what(call)
        key = kind_of(call.function, kind, call.cell, frame)
        if key not in found:
            place = "" if frame is None else f"{call.client.name_file(frame[0])} line {frame[1]}"
            found[key] = (kind, message, place, [])
        found[key][3].append(call)
    groups = []
    for kind, message, place, same in found.values():
        numbers = [call.number for call in same]
        groups.append(FailureGroup(headline(kind, same[0].function, place, numbers), message, numbers))
    return groups


def _what(call: Call) -> tuple[str, str, tuple[str, int] | None]:
    """Return type, message and the last own (file, line) of a failure."""
    failure = call.failure
    if failure is None:
        return "RuntimeLost", "the runtime process has gone", None
    if failure.lost is not None:
        return "WorkerLost", failure.lost.reason, None
    first = failure.raised[0]
    message = first.message.splitlines()[0] if first.message else ""
    frame = own_frame(first.frames)
    return first.type_name, message, None if frame is None else (frame[0], frame[1])
