"""The feed: facts and samples go into the projection, deltas go to the clients that watch.

Law: knows when to send and to whom; what is shown stands in `treadle_runtime.feed`. Facts are taken in batches, a
few times a second, so that a round trip never waits for a picture.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from ..core.books import Books
from ..core.events import Event, TasksReturned
from ..core.facts import Fact
from ..core.model import ClientId, FunctionId, Number
from ..core.states import TaskState
from ..feed.ledger import Ran
from ..feed.projection import Projection
from ..wire import messages as m
from ..wire.process import usage
from ..worker.failure import unpack_failure
from .crew import Crew
from .failure_words import described
from .gauges import Gpus, StoreGauge
from .sources import Sources
from .values import Values

EVERY_S: Final = 0.2
HURRIED_S: Final = 0.03
HURRY_S: Final = 1.0
"""Somebody has pressed a button and looks what becomes of it: for so long changes are sent more often."""
SAMPLE_S: Final = 1.0
FAILURES: Final = 1000
REPORTS: Final = 1000
BATCH: Final = 5000
"""So many facts are taken in at once, even if nobody watches."""


class Feed:
    """The projection of one runtime and who watches it."""

    def __init__(self, epoch: str, tell: Callable[[ClientId, m.Delta], None], values: Values) -> None:
        self.projection = Projection(epoch=epoch, wall_offset=time.time() - time.monotonic())
        self._tell = tell
        self.sources = Sources()
        self._gpus = Gpus()
        self._store = StoreGauge(values)
        self._facts: list[Fact] = []
        self._ran: list[Ran] = []
        self._failures: deque[tuple[Number, bytes]] = deque(maxlen=FAILURES)
        self.reports: dict[Number, tuple[float, str]] = {}
        """How far tasks say they are (fraction or NaN, text), the last to speak last; some may have ended."""
        self._reported: set[Number] = set()  # since the last fold
        self._watching: set[ClientId] = set()
        self._next_delta = 0.0
        self._hurried_until = 0.0
        self._next_sample = 0.0
        self._cpu: dict[int, tuple[float, float]] = {}  # worker -> (when, CPU seconds) of its last sample

    def on_turn(self, events: list[Event], facts: list[Fact]) -> None:
        """Take note of what came in and of what became true by it."""
        for event in events:
            if type(event) is TasksReturned:
                rows = [(row[0], row[2], row[4]) for row in event.rows]
                self._ran.append((event.worker, event.at, rows))
        self._facts += facts
        if len(self._facts) > BATCH or len(self._failures) > FAILURES // 2:  # before one of them is pushed out
            self.fold()

    def on_functions(self, names: dict[FunctionId, str]) -> None:
        """Name functions."""
        self.projection.functions(names)

    def on_session(self, values: dict[str, Any]) -> None:
        """Say what the runtime is."""
        self.projection.session(values)

    def on_report(self, number: Number, fraction: float, text: str) -> None:
        """Take note of how far a task is (NaN: not known)."""
        self.reports.pop(number, None)
        self.reports[number] = (fraction, text)
        self._reported.add(number)
        if len(self.reports) > REPORTS:
            del self.reports[next(iter(self.reports))]

    def reported(self, first: Number, last: Number, books: Books) -> list[tuple[Number, float | None, str]]:
        """Return how far tasks first..last-1 that run say they are: (number, fraction if known, text)."""
        return [
            (number, fraction if fraction == fraction else None, text)
            for number, (fraction, text) in self.reports.items()
            if first <= number < last
            and (task := books.tasks.get(number)) is not None
            and task.state == TaskState.RUNNING
        ]

    def on_failure(self, number: Number, failure: bytes) -> None:
        """Take note of why a task failed."""
        self._failures.append((number, failure))

    def on_looked(self, numbers: list[Number]) -> None:
        """Take note that a person has looked at how these tasks failed, perhaps sooner than they were to be shown."""
        if self._failures:
            self.fold()
        self.projection.seen(numbers)

    def on_rearm(self, numbers: list[Number]) -> None:
        """Take note of tasks that are open again: they have not failed."""
        again = frozenset(numbers)
        self._failures = deque((one for one in self._failures if one[0] not in again), maxlen=FAILURES)
        self.projection.not_failed(numbers)

    def on_watch(self, client: ClientId, on: bool, reset: bool) -> None:
        """Have a client watch, or watch no longer."""
        if not on:
            self._watching.discard(client)
            return
        if reset:
            self._send()  # to the others, so that they and the new one stand at the same point
            self._tell(client, m.Delta(self.projection.snapshot()))
        self._watching.add(client)

    def hurry(self) -> None:
        """Show soon what comes of a command."""
        self._next_delta = 0.0
        self._hurried_until = time.monotonic() + HURRY_S

    def next_deadline(self) -> float | None:
        """Return when `on_time` is to be called, None if nobody waits for anything."""
        return self._next_delta if self._watching else None

    def on_time(self, now: float, crew: Crew, held: int) -> None:
        """Send what is due; `held`: how many tasks are."""
        if not self._watching or now < self._next_delta:
            return
        self._next_delta = now + (HURRIED_S if now < self._hurried_until else EVERY_S)
        if now >= self._next_sample:
            self._next_sample = now + SAMPLE_S
            self._sample(now, crew)
        self.projection.session({"held": held})
        self._send()

    def fold(self) -> None:
        """Bring the projection up to date."""
        facts, self._facts = self._facts, []
        failures, self._failures = self._failures, deque(maxlen=FAILURES)
        ran, self._ran = self._ran, []
        self.projection.ran(ran)
        self.projection.apply(facts)
        reported, self._reported = self._reported, set()
        self.projection.reports({number: self.reports[number] for number in reported & self.reports.keys()})
        if failures:
            self.projection.failures([_row(number, failure, self.sources) for number, failure in failures])

    def _send(self) -> None:
        self.fold()
        delta = self.projection.delta()
        if delta is not None:
            for client in self._watching:
                self._tell(client, m.Delta(delta))

    def _sample(self, now: float, crew: Crew) -> None:
        samples = []
        seen = self._cpu
        self._cpu = {}
        for worker, record in crew.workers.items():
            found = usage(record.pid) if record.ready else None  # one that is only starting may never come
            if found is None:
                continue
            before, used = seen.get(worker, (now, found[0]))
            self._cpu[worker] = (now, found[0])
            share = 100 * (found[0] - used) / (now - before) if now > before else 0.0
            samples.append((worker, {"pid": record.pid, "cpu": round(share), "rss": found[1]}))
        self.projection.workers(samples)
        self.projection.gpus(self._gpus.sample())
        self.projection.session({"store": self._store.used(now)})


def _row(number: Number, failure: bytes, sources: Sources) -> dict[str, Any]:
    """Return a failure as the projection wants it."""
    found = unpack_failure(failure)
    row: dict[str, Any] = {"number": number, "worker": found.worker, "attempt": found.attempt}
    row |= described(found, sources)
    if found.raised:
        row["frames"] = found.raised[0].frames
    return row
