"""What keeps results alive: the names, outputs and tracebacks through which they can still be reached.

Law: reads a namespace; changes nothing, fetches nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Final

from treadle_runtime.api import Future, Put, Session

_DEEP: Final = 1000  # parts of one container that are looked at


def held_by(space: Mapping[str, Any]) -> list[str]:
    """Return one line for each name, `Out` entry and frame of the last traceback that holds results, largest first."""
    found: list[tuple[int, str]] = []
    for name, value in list(space.items()):
        if not name.startswith("_") and name not in ("In", "Out"):
            found += _told(name, value)
    for number, value in list(space.get("_oh", {}).items()):
        found += _told(f"Out[{number}]", value)
    error = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
    trace: TracebackType | None = error.__traceback__ if isinstance(error, BaseException) else None
    while trace is not None:
        if trace.tb_frame.f_locals is not space:
            for name, value in list(trace.tb_frame.f_locals.items()):
                found += _told(f"last traceback, {name} in {trace.tb_frame.f_code.co_name}", value)
        trace = trace.tb_next
    return [line for _nbytes, line in sorted(found, key=lambda entry: -entry[0])]


def kept_by(session: Session) -> list[str]:
    """Return one line for each failed task that keeps its inputs for a retry, and one for the copies of arguments."""
    client = session.client
    lines = []
    for number, nbytes in client.link.ask("kept", {"client": client.cid}):
        if nbytes:
            call = client.calls.get(number)
            label = call.label if call is not None else f"#{number}"
            lines.append(f"{label}, which failed, keeps its inputs for %treadle retry: {nbytes / 1e6:.1f} MB")
    if session.shelf.nbytes:
        lines.append(f"copies of arguments, until the room is needed: {session.shelf.nbytes / 1e6:.1f} MB")
    return lines


def _told(where: str, value: Any) -> list[tuple[int, str]]:
    parts = list(_handles(value))
    if not parts:
        return []
    nbytes = sum(size for _label, size in parts)
    many = f" and {len(parts) - 1} more" if len(parts) > 1 else ""
    return [(nbytes, f"{where}: {parts[0][0]}{many}, {nbytes / 1e6:.1f} MB")]


def _handles(value: Any) -> Iterator[tuple[str, int]]:
    if isinstance(value, (Future, Put)):
        version = value._version
        if version is not None:
            outputs = version.call.outputs
            yield version.call.label, outputs[version.output][1] if version.output < len(outputs) else 0
    elif isinstance(value, Mapping):
        for part in list(value.values())[:_DEEP]:
            yield from _handles(part) if isinstance(part, (Future, Put)) else ()
    elif isinstance(value, (list, tuple, set, frozenset)):
        for part in list(value)[:_DEEP]:
            yield from _handles(part) if isinstance(part, (Future, Put)) else ()
