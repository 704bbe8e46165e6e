"""Room in the store: who fills it waits, and is told what holds it.

Law: estimates from what was written and what came back; looks at the folder only when the estimate says so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from ..core.model import Kind, OutputRow, maker_of
from ..errors import StoreFull

if TYPE_CHECKING:
    from .client import Client

_UNLINK_S: Final = 1.0  # files are removed beside the runtime's loop
_LOOK: Final = 16
"""The folder is looked at each time it may have grown by this part of the limit."""


class Room:
    """How full the store of one client may be.

    Parameters
    ----------
    limit
        bytes; 0 means: no store, no limit.
    """

    def __init__(self, client: Client, limit: int) -> None:
        self._client = client
        self.limit = limit
        self.let_go: Callable[[], None] | None = None
        """Gives up what is stored only because it may be wanted again; called before anybody waits."""
        self._unseen = 0  # bytes that may have been added since the folder was looked at

    def grew(self, outputs: tuple[OutputRow, ...]) -> None:
        """Count what a task has made."""
        for kind, nbytes, _data in outputs:
            if kind != Kind.INLINE:
                self._unseen += nbytes

    def make(self, nbytes: int) -> None:
        """Wait until `nbytes` more have room.

        Raises StoreFull if nothing that runs can make room. Blocks while something can; the thread of the user's code.
        """
        self._unseen += nbytes
        if not self.limit or self._unseen * _LOOK < self.limit:
            return
        client = self._client
        self._unseen = 0
        store = client.store

        def fits() -> bool:
            return client.lost is not None or store is None or store.total() + nbytes <= self.limit

        if fits():
            return
        if nbytes > self.limit:
            raise StoreFull(
                f"This takes {_size(nbytes)}, and the store may hold {_size(self.limit)} in all. Pass it in parts, "
                "have the task read it itself, or start(memory=...) with more."
            )
        if self.let_go is not None:
            self.let_go()
        holders = self._holders()  # asking also means that what was released here has been heard of
        if client.link.wait(fits, _UNLINK_S):
            return
        if client.open:
            client.notify("info", f"the store is full ({holders}); waiting for tasks to free some of it")
            client.wait(lambda: client.open == 0 or fits(), None, list(client.calls.values()))
        if not client.link.wait(fits, _UNLINK_S):
            raise StoreFull(
                f"The store is full ({_size(self.limit)}) and no running task can free any of it. It is held by "
                f"{self._holders()}. Drop what you don't need (del x), or start(memory=...) with more."
            )

    def _holders(self) -> str:
        client = self._client
        largest: list[list[Any]] = client.link.ask("holders", {"limit": 3})
        told = []
        for vid, nbytes in largest:
            call = client.calls.get(maker_of(vid))
            told.append(f"{call.label if call is not None else 'a stored argument or put'}: {_size(nbytes)}")
        return ", ".join(told) or "unpublished results"


def _size(nbytes: int) -> str:
    return f"{nbytes / 1e9:.1f} GB" if nbytes >= 1e9 else f"{nbytes / 1e6:.0f} MB"
