"""Failures that nobody has looked at, in words: told where they would otherwise be lost.

Law: text of what the client knows of its calls; prints nothing and changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ..client.calls import Call
from ..client.failed import grouped

_KINDS: Final = 5


def told(calls: Sequence[Call]) -> str:
    """Return one line for each kind of failure, with how often it happened and where.

    Examples
    --------
    >>> told([])
    ''
    """
    if not calls:
        return ""
    groups = grouped(calls)
    lines = [f"{len(calls)} task{'s' if len(calls) > 1 else ''} failed and nobody has looked:"]
    lines += [f"  {group}" for group in groups[:_KINDS]]
    if len(groups) > _KINDS:
        lines.append(f"  and {len(groups) - _KINDS} other kinds")
    return "\n".join(lines)
