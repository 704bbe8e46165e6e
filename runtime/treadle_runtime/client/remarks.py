"""What is said about a task that ended well, though not as was meant.

Law: text made from a call and names; decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .calls import Call


def changes(call: Call, notes: dict[str, Any], said: Callable[[Call, str], str]) -> Iterator[str]:
    """Yield what is to be said about objects that a task changed for nobody; `said` words it for arguments."""
    if "changed" in notes:
        yield said(call, str(notes["changed"]))
    if "changed_outside" in notes:
        yield changed_outside_text(call, str(notes["changed_outside"]))


def changed_text(call: Call, name: str) -> str:
    """Say that a task changed an argument it was only to read."""
    return f"{call.function} changed `{name}`, which is IN: the caller will not see it. Declare {name}=INOUT."


def changed_outside_text(call: Call, name: str) -> str:
    """Say that a task changed an object it reads from a global or closure: each call begins with the caller's."""
    return (
        f"{call.function} changed `{name}`, which it reads from outside: neither the caller nor the next call will see "
        "it. Pass it as an argument that is INOUT (for random numbers: treadle.rng() draws anew in each task)."
    )
