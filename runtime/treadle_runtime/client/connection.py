"""The link to a runtime process.

Law: knows frames, one socket and who owns it; never what a task or a value is. Opened by `client.attach`.

*A socket has one owner at a time, and the owner is whoever would otherwise sleep.* A thread that waits takes the
socket, sends what is queued, polls, and hands in what comes; others wait behind it. While nobody waits a background
thread owns the socket. After a wait or a burst of submits it only dozes for some milliseconds and looks again, so
that a round trip wakes no second thread.

What comes in is handed to `receive` in order, by one thread at a time, never while a lock of this module is held,
and at least once: if a KeyboardInterrupt ends `receive`, the same message is handed in again later. When the runtime
is lost, `receive` gets one last `Refused` with the reason, and every wait raises RuntimeLost.
"""

from __future__ import annotations

import itertools
import logging
import os
import select
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any, Final

from ..core.model import TaskRow
from ..errors import EngineError, RuntimeLost, UsageError
from ..wire import messages as m
from ..wire.bell import Bell
from ..wire.codec import encode, to_client
from ..wire.session import Session
from .channel import Channel
from .link import Receive
from .runtime_process import END_LIMIT_S, RuntimeProcess
from .seat import NOBODY, Seat

FLUSH_ROWS: Final = 100
"""A burst of submits is handed over by the submitting thread itself each time so many rows wait."""
DOZE_S: Final = 0.005
QUIET_DOZES: Final = 4
"""After so many dozes without a wait or a burst the background thread takes the socket for good."""
LONG_WAIT_DOZES: Final = 10
"""While one wait lasts longer than this many dozes the background thread sleeps until it ends."""
RELEASE_S: Final = 0.5
"""Nobody rings when a handle is dropped: while there are any, the settled background thread looks so often."""
POLL_S: Final = 0.25
"""A signal that arrives just before a poll would be seen only at its end: no poll is longer."""

_log = logging.getLogger("treadle")
_live: weakref.WeakSet[Connection] = weakref.WeakSet()
_STOPPED: Final = "The runtime was stopped. The next call of a task starts a new one."
_CLOSED: Final = "The connection to the runtime was closed. The next call of a task starts anew."
_HUNG_UP: Final = "The runtime has closed the connection. The next call of a task starts a new one."
_FORKED: Final = (
    "This process is a fork of the one that started the runtime, and can't use its connection. "
    "Call tasks in the original process."
)


