"""Who owns the socket: one thread at a time; others wait behind it, or find that nobody does.

Law: knows threads, nothing of what is owned. `turns` and `delivered` only ever grow: they say that something
happened. A KeyboardInterrupt may come anywhere; `leave` in a `finally` is all that is needed then.

(No threading.Condition: its `with` and its `wait` are Python, so an interrupt in them can leave its lock taken or
release it twice. A bare lock's `with` is one step.)
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

NOBODY: Final = 0  # no thread has this identity


class Seat:
    """A place for one thread."""

    __slots__ = ("_lock", "_waiters", "delivered", "owner", "turns")

    def __init__(self) -> None:
        self._lock = threading.Lock()  # held for a few steps at a time
        self._waiters: list[threading.Lock] = []
        self.owner = NOBODY
        self.delivered = 0  # counts what owners have done for those who wait
        self.turns = 0  # counts waits and bursts of submits

    @property
    def wanted(self) -> bool:
        """Whether threads wait behind the owner."""
        return bool(self._waiters)

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
        waiter: threading.Lock | None = None
        while True:
            seen = self.delivered
            if until():
                return False
            with self._lock:
                self.turns += 1
                if self.owner in (NOBODY, me):  # mine already: an interrupt kept me from leaving
                    self.owner = me
                    return True
            if waiter is None:
                waiter = threading.Lock()
                waiter.acquire()
            left = look_s if deadline is None else min(look_s, deadline - time.monotonic())
            if left <= 0:
                return False
            try:
                self._waiters.append(waiter)
                if (
                    self.delivered == seen and self.owner != NOBODY
                ):  # both are changed before waiters are woken
                    nudge()
                    waiter.acquire(timeout=left)
            finally:
                with self._lock:
                    if waiter in self._waiters:
                        self._waiters.remove(waiter)

    def take_if_free(self, me: int, politely: bool = False) -> bool:
        """Become the owner if there is none (and, `politely`, if nobody waits to be); never blocks for long."""
        with self._lock:
            if self.owner not in (NOBODY, me) or (politely and self._waiters):
                return False
            self.owner = me
            return True

    def leave(self, me: int) -> bool:
        """Give the place up, if it is mine; tell whether it was."""
        if self.owner != me:
            return False
        self.owner = NOBODY
        if self._waiters:
            self._wake()
        return True

    def announce(self) -> None:
        """Have those who wait look whether what they wait for has come."""
        self.delivered += 1
        if self._waiters:
            self._wake()

    def _wake(self) -> None:
        with self._lock:
            while self._waiters:
                self._waiters.pop().release()
