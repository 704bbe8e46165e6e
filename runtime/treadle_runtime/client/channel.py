"""The socket to a runtime process, with all that one poll looks at: frames, a bell, the end of the process.

Law: knows frames, never messages' meaning nor threads: whoever calls owns it at that moment (see `connection`).
A KeyboardInterrupt ends a poll at once, but waits while frames move between queues and socket: none is lost.
"""

from __future__ import annotations

import functools
from collections import deque
from typing import Any, Final

import zmq

from ..wire.bell import Bell
from ..wire.process import ASK_EVERY_S, Watch
from ..wire.session import Session
from .outbox import Outbox
from .uninterrupted import uninterrupted

RECONNECT_MS: Final = 5
LAST_WORDS_MS: Final = 20
BYE_LINGER_MS: Final = 500
_EVENTS: Final = zmq.EVENTS  # the enum itself: a plain number would be looked up at each call
_POLLIN: Final = int(zmq.POLLIN)


class Channel:
    """A DEALER connected to the runtime process `pid` of `session`.

    Attributes
    ----------
    out : Outbox
        What is to be sent.
    frames : deque of bytes
        What came in.
    sleeping : bool
        Whoever owns the channel polls, so that something to send needs a ring.
    gone : bool
        The runtime process has ended, and all it said is in `frames`.
    """

    def __init__(self, session: Session, pid: int, started: float | None) -> None:
        self.out = Outbox()
        self.frames: deque[bytes] = deque()
        self.sleeping = False
        self.gone = False
        self._shut = False
        self.bell = Bell()
        self._watch = Watch()
        self._ended = not self._watch.add("runtime", pid, started)
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context(io_threads=1)
        self._socket = self._context.socket(zmq.DEALER)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.SNDHWM, 0)
        self._socket.setsockopt(zmq.RCVHWM, 0)
        self._socket.setsockopt(zmq.RECONNECT_IVL, RECONNECT_MS)
        self._socket.connect(session.clients)
        # The C methods: the Python around them costs as much again.
        self._send: Any = functools.partial(zmq.backend.Socket.send, self._socket)
        self._recv: Any = functools.partial(zmq.backend.Socket.recv, self._socket, int(zmq.NOBLOCK))
        self._get: Any = functools.partial(zmq.backend.Socket.get, self._socket)
        self._bell_descriptor, self._watch_descriptor = self.bell.fileno(), self._watch.fileno()
        keys = (self._socket, self._bell_descriptor, self._watch_descriptor)
        self._polled: list[Any] = [(key, zmq.POLLIN) for key in keys if key is not None]

    def flush(self) -> None:
        """Send what is queued; never blocks."""
        if self.out:
            uninterrupted(self._flush)

    def _flush(self) -> None:
        self.out.flush(self._send)

    def exchange(self, timeout: float | None) -> None:
        """Send what is queued, wait at most so many seconds for something to come in or a ring, take it in."""
        self.flush()
        if self._watch_descriptor is None:
            timeout = ASK_EVERY_S if timeout is None else min(timeout, ASK_EVERY_S)
        self.sleeping = True
        try:
            if self.out or self._ended:  # queued after the flush by one who saw us awake
                timeout = 0
            ready = zmq.zmq_poll(self._polled, -1 if timeout is None else max(0, int(timeout * 1000 + 0.999)))
        finally:
            self.sleeping = self._shut
        for key, _ in ready:
            if key is self._socket:
                uninterrupted(self._take_in)
            elif key == self._bell_descriptor:
                self.bell.hush()
            elif self._watch.ended():
                self._ended = True
        if self._ended or (self._watch_descriptor is None and self._watch.ended()):
            self._ended = True
            while zmq.zmq_poll(self._polled[:1], LAST_WORDS_MS):  # what it sent before it ended
                uninterrupted(self._take_in)
            self.gone = True

    def shut(self) -> None:
        """Have everybody ring from now on, who then learns that nothing can be sent any more. Any thread."""
        self._shut = self.sleeping = True

    def _take_in(self) -> None:
        """Take in what is there; only to be called when a poll said so. (An empty read's exception costs 7 us.)"""
        append, receive, get = self.frames.append, self._recv, self._get
        append(receive())
        while get(_EVENTS) & _POLLIN:
            append(receive())

    def close(self) -> None:
        """Send what is queued (as far as that goes quickly) and give everything back."""
        if not self.gone:
            self.flush()
        self._socket.close(0 if self.gone else BYE_LINGER_MS)
        self._context.term()
        self.bell.close()
        self._watch.close()