class Connection:
    """A link (see `client.link.Link`) to the runtime process of `session`.

    Parameters
    ----------
    session : Session
        Its folder.
    process : RuntimeProcess
        Who is there.
    receive : callable
        Gets every message but Welcome and Answer. Any thread, one at a time; see the module's text.

    Attributes
    ----------
    welcome : Welcome or None
        What the runtime said at the beginning; not None once `greet` has returned.
    """

    def __init__(self, session: Session, process: RuntimeProcess, receive: Receive) -> None:
        self.session = session
        self.pid = process.pid
        self.welcome: m.Welcome | None = None
        self._receive = receive
        self._process = process
        self._refused = False
        self._lost: str | None = None
        self._bye: m.Bye | None = None
        self._closed = self._disposed = self._forked = False
        self._channel = Channel(session, process.pid, process.started)
        self._queue = self._channel.out.queue
        self.handles = self._channel.out.handles
        self._current: list[bytes] = []  # being handed in (more than one: `receive` waited itself)
        self._depth = 0  # how many of these are under way; the others were cut short
        self._answers: dict[int, m.Answer | None] = {}  # question -> its answer, None while it is open
        self._ids = itertools.count(1)
        self._seat = Seat()
        self._background_sleeps = False
        self._alarm = Bell()  # wakes the background thread out of a doze
        self._dozing = select.poll()
        self._dozing.register(self._alarm.fileno(), select.POLLIN)
        self._thread = threading.Thread(target=self._background, name="treadle-link", daemon=True)
        _live.add(self)

    # ------------------------------------------------------------------ the link

    def submit(self, row: TaskRow) -> None:
        """Queue one task; never blocks on the runtime. Any thread. Raises RuntimeLost, UsageError (fork)."""
        queue = self._queue
        queue.append(row)
        if self._channel.sleeping:
            self._ring()
        elif len(queue) >= FLUSH_ROWS:
            self._flush_here()

    def send(self, message: m.FromClient) -> None:
        """Queue a message; never blocks, never raises. Any thread, inside any lock, also from `__del__`."""
        self._queue.append(message)
        if type(message) is m.Bye:
            self._bye = message
        if self._channel.sleeping:
            if self._lost is not None or self._forked:
                self._channel.out.clear()
            else:
                self._channel.sleeping = False
                self._channel.bell.ring()

    def hurry(self) -> None:
        """Take note that the next wait may be over within a moment. Any thread."""
        self._channel.hurried = True

    def attend(self, until: Callable[[], bool]) -> None:
        """The background thread reads what comes."""

    def flush(self) -> None:
        """Hand everything queued to the transport now (or as soon as its present owner is woken)."""
        self._check()
        self._flush_here()
        if self._queue:
            self._channel.bell.ring()

    def wait(self, until: Callable[[], bool], timeout: float | None) -> bool:
        """Block until `until()` or the timeout (seconds); return `until()`.

        `until` is asked after each batch of messages, without a lock held. Any thread; a KeyboardInterrupt ends it
        at once. Raises RuntimeLost if the runtime is gone, UsageError in a forked child.
        """
        seat = self._seat
        seen = seat.delivered
        if until():
            return True
        self._check()
        deadline = None if timeout is None else time.monotonic() + timeout
        me = threading.get_ident()
        if self._depth and seat.owner == me:  # `receive` itself waits: go on with what came after
            return self._serve(me, until, deadline, seen)
        try:
            if seat.take_if_free(me):
                seat.turns += 1
            elif not seat.take(me, until, deadline, POLL_S, self._give_way):
                return until()
            return self._serve(me, until, deadline, seen)
        finally:
            self._leave(me)

    def ask(self, question: str, args: dict[str, Any], timeout: float | None = 10.0) -> Any:
        """Put a question (host/questions.py) and return its answer.

        Raises
        ------
        UsageError
            The runtime could not answer; the text says why.
        EngineError
            No answer within `timeout` seconds; RuntimeLost if the runtime is gone.
        """
        number = next(self._ids)
        self._answers[number] = None
        try:
            self.send(m.Ask(number, question, args))
            if not self.wait(lambda: self._answers[number] is not None, timeout):
                raise EngineError(
                    f"The runtime did not answer {question!r} in {timeout:g} s. Try again, or stop it."
                )
            answer = self._answers[number]
        finally:
            del self._answers[number]
        if answer is None or not answer.ok:
            raise UsageError("no answer" if answer is None else str(answer.data))
        return answer.data

    def close(self) -> None:
        """Say goodbye and give thread, sockets and descriptors back. Idempotent.

        After a `Bye(stop=True)` was sent, waits for the runtime process to end (bounded).
        """
        if self._closed or self._forked:
            return
        if self.welcome is not None and self._lost is None:
            if self._bye is None:
                self.send(m.Bye())
            elif self._bye.stop:
                self._await_end(self._bye)
        self._closed = True
        self.handles.clear()
        self._lost = self._lost or _CLOSED
        self._channel.shut()
        self._alarm.ring()
        self._channel.bell.ring()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join()
        self._dispose()

    # ------------------------------------------------------------------ beginning

    def greet(self, hello: m.Hello, deadline: float) -> m.Welcome:
        """Send `hello`, wait for the welcome until `deadline` (monotonic), start the background thread.

        Raises EngineError with the runtime's reason if it refuses, ends, or does not answer in time.
        """
        self.send(hello)
        try:
            self.wait(lambda: self.welcome is not None, max(0.0, deadline - time.monotonic()))
        except RuntimeLost as error:
            raise EngineError(error.message) from None
        if self.welcome is None:
            raise EngineError("The runtime process did not answer.")
        self._thread.start()
        return self.welcome

    # ------------------------------------------------------------------ owning the socket

    def _give_way(self) -> None:
        if self._seat.owner == self._thread.ident:
            self._channel.bell.ring()

    def _leave(self, me: int) -> None:
        if self._seat.leave(me) and self._background_sleeps:
            self._alarm.ring()

    def _serve(self, me: int, until: Callable[[], bool], deadline: float | None, seen: int) -> bool:
        """Exchange messages until `until()`, False when `seen` was delivered, or the deadline. Only the owner."""
        seat = self._seat
        while True:
            self._deliver()
            if seat.delivered != seen and until():
                return True
            seen = -1  # from now on it is asked each time: it may look at more than messages
            if seat.owner != me and not seat.take(me, until, deadline, POLL_S, self._give_way):
                return until()  # `until` has waited itself, and left the place behind it
            if self._lost is not None:
                raise RuntimeLost(self._lost)
            left = POLL_S if deadline is None else deadline - time.monotonic()
            self._exchange(min(left, POLL_S))
            if left <= 0 and not self._channel.frames:
                return until()

    def _exchange(self, timeout: float | None) -> None:
        self._channel.exchange(0 if self._closed else timeout)
        if self._channel.gone:
            stopped = self._bye is not None and self._bye.stop
            reason = self._process.obituary() if self._channel.ended else _HUNG_UP
            self._channel.frames.append(encode(m.Refused(_STOPPED if stopped else reason)))

    def _deliver(self) -> None:
        """Hand in what has come in; first what an interrupt cut short."""
        frames, current, depth = self._channel.frames, self._current, self._depth
        if len(current) > depth:
            frames.extendleft(reversed(current[depth:]))
            del current[depth:]
        if not frames:
            return
        try:
            while frames:
                current += (frames[0],)
                del frames[0]
                self._depth = depth + 1
                self._hand_in(current[depth])
                del current[depth:]
        finally:
            self._depth = depth
            self._seat.announce()

    def _hand_in(self, frame: bytes) -> None:
        try:
            message = to_client(frame)
            kind = type(message)
            if kind is m.Answer:
                if message.id in self._answers:  # type: ignore[union-attr]
                    self._answers[message.id] = message  # type: ignore[union-attr,assignment]
            elif kind is m.Welcome:
                self.welcome = message  # type: ignore[assignment]
            else:
                if kind is m.Refused:
                    self._lost, self._refused = message.reason, message.ends  # type: ignore[union-attr]
                    if not message.ends:  # type: ignore[union-attr]
                        self._process.follows = False  # it goes on for others
                    self._channel.shut()
                    self.handles.clear()
                self._receive(message)
        except Exception:  # noqa: BLE001 - a bug of ours or of a callback: it must not take the connection with it
            _log.exception("Treadle could not handle a message of its runtime")

    def _flush_here(self) -> None:
        """Send what is queued from this thread, if nobody owns the socket."""
        me = threading.get_ident()
        if self._seat.owner not in (NOBODY, me) or (self._depth and self._seat.owner == me):
            return
        try:
            if self._seat.take_if_free(me):
                self._seat.turns += 1
                self._channel.flush()
        finally:
            self._leave(me)

    def _ring(self) -> None:
        self._check()
        self._channel.sleeping = False
        self._channel.bell.ring()

    def _check(self) -> None:
        if self._forked:
            self._channel.out.clear()
            raise UsageError(_FORKED)
        if self._lost is not None:
            self._channel.out.clear()
            raise RuntimeLost(self._lost)

    # ------------------------------------------------------------------ the background thread

    def _background(self) -> None:
        me = threading.get_ident()
        quiet = same = 0
        turns = -1
        while not self._closed and self._lost is None:
            calm, turns = turns == self._seat.turns, self._seat.turns
            if self._seat.owner != NOBODY:  # one who waits serves
                quiet, same = 0, same + 1 if calm else 0
                self._doze(same >= LONG_WAIT_DOZES)
                continue
            quiet, same = quiet + 1 if calm else 0, 0
            settled = quiet >= QUIET_DOZES or self._channel.behind
            try:
                self._look(me, settled)
            finally:
                self._leave(me)
            self._doze(False)

    def _look(self, me: int, settled: bool) -> None:
        """Own the socket for one look, or, when settled, until somebody else wants it."""
        if not self._seat.take_if_free(me, politely=True):
            return
        while not self._closed:
            self._deliver()
            if self._lost is not None:
                return
            burst = len(self._queue) >= FLUSH_ROWS
            self._exchange((RELEASE_S if self.handles.living else None) if settled else 0)
            self._deliver()
            if burst:
                self._seat.turns += 1  # there is more to come, which the submitting thread can send itself
            if burst or self._seat.wanted or not settled:
                return

    def _doze(self, long: bool) -> None:
        self._background_sleeps = long
        if not long or self._seat.owner != NOBODY:
            self._dozing.poll(None if long else DOZE_S * 1000)
        self._background_sleeps = False
        self._alarm.hush()

    # ------------------------------------------------------------------ the end

    def _await_end(self, bye: m.Bye) -> None:
        """Wait for the runtime process to end; one that was to cancel everything has little time for that."""
        try:
            if not self.wait(lambda: False, END_LIMIT_S if bye.cancel else None):
                self._process.kill()
        except RuntimeLost:
            return

    def _dispose(self) -> None:
        me = threading.get_ident()
        self._seat.take(me, lambda: False, None, POLL_S, self._channel.bell.ring)
        self._disposed = True
        self._channel.close()
        self._alarm.close()
        self._process.leave(self._channel.gone or self._refused)
        self._seat.leave(me)


def _drop_in_child() -> None:
    """A forked child has none of its parent's threads: it must not touch their sockets and locks."""
    for connection in list(_live):
        connection._forked = True
        if not connection._disposed:
            connection._channel.drop()


if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
    os.register_at_fork(after_in_child=_drop_in_child)
