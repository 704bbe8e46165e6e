"""Values in short, for people.

Law: never raises, whatever a value's own repr does, and never takes long for large ones.
"""

from __future__ import annotations

import reprlib
from typing import Any

_brief = reprlib.Repr()
_brief.maxstring = _brief.maxother = 60


def brief(value: Any) -> str:
    """Return a value as one short piece of text."""
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple) and shape:
        return f"<{type(value).__name__} {'x'.join(map(str, shape))}>"
    try:
        return _brief.repr(value.item() if shape == () else value)  # a number of numpy's is a number
    except Exception:  # noqa: BLE001 - a repr that raises must not hide the failure
        return f"<{type(value).__name__}>"


def arguments_text(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """Return the arguments of a call in short."""
    parts = [brief(value) for value in args] + [f"{name}={brief(value)}" for name, value in kwargs.items()]
    return ", ".join(parts)
