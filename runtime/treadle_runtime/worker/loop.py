"""The main loop: takes launches from the task socket, runs them, sends returns in batches.

Law: whoever holds `_mutex` owns the task socket. The main thread holds it while it sends, receives or sleeps in
it; while it runs user code nobody does, and the control thread takes it now and then (`tend`), so that neither
finished results nor messages wait for the end of a long task. Everything else is lock-free (backlog, values).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Final, Protocol

import zmq

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


class Socket(Protocol):
    """What is needed of a zmq socket."""

    def poll(self, timeout: int) -> int: ...

    def recv_multipart(self, flags: int = 0) -> list[bytes]: ...

    def send(self, data: bytes, flags: int = 0) -> Any: ...


class Loop:
    """The worker between its socket and its tasks."""

    def __init__(
        self,
        socket: Socket,
        runner: Runner,
        values: Values,
        functions: Functions,
        backlog: Backlog,
        idle: Callable[[], bool] = lambda: False,
    ) -> None:
        self._socket = socket
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

    def tend(self) -> bool:
        """Send what is done and take what has come if the main thread is in user code, else return False.

        Control thread.
        """
        if not self._mutex.acquire(blocking=False):
            return False
        try:
            self._send()
            self._drain()
        finally:
            self._mutex.release()
        return True

    # ---------------------------------------------------------------- the socket
    def _turn(self) -> int:
        """Send and look for messages; return the time."""
        rows = self._rows
        if rows and (notes := self._runner.moved()) is not None:
            # Printed behind Python's back by one of the tasks since the last turn: the last one gets it.
            rows[-1][8] = {**(rows[-1][8] or {}), **notes}
        with self._mutex:
            if self._send():
                self._runner.look()  # after sending: somebody may wait for the result
            self._drain()
        self._sent_at = now = _clock()
        return now

    def _rest(self) -> int:
        """Send, then sleep until there is a message (or do something useful meanwhile); return the time."""
        if self._rows:
            self._turn()
        if not (len(self._backlog) or self._leaving or self._idle()):
            with self._mutex:
                held = self._values.held()
                if held and not self._socket.poll(IDLE_MS):
                    # What others may want one day and would be lost with this worker; one by one, oldest first.
                    self._socket.send(encode(Published(self._values.publish(held[:1]))))
                else:
                    self._take(self._socket.recv_multipart())
        self._sent_at = now = _clock()
        return now

    def _send(self) -> bool:
        count = len(self._rows)  # the main thread may append while the control thread sends
        if not count:
            return False
        batch = self._rows[:count]
        self._runner.bound(batch)
        self._socket.send(encode(Returned(batch)))  # type: ignore[arg-type]
        del self._rows[:count]
        return True

    def _drain(self) -> None:
        while True:
            try:
                frames = self._socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            self._take(frames)

    def _take(self, frames: list[bytes]) -> None:
        for frame in frames:
            if (answer := self.handle(to_worker(frame))) is not None:
                self._socket.send(encode(answer))

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
