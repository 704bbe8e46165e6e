"""A failure as a page shows it: plain text, nothing unpickled.

Law: knows packed failures and what is known of sources; decides nothing.
"""

from __future__ import annotations

from typing import Any, Final

from ..feed.failures import own_frame
from ..feed.tracebacks import as_text
from ..worker.failure import Failure
from .sources import Sources

_BETWEEN: Final = {
    "cause": "The above exception was the direct cause of the following exception:",
    "context": "During handling of the above exception, another exception occurred:",
}
CHARS: Final = 20_000


def described(found: Failure, sources: Sources) -> dict[str, Any]:
    """Return type, message, arguments, place (of the last own line) and traceback of a failure."""
    if found.lost is not None:
        reason, output = found.lost.reason, found.output
        return {"type": "WorkerLost", "message": reason, "arguments": found.arguments, "traceback": output}
    parts: list[str] = []
    for raised in reversed(found.raised):
        parts.append(as_text(raised.frames, raised.type_name, raised.message, sources.place, sources.around))
        if raised.relation in _BETWEEN:
            parts.append(f"\n{_BETWEEN[raised.relation]}\n")
    first = found.raised[0] if found.raised else None
    told = {
        "type": first.type_name if first else "Error",
        "message": first.message[:CHARS] if first else "",
        "arguments": found.arguments,
        "traceback": "\n".join(parts)[-CHARS:],
    }
    if first is not None and (frame := own_frame(first.frames)) is not None:
        told["place"] = f"{sources.short(frame[0])} line {frame[1]}"
    return told
