"""The virtual cluster: the real scheduler with simulated workers, in one thread, in an order a seed decides.

Law: no processes, no clock, no chance but the seed. What a program computes on it must equal what the same code
computes without Treadle, whatever the order, and however often workers die.
"""

from __future__ import annotations

import functools
import random
from collections import deque
from collections.abc import Callable
from typing import Any

from .. import place
from ..api.session import Session, install
from ..client.client import Client
from ..client.handles import Handle, Handles
from ..config import Options
from ..core import events as e
from ..core import instructions as i
from ..core.books import SchedulerOptions
from ..core.invariants import check
from ..core.model import (
    INLINE_LIMIT,
    FinishedRow,
    Kind,
    Number,
    Outcome,
    OutputRow,
    ReturnRow,
    TaskRow,
    Vid,
    vid_of,
)
from ..core.scheduler import Scheduler
from ..core.states import TASK_FINAL
from ..store.packing import Packed
from ..wire import messages as m
from ..worker.code import load_code
from ..worker.context import TaskContext
from ..worker.failure import pack_lost
from ..worker.instead import Instead, exchange
from .virtual_worker import VirtualWorker, run

_CLIENT = 0
_FULLY_CHECKED = 64  # tasks: a check looks at all of them, so many that are checked after every event would cost their square


