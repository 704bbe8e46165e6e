"""The lease: how long a runtime lives on while no client is there.

Law: knows when the last one left and whether anything runs, nothing of tasks; says when it is over, ends nothing.
"""

from __future__ import annotations

from typing import Final

from ..config import KEEP_ALIVE_AT_MOST_S, KEEP_ALIVE_S
from ..wire.session import RuntimeOptions

FIRST_CLIENT_S: Final = 60.0
"""A runtime that nobody greets for so long ends again."""


class Lease:
    """When a runtime without a client ends: `keep_alive` after the last one has gone and nothing runs.

    That is at most an hour in all, or `keep_alive` if that is longer. A detached one works until nothing is left to do,
    and stays for `keep_alive` after that if something was published.
    """

    __slots__ = ("_deserted_at", "_due", "_keep_s", "_quiet_at")

    def __init__(self, now: float) -> None:
        self._due: float | None = now + FIRST_CLIENT_S
        self._deserted_at: float | None = None
        self._quiet_at: float | None = None  # since when nothing runs
        self._keep_s = 0.0

    def on_deserted(self, now: float, notebook: bool, options: RuntimeOptions) -> None:
        """The last client has gone; was it the kernel of a `notebook`?"""
        self._deserted_at, self._quiet_at = now, None
        self._keep_s = options.keep_alive_s
        if options.script and notebook:  # a script made the runtime, and a notebook was the last to use it
            self._keep_s = KEEP_ALIVE_S

    def next_deadline(self) -> float | None:
        """Return when `is_over` is to be asked again, if nothing happens before."""
        return self._due

    def is_over(self, now: float, present: bool, runs: bool, detached: bool, published: bool) -> bool:
        """Tell whether it is, given that clients are `present`, something `runs`, something was `published`."""
        if present:
            self._due = self._deserted_at = None
            return False
        if self._deserted_at is None:
            return self._due is not None and now >= self._due
        at_most = self._deserted_at + max(KEEP_ALIVE_AT_MOST_S, self._keep_s)
        if runs:
            self._quiet_at = None
            self._due = None if detached else at_most
        else:
            self._quiet_at = now if self._quiet_at is None else self._quiet_at
            keep_s = self._keep_s if published or not detached else 0.0
            self._due = self._quiet_at + keep_s if detached else min(self._quiet_at + keep_s, at_most)
        return self._due is not None and now >= self._due
