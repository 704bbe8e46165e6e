"""The workers: started, greeted, given tasks, listened to, and accounted for when they die.

Law: knows processes, lines and what each worker has been told; decides nothing about tasks. Tasks and results travel
by a line the worker was born with; it says that it is ready, and is reached while it computes, by ZeroMQ, where its
frames count only after it has shown the token. A worker that dies is replaced under a new number; if the first
ones can't even start, a stand-in takes their place and fails tasks with the reason, so that nothing hangs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

import zmq

from ..core.events import (
    Event,
    TasksReturned,
    VersionsPublished,
    WorkerJoined,
    WorkerLeft,
    WorkersObserved,
    WorkersUnwanted,
)
from ..core.instructions import Dismiss, Interrupt, Kill, Launch, Publish, Retract
from ..core.model import (
    FunctionId,
    LaunchRow,
    Number,
    Outcome,
    ReturnRow,
    TaskRow,
    Vid,
    WorkerId,
    client_of,
)
from ..engines.protocol import Ended, Engine
from ..errors import EngineError
from ..record.journal import WORKER, Journal
from ..wire import messages as m
from ..wire.auth import same_token
from ..wire.codec import Malformed, from_worker
from ..wire.session import Session
from ..wire.stream import Overlong
from ..worker.failure import pack_exception
from ..worker.seeding import drawing_again
from .death import Death, describe
from .lines import Line, Lines
from .mail import Mail
from .output import Output
from .values import Values
from .worker import Worker

SETTLE_S: Final = 0.01  # what a worker sent before its end may still be on its way
FRUITLESS_STARTS: Final = 3
_Definition = tuple[int, str, bytes, dict[str, Any]]

ENDED: Final = 1000
"""Tasks that have ended whose arguments are still known, ..."""
SMALL: Final = 4096
"""... if they are no larger than this."""


class Crew:
    """All workers of a runtime."""

    def __init__(
        self,
        engine: Engine,
        socket: zmq.Socket[bytes],
        lines: Lines,
        session: Session,
        token: str,
        values: Values,
        output: Output,
        journal: Journal,
        notify: Callable[[str, str], None],
    ) -> None:
        self.workers: dict[WorkerId, Worker] = {}
        self.tasks: dict[Number, TaskRow] = {}  # every task that may still be launched
        self.functions: dict[FunctionId, _Definition] = {}
        self.worlds: dict[int, bytes] = {}
        self.stand_in: WorkerId = 0
        self.ended: dict[Number, TaskRow] = {}  # the last of those that will not, if they are small
        self.queued = 0  # tasks sent and not returned, on all workers
        self.wanted = 0  # how many there should be; 0 when the runtime ends
        self._engine = engine
        self._mail = Mail(socket)
        self._lines = lines
        self._session = session
        self._token = token
        self._values = values
        self._output = output
        self._journal = journal
        self._notify = notify
        self._next = 1
        self._by_identity: dict[bytes, Worker] = {}
        self._fruitless = 0
        self._failure = b""
        self.farewell = ""  # why workers were sent home
        self._ending: list[tuple[float, Ended]] = []  # ended, last frames perhaps not yet here

    # ------------------------------------------------------------------ starting
    def start(self, count: int) -> None:
        """Have `count` workers from now on."""
        self.wanted = count
        while len(self.workers) < self.wanted and not self.stand_in:
            wid, self._next = self._next, self._next + 1
            try:
                started = self._engine.start(wid)
            except EngineError as error:
                self._give_up(error.message, [])
                return
            line = self._lines.adopt(started.line, self)
            worker = line.owner = self.workers[wid] = Worker(wid, started.pid, line, time.monotonic())
            self._by_identity[worker.control] = worker

    def resize(self, count: int, renew: bool, now: float, events: list[Event]) -> None:
        """Have `count` workers from now on, and with `renew` others in the place of those there are.

        Nobody is interrupted: who is to leave ends what runs there first. There are never more than the larger number.
        """
        self.wanted, self.farewell = count, "as the runtime was resized"
        staying = sorted(
            (w for w in self.workers.values() if not w.leaving), key=lambda w: (not w.ready, w.queued)
        )
        surplus = staying if renew else staying[count:]
        for worker in surplus:
            worker.leaving = True
            if not worker.ready:  # it could not hear us yet
                self._engine.kill(worker.wid)
        if gone := [worker.wid for worker in surplus if worker.ready]:
            events.append(WorkersUnwanted(now, gone))
        self.start(count)

    # ------------------------------------------------------------------ what comes in
    def take_in(self, now: float, events: list[Event]) -> None:
        """Take in what workers sent by ZeroMQ."""
        for identity, frames in self._mail.take_in():
            worker = self._by_identity.get(identity)  # else a stranger
            if worker is not None:
                for frame in frames:
                    self._on_frame(worker, frame, now, events)

    def on_frames(self, line: Line, frames: list[bytes], now: float, events: list[Event]) -> None:
        """Take in what a worker sent by its line."""
        for frame in frames:
            self._on_frame(line.owner, frame, now, events)

    def on_overlong(self, line: Line, error: Overlong, _: float, __: list[Event]) -> None:
        """Nothing this worker says can be understood any more: another one takes its place."""
        print(f"worker {line.owner.wid}: {error}", flush=True)
        self._engine.kill(line.owner.wid)

    def on_hung_up(self, line: Line) -> None:
        """Its process ends, as the system will tell."""

    def on_caught_up(self, line: Line) -> None:
        """All that waited for it has been sent."""

    def _on_frame(self, worker: Worker, frame: bytes, now: float, events: list[Event]) -> None:
        try:
            message = from_worker(frame)
        except Malformed as error:
            print(f"worker {worker.wid} sent what is no message: {error}", flush=True)
            return
        kind = type(message)
        if kind is m.Ready:
            self._on_ready(worker, message, now, events)  # type: ignore[arg-type]
        elif not worker.ready:
            print(f"worker {worker.wid} sent {kind.__name__} before its token", flush=True)
        elif kind is m.Returned:
            self._journal.add(WORKER | worker.wid, frame)
            self._on_returned(worker, message.rows, now, events)  # type: ignore[union-attr,arg-type]
        else:
            self._journal.add(WORKER | worker.wid, frame)
            rows = message.rows  # type: ignore[union-attr]
            self._values.keep(rows)  # type: ignore[arg-type]
            events.append(VersionsPublished(now, worker.wid, [row[:3] for row in rows]))

    def _on_ready(self, worker: Worker, message: m.Ready, now: float, events: list[Event]) -> None:
        if (
            not same_token(message.token, self._token)
            or message.worker != worker.wid
            or message.pid != worker.pid
        ):
            print(f"refused a stranger that called itself worker {message.worker}", flush=True)
        elif not worker.ready:
            worker.ready = True
            self._fruitless = 0
            self._output.open(worker.wid)
            events.append(WorkerJoined(now, worker.wid))

    def _on_returned(self, worker: Worker, rows: list[ReturnRow], now: float, events: list[Event]) -> None:
        worker.queued -= len(rows)
        self.queued -= len(rows)
        self._values.keep_returns(worker.wid, rows)
        for row in rows:
            if row[8] is not None:
                self._output.on_returned(worker.wid, row[0], row[8])
                if (
                    row[2] != Outcome.OK and row[0] in self.tasks
                ):  # whoever tries it again has the same bad luck
                    self.tasks[row[0]] = drawing_again(self.tasks[row[0]], row[8])
        last = events[-1] if events else None
        if type(last) is TasksReturned and last.worker == worker.wid:
            last.rows += rows
        else:
            events.append(TasksReturned(now, worker.wid, rows))

    def observe(self, now: float, events: list[Event]) -> None:
        """Look at the status pages of workers that have work: what runs, and what it prints."""
        running = []
        for worker in self.workers.values():
            if worker.ready and worker.queued:
                status = self._output.look(worker.wid)
                if status is not None and status.number:
                    running.append((worker.wid, status.number))
        if running:
            events.append(WorkersObserved(now, running))

    # ------------------------------------------------------------------ deaths
    def on_ended(self, now: float, _: list[Event]) -> None:
        """Note who has ended; what it sent before is taken in first."""
        self._ending += [(now + SETTLE_S, ended) for ended in self._engine.ended()]

    def next_deadline(self) -> float | None:
        """Return when `bury` is to be called, None if nobody has died."""
        return self._ending[0][0] if self._ending else None

    def bury(self, now: float, events: list[Event]) -> None:
        """Report those who have ended, and start others in their place."""
        while self._ending and self._ending[0][0] <= now:
            _, ended = self._ending.pop(0)
            worker = self.workers.pop(ended.worker)
            del self._by_identity[worker.control]
            self._lines.cut(worker.line)
            self.queued -= worker.queued
            status, words = self._output.close(ended.worker)
            death = describe(ended, status, words, worker.killed)
            orderly = ended.exitcode == 0 or not worker.ready
            if (worker.leaving or not self.wanted) and orderly:
                events.append(
                    WorkerLeft(now, worker.wid, None, f"Worker {worker.wid} left {self.farewell}.")
                )
                continue
            print(death.reason, flush=True)
            if worker.ready:
                failure = death.failure(self._name_of(death.number))
                if death.number:
                    self._values.fail(death.number, failure, worker.killed is not None)
                events.append(WorkerLeft(now, worker.wid, death.number or None, death.reason, failure))
            else:
                self._on_fruitless(death, events)
        self.start(self.wanted)

    def _name_of(self, number: Number) -> str:
        row = self.tasks.get(number)
        definition = None if row is None else self.functions.get(row[1])
        return "a task" if definition is None else definition[1]

    def _on_fruitless(self, death: Death, events: list[Event]) -> None:
        self._fruitless += 1
        hopeless = self._fruitless >= FRUITLESS_STARTS and not any(
            each.ready for each in self.workers.values()
        )
        if hopeless and self.wanted and not self.stand_in:
            self._give_up(f"No worker can be started: {death.reason}", events)

    def _give_up(self, reason: str, events: list[Event]) -> None:
        """Let a stand-in take all tasks and fail them: better than to wait for workers that never come."""
        self._notify("warning", reason)
        self._failure = pack_exception(0, EngineError(f"{reason} Then stop the runtime with treadle.stop()."))
        self.stand_in, self._next = self._next, self._next + 1
        events.append(WorkerJoined(time.monotonic(), self.stand_in))

    # ------------------------------------------------------------------ what goes out
    def on_launch(self, instruction: Launch, events: list[Event]) -> None:
        """Send tasks to a worker, behind the functions and worlds it lacks."""
        worker = self.workers.get(instruction.worker)
        if worker is None:
            if instruction.worker == self.stand_in:
                raised = int(Outcome.RAISED)
                rows: list[ReturnRow] = [
                    (n, a, raised, (), 0.0, 0.0, 0, self._failure, None) for n, a, _ in instruction.tasks
                ]
                self._values.keep_returns(self.stand_in, rows)
                events.append(TasksReturned(time.monotonic(), self.stand_in, rows))
            return  # else it has just died: WorkerLeft is on its way
        tasks, input_row, known, worlds = self.tasks, self._values.input_row, worker.functions, worker.worlds
        rows_out: list[LaunchRow] = []
        for number, attempt, inputs in instruction.tasks:
            row = tasks[number]
            function, world = row[1], row[7] and client_of(number) << 32 | row[7]
            if function not in known:
                self._define(worker, function)
            if world not in worlds:
                self._show_world(worker, world)
            rows_out.append(
                (
                    number,
                    attempt,
                    function,
                    row[2],
                    tuple([input_row(vid, kind) for vid, kind in inputs]) if inputs else (),
                    row[4],
                    world,
                    row[10],
                    row[5],
                )
            )
        worker.queued += len(rows_out)
        self.queued += len(rows_out)
        self._lines.post(worker.line, m.Launched(rows_out))

    def forget(self, numbers: list[Number]) -> None:
        """These will never be launched again. The last ones stay known for a while: somebody may look at them."""
        tasks, ended = self.tasks, self.ended
        for number in numbers:
            row = tasks.pop(number, None)
            if row is not None and len(row[2]) <= SMALL:
                ended[number] = row
        if len(ended) > 2 * ENDED:
            for number in list(ended)[:-ENDED]:
                del ended[number]

    def _define(self, worker: Worker, function: FunctionId) -> None:
        worker.functions.add(function)
        definition = self.functions.get(function)
        if definition is not None:  # else the worker fails the task: its client never defined the function
            self._lines.post(worker.line, m.Define([definition]))

    def _show_world(self, worker: Worker, world: int) -> None:
        worker.worlds.add(world)
        data = self.worlds.get(world)
        if data is not None:
            self._lines.post(worker.line, m.World(world, data))

    def on_retract(self, instruction: Retract) -> None:
        """Ask for queued tasks back."""
        self._post_control(instruction.worker, m.TakeBack(instruction.numbers))

    def on_interrupt(self, instruction: Interrupt) -> None:
        """Have a task cancelled."""
        self._post_control(instruction.worker, m.Stop(instruction.number, instruction.attempt))

    def on_publish(self, instruction: Publish) -> None:
        """Have versions written to the store."""
        self._post_control(instruction.worker, m.Publish(instruction.vids))  # it may compute for long

    def free(self, wid: WorkerId, vids: list[Vid]) -> None:
        """Have versions dropped that the worker holds."""
        self._post(wid, m.Free(vids))

    def on_kill(self, instruction: Kill) -> None:
        """End a worker's process."""
        if (worker := self.workers.get(instruction.worker)) is not None:
            worker.killed = instruction.timeout_s
        self._engine.kill(instruction.worker)

    def on_dismiss(self, instruction: Dismiss) -> None:
        """Let a worker go that has nothing left to do."""
        self._post(instruction.worker, m.Leave())

    def dismiss(self, why: str) -> None:
        """Have all workers finish what runs, and end; no others come before the next `start`."""
        self.wanted, self.farewell = 0, why
        for worker in self.workers.values():
            if worker.ready:
                self._lines.post(worker.line, m.Leave())
            else:  # it could not hear us yet
                self._engine.kill(worker.wid)

    def send(self) -> None:
        """Send what this turn has queued for those who compute; `Lines.send` does the rest."""
        self._mail.send()

    def _post(self, wid: WorkerId, message: m.Message) -> None:
        worker = self.workers.get(wid)
        if worker is not None:
            self._lines.post(worker.line, message)

    def post_control_all(self, message: m.Message) -> None:
        """Tell every worker something that does not wait for what it computes."""
        for wid in [worker.wid for worker in self.workers.values() if worker.ready]:
            self._post_control(wid, message)

    def _post_control(self, wid: WorkerId, message: m.Message) -> None:
        worker = self.workers.get(wid)
        if worker is not None:
            self._mail.post(worker.control, message)
