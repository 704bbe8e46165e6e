"""Rest: a worker that has had nothing to do for long ends, and comes back when there is a task for it.

Law: knows since when each worker is idle, how many there should be, and how many the queue could use; what a worker
holds is written down before it goes, which the scheduler sees to. Others work on meanwhile.
"""

from __future__ import annotations

from itertools import islice

from ..core.events import Event, WorkersUnwanted
from ..core.policy import can_move
from ..core.scheduler import Scheduler
from ..core.states import TaskState
from .crew import Crew


class Rest:
    """Sends workers of a runtime home, one by one, and calls them back."""

    def __init__(self, crew: Crew, scheduler: Scheduler, workers: int, idle_s: float) -> None:
        self._crew = crew
        self._books = scheduler.books
        self._idle_s = idle_s
        self._all = workers  # how many there should be when there is work for all
        self._over = False

    def next_deadline(self) -> float | None:
        """Return when `on_time` has somebody to send home, if nothing comes in between."""
        idle = self._books.idle
        if not idle or self._over or self._crew.stand_in:
            return None
        return next(iter(idle.values())).since + self._idle_s  # the last one in gets the next task: this is the oldest

    def end(self) -> None:
        """From now on nobody is called back: the runtime ends."""
        self._over = True

    def resize(self, count: int) -> int:
        """Have `count` workers from now on, and return how many of them are to be there now: who rests goes on resting."""
        resting = self._crew.wanted < self._all
        self._all = count
        return min(count, self._crew.wanted) if resting else count

    def on_time(self, now: float, unfinished: bool, events: list[Event]) -> None:
        """Send home who has been idle for too long, or call back as many as have something to do."""
        idle, crew = self._books.idle, self._crew
        if idle:
            at = self.next_deadline()
            if at is not None and now >= at:
                self._send_home(now, events)
        elif crew.wanted < self._all and unfinished and not self._over:
            wanted = min(self._all, self._useful())
            if wanted > crew.wanted:
                crew.start(wanted)

    def _send_home(self, now: float, events: list[Event]) -> None:
        tired = [
            worker.wid
            for worker in self._books.idle.values()
            if now - worker.since >= self._idle_s and not self._crew.workers[worker.wid].leaving
        ]
        for wid in tired:
            self._crew.workers[wid].leaving = True
        self._crew.wanted -= len(tired)
        self._crew.farewell = f"after {self._idle_s:g} s without work"
        events.append(WorkersUnwanted(now, tired))

    def _useful(self) -> int:
        """How many workers would have something to do: those that work, and one for each task that could move."""
        books = self._books
        working = sum(1 for worker in books.workers.values() if worker.tasks)
        spare = sum(
            can_move(task)
            for worker in books.stocked.values()
            for task in islice(worker.tasks.values(), 1, 1 + self._all)  # the first one runs
        )
        return max(1, working + books.counts[TaskState.READY] + spare)
