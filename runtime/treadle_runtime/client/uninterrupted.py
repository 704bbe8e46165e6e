"""A few steps that a KeyboardInterrupt must not come between: it waits until they are done.

Law: knows SIGINT and the main thread, nothing else. For steps that take microseconds and never block.

Why: Python looks for signals between any two steps, so also when bytes have left a socket and are in no queue yet, or
were sent and still count as unsent. An interrupt raised there loses a frame or cuts one in half, and whoever waits for
what it said waits for ever.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # what `signal` wraps: turning handlers into enums and back costs 20 us
import sys
import threading
from collections.abc import Callable
from signal import SIGINT
from typing import Any, Final

_SIGINT: Final = int(SIGINT)
_MAIN: Final = threading.main_thread().ident
"""Python runs signal handlers in this thread only."""


def uninterrupted(act: Callable[[], Any]) -> None:
    """Run `act`; an interrupt that comes meanwhile is raised right afterwards."""
    if threading.get_ident() != _MAIN:
        act()
        return
    handler = _signal.getsignal(_SIGINT)
    if not callable(handler):  # ignored, fatal, or not Python's: nothing is raised
        act()
        return
    pressed: list[int] = []

    def keep(number: int, _: Any) -> None:
        pressed.append(number)

    try:
        _signal.signal(_SIGINT, keep)
        act()
    finally:
        _signal.signal(_SIGINT, handler)
    if pressed:
        handler(pressed[0], sys._getframe())
