"""What a task has said, as text, from any place on.

Law: knows parts of streams and asides; one answer is bounded. A place counts characters of the whole text, and means
the same later: what has been said stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from ..wire.asides import STREAM, Bar, Cleared, Logged, Shown, Warned, unpack_aside

CHARS: Final = 64 * 1024
"""Characters in one answer."""


def log_from(parts: Iterable[tuple[str, Any]], offset: int) -> dict[str, Any]:
    """Return the text behind `offset`, where to go on, and whether there is more."""
    found: list[list[str]] = []
    at, room = 0, CHARS
    for stream, said in parts:
        text = _in_words(said) if stream == STREAM else str(said)
        begin = max(0, offset - at)
        piece = text[begin : begin + room]
        at += len(text)
        if piece:
            room -= len(piece)
            found.append([stream, piece])
        if not room:
            end = offset + CHARS
            return {"parts": found, "next": end, "more": True}
    return {"parts": found, "next": max(at, offset), "more": False}


def _in_words(data: bytes) -> str:
    try:
        aside = unpack_aside(data)
    except (msgspec.DecodeError, ValueError):
        return ""  # of another version, or cut short
    if isinstance(aside, Shown):
        text = aside.data.get("text/plain")
        return f"{text if isinstance(text, str) else '<something displayed>'}\n"
    if isinstance(aside, Logged):
        return f"{aside.name}: {aside.message}\n" + (f"{aside.exception}\n" if aside.exception else "")
    if isinstance(aside, Warned):
        return f"{aside.category}: {aside.text}\n"
    if isinstance(aside, Bar):
        return f"{aside.text}\n" if aside.over and aside.text else ""
    assert isinstance(aside, Cleared)
    return ""
