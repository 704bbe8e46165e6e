"""Who owns the socket: one thread at a time; others wait behind it, or find that nobody does.

Law: knows threads and a condition, nothing of what is owned. `turns` and `delivered` only ever grow: they say that
something happened. A KeyboardInterrupt may come anywhere; `leave` in a `finally` is all that is needed then.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

NOBODY: Final = 0  # no thread has this identity


class Seat:
    """A place for one thread."""

    __slots__ = ("_changed", "delivered", "owner", "turns", "wanted")

    def __init__(self) -> None:
        self._changed = threading.Condition(threading.Lock())
        self.owner = NOBODY
        self.wanted = 0  # threads that wait behind the owner
        self.delivered = 0  # counts what owners have done for those
        self.turns = 0  # counts waits and bursts of submits

    def take(
        self,
        me: int,
        until: Callable[[], bool],
        deadline: float | None,
        look_s: float,
        nudge: Callable[[], None],
    ) -> bool:
        """Become the owner; False if `until()` came true or the time was over first.

        `until` is asked whenever an owner has delivered something, and no lock is held then. `nudge` is called
        when there is an owner, which may be one that gives way.
        """
        while True:
            seen = self.delivered
            if until():
                return False
            with self._changed:
                self.turns += 1
                if self.owner in (NOBODY, me):  # mine already: an interrupt kept me from leaving
                    self.owner = me
                    return True
                if self.delivered != seen:
                    continue
                left = look_s if deadline is None else min(look_s, deadline - time.monotonic())
                if left <= 0:
                    return False
                self.wanted += 1
                try:
                    nudge()
                    self._changed.wait(left)
                finally:
                    self.wanted -= 1

    def take_if_free(self, me: int, politely: bool = False) -> bool:
        """Become the owner if there is none (and, `politely`, if nobody waits to be); never blocks for long."""
        with self._changed:
            if self.owner not in (NOBODY, me) or (politely and self.wanted):
                return False
            self.owner = me
            return True

    def take_at_last(self, me: int, look_s: float) -> None:
        """Become the owner, however long that takes: for the one who closes."""
        with self._changed:
            while self.owner not in (NOBODY, me):
                self._changed.wait(look_s)
            self.owner = me

    def leave(self, me: int) -> bool:
        """Give the place up, if it is mine; tell whether it was."""
        if self.owner != me:
            return False
        with self._changed:
            self.owner = NOBODY
            if self.wanted:
                self._changed.notify_all()
        return True

    def announce(self) -> None:
        """Have those who wait look whether what they wait for has come."""
        self.delivered += 1
        if self.wanted:
            with self._changed:
                self._changed.notify_all()
