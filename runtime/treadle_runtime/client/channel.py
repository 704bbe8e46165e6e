"""The socket to a runtime process, with all that one poll looks at: frames, a bell, the end of the process.

Law: knows frames, never messages' meaning nor threads: whoever calls owns it at that moment (see `connection`).
A KeyboardInterrupt ends a poll at once, but waits while frames move between queues and socket: none is lost.
That nothing more can come is the system's word about the process; the end of the stream alone is not believed for a
while, since a runtime that ends hangs up first.
"""

from __future__ import annotations

import logging
import select
import time
from collections import deque
from typing import Final

from ..errors import EngineError
from ..machine import usable_cpus
from ..wire.bell import Bell
from ..wire.process import ASK_EVERY_S, Watch
from ..wire.session import Session
from ..wire.stream import Overlong, connect
from .outbox import Outbox
from .uninterrupted import uninterrupted

BYE_LINGER_S: Final = 0.5
HUNG_UP_S: Final = 30.0
"""So long may a runtime live on after it has hung up."""
BRISK_S: Final = 1e-3
"""For so long whoever hurries looks again and again before it falls asleep, if it was worth it the last time: to be
woken takes 20 to 60 us, and its CPU stays awake for the others in the chain."""
_IN, _OUT = select.POLLIN, select.POLLOUT
_log = logging.getLogger("treadle")


class Channel:
    """A stream to the runtime process `pid` of `session`. Raises EngineError if nobody listens there.

    Attributes
    ----------
    out : Outbox
        What is to be sent.
    frames : deque of bytes
        What came in.
    hurried : bool
        What the next exchange waits for may come within a moment: it may look for it before it falls asleep.
    sleeping : bool
        Whoever owns the channel polls, so that something to send needs a ring.
    gone : bool
        Nothing more will come, and all that was said is in `frames`.
    ended : bool
        The runtime process has ended.
    """

    def __init__(self, session: Session, pid: int, started: float | None) -> None:
        try:
            self._stream = connect(session.clients)
        except OSError as error:
            raise EngineError(
                f"The runtime process (pid {pid}) can't be reached ({error}). `treadle ps` lists those that live."
            ) from None
        self.out = Outbox()
        self.frames: deque[bytes] = deque()
        self.hurried = False
        self._brisk = self._spare_cpu = usable_cpus() > 1
        self.sleeping = False
        self.gone = False
        self._shut = False
        self.bell = Bell()
        self._watch = Watch()
        self.ended = not self._watch.add("runtime", pid, started)
        self._hung_up_at: float | None = None
        self._waits_for_room = False
        self._poll = select.poll()
        self._key, self._bell_key = self._stream.fileno(), self.bell.fileno()
        self._watch_key = self._watch.fileno()
        for key in (self._key, self._bell_key, self._watch_key):
            if key is not None:
                self._poll.register(key, _IN)

    @property
    def behind(self) -> bool:
        """Whether something is left to be sent that the system had no room for."""
        return bool(self._stream.unsent)

    def flush(self) -> None:
        """Send what is queued, as far as there is room; never blocks."""
        if self.out.queue or self._stream.unsent:
            uninterrupted(self._flush)

    def _flush(self) -> None:
        stream = self._stream
        if stream.unsent:
            stream.flush()
        self.out.flush(stream.send)

    def _flush_rows(self) -> None:
        self.out.flush_rows(self._stream.send)

    def exchange(self, timeout: float | None) -> None:
        """Send what is queued, wait at most so many seconds for something to come in or a ring, take it in."""
        long_enough = timeout is None or timeout > BRISK_S
        hurried, self.hurried = self.hurried and self._spare_cpu and long_enough, False
        began = time.perf_counter()
        ready = self._glance(began) if hurried and self._brisk else []
        for key, _ in ready or self._sleep(timeout):
            if key == self._key:
                uninterrupted(self._take_in)
            elif key == self._bell_key:
                self.bell.hush()
            elif self._watch.ended():
                self.ended = True
        if hurried:
            self._brisk = time.perf_counter() - began < BRISK_S
        if self.ended or self._watch_key is None or self._hung_up_at is not None:
            self._look_for_the_end()

    def _glance(self, began: float) -> list[tuple[int, int]]:
        """Send tasks, and look for a moment whether something comes; releases wait until there is time."""
        if not self._stream.unsent:
            uninterrupted(self._flush_rows)
        self.sleeping = True
        try:
            while time.perf_counter() - began < BRISK_S:
                if ready := self._poll.poll(0):
                    return ready
            return []
        finally:
            self.sleeping = self._shut

    def _sleep(self, timeout: float | None) -> list[tuple[int, int]]:
        """Send what is queued; return what a poll of at most so many seconds finds."""
        stream = self._stream
        if self.out.queue or stream.unsent:
            uninterrupted(self._flush)
        if (stream.unsent or self._waits_for_room) and self._hung_up_at is None:
            waits = bool(stream.unsent)
            self._poll.modify(self._key, _IN | _OUT if waits else _IN)
            self._waits_for_room = waits
        if self._watch_key is None or self._hung_up_at is not None:
            timeout = ASK_EVERY_S if timeout is None else min(timeout, ASK_EVERY_S)
        self.sleeping = True
        try:
            if self.out.queue or self.ended:  # queued after the flush by one who saw us awake
                timeout = 0
            return self._poll.poll(None if timeout is None else max(0, timeout * 1000))
        finally:
            self.sleeping = self._shut

    def shut(self) -> None:
        """Have everybody ring from now on, who then learns that nothing can be sent any more. Any thread."""
        self._shut = self.sleeping = True

    def close(self) -> None:
        """Send what is queued (as far as that goes quickly) and give everything back."""
        if not self.gone:
            self.flush()
            limit = time.monotonic() + BYE_LINGER_S
            room = select.poll()
            room.register(self._key, _OUT)
            while self._stream.unsent and room.poll(max(0.0, limit - time.monotonic()) * 1000):
                self.flush()
        self._stream.close()
        self.bell.close()
        self._watch.close()

    def drop(self) -> None:
        """Close this process' copies of the descriptors and touch nothing behind them: it is a forked child."""
        self.shut()
        self.out.clear()
        self._stream.close()
        self.bell.close()
        self._watch.drop()

    def _take_in(self) -> None:
        try:
            while self._stream.take_in(self.frames) and self.ended and not self._stream.ended:
                continue
        except Overlong as error:
            _log.error("Treadle's runtime sent what can't be read: %s", error)
        if self._stream.ended and self._hung_up_at is None:
            self._hung_up_at = time.monotonic()
            self._poll.unregister(self._key)

    def _look_for_the_end(self) -> None:
        self.ended = self.ended or bool(self._watch.ended())
        if self.ended:
            uninterrupted(self._take_in)  # what it sent before
            self.gone = True
        elif self._hung_up_at is not None:
            self.gone = time.monotonic() - self._hung_up_at > HUNG_UP_S
