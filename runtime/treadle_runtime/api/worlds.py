"""The world of each call: sent to the runtime when it is another than at the last call.

Law: compares at every call, hence without copying (2 us); knows how to send a snapshot, not what it is for.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Final

from ..wire import messages as m
from ..worker.manners import Listener
from ..worker.world import World, current_folder, environment

KEPT: Final = 32


class Worlds:
    """The worlds one session has sent."""

    def __init__(self, send: Callable[[m.World], None]) -> None:
        self.listener = Listener()
        self._send = send
        self._renewing = threading.Lock()
        self._id = 0
        self._path: list[str] = []
        self._environ: dict[bytes, bytes] = {}
        self._cwd = b""
        self._newest = 0
        self._known: dict[
            bytes, int
        ] = {}  # those that may come again, as when warnings are ignored for a call

    def current(self) -> int:
        """Return the id of cwd, sys.path, environ and manners as they are now, sending them if they are new."""
        if (
            sys.path != self._path
            or environment() != self._environ
            or current_folder() != self._cwd
            or self.listener.changed()
        ):
            self._renew()
        return self._id

    def _renew(self) -> None:
        with self._renewing:
            now = World.current(self.listener.encode())
            data = now.encode()
            world = self._known.get(data)
            if world is None:
                self._newest = world = self._newest + 1
                self._send(m.World(world, data))  # before another thread can name it
                self._known[data] = world
                if len(self._known) > KEPT:
                    del self._known[next(iter(self._known))]
            self._id = world
            self._path, self._environ, self._cwd = list(sys.path), now.environ, now.cwd
