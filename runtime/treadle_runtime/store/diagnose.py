"""Which part of an object cannot be pickled, and what to do about it.

Law: runs only after pickling failed; never raises, bounded in time; changes nothing it looks at.
"""

from __future__ import annotations

from typing import Any

from ..errors import NotSerializable


def explain_pickling(obj: Any, root: str, error: BaseException) -> NotSerializable:
    """Return the error to raise for `obj`, called `root`, whose pickling raised `error`."""
    told = NotSerializable(f"{root} cannot be pickled ({type(obj).__name__}: {error}). Make it inside the task.")
    told.path = root
    told.__cause__ = error
    return told