class VirtualCluster:
    """Run tasks on the real scheduler with simulated workers; a context manager that is also a session.

    Parameters
    ----------
    seed
        decides the order of everything.
    workers
        how many simulated workers.
    deaths
        how likely a worker dies at a step, before or after it ran its next task, from 0 to 1.
    validate
        check the scheduler's invariants (slower): after every event up to 64 tasks, then more rarely the more there are.

    Examples
    --------
    >>> import treadle
    >>> from treadle_runtime.testing import VirtualCluster
    >>> with VirtualCluster(seed=7, workers=3, deaths=0.1):
    ...     treadle.wait_on([treadle.task(pow)(2, n) for n in range(4)])
    [1, 2, 4, 8]
    """

    def __init__(self, seed: int = 0, workers: int = 2, deaths: float = 0.0, validate: bool = True) -> None:
        self._random = random.Random(seed)
        self._deaths = deaths
        self._count = workers
        self._validate = validate
        self._unchecked = 0  # events since the invariants were checked
        self._next_worker = 1
        self._at = 0.0
        self._wake: list[float] = []
        self.deaths = 0
        self.scheduler = Scheduler(SchedulerOptions(max_losses=1_000_000))
        self._workers: dict[int, VirtualWorker] = {}
        self._rows: dict[Number, TaskRow] = {}
        self._codes: dict[int, tuple[str, bytes]] = {}
        self._values: dict[Vid, bytes] = {}  # what the runtime keeps and what is in the store
        self._failures: dict[Number, bytes] = {}
        self._returned: dict[Number, ReturnRow] = {}
        self._instead: dict[int, list[Instead]] = {}
        self._tries: dict[Number, int] = {}  # attempts that ended in the task's own code
        self._events: list[e.Event] = []  # happened, not yet told to the scheduler
        self._mail: deque[m.ToClient] = deque()
        self._steps = False  # a step is being made
        self.handles = Handles(self._on_dropped)
        self.session = Session(Options(engine="inline"), self._open)

    def _open(self, client: Client) -> None:
        self._client = client
        client.attach(self, m.Welcome(epoch="virtual", client=_CLIENT, store="", workers=self._count))
        self._tell(e.ClientJoined(self._at, _CLIENT))
        for _ in range(self._count):
            self._add_worker()

    def __enter__(self) -> Session:
        install(self.session)
        return self.session

    def __exit__(self, kind: Any, error: Any, tb: Any) -> None:
        self.session.stop(cancel=kind is not None)

    # ------------------------------------------------------------ the link
    def submit(self, row: TaskRow) -> None:
        """Queue one task."""
        self._rows[row[0]] = row
        self._events.append(e.TasksSubmitted(self._at, _CLIENT, [row]))
        while self._random.random() < 0.3 and self.step():
            pass

    def send(self, message: m.FromClient) -> None:
        """Queue a message."""
        if isinstance(message, m.Define):
            for function, name, code, _options in message.functions:
                self._codes[function] = (name, code)
            self._events.append(e.FunctionsDefined(self._at, [row[:2] for row in message.functions]))
        elif isinstance(message, m.Put):
            for vid, _kind, _nbytes, data in message.rows:
                self._values[vid] = data or b""
            self._events.append(e.VersionsPut(self._at, _CLIENT, [row[:3] for row in message.rows]))
        elif isinstance(message, m.Take):
            self._events.append(e.HandlesTaken(self._at, _CLIENT, message.vids))
        elif isinstance(message, m.Fetch):
            self._events.append(e.VersionsWanted(self._at, _CLIENT, message.vids))
        elif isinstance(message, m.Again):
            self._events.append(e.CellRunAgain(self._at, message.first, message.last))
        elif isinstance(message, m.Cancel):
            self._events.append(e.CancelWanted(self._at, message.numbers))
        elif isinstance(message, m.Retry):
            self._instead[message.id] = message.instead
            instead = {old: (new, vids) for old, new, _data, vids in message.instead}
            self._events.append(e.RetryWanted(self._at, _CLIENT, message.id, message.numbers, instead))

    def _on_dropped(self, handle: Handle) -> None:
        self.handles.living.discard(handle)
        self._events.append(e.HandlesDropped(self._at, _CLIENT, [handle.vid]))

    def hurry(self) -> None:
        """Nothing to do: nobody sleeps here."""

    def wait(self, until: Callable[[], bool], timeout: float | None) -> bool:  # noqa: ARG002 - no clock here
        """Simulate until `until()`; raises AssertionError with the scheduler's explanation if nothing can happen."""
        while not until():
            if not self.step():
                if self._wake:
                    self._at = max(self._at, min(self._wake)) + 0.001
                    self._wake = [at for at in self._wake if at > self._at]
                    self._tell(e.Tick(self._at))
                    continue
                waiting = [number for number, call in self._client.calls.items() if not call.final]
                why = "\n".join(self.scheduler.explain(number) for number in waiting[:5])
                raise AssertionError(f"nothing can happen any more, yet {len(waiting)} tasks wait:\n{why}")
        return True

    def ask(self, question: str, args: dict[str, Any], timeout: float | None = 10.0) -> Any:  # noqa: ARG002
        """Answer what the client asks for retries, of inputs, and when it stops."""
        while self._events:
            self._step_scheduler()
        if question == "recorded":
            return list({task.function.fid for task in self.scheduler.books.recorded.values()})
        if question == "states":
            tasks = self.scheduler.books.tasks.values()
            return [[task.number, task.state] for task in tasks if task.state not in TASK_FINAL]
        if question == "recipe":
            return self._recipe(args["number"])
        if question != "handles":
            return {}
        return [vid for vid in self._values if self.scheduler.version(vid) is not None]

    def _recipe(self, number: Number) -> list[Any] | None:
        row = self._rows.get(number)
        return None if row is None else [row[1], *self._codes[row[1]], row[2], row[3], row[10]]

    def attend(self, until: Callable[[], bool]) -> None:
        """Simulate for somebody who waits by other means (callbacks, `concurrent.futures.wait`, a coroutine)."""
        if not self._steps:  # else a callback asks, from within a step: whoever steps goes on
            self.wait(until, None)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Nothing was opened."""

    # ------------------------------------------------------------ the simulation
    def step(self) -> bool:
        """Let one thing happen; False if nothing can."""
        choices: list[Callable[[], None]] = []
        if self._events:
            choices += [self._step_scheduler] * 2
        if self._mail:
            choices.append(self._step_mail)
        choices += [functools.partial(self._step_worker, w) for w in self._workers.values() if w.queue]
        if not choices:
            return False
        self._at += 0.001
        before, self._steps = self._steps, True
        try:
            self._random.choice(choices)()
        finally:
            self._steps = before
        return True

    def _step_scheduler(self) -> None:
        count = self._random.randint(1, len(self._events))
        events, self._events = self._events[:count], self._events[count:]
        for event in events:
            event.at = self._at
        self._tell(*events)

    def _tell(self, *events: e.Event) -> None:
        for event in events:
            if isinstance(event, e.TasksReturned):
                self._keep(event)
            elif isinstance(event, e.WorkerLeft) and event.running is not None and event.failure is not None:
                self._failures[event.running] = event.failure
        step = self.scheduler.handle(list(events))
        self._unchecked += 1
        if self._validate and self._unchecked * _FULLY_CHECKED >= len(self.scheduler.books.tasks):
            self._unchecked = 0
            check(self.scheduler)
        for instruction in step.instructions:
            _CARRY_OUT[type(instruction)](self, instruction)

    def _keep(self, event: e.TasksReturned) -> None:
        for row in event.rows:
            self._returned[row[0]] = row
            if row[2] in (Outcome.OK, Outcome.RAISED, Outcome.TIMED_OUT):
                self._tries[row[0]] = self._tries.get(row[0], 0) + 1
            if row[7] is not None:
                self._failures[row[0]] = row[7]
            for k, (kind, _nbytes, data) in enumerate(row[3]):
                if kind == Kind.INLINE and data is not None:
                    self._values[vid_of(row[0], k)] = data

    def _step_mail(self) -> None:
        self._client.receive(self._mail.popleft())

    def _step_worker(self, worker: VirtualWorker) -> None:
        dies = self._random.random() < self._deaths
        if dies and self._random.random() < 0.5:
            self._kill(worker, worker.queue[0][0])
            return
        number, attempt, inputs = worker.queue.popleft()
        row = self._run(worker, number, attempt, inputs)
        if dies:
            self._kill(worker, number)
        else:
            self._events.append(e.TasksReturned(self._at, worker.worker, [row]))

    def _run(
        self, worker: VirtualWorker, number: Number, attempt: int, inputs: tuple[tuple[Vid, Kind], ...]
    ) -> ReturnRow:
        row = self._rows[number]
        if any(kind == Kind.HELD and vid not in worker.made for vid, kind in inputs):
            return (number, attempt, Outcome.DECLINED, (), 0.0, 0.0, 0, None, None)
        name, code = self._codes[row[1]]
        if row[1] not in worker.functions:
            worker.functions[row[1]] = load_code(code)
        datas = [worker.made[vid] if kind == Kind.HELD else self._values[vid] for vid, kind in inputs]
        sources = [functools.partial(Packed.from_bytes, data) for data in datas]
        context = TaskContext(worker.worker)
        context.begin(number, attempt, name, row[10])
        with place.running(context):
            ran = run(number, worker.functions[row[1]], row[2], sources, row[4], row[10], context)
        outputs: list[OutputRow] = []
        for k, packed in enumerate(ran.outputs):
            vid, data = vid_of(number, k), packed.to_bytes()
            worker.made[vid] = data
            kind = self._random.choice((Kind.INLINE, Kind.FILE, Kind.HELD))
            outputs.append((kind, packed.nbytes, data if kind == Kind.INLINE else None))
            if kind == Kind.FILE:
                self._values[vid] = data
        return (number, attempt, ran.outcome, tuple(outputs), 0.001, 0.001, 0, ran.failure, ran.notes)

    def _add_worker(self) -> None:
        worker = VirtualWorker(self._next_worker)
        self._next_worker += 1
        self._workers[worker.worker] = worker
        self._events.append(e.WorkerJoined(self._at, worker.worker))

    def _kill(self, worker: VirtualWorker, running: Number | None) -> None:
        self.deaths += 1
        del self._workers[worker.worker]
        lost = pack_lost(running or 0, worker.worker, 9, None, 0, "", 1, "its worker died in the simulation.")
        self._events.append(e.WorkerLeft(self._at, worker.worker, running, "killed by signal 9", lost))
        self._add_worker()

    # ------------------------------------------------------------ instructions
    def _launch(self, launch: i.Launch) -> None:
        worker = self._workers.get(launch.worker)
        if worker is not None:
            worker.queue.extend(launch.tasks)

    def _retract(self, retract: i.Retract) -> None:
        worker = self._workers.get(retract.worker)
        if worker is None:
            return
        taken = [task for task in worker.queue if task[0] in retract.numbers]
        for task in taken:
            worker.queue.remove(task)
        rows: list[ReturnRow] = [(n, at, Outcome.TAKEN_BACK, (), 0.0, 0.0, 0, None, None) for n, at, _ in taken]
        if rows:
            self._events.append(e.TasksReturned(self._at, worker.worker, rows))

    def _interrupt(self, interrupt: i.Interrupt) -> None:
        worker = self._workers.get(interrupt.worker)
        for task in list(worker.queue) if worker is not None else ():
            if task[0] == interrupt.number and worker is not None:
                worker.queue.remove(task)
                row: ReturnRow = (task[0], task[1], Outcome.INTERRUPTED, (), 0.0, 0.0, 0, None, None)
                self._events.append(e.TasksReturned(self._at, worker.worker, [row]))

    def _kill_instructed(self, kill: i.Kill) -> None:
        if kill.worker in self._workers:
            self._kill(self._workers[kill.worker], None)

    def _publish(self, publish: i.Publish) -> None:
        worker = self._workers.get(publish.worker)
        if worker is None:
            return
        rows: list[tuple[Vid, int, int]] = []
        for vid in publish.vids:
            data = worker.made.get(vid)
            if data is not None:
                self._values[vid] = data
            kind = Kind.NONE if data is None else Kind.INLINE if len(data) <= INLINE_LIMIT else Kind.FILE
            rows.append((vid, kind, len(data or b"")))
        self._events.append(e.VersionsPublished(self._at, worker.worker, rows))

    def _drop(self, drop: i.Drop) -> None:
        holder = self._workers.get(drop.worker) if drop.worker is not None else None
        for vid in drop.vids:
            if drop.worker is None:
                self._values.pop(vid, None)
            elif holder is not None:
                holder.made.pop(vid, None)

    def _forget(self, forget: i.Forget) -> None:
        for number in forget.numbers:
            self._rows.pop(number, None)

    def _rearm(self, rearm: i.Rearm) -> None:
        instead = self._instead.pop(rearm.id, [])
        for number in rearm.numbers:
            self._rows[number] = exchange(self._rows[number], instead)
        self._mail.append(m.Rearmed(rearm.id, rearm.numbers, rearm.refused))

    def _report(self, report: i.Report) -> None:
        rows: list[FinishedRow] = []
        for number, state, root in report.tasks:
            returned = self._returned.pop(number, None)
            outputs: tuple[OutputRow, ...] = ()
            if returned is not None and state == "done":
                outputs = returned[3]
            failure = self._failures.get(root) if root else None
            notes = returned and returned[8]
            if (tries := self._tries.pop(number, 1)) > 1:
                notes = {**(notes or {}), "attempts": tries}
            place = (0, returned[1] if returned else 0, 0.0)
            rows.append((number, state, outputs, failure, root, place, notes))
        self._mail.append(m.Finished(rows))

    def _deliver(self, deliver: i.Deliver) -> None:
        rows: list[tuple[Vid, int, int, bytes | None]] = []
        for vid, kind in deliver.vids:
            data = self._values.get(vid)
            gone = kind == Kind.NONE or data is None
            rows.append((vid, Kind.NONE if gone else Kind.INLINE, 0, None if gone else data))
        self._mail.append(m.Values(rows))

    def _wake_at(self, wake: i.WakeAt) -> None:
        self._wake.append(wake.at)


_CARRY_OUT: dict[type, Callable[[VirtualCluster, Any], None]] = {
    i.Launch: VirtualCluster._launch,
    i.Retract: VirtualCluster._retract,
    i.Interrupt: VirtualCluster._interrupt,
    i.Kill: VirtualCluster._kill_instructed,
    i.Publish: VirtualCluster._publish,
    i.Drop: VirtualCluster._drop,
    i.Forget: VirtualCluster._forget,
    i.Rearm: VirtualCluster._rearm,
    i.Report: VirtualCluster._report,
    i.Deliver: VirtualCluster._deliver,
    i.WakeAt: VirtualCluster._wake_at,
}
