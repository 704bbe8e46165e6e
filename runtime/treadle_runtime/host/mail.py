"""Frames in and out of the ROUTER by which workers are reached while they compute.

Law: knows identities and frames, not what they mean. A peer that has left is not an error: its end is told by the
system, elsewhere. (The C methods of the socket are called directly: the Python around them costs as much again.)
"""

from __future__ import annotations

import errno
import functools
from collections.abc import Callable, Iterator
from typing import Any, Final

import zmq

from ..wire.codec import encode
from ..wire.messages import Message

DRAIN: Final = 1000  # messages taken in per turn
_MORE: Final = int(zmq.NOBLOCK | zmq.SNDMORE)
_LAST: Final = int(zmq.NOBLOCK)
_EVENTS: Final = zmq.EVENTS  # the enum itself: a plain number would be looked up at each call
_LEFT: Final = frozenset({errno.EHOSTUNREACH, errno.EAGAIN})


class Mail:
    """The two directions of one ROUTER."""

    __slots__ = ("_get", "_out", "_receive", "_send")

    def __init__(self, socket: zmq.Socket[bytes]) -> None:
        self._send: Callable[..., Any] = functools.partial(zmq.backend.Socket.send, socket)
        self._receive: Callable[..., Any] = functools.partial(zmq.backend.Socket.recv, socket)
        self._get: Any = functools.partial(zmq.backend.Socket.get, socket)
        self._out: dict[bytes, list[bytes]] = {}

    def take_in(self) -> Iterator[tuple[bytes, list[bytes]]]:
        """Yield (identity, frames) of the messages that are there; only to be asked when a poll said so."""
        receive, get = self._receive, self._get
        try:
            for _ in range(DRAIN):
                identity = receive(_LAST)
                frame = receive(
                    0, False
                )  # not copied: it knows by itself whether there is more, which costs 2 us to ask
                frames = [frame.bytes]
                while frame.more:
                    frame = receive(0, False)
                    frames.append(frame.bytes)
                yield identity, frames
                if not get(_EVENTS) & 1:
                    return
        except zmq.Again:
            return

    def post(self, identity: bytes, message: Message) -> None:
        """Queue a message for the end of the turn."""
        frames = self._out.get(identity)
        if frames is None:
            frames = self._out[identity] = []
        frames.append(encode(message))

    def send(self) -> None:
        """Send what is queued. Never blocks: there is no high-water mark, and a peer that left drops its frames."""
        if not self._out:
            return
        out, self._out = self._out, {}
        send = self._send
        for identity, frames in out.items():
            try:
                send(identity, _MORE)
                last = frames.pop()
                for frame in frames:
                    send(frame, _MORE)
                send(last, _LAST)
            except zmq.ZMQError as error:
                if error.errno not in _LEFT:
                    raise


def router(context: zmq.Context[zmq.Socket[bytes]], address: str) -> zmq.Socket[bytes]:
    """Return a bound ROUTER that drops nothing silently."""
    socket = context.socket(zmq.ROUTER)
    socket.setsockopt(zmq.LINGER, 0)
    socket.setsockopt(zmq.SNDHWM, 0)
    socket.setsockopt(zmq.RCVHWM, 0)
    socket.setsockopt(zmq.ROUTER_MANDATORY, 1)
    socket.bind(address)
    return socket
