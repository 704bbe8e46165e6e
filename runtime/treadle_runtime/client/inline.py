"""The inline link: every task runs at once, in the caller, and gives what a worker would give.

Law: no threads, no processes, no files. Arguments and results are packed and unpacked as on the way to a worker, so
that results, errors and mistakes are the same.
"""

from __future__ import annotations

import functools
import os
import random
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from .. import place
from ..core.model import FinishedRow, Kind, Number, Outcome, OutputRow, TaskRow, Vid, maker_of, vid_of
from ..core.states import TaskState
from ..store.packing import Packed
from ..wire import messages as m
from ..worker import entropy
from ..worker.code import load_code
from ..worker.context import TaskContext
from ..worker.execute import Ran, execute
from ..worker.functions import draws
from ..worker.seeding import drawing_again, seed_all
from ..worker.world import World, set_environ
from .client import Client
from .handles import Handle, Handles
from .inline_output import Printed
from .inline_records import Records


class InlineLink:
    """Runs tasks in `submit`."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.handles = Handles(self._on_dropped)
        self._functions: dict[int, tuple[str, Any]] = {}
        self._drawing: set[int] = set()  # functions that draw from shared generators
        self._codes: dict[int, bytes] = {}
        self._values: dict[Vid, bytes] = {}
        self._printed = Printed()
        self._roots: dict[Number, tuple[str, Number, bytes | None]] = {}  # tasks without a result, and why
        self._records = Records(self._values)

    def submit(self, row: TaskRow) -> None:
        """Run the task."""
        broken = next((vid for vid in row[3] if vid not in self._values), None)
        if broken is not None:
            state, root, failure = self._roots.get(
                maker_of(broken), (TaskState.FAILED, maker_of(broken), None)
            )
            state = TaskState.CANCELLED if state == TaskState.CANCELLED else TaskState.UPSTREAM
            self._finish(row, state, (), failure, root, Ran(Outcome.OK))
            return
        ran = self._try(row)
        if ran.outcome == Outcome.OK:
            outputs: list[OutputRow] = []
            for k, packed in enumerate(ran.outputs):
                data = packed.to_bytes()
                self._values[vid_of(row[0], k)] = data
                outputs.append((Kind.INLINE, packed.nbytes, data))
            self._finish(row, TaskState.DONE, tuple(outputs), None, 0, ran)
        elif ran.outcome == Outcome.INTERRUPTED:
            ran.notes = {**(ran.notes or {}), "cancelled": "interrupted"}
            self._finish(row, TaskState.CANCELLED, (), None, row[0], ran)
            raise KeyboardInterrupt
        else:
            self._finish(row, TaskState.FAILED, (), ran.failure, row[0], ran)

    def _try(self, row: TaskRow) -> Ran:
        """Run the task, again if it failed as long as `retries` allows; how often is noted."""
        tries = 1 if row[10] is None else 1 + int(row[10].get("retries", 0))
        for attempt in range(1, tries + 1):
            ran = self._run(row, attempt)
            if attempt > 1:
                ran.notes = {**(ran.notes or {}), "attempts": attempt}
            if ran.outcome not in (Outcome.RAISED, Outcome.TIMED_OUT):
                break
        return ran

    def _run(self, row: TaskRow, attempt: int) -> Ran:
        name, function = self._functions[row[1]]
        if isinstance(function, bytes):
            function = load_code(function)
            self._functions[row[1]] = (name, function)
            if draws(function):
                self._drawing.add(row[1])
        context = TaskContext()
        context.begin(row[0], self._attempt(row[0]) + attempt - 1, name, row[10])
        context.report = self._client.on_report
        sources = [functools.partial(Packed.from_bytes, self._values[vid]) for vid in row[3]]
        given = row[10] is not None and row[10].get("seed") is not None
        seed = context.seed() if given or row[1] in self._drawing else None
        with Surroundings(seed), self._printed.of(row[0]), place.running(context):
            ran = execute(row[0], function, row[2], sources, row[4], row[10], context)
        if context.notes is not None:
            ran.notes = {**(ran.notes or {}), **context.notes}
        return ran

    def _finish(
        self,
        row: TaskRow,
        state: str,
        outputs: tuple[OutputRow, ...],
        failure: bytes | None,
        root: Number,
        ran: Ran,
    ) -> None:
        if state != TaskState.DONE:
            self._roots[row[0]] = (state, root, failure)
            self._records.keep(drawing_again(row, ran.notes), root)
        attempt = self._attempt(row[0]) + (0 if ran.notes is None else int(ran.notes.get("attempts", 1)) - 1)
        finished: FinishedRow = (row[0], state, outputs, failure, root, (0, attempt, ran.run_s), ran.notes)
        self._client.receive(m.Finished([finished]))

    def send(self, message: m.FromClient) -> None:
        """Act on a message at once."""
        if isinstance(message, m.Define):
            for function, name, code, _options in message.functions:
                self._functions[function] = (name, code)
                self._codes[function] = code
        elif isinstance(message, m.Put):
            for vid, _kind, _nbytes, data in message.rows:
                self._values[vid] = data or b""
        elif isinstance(message, m.Retry):
            self._retry(message)
        elif isinstance(message, m.Fetch):
            rows = [self._value_row(vid) for vid in message.vids]
            self._client.receive(m.Values(rows))

    def _retry(self, message: m.Retry) -> None:
        rows, refused = self._records.open(message.numbers, message.instead)
        self._client.receive(m.Rearmed(message.id, [row[0] for row, _now in rows], refused))
        for row, now in rows:
            self.submit(now)
            self._records.over(row)

    def _attempt(self, number: Number) -> int:
        return self._records.attempts[number] + 1

    def _on_dropped(self, handle: Handle) -> None:
        self.handles.living.discard(handle)
        self._records.release(handle.vid)

    def _value_row(self, vid: Vid) -> tuple[Vid, int, int, bytes | None]:
        data = self._values.get(vid)
        return (vid, Kind.NONE, 0, None) if data is None else (vid, Kind.INLINE, len(data), data)

    def hurry(self) -> None:
        """Nothing to do: nobody sleeps here."""

    def wait(self, until: Callable[[], bool], timeout: float | None) -> bool:  # noqa: ARG002 - nothing is under way
        """Return `until()`: whatever could happen has happened."""
        return until()

    def ask(self, question: str, args: dict[str, Any], timeout: float | None = 10.0) -> Any:  # noqa: ARG002
        """Answer what can be answered without a runtime."""
        if question == "recorded":
            return self._records.functions()
        if question == "log" and "number" in args:
            return self._printed.text(int(args["number"]))
        if question == "recipe":
            row = self._records.row(args["number"])
            return None if row is None else [row[1], self._functions[row[1]][0], self._codes[row[1]], row[2], row[3], row[10]]
        return {} if question == "status" else []

    def attend(self, until: Callable[[], bool]) -> None:
        """All has ended when its call returned."""

    def flush(self) -> None:
        """Nothing is ever queued."""

    def close(self) -> None:
        """Nothing was opened; values stay readable for futures that live on."""


def open_inline(client: Client) -> None:
    """Give the client an inline link."""
    client.attach(InlineLink(client), m.Welcome(epoch="inline", client=0, store="", workers=0))


class Surroundings:
    """What a task must not change for its caller: world, umask, limits, handlers and, where it is seeded, generators."""

    def __init__(self, seed: Any) -> None:
        self._seed = seed

    def __enter__(self) -> None:
        self._world, self._path = World.current(), list(sys.path)
        self._umask = os.umask(0o077)
        os.umask(self._umask)
        self._limit = sys.getrecursionlimit()
        self._handlers = (
            {number: signal.getsignal(number) for number in _SIGNALS} if _in_main_thread() else {}
        )
        if self._seed is not None:
            self._random, self._numpy = random.getstate(), np.random.get_state()
            seed_all(int(self._seed))
            entropy.follow()

    def __exit__(self, *_error: object) -> None:
        if self._seed is not None:
            random.setstate(self._random)
            np.random.set_state(self._numpy)
        if sys.path != self._path:
            sys.path[:] = self._path
        if not self._world.is_current():
            set_environ(self._world)
            if self._world.cwd:
                os.chdir(self._world.cwd)
        os.umask(self._umask)
        sys.setrecursionlimit(self._limit)
        for number, handler in self._handlers.items():
            if handler is not None and signal.getsignal(number) is not handler:
                signal.signal(number, handler)


_SIGNALS: Final = tuple(  # those there are: Windows has no alarm
    number
    for number in (
        getattr(signal, name, None)
        for name in ("SIGINT", "SIGTERM", "SIGALRM", "SIGUSR1", "SIGUSR2", "SIGHUP")
    )
    if number is not None
)


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
