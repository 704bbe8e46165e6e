"""What one task has displayed in its cell, so that `clear_output` takes away that and nothing else.

Law: knows bundles and ids of displays. The cell's own output, and that of its other tasks, stays: a page can only clear a
cell as a whole, so what comes after a clearing takes the place of what was there before, and what is left over goes blank.
"""

from __future__ import annotations

import uuid
from typing import Any, Final

from ..shell.screen import Bundle, Parent, Screen

_BLANK: Final = {"text/plain": ""}


class Shelf:
    """The displays of one task, in their order."""

    __slots__ = ("_ids", "_next", "_text", "_used", "cleared")

    def __init__(self) -> None:
        self.cleared = False
        """Whether the task clears what it shows: then its text is a display, too."""
        self._ids: list[str] = []
        self._next = 0  # where the next display stands
        self._used = 0  # how many are not blank
        self._text = ""  # of the last display, if it is text

    def clear(self, screen: Screen, wait: bool) -> None:
        """Begin at the front; `wait`: what is there goes when something takes its place."""
        self.cleared, self._next, self._text = True, 0, ""
        if not wait:
            self._blank_rest(screen)

    def put(
        self, screen: Screen, parent: Parent, data: Bundle, metadata: dict[str, Any], name: str = ""
    ) -> None:
        """Show something next, under the task's own name for it if it gave one."""
        self._text = ""
        self._put(screen, parent, data, metadata, name)
        self._next += 1
        self._used = max(self._used, self._next)
        self._blank_rest(screen)

    def put_text(self, screen: Screen, parent: Parent, text: str) -> None:
        """Show text next, together with text right before it."""
        if self._text:
            self._next -= 1
        text = self._text + text
        self.put(screen, parent, {"text/plain": text.rstrip("\n")}, {})
        self._text = text

    def _put(self, screen: Screen, parent: Parent, data: Bundle, metadata: dict[str, Any], name: str) -> None:
        if self._next < len(self._ids) and name in ("", self._ids[self._next]):
            screen.update(data, metadata, self._ids[self._next])
            return
        if self._next < self._used:
            screen.update(_BLANK, {}, self._ids[self._next])
        self._ids[self._next : self._next + 1] = [name or f"treadle-{uuid.uuid4().hex[:12]}"]
        screen.display(parent, data, metadata, self._ids[self._next])

    def _blank_rest(self, screen: Screen) -> None:
        for display_id in self._ids[self._next : self._used]:
            screen.update(_BLANK, {}, display_id)
        self._used = min(self._used, self._next)
