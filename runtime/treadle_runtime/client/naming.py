"""What a person calls an object: the name it has in the code that called Treadle.

Law: asked only when something has to be said (it reads whole namespaces); keeps no frame.
"""

from __future__ import annotations

import sys
from typing import Any

from .remote_traceback import is_own


def name_here(value: Any) -> str | None:
    """Return the name of `value` in the innermost frames that are not Treadle's, None if it has none there."""
    frame = sys._getframe(1)
    while frame is not None:
        if not is_own(frame.f_code.co_filename):
            for names in (frame.f_locals, frame.f_globals):
                for name, held in list(names.items()):
                    if held is value and not name.startswith("_"):
                        return name
        frame = frame.f_back  # type: ignore[assignment]  # None ends the loop
    return None


def not_in_place_text(value: Any) -> str:
    """Say that an object could not take on its new state, so that only the returned one has it."""
    name = name_here(value) or "x"
    return (
        f"{name} could not be updated in place: write {name} = wait_on({name}) and use what it returns "
        f"(a {type(value).__name__})."
    )
