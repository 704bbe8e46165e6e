"""Frames in and out of one DEALER.

Law: knows frames, not what they mean. (The C methods of the socket are called directly, and the socket is asked
before an empty read would raise: the Python around them costs as much again.)
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Final

import zmq

_EVENTS: Final = zmq.EVENTS  # the enum itself: a plain number would be looked up at each call


class Mail:
    """The two directions of one DEALER. One thread at a time."""

    __slots__ = ("_get", "_receive", "_send", "_socket")

    def __init__(self, socket: zmq.Socket[bytes]) -> None:
        self._socket = socket
        self._send: Callable[..., Any] = functools.partial(zmq.backend.Socket.send, socket)
        self._receive: Callable[..., Any] = functools.partial(zmq.backend.Socket.recv, socket)
        self._get: Any = functools.partial(zmq.backend.Socket.get, socket)

    def there(self) -> bool:
        """Tell whether a message is there. Never blocks."""
        return bool(self._get(_EVENTS) & 1)

    def wait(self, timeout_ms: int) -> bool:
        """Tell whether a message comes within so many milliseconds."""
        return bool(self._socket.poll(timeout_ms))

    def receive(self) -> list[bytes]:
        """Return the frames of the next message; blocks until there is one."""
        receive = self._receive
        frame = receive(0, False)  # not copied: it knows by itself whether there is more
        frames = [frame.bytes]
        while frame.more:
            frame = receive(0, False)
            frames.append(frame.bytes)
        return frames

    def send(self, frame: bytes) -> None:
        """Hand a message to the transport. Never blocks: there is no high-water mark."""
        self._send(frame)
