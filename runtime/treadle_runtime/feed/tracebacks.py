"""A traceback as people read it: each frame's place with its line marked, what repeats itself once, type and message last.

Law: pure; how a file is called, and which of its lines are shown, is told by who knows files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any, Final

SAME: Final = 3
"""Frames in a row that stand at the same line are shown so often, as Python does."""
ENDS: Final = 30
"""Of very many others the first and the last are shown."""
MESSAGE_CHARS: Final = 4000


def as_text(
    frames: Sequence[Sequence[Any]],
    type_name: str,
    message: str,
    place: Callable[[str], str],
    around: Callable[[str, int], list[str]],
) -> str:
    """Return a traceback as text.

    Parameters
    ----------
    frames
        (file, line, function) of each, outermost first.
    type_name, message
        of the exception.
    place
        gives how people call a file.
    around
        gives the line of this number of a file and its neighbours, marked and numbered.

    Examples
    --------
    >>> print(as_text([("f.py", 2, "g")] * 5, "RecursionError", "too deep", lambda file: f"File {file}", lambda file, line: []))
    File f.py, line 2, in g
    File f.py, line 2, in g
    File f.py, line 2, in g
      [the same 2 more times]
    RecursionError: too deep
    """
    told = list(_folded(frames, place, around))
    if len(told) > 2 * ENDS:
        told[ENDS:-ENDS] = [f"  [{len(told) - 2 * ENDS:,} more]"]
    said = message if len(message) <= MESSAGE_CHARS else f"{message[:MESSAGE_CHARS]}... ({len(message):,} characters)"
    return "\n".join([*told, f"{type_name}: {said}" if message else type_name])


def _folded(
    frames: Sequence[Sequence[Any]], place: Callable[[str], str], around: Callable[[str, int], list[str]]
) -> Iterator[str]:
    for (file, line, function), alike in groupby(tuple(frame[:3]) for frame in frames):
        times = sum(1 for _ in alike)
        inside = "" if function == "<module>" else f", in {function}"
        shown = "\n".join([f"{place(str(file))}, line {line}{inside}", *around(str(file), int(line))])
        yield from [shown] * min(times, SAME)
        if times > SAME:
            yield f"  [the same {times - SAME:,} more times]"
