"""The loop of the runtime process: one thread, one poll, events in, instructions out.

Law: the composition root. It knows every part of the host by name and none from the inside; it decides when to
look, what comes first, and when to end. Nothing here blocks but the poll.
"""

from __future__ import annotations

import gc
import math
import secrets
import shutil
import signal
import socket
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import zmq

from ..core import instructions as i
from ..core.events import CancelWanted, Event, Tick
from ..core.facts import Fact
from ..core.model import FunctionId, Vid
from ..core.scheduler import Scheduler
from ..core.states import TASK_FINAL, TaskState
from ..engines.local import LocalEngine
from ..machine import usable_memory
from ..record.journal import Journal
from ..store.folders import choose_folder
from ..wire import messages as m
from ..wire.bell import Bell
from ..wire.process import ASK_EVERY_S
from ..wire.session import Descriptor, Session, claim, environment, publish
from .clients import Clients
from .crew import Crew
from .ears import Ears
from .feed import Feed
from .lease import Lease
from .mail import router
from .notebooks import Notebooks, hearers
from .output import Output
from .questions import answer_all
from .rest import Rest
from .retries import Retries
from .sharing import Published
from .sweep import Sweep
from .values import Values

LOOK_S: Final = 0.1
"""How often status pages and logs are looked at while workers have work."""
CANCEL_LIMIT_S: Final = 4.0
LEAVE_LIMIT_S: Final = 2.0
LAST_WORDS_S: Final = 0.3
GC_THRESHOLDS: Final = (50_000, 20, 50)
"""Tasks come by the thousand and go by reference count: looking for cycles among them is mostly in vain."""
_WAITING, _READY = TaskState.WAITING, TaskState.READY
_PLACED, _RUNNING = TaskState.PLACED, TaskState.RUNNING


