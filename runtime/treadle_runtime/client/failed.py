"""Failures that are alike, as one: for the cell's line, the list of failures, and the end of a session.

Law: reads what the client knows of calls; never unpickles anything. What counts as alike is `feed.failures`' word.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import NamedTuple

from ..core.model import Number
from ..feed.failures import headline, kind_of
from .calls import Call


class FailureGroup(NamedTuple):
    """Failures of one function in the same way at the same line; `words` is how people read them."""

    words: str
    message: str
    numbers: list[Number]


def grouped(calls: Sequence[Call], name_file: Callable[[str], str] | None = None) -> list[FailureGroup]:
    """Return groups of failed calls, those of the first call first.

    Parameters
    ----------
    calls
        of tasks that failed.
    name_file
        how people call a file; its last part if not given.

    Examples
    --------
    >>> grouped([])
    []
    """
    name_file = name_file or os.path.basename
    found: dict[tuple[object, ...], tuple[str, str, str, list[Call]]] = {}
    for call in calls:
        kind, message, frame = _what(call)
        place = "" if frame is None else f"{name_file(frame[0])} line {frame[1]}"
        key = kind_of(call.function, kind, call.cell, frame)
        found.setdefault(key, (kind, message, place, []))[3].append(call)
    return [
        FailureGroup(
            headline(kind, same[0].function, place, [c.number for c in same]),
            message,
            [c.number for c in same],
        )
        for kind, message, place, same in found.values()
    ]


def _what(call: Call) -> tuple[str, str, tuple[str, int] | None]:
    """Return type, message and the last own (file, line) of a failure."""
    failure = call.failure
    if failure is None:
        return "RuntimeLost", "the runtime process has gone", None
    if failure.lost is not None:
        return "WorkerLost", failure.lost.reason, None
    first = failure.raised[0]
    message = first.message.splitlines()[0] if first.message else ""
    return first.type_name, message, first.frames[-1][:2] if first.frames else None
