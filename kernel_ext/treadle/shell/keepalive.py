"""Idle culling: servers end kernels that say nothing for long; one whose tasks run is not idle.

Law: says so while tasks are under way, and only then. A server counts as a sign of life what answers a cell's
request, so the sign is the update of a display that no page has; nothing is shown by it.
"""

from __future__ import annotations

import os
import threading
from typing import Any, Final

from .screen import Screen

EVERY_S: Final = 30.0
NO_DISPLAY: Final = "treadle-is-busy"
SWITCH: Final = "TREADLE_KEEPALIVE"
"""Seconds between two signs; 0 switches them off."""


class KeepAlive:
    """Gives a kernel's signs of life while a session has open tasks."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._closed = threading.Event()
        self._session: Any = None
        self._thread: threading.Thread | None = None

    def follow(self, session: Any) -> None:
        """Watch this session from now on."""
        self._session = session
        if self._thread is None and (every_s := interval_s()):
            self._thread = threading.Thread(target=self._run, args=(every_s,), name="treadle-alive", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Give no more signs."""
        self._closed.set()

    def _run(self, every_s: float) -> None:
        while not self._closed.wait(every_s):
            if is_busy(self._session.client):
                self._screen.update({"text/plain": ""}, {}, NO_DISPLAY)


def is_busy(client: Any) -> bool:
    """Tell whether tasks are under way; what a dead kernel left held waits for a person, not for a worker."""
    held = sum((call := client.calls.get(number)) is not None and not call.final for number in client.held)
    return not client.closed and client.open > held


def interval_s() -> float:
    """Return the seconds between two signs; 0 if they are switched off, the usual ones if the variable makes no sense."""
    try:
        return max(0.0, float(os.environ.get(SWITCH, EVERY_S)))
    except ValueError:
        return EVERY_S
