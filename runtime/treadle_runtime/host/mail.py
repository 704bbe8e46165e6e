"""What goes out at the end of a turn: frames per peer, one zmq message each.

Law: knows identities and frames. A peer that has left is not an error: its end is told by the system, elsewhere.
"""

from __future__ import annotations

import errno

import zmq

from ..wire.codec import encode
from ..wire.messages import Message


class Mail:
    """The outgoing side of one ROUTER."""

    __slots__ = ("_out", "_socket")

    def __init__(self, socket: zmq.Socket[bytes]) -> None:
        self._socket = socket
        self._out: dict[bytes, list[bytes]] = {}

    def post(self, identity: bytes, message: Message) -> None:
        """Queue a message for the end of the turn."""
        frames = self._out.get(identity)
        if frames is None:
            frames = self._out[identity] = [identity]
        frames.append(encode(message))

    def send(self) -> None:
        """Send what is queued. Never blocks: there is no high-water mark, and a peer that left drops its frames."""
        if not self._out:
            return
        out, self._out = self._out, {}
        for frames in out.values():
            try:
                self._socket.send_multipart(frames, zmq.NOBLOCK)
            except zmq.ZMQError as error:
                if error.errno not in (errno.EHOSTUNREACH, errno.EAGAIN):
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
