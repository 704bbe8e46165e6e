"""A failure as a page shows it: plain text, nothing unpickled.

Law: knows packed failures; the source of a notebook's cells is not here, so lines are named, and shown where their file
can be read.
"""

from __future__ import annotations

import linecache
import os
from typing import Any, Final

from ..worker.failure import Raised, unpack_failure

_BETWEEN: Final = {
    "cause": "The above exception was the direct cause of the following exception:",
    "context": "During handling of the above exception, another exception occurred:",
}
CHARS: Final = 20_000


def described(failure: bytes) -> dict[str, Any]:
    """Return type, message, arguments and traceback of a packed failure."""
    found = unpack_failure(failure)
    if found.lost is not None:
        return {
            "type": "WorkerLost",
            "message": found.lost.reason,
            "arguments": found.arguments,
            "traceback": found.output,
        }
    parts: list[str] = []
    for raised in reversed(found.raised):
        parts.append(_traceback(raised))
        if raised.relation in _BETWEEN:
            parts.append(f"\n{_BETWEEN[raised.relation]}\n")
    first = found.raised[0] if found.raised else None
    return {
        "type": first.type_name if first else "Error",
        "message": first.message[:CHARS] if first else "",
        "arguments": found.arguments,
        "traceback": "\n".join(parts)[-CHARS:],
    }


def _traceback(raised: Raised) -> str:
    lines = []
    for file, number, function in raised.frames:
        inside = "" if function == "<module>" else f", in {function}"
        lines.append(f"File {os.path.basename(file)}, line {number}{inside}")
        if source := linecache.getline(file, number).strip():
            lines.append(f"    {source}")
    said = f"{raised.type_name}: {raised.message}" if raised.message else raised.type_name
    return "\n".join([*lines, said])
