"""What the loop listens to: sockets and descriptors, and who takes in what is there.

Law: knows readiness and whom to tell, nothing of what is read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import zmq

from ..core.events import Event

Reader = Callable[[float, list[Event]], None]
_IN: Final = int(zmq.POLLIN)
_OUT: Final = int(zmq.POLLOUT)


class Ears:
    """One poll for all. A key is a zmq socket or a descriptor."""

    __slots__ = ("_polled", "_readers", "_stale", "_writing")

    def __init__(self) -> None:
        self._readers: dict[Any, Reader] = {}
        self._writing: set[Any] = set()
        self._polled: list[tuple[Any, int]] = []
        self._stale = False

    def add(self, key: Any, reader: Reader) -> None:
        """Have `reader(now, events)` called when `key` is readable, in the order of addition."""
        self._readers[key] = reader
        self._stale = True

    def remove(self, key: Any) -> None:
        """Listen to `key` no longer; what the last poll said of it counts no more."""
        self._readers.pop(key, None)
        self._writing.discard(key)
        self._stale = True

    def want_room(self, key: Any, wanted: bool) -> None:
        """Have the reader of `key` called when it can be written to, as well; or no longer."""
        if wanted != (key in self._writing):
            (self._writing.add if wanted else self._writing.discard)(key)
            self._stale = True

    def wait(self, timeout_ms: int) -> list[Any]:
        """Return what is ready; blocks for at most so many milliseconds (-1: for ever)."""
        if self._stale:
            self._stale = False
            self._polled = [(key, _IN | _OUT if key in self._writing else _IN) for key in self._readers]
        return [key for key, _ in zmq.zmq_poll(self._polled, timeout_ms)]

    def take_in(self, ready: list[Any], now: float, events: list[Event]) -> None:
        """Have taken in what `wait` found."""
        for key in ready:
            reader = self._readers.get(key)
            if reader is not None:
                reader(now, events)
