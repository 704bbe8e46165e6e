"""Failures that nobody has looked at, in words: told where they would otherwise be lost.

Law: text of what the client knows of its calls; prints nothing and changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ..client.calls import Call

_KINDS: Final = 5


def told(calls: Sequence[Call]) -> str:
    """Return one line for each kind of failure, with how often it happened and where first.

    Examples
    --------
    >>> told([])
    ''
    """
    kinds: dict[tuple[str, str], list[Call]] = {}
    for call in calls:
        kinds.setdefault((call.function, _why(call)), []).append(call)
    lines = [
        f"  {len(same)} x {why}, first in {same[0].label}" if len(same) > 1 else f"  {why}, in {same[0].label}"
        for (_function, why), same in list(kinds.items())[:_KINDS]
    ]
    if len(kinds) > _KINDS:
        lines.append(f"  and {len(kinds) - _KINDS} other kinds")
    if lines:
        lines.insert(0, f"{len(calls)} task{'s' if len(calls) > 1 else ''} failed and nobody has looked:")
    return "\n".join(lines)


def _why(call: Call) -> str:
    failure = call.failure
    if failure is None:
        return "RuntimeLost: the runtime process has gone"
    if failure.lost is not None:
        return f"WorkerLost: {failure.lost.reason}"
    first = failure.raised[0]
    return f"{first.type_name}: {first.message}".splitlines()[0]
