"""The main loop: takes launches from the line to the runtime, runs them, sends returns in batches.

Law: whoever holds `_mutex` owns the line. The main thread holds it while it sends, receives or sleeps in
it; while it runs user code nobody does, and the control thread takes it now and then (`tend`), so that neither
finished results nor messages wait for the end of a long task. Everything else is lock-free (backlog, values).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final, Protocol

from ..wire.codec import encode, to_worker
from ..wire.messages import (
    Define,
    Free,
    Launched,
    Leave,
    Publish,
    Published,
    Returned,
    Stop,
    TakeBack,
    ToWorker,
    World,
)
from .backlog import Backlog, Row
from .functions import Functions
from .runner import SHORT_S, Runner
from .values import Values

TURN_NS: Final = 2_000_000
"""With a filled queue, results are sent and messages looked for this often."""
TURN_ROWS: Final = 64
IDLE_MS: Final = 200
"""After so long without work, held values are written to the store."""
_clock = time.monotonic_ns


class Post(Protocol):
    """What is needed of `mail.Mail`."""

    def there(self) -> bool: ...

    def wait(self, timeout_ms: int) -> bool: ...

    def receive(self) -> bytes: ...

    def send(self, frame: bytes) -> None: ...


class Loop:
    """The worker between its socket and its tasks."""

    def __init__(
        self,
        mail: Post,
        runner: Runner,
        values: Values,
        functions: Functions,
        backlog: Backlog,
        idle: Callable[[], bool] = lambda: False,
    ) -> None:
        self._mail = mail
        self._runner = runner
        self._values = values
        self._functions = functions
        self._backlog = backlog
        self._idle = idle  # does one bit of work that can wait for an idle moment; False: nothing left
        self._mutex = threading.Lock()
        self._rows: list[Row] = []
        self._sent_at = 0
        self._leaving = False

    def run(self) -> None:
        """Work until told to leave. Main thread; blocks."""
        pop, rows, known, run = self._backlog.pop, self._rows, self._functions.get, self._runner.run
        now = _clock()
        while not self._leaving:
            try:
                row = pop()
            except IndexError:
                now = self._rest()
                continue
            function = known(row[2])
            if rows and (function is None or function.slowest_s > SHORT_S):
                now = self._turn()
            rows.append(run(row, function, now))
            now = _clock()
            if now - self._sent_at > TURN_NS or len(rows) >= TURN_ROWS:
                now = self._turn()
        rows.extend(self._backlog.take_all())
        self._turn()
        self._mutex.acquire()  # for good: the socket is about to be closed, and nobody may `tend` it any more

    def tend(self) -> bool:
        """Send what is done and take what has come if the main thread is in user code, else return False.

        Control thread.
        """
        if not self._mutex.acquire(blocking=False):
            return False
        try:
            self._send()
            self._take_in()
        finally:
            self._mutex.release()
        return True

    # ---------------------------------------------------------------- the socket
    def _turn(self) -> int:
        """Send and look for messages; return the time."""
        self._hand_in()
        with self._mutex:
            self._take_in()
        self._sent_at = now = _clock()
        return now

    def _rest(self) -> int:
        """Send, then sleep until there is a message (or do something useful meanwhile); return the time."""
        self._hand_in()
        if not (len(self._backlog) or self._leaving or self._idle()):
            with self._mutex:
                held = self._values.held()
                if (held or self._values.spare) and not self._mail.wait(IDLE_MS):
                    self._values.spare.clear()
                    # What others may want one day and would be lost with this worker; one by one, oldest first.
                    if held:
                        self._mail.send(encode(Published(self._values.publish(held[:1]))))
                else:
                    self._take(self._mail.receive())
        self._sent_at = now = _clock()
        return now

    def _hand_in(self) -> None:
        """Send what is done, then put back what it may have changed: somebody may wait for the result."""
        rows = self._rows
        if not rows:
            return
        if (notes := self._runner.moved()) is not None:
            # Printed behind Python's back by one of the tasks since the last turn: the last one gets it.
            rows[-1][8] = {**(rows[-1][8] or {}), **notes}
        with self._mutex:
            self._send()
        self._runner.look()

    def _send(self) -> None:
        count = len(self._rows)  # the main thread may append while the control thread sends
        if not count:
            return
        batch = self._rows[:count]
        self._runner.bound(batch)
        self._mail.send(encode(Returned(batch)))  # type: ignore[arg-type]
        del self._rows[:count]

    def _take_in(self) -> None:
        while self._mail.there():
            self._take(self._mail.receive())

    def _take(self, frame: bytes) -> None:
        if (answer := self.handle(to_worker(frame))) is not None:
            self._mail.send(encode(answer))

    def runs(self, number: int) -> bool:
        """Tell whether this task runs now. Any thread."""
        return self._runner.runs(number)

    def handle(self, message: ToWorker) -> Published | Returned | None:
        """Do what a message asks for; return the answer to be sent where it came from, if there is one. Any thread."""
        match message:
            case Launched(rows):
                self._rows.extend(self._backlog.add(rows, _clock() / 1e9))
            case Define(functions):
                self._functions.define(functions)
            case World(world, data):
                self._runner.worlds[world] = data
            case Free(vids):
                self._values.free(vids)
            case Publish(vids):
                return Published(self._values.publish(vids))
            case TakeBack(numbers):
                answers = self._backlog.take_back(numbers, _clock() / 1e9)
                return Returned(answers) if answers else None  # type: ignore[arg-type]
            case Stop(number, attempt):
                answer = self._backlog.cancel(number, attempt)
                if answer is not None:
                    return Returned([answer])  # type: ignore[list-item]
                if self._runner.interrupt(number, attempt):
                    self._backlog.cancelled.pop((number, attempt), None)
            case Leave():
                self._leaving = True
        return None
