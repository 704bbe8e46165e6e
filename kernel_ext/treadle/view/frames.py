"""A remote traceback as text, with the lines of the cells it went through.

Law: knows frames (file, line, function), linecache and how IPython names cells; never raises.
"""

from __future__ import annotations

import linecache
import os
from collections.abc import Sequence
from typing import Any

from treadle_runtime.feed.tracebacks import as_text

_AROUND = 1


def traceback_text(frames: Sequence[Sequence[Any]], type_name: str, message: str) -> str:
    """Return what a person reads: each frame's place with its line marked, then type and message.

    Examples
    --------
    >>> print(traceback_text([], "ValueError", "no"))
    ValueError: no
    """
    return as_text(frames, type_name, message, place, _lines)


def show_lines(delta: dict[str, Any]) -> None:
    """Put the lines of cells to a delta's failures, which the runtime knows by file and number."""
    for row in delta.get("add", {}).get("failure", ()):
        if row.get("frames"):
            file, number = row["frames"][-1][:2]
            row["place"] = f"{cell_name(file)} line {number}"
            row["traceback"] = traceback_text(row["frames"], row.get("type", "Error"), row.get("message", ""))


def place(file: str) -> str:
    """Return how a person calls the file: its cell, or its name."""
    shell = _shell()
    naming = getattr(getattr(shell, "compile", None), "format_code_name", None)
    named = naming(file) if naming is not None else None
    if named:
        return f"{named[0]} {named[1]}"
    return f"File {os.path.basename(file)}" if os.path.isabs(file) else f"File {file}"


def cell_name(file: str) -> str:
    """Return the file as short as can be: `[5]` for a cell, else its name."""
    named = place(file)
    return named.removeprefix("Cell In").removeprefix("File ")


def _lines(file: str, line: int) -> list[str]:
    lines = linecache.getlines(file)
    first, last = max(1, line - _AROUND), min(len(lines), line + _AROUND)
    return [
        f"{'---->' if n == line else '     '} {n:<3} {lines[n - 1].rstrip()}" for n in range(first, last + 1)
    ]


def _shell() -> Any:
    try:
        from IPython.core.getipython import get_ipython
    except ImportError:
        return None
    return get_ipython()