class Host:
    """A runtime, from its first socket to its last file."""

    def __init__(self, session: Session, door: socket.socket) -> None:
        self.session = session
        self.owner = session.own()
        self.options = session.options()
        self.epoch = secrets.token_hex(4)
        self.name = self.options.name or f"{session.folder.name.removeprefix('s-')}"
        self.started, self._began = time.monotonic(), time.time()
        self.notebooks = Notebooks()
        self.published: dict[str, Published] = {}
        if self.options.name:
            claim(self._describe(str(session.folder), 0))
        self.store = choose_folder(session.folder.name, self.options.memory)
        Session(self.store).own()
        token = session.token()
        self._context = zmq.Context(io_threads=1)
        self._workers_socket = router(self._context, session.workers)
        self._ears = Ears()
        self.engine = LocalEngine(session, self.options, self._environ())
        self._bell = Bell()
        self.scheduler = Scheduler()
        self.journal = Journal(session.journal, m.PROTOCOL, self.epoch)
        self.values = Values()
        self.clients = Clients(door, self._ears, token, self.journal, self)
        self.output = Output(session, self._on_output, lambda *report: self.feed.on_report(*report))
        self.crew = Crew(
            self.engine,
            self._workers_socket,
            self.clients.lines,
            session,
            token,
            self.values,
            self.output,
            self.journal,
            lambda level, text: self.clients.tell_all(m.Notice(level, text)),
        )
        self.feed = Feed(self.epoch, self.clients.viewers.show, self.values)
        self.retries = Retries(self)
        self.questions: list[tuple[int, m.Ask | m.Answer]] = []
        self.wishes: list[Event] = []  # what an answer to a question wants the scheduler to hear
        self.ending = ""  # why the runtime is to end
        self._sweep = Sweep(self.store)
        self._wake: float | None = None  # the Tick the scheduler asked for
        self._next_look = 0.0
        self._due = 0.0  # when time is to be looked after
        self._lease = Lease(self.started)
        self._give_up_at: float | None = None  # when an end that cancels waits no longer
        self._cancel_all = False
        self._ask_at: float | None = None  # without pidfd: when to look who has ended
        self.rest = Rest(self.crew, self.scheduler, self.options.workers, self.options.idle_s)
        self._listen()
        self._do = self._doers()

    # ------------------------------------------------------------------ life
    def run(self) -> None:
        """Work until the lease ends or somebody stops the runtime. Blocks."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, self._on_sigterm)
        self.crew.start(self.options.workers)
        self._sweep.start()
        descriptor = self.publish()
        gc.collect()
        gc.freeze()  # what is here now stays
        gc.set_threshold(*GC_THRESHOLDS)
        try:
            self._ask_at = time.monotonic() + ASK_EVERY_S if self.engine.fileno() is None else None
            while not self._is_over():
                self.turn(self._ears.wait(self._timeout_ms()))
            self._dismiss_workers()
        except Exception as error:
            self._fall(error)
            raise
        finally:
            if descriptor is not None:
                descriptor.unlink(missing_ok=True)
            self.close()

    def turn(self, ready: list[Any]) -> None:
        """Take in what is there, decide, carry out, send. `ready` is what a poll has found readable."""
        now = time.monotonic()
        events: list[Event] = self.wishes
        self.wishes = []
        self._ears.take_in(ready, now, events)
        if now >= self._due:
            self._on_time(now, events)
        facts: list[Fact] = []
        came = events
        while events:
            instructions, more = self.scheduler.handle(events)
            facts += more
            events = []
            for instruction in instructions:
                self._do[type(instruction)](instruction, events)
        if self.questions:
            answer_all(self)
        if self.clients.viewers.asked:
            self.clients.viewers.answer()
        self.crew.send()
        self.clients.send()
        # Nobody waits for what follows.
        self.values.close_turn()
        self.feed.on_turn(came, facts)
        self.rest.on_time(now, self._unfinished(), self.wishes)
        self.journal.write()

    def welcome(self, client: int) -> m.Welcome:
        """Return what a new client is told."""
        return m.Welcome(self.epoch, client, str(self.store), self.options.workers)

    def define(self, functions: list[tuple[int, str, bytes, dict[str, Any]]]) -> None:
        """Take in definitions of functions."""
        self.crew.functions.update([(row[0], row) for row in functions])
        names: dict[FunctionId, str] = {row[0]: row[1] for row in functions}
        self.feed.on_functions(names)

    def close(self) -> None:
        """Give everything back: workers, sockets, files. Nothing is left."""
        self.engine.close()
        self.output.close_all()
        self.clients.close(LAST_WORDS_S)
        self.journal.close()
        self._sweep.close()
        self._workers_socket.close(0)
        self._context.term()
        self._bell.close()
        shutil.rmtree(self.store, ignore_errors=True)
        shutil.rmtree(self.session.folder, ignore_errors=True)

    def _environ(self) -> dict[str, str]:
        """What workers are told besides their folder and number."""
        return {"TREADLE_STORE": str(self.store), "TREADLE_PRELOAD": " ".join(self.options.preload)}

    def _fall(self, error: Exception) -> None:
        """A bug: nobody may be left waiting for a runtime that has lost its mind."""
        story = "".join(traceback.format_exception(error))
        text = f"Treadle's runtime met a bug of its own and had to end. Please report this:\n{story}"
        self.clients.tell_all(m.Refused(text))
        self.clients.send()

    # ------------------------------------------------------------------ time
    def _timeout_ms(self) -> int:
        """Return how long nothing is due; until then `_on_time` is not asked."""
        if self._cancel_all or self.wishes or self.clients.viewers.asked:
            self._due = 0.0
            return 0
        due = self._next_look if self.crew.queued else math.inf
        for at in (
            self._wake,
            self._lease.next_deadline(),
            self._give_up_at,
            self._ask_at,
            self.crew.next_deadline(),
            self.rest.next_deadline(),
            self.feed.next_deadline(),
        ):
            if at is not None and at < due:
                due = at
        self._due = due
        return -1 if due == math.inf else max(0, int((due - time.monotonic()) * 1000 + 0.999))

    def _on_time(self, now: float, events: list[Event]) -> None:
        """Do what is due."""
        if self._ask_at is not None and now >= self._ask_at:
            self._ask_at = now + ASK_EVERY_S
            self.crew.on_ended(now, events)
            self.clients.on_ended(now, events)
        if self.crew.next_deadline() is not None:
            self.crew.bury(now, events)
        if now >= self._next_look and self.crew.queued:
            self._next_look = now + LOOK_S
            self.crew.observe(now, events)
        if self._wake is not None and now >= self._wake:
            self._wake = None
            events.append(Tick(now))
        self.feed.on_time(now, self.crew, self.scheduler.books.held)
        if self._cancel_all:
            self._cancel_all = False
            tasks = self.scheduler.books.tasks.values()
            events.append(CancelWanted(now, [task.number for task in tasks if task.state not in TASK_FINAL]))

    def _on_bell(self, _: float, __: list[Event]) -> None:
        self._bell.hush()
        self.end(True, "terminated by a signal")

    def _on_sigterm(self, *_: Any) -> None:
        self._bell.ring()

    def _listen(self) -> None:
        """Say who takes in what; workers first, then news of those who have ended."""
        add = self._ears.add
        add(self._workers_socket, self.crew.take_in)
        add(self._bell.fileno(), self._on_bell)
        if (descriptor := self.engine.fileno()) is not None:
            add(descriptor, self.crew.on_ended)
        if (descriptor := self.clients.watch.fileno()) is not None:
            add(descriptor, self.clients.on_ended)

    def _doers(self) -> dict[type, Callable[[Any, list[Event]], None]]:
        """Who carries out which instruction."""
        return {
            i.Launch: self.crew.on_launch,
            i.Report: self._on_report,
            i.Rearm: self.retries.on_rearm,
            i.Retract: lambda each, _: self.crew.on_retract(each),
            i.Interrupt: lambda each, _: self.crew.on_interrupt(each),
            i.Kill: lambda each, _: self.crew.on_kill(each),
            i.Dismiss: lambda each, _: self.crew.on_dismiss(each),
            i.Publish: lambda each, _: self.crew.on_publish(each),
            i.Drop: self._on_drop,
            i.Forget: self._on_forget,
            i.Deliver: self._on_deliver,
            i.WakeAt: self._on_wake_at,
        }

    # ------------------------------------------------------------------ the lease
    def end(self, cancel: bool, reason: str) -> None:
        """End when nothing is left to do; with `cancel`, have everything cancelled and wait a little."""
        print(f"ends: {reason}", flush=True)
        self.ending = self.ending or reason
        if cancel and self._give_up_at is None:
            self._give_up_at = time.monotonic() + CANCEL_LIMIT_S
            self._cancel_all = True

    def on_late_submit(self) -> None:
        """Somebody submits while everything is being cancelled: that goes the same way."""
        self._cancel_all = self._give_up_at is not None

    def on_deserted(self, now: float, notebook: bool) -> None:
        """The last client has gone; was it the kernel of a `notebook`?"""
        if self.options.script and not notebook:
            self.end(True, "its script has ended")
        self._lease.on_deserted(now, notebook, self.options)

    def _unfinished(self) -> bool:
        """Whether there is something to run; what is held is not."""
        books = self.scheduler.books
        counts = books.counts
        return bool(counts[_WAITING] > books.held or counts[_READY] or counts[_PLACED] or counts[_RUNNING])

    def _is_over(self) -> bool:
        now = time.monotonic()
        if self.ending:
            return not self._unfinished() or (self._give_up_at is not None and now >= self._give_up_at)
        present, detached = bool(self.clients.present), self.options.detach
        runs = not present and self._unfinished()
        over = self._lease.is_over(now, present, runs, detached, bool(self.published))
        if over:
            print("ends: nobody has been there for a while", flush=True)
        return over

    def _dismiss_workers(self) -> None:
        """Let workers end by themselves, for a moment; `close` kills the rest."""
        self.rest.end()
        self.crew.dismiss("with the runtime")
        limit = time.monotonic() + LEAVE_LIMIT_S
        self._due = 0.0
        self.turn([])
        while self.crew.workers and time.monotonic() < limit:
            self.turn(self._ears.wait(20))

    def _describe(self, store: str, clients: int) -> Descriptor:
        options = self.options
        return Descriptor(
            self.name,
            str(self.session.folder),
            store,
            self.epoch,
            m.PROTOCOL,
            self._began,
            options.workers,
            options.script,
            self.owner,
            bool(options.name),
            clients,
            environment(),
            self.notebooks.rows(),
        )

    def publish(self) -> Path | None:
        """Write down, for others to find it, what there is to say of this runtime now; tell it those who watch."""
        workers = self.options.workers
        share = usable_memory() // max(1, workers)
        limits = {"memory_per_worker": share, "store_limit": self.options.memory}
        self.feed.on_session({"name": self.options.name or "", "workers": workers, **limits})
        descriptor = self._describe(str(self.store), len(self.clients.present))
        try:
            return publish(descriptor)
        except (
            OSError
        ) as error:  # a home that can't be written to: it works, but `treadle ps` does not see it
            print(f"no descriptor could be written: {error}", flush=True)
            return None

    # ------------------------------------------------------------------ instructions
    def _on_report(self, instruction: i.Report, _: list[Event]) -> None:
        finished = self.values.finished
        rows = [finished(number, state, root) for number, state, root in instruction.tasks]
        for at, row in enumerate(rows):
            if row[2]:
                continue
            if row[1] == TaskState.FAILED and row[3] is not None:
                self.feed.on_failure(row[0], row[3])
            elif (
                row[1] == TaskState.DONE
                and (task := self.scheduler.task(row[0])) is not None
                and task.outputs
            ):
                rows[at] = self.values.again(row[0], [version.vid for version in task.outputs])
        self.clients.tell(instruction.client, m.Finished(rows))

    def _on_deliver(self, instruction: i.Deliver, _: list[Event]) -> None:
        for rows in self.values.deliveries(instruction.vids):
            self.clients.tell(instruction.client, m.Values(rows))

    def _on_drop(self, instruction: i.Drop, _: list[Event]) -> None:
        if instruction.worker is not None:
            self.crew.free(instruction.worker, instruction.vids)
        self.sweep(self.values.drop(instruction.vids))

    def sweep(self, files: list[Vid]) -> None:
        """Have files of the store deleted."""
        if files:
            self._sweep.delete(files)

    def _on_forget(self, instruction: i.Forget, _: list[Event]) -> None:
        self.crew.forget(instruction.numbers)

    def _on_wake_at(self, instruction: i.WakeAt, _: list[Event]) -> None:
        self._wake = instruction.at if self._wake is None else min(self._wake, instruction.at)

    def _on_output(self, number: int, stream: str, text: str | bytes) -> None:
        for cid in hearers(self, number):
            self.clients.tell(cid, m.Output([(number, stream, text)]))
