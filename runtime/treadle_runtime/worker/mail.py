"""Frames in and out of the line to the runtime that tasks travel by.

Law: knows frames, not what they mean; the runtime always reads, so whoever sends waits for room and not for long.
"""

from __future__ import annotations

import select
import socket
from collections import deque
from typing import Final

from ..wire.stream import Stream

_FOR_EVER: Final = -1


class RuntimeGone(Exception):  # noqa: N818 - it names what has happened
    """Nothing more will come: the runtime has ended, or a task has closed the line."""


class Mail:
    """The two directions of the line. One thread at a time."""

    __slots__ = ("_frames", "_in", "_out", "_stream")

    def __init__(self, connected: socket.socket) -> None:
        self._stream = Stream(connected)
        self._frames: deque[bytes] = deque()
        self._in, self._out = select.poll(), select.poll()
        self._in.register(connected, select.POLLIN)
        self._out.register(connected, select.POLLOUT)

    def there(self) -> bool:
        """Tell whether a message is there. Never blocks."""
        if not self._frames:
            self._look()
        return bool(self._frames)

    def wait(self, timeout_ms: int) -> bool:
        """Tell whether a message, or a part of one, comes within so many milliseconds."""
        return bool(self._frames or self._in.poll(timeout_ms))

    def receive(self) -> bytes:
        """Return the next message; blocks until there is one. Raises RuntimeGone."""
        while not self._frames:
            self._in.poll(_FOR_EVER)
            self._look()
        return self._frames.popleft()

    def send(self, frame: bytes) -> None:
        """Send a message. Raises RuntimeGone never: what nobody reads is lost."""
        stream = self._stream
        stream.send((frame,))
        while stream.unsent:
            self._out.poll(_FOR_EVER)
            stream.flush()

    def close(self) -> None:
        """Give the line back; what has been sent still arrives."""
        self._stream.close()

    def _look(self) -> None:
        self._stream.take_in(self._frames)
        if self._stream.ended and not self._frames:
            raise RuntimeGone
