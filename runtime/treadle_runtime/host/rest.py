"""Rest: workers that have had nothing to do for long end, and come back with the next task.

Law: knows how long nothing was queued, and when to send workers home; what they hold is in the store by then, which
the scheduler sees to.
"""

from __future__ import annotations

import time

from ..core.scheduler import Scheduler
from .crew import Crew

LOOK_AGAIN_S = 1.0


class Rest:
    """Sends the crew of a runtime home and calls it back."""

    def __init__(self, crew: Crew, scheduler: Scheduler, idle_s: float) -> None:
        self._crew = crew
        self._scheduler = scheduler
        self._idle_s = idle_s
        self._wanted = 0  # workers to come back, while they rest
        self._at: float | None = None  # when they may go home, if nothing comes in between

    def next_deadline(self) -> float | None:
        """Return when `on_time` is to be called."""
        return self._at

    def resize(self, count: int) -> bool:
        """Have `count` workers come back; False if none rest."""
        resting = self._wanted > 0
        if resting:
            self._wanted = count
        return resting

    def on_time(self, now: float, unfinished: bool) -> None:
        """Begin, go on with, or end the rest; `unfinished`: there are tasks to run."""
        if self._wanted:
            if unfinished:
                self._crew.start(self._wanted)
                self._wanted = 0
        elif unfinished or not self._crew.wanted or self._crew.stand_in:
            self._at = None
        elif self._at is None:
            self._at = now + self._idle_s
        elif now >= self._at:
            if any(worker.held for worker in self._scheduler.books.workers.values()):
                self._at = time.monotonic() + LOOK_AGAIN_S  # they still write down what they hold
            else:
                self._wanted, self._at = self._crew.wanted, None
                self._crew.dismiss(f"after {self._idle_s:g} s without work")
