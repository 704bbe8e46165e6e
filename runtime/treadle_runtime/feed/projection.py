"""The projection: facts in, deltas out.

Law: knows facts and the feed's shapes, never the scheduler, sockets or clocks. What leaves is the difference
between what should be shown and what the deltas so far add up to, so it is bounded by what can be shown; and nothing
is noted for those who look only to be taken back, so it costs no memory that nobody looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..core.facts import Fact
from ..core.model import FunctionId, Number, WorkerId
from ..core.states import WorkerState
from .delta import FEED, GPU_LIMIT, WORKER_LIMIT, Delta, Record, State, clip
from .failures import Failures
from .ledger import Ledger, Ran
from .members import PAGE, Born, members
from .memory import Memory
from .reducer import as_delta, nothing, reduce

_GONE_KEPT = 4
_Verb = dict[str, dict[str, Record]]


class Projection:
    """What the screens are told of a runtime.

    Parameters
    ----------
    limit_tasks : int
        Tasks shown one by one; the cells beyond are shown as groups.
    epoch : str
        Names this life of the runtime; screens ask for a reset when it changes.
    wall_offset : float
        Seconds to add to the facts' times to get wall time.

    Notes
    -----
    One thread, never blocks. The host calls `apply` with each step's facts and, a few times a second while
    somebody watches, `delta`. A new watcher gets `snapshot`, which is what the deltas so far add up to (so call
    `delta` first and send it to the others).

    Examples
    --------
    >>> p = Projection(epoch="e")
    >>> p.functions({1: "f"})
    >>> p.apply([("b", 7, 1, 0, 3, 0, (), None, 0.0), ("t", 7, "ready", 0, 0.0)])
    >>> p.delta()["put"]["task"]
    {'7': {'fn': 1, 'cell': 3, 'state': 'ready'}}
    """

    def __init__(self, limit_tasks: int = 2000, *, epoch: str = "", wall_offset: float = 0.0) -> None:
        self._shown: State = {**nothing(), "epoch": epoch, "seq": 0}
        self._ledger = Ledger(limit_tasks, wall_offset, self._shown["task"])
        self._workers: dict[WorkerId, Record] = {}
        self._memory = Memory()
        self._session: Record = {}
        self._gpus: dict[str, Record] = {}
        self._failures = Failures()

    # ------------------------------------------------------------------ what comes in
    def apply(self, facts: Iterable[Fact]) -> None:
        """Take in facts in the order they became true."""
        for fact in self._ledger.apply(facts):
            self._on_worker(*fact)

    def ran(self, batches: Iterable[Ran]) -> None:
        """Take in attempts that ended (see `ledger.Ran`), before the facts that follow from them."""
        self._ledger.ran(batches)

    def functions(self, names: Mapping[FunctionId, str]) -> None:
        """Name functions, before facts speak of them. Versions with the same name are shown as one."""
        self._ledger.functions.name(names)

    def reports(self, reports: Mapping[Number, tuple[float, str]]) -> None:
        """Take in how far tasks say they are: number -> (fraction or NaN, text)."""
        self._ledger.report(reports)

    def workers(self, samples: Iterable[tuple[WorkerId, Mapping[str, Any]]]) -> None:
        """Take in samples: (worker, {"pid":, "cpu": percent, "rss": bytes, "task": number or None})."""
        for worker, sample in samples:
            if worker in self._workers or len(self._workers) < WORKER_LIMIT:
                record = self._workers.setdefault(worker, {"state": WorkerState.IDLE})
                record.update(sample)
                if "rss" in sample and len(series := self._memory.add(worker, sample["rss"])) > 1:
                    record["mem"] = series

    def gpus(self, samples: Iterable[Mapping[str, Any]]) -> None:
        """Say what the machine's GPUs do: {"name":, "busy": percent, "used": bytes, "total": bytes} of each."""
        self._gpus = {str(index): dict(sample) for index, sample in enumerate(samples) if index < GPU_LIMIT}

    def failures(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Take in failures: "number" and any of type, message, traceback, frames (file, line, function), worker, attempt.

        Call it after the facts that speak of these tasks.
        """
        for row in rows:
            self._failures.add({**self._ledger.about(row["number"]), **row})

    def not_failed(self, numbers: Iterable[Number]) -> None:
        """Tasks have not failed after all: they are tried again."""
        self._failures.remove(numbers)

    def alike(self, number: Number) -> list[Number]:
        """Return all tasks that failed like this one."""
        return self._failures.alike(number)

    def seen(self, numbers: Iterable[Number]) -> None:
        """Somebody has looked at the failures of these tasks, and so at all that are alike."""
        for number in numbers:
            self._failures.see(number)

    def session(self, values: Mapping[str, Any]) -> None:
        """Set what the host says of itself: a few plain values, e.g. {"name": "nb-1", "workers": 4}."""
        self._session.update(values)

    # ------------------------------------------------------------------ what goes out
    def snapshot(self) -> Delta:
        """Return the delta from nothing that equals all deltas so far."""
        return as_delta(self._shown)

    def delta(self) -> Delta | None:
        """Return what changed since the last call, None if nothing did."""
        ledger = self._ledger
        ledger.fold()
        ledger.close_cells()
        put: _Verb = {}
        gone: dict[str, list[str]] = {}
        self._compare("task", {str(n): ledger.record(n) for n in sorted(ledger.dirty)}, put, gone)
        ledger.dirty.clear()
        for kind, table in self._tables().items():
            missing = {key: None for key in self._shown[kind] if key not in table}
            self._compare(kind, {**missing, **table}, put, gone)
        if spans := ledger.stream.changes():
            put["stream"] = spans
        if old := sorted(self._shown["stream"].keys() - ledger.stream.keys(), key=int):
            gone["stream"] = old
        kept = self._failures.numbers()
        if dropped := [str(row["number"]) for row in self._shown["failure"] if row["number"] not in kept]:
            gone["failure"] = dropped
        added = self._failures.changes()
        verbs = {"del": gone, "put": put, "add": {"failure": added} if added else {}}
        verbs = {verb: what for verb, what in verbs.items() if what}
        if not verbs:
            return None
        delta: Delta = {"feed": FEED, "epoch": self._shown["epoch"], "seq": self._shown["seq"] + 1, **verbs}
        reduce(self._shown, delta)
        return delta

    def members(self, group: str, offset: int, limit: int = PAGE, born: Born | None = None) -> Record:
        """Return some tasks of a group, for who opens its box: see `treadle_runtime.feed.members`."""
        return members(self._ledger, group, offset, limit, born)

    def _tables(self) -> _Verb:
        return {
            "group": self._ledger.groups.records(),
            "worker": {str(worker): record for worker, record in self._workers.items()},
            "function": self._ledger.functions.records(),
            "session": {"self": self._session} if self._session else {},
            "gpu": self._gpus,
        }

    def _compare(
        self, kind: str, wanted: Mapping[str, Record | None], put: _Verb, gone: dict[str, list[str]]
    ) -> None:
        """Add to `put` and `gone` what makes the shown records the wanted ones."""
        shown = self._shown[kind]
        for key, record in wanted.items():
            old = shown.get(key)
            if record is None:
                if old is not None:
                    gone.setdefault(kind, []).append(key)
            elif old is None:
                put.setdefault(kind, {})[key] = {k: v for k, v in record.items() if v is not None}
            else:
                fields = {name: value for name, value in record.items() if old.get(name) != value}
                fields.update({name: None for name in old if name not in record})
                if fields:
                    put.setdefault(kind, {})[key] = fields

    def _on_worker(self, _: str, worker: WorkerId, state: str, reason: str, __: float) -> None:
        if worker not in self._workers and len(self._workers) >= WORKER_LIMIT:
            return
        record = self._workers.setdefault(worker, {})
        record["state"] = state
        if state == WorkerState.GONE:
            record.update(cpu=0, rss=0, task=None, mem=None, reason=clip(reason, 200) or None)
            self._memory.remove(worker)
            gone = [key for key, other in self._workers.items() if other["state"] == WorkerState.GONE]
            for key in gone[:-_GONE_KEPT]:
                del self._workers[key]
