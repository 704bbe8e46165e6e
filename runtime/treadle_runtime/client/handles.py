"""Handles: which versions live here, and a note to the runtime when one dies.

Law: weak references and what is called with them, nothing else. No Python runs when a version dies (what is called
is a method of a list, see `client.outbox`): a KeyboardInterrupt inside `__del__` would be swallowed with the press
of the Stop button.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from ..core.model import Vid


class Handle(weakref.ref[Any]):
    """Stands for one version that lives; `vid` says which."""

    __slots__ = ("vid",)
    vid: Vid


class Handles:
    """The handles of one link.

    Parameters
    ----------
    dropped : callable
        Is given each handle whose version has died, in any thread, inside any lock.
    """

    __slots__ = ("_dropped", "living")

    def __init__(self, dropped: Callable[[Handle], Any]) -> None:
        self._dropped = dropped
        self.living: set[Handle] = set()  # a weak reference must live itself to tell anything

    def hold(self, version: Any, vid: Vid) -> None:
        """Have the end of `version` told."""
        handle = Handle(version, self._dropped)
        handle.vid = vid
        self.living.add(handle)

    def clear(self) -> None:
        """Tell nothing any more."""
        self.living.clear()
