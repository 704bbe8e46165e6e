"""The connections: accepted, read, written, closed.

Law: knows streams and frames, not what they mean, nor who is at the other end beyond the user the system names.
Nobody can make the runtime wait or grow: strangers are few and may send little, and who does not read is written to
when it does.
"""

from __future__ import annotations

import functools
import os
import select
import socket
import time
from collections import deque
from typing import Any, Final, Protocol

from ..core.events import Event
from ..wire.codec import encode
from ..wire.messages import Message
from ..wire.stream import FRAME_LIMIT, Overlong, Stream, peer_uid
from .ears import Ears

STRANGERS: Final = 32
"""So many connections may wait to be known; one more, and the oldest of them is closed."""
HELLO_LIMIT: Final = 4096  # bytes of a frame of a stranger
ACCEPTED_PER_TURN: Final = 16


class Line:
    """One connection.

    Attributes
    ----------
    owner
        Who is at the other end; None: a stranger.
    listener
        Who is told what comes in.
    """

    __slots__ = ("closing", "key", "listener", "out", "owner", "stream")

    def __init__(self, stream: Stream, listener: Listener) -> None:
        self.stream = stream
        self.listener = listener
        self.key = stream.fileno()
        self.owner: Any = None
        self.out: list[bytes] = []  # to be sent at the end of the turn
        self.closing = False


class Listener(Protocol):
    """Who is told what comes in."""

    def on_frames(self, line: Line, frames: list[bytes], now: float, events: list[Event]) -> None:
        """These frames have come in."""

    def on_overlong(self, line: Line, error: Overlong, now: float, events: list[Event]) -> None:
        """Nothing that comes can be read any more; the line is closed at the end of the turn."""

    def on_hung_up(self, line: Line) -> None:
        """The other end has closed it."""

    def on_caught_up(self, line: Line) -> None:
        """All has been sent on a line that had no room for a while."""


class Lines:
    """All connections of a runtime."""

    def __init__(self, door: socket.socket, ears: Ears, listener: Listener) -> None:
        """`listener` is told of those who come in by the door."""
        door.setblocking(False)
        self._door = door
        self._ears = ears
        self._listener = listener
        self._all: dict[int, Line] = {}
        self._strangers: deque[Line] = deque()
        self._to_do: list[Line] = []  # to send on, or to be closed, at the end of the turn
        self._open = False
        self._open_door()

    def adopt(self, connected: socket.socket, listener: Listener) -> Line:
        """Take over a connection that has not come in by the door; its owner is the caller's to name."""
        line = Line(Stream(connected), listener)
        self._all[line.key] = line
        self._ears.add(line.key, functools.partial(self.read, line))
        return line

    def introduce(self, line: Line, owner: Any, listener: Listener, limit: int = FRAME_LIMIT) -> None:
        """Say who a stranger is, and who hears of it from now on: it may send what it likes, up to `limit` bytes at once."""
        line.owner, line.listener = owner, listener
        line.stream.limit = limit
        self._strangers.remove(line)

    def post(self, line: Line, message: Message) -> None:
        """Queue a message for the end of the turn."""
        self.post_frame(line, encode(message))

    def post_frame(self, line: Line, frame: bytes) -> None:
        """Queue a message that is encoded already."""
        if not line.out:
            self._to_do.append(line)
        line.out.append(frame)

    def hang_up(self, line: Line) -> None:
        """Close a connection when all that is queued for it has been sent; nothing is read any more."""
        if not line.closing:
            line.closing = True
            self._to_do.append(line)

    def cut(self, line: Line) -> None:
        """Close a connection now; what is queued for it is lost."""
        if self._all.get(line.key) is not line:  # closed already; its number may be another one's by now
            return
        del self._all[line.key]
        if line.owner is None:
            self._strangers.remove(line)
        line.closing = True
        self._ears.remove(line.key)
        line.stream.close()
        self._open_door()

    def send(self) -> None:
        """Send what this turn has queued, as far as it is taken. Never blocks."""
        if not self._to_do:
            return
        to_do, self._to_do = self._to_do, []
        for line in to_do:
            stream = line.stream
            if line.out:
                frames, line.out = line.out, []
                stream.send(frames)
                if stream.unsent:
                    self._ears.want_room(line.key, True)
            if line.closing and not stream.unsent:
                self.cut(line)

    def read(self, line: Line, now: float, events: list[Event]) -> None:
        """Take in what is there, send on what had no room."""
        stream = line.stream
        if stream.unsent:
            stream.flush()
            if not stream.unsent:
                self._ears.want_room(line.key, False)
                if line.closing:
                    self.cut(line)
                    return
                line.listener.on_caught_up(line)
        frames: list[bytes] = []
        overlong = None
        try:
            stream.take_in(frames)
        except Overlong as error:
            overlong = error
        if frames and not line.closing:
            line.listener.on_frames(line, frames, now, events)
        if overlong is not None:
            if not line.closing:
                line.listener.on_overlong(line, overlong, now, events)
            self.hang_up(line)
        elif stream.ended:
            line.listener.on_hung_up(line)
            self.cut(line)

    def close(self, limit_s: float) -> None:
        """Close everything; who still reads gets what was sent last, if that takes no longer than `limit_s`."""
        limit = time.monotonic() + limit_s
        self.send()
        for line in list(self._all.values()):
            poll = select.poll()
            poll.register(line.key, select.POLLOUT)
            while line.stream.unsent and poll.poll(max(0.0, limit - time.monotonic()) * 1000):
                line.stream.flush()
            self.cut(line)
        self._shut_door()
        self._door.close()

    def _open_door(self) -> None:
        if not self._open:
            self._open = True
            self._ears.add(self._door.fileno(), self._accept)

    def _shut_door(self) -> None:
        self._open = False
        self._ears.remove(self._door.fileno())

    def _accept(self, _: float, __: list[Event]) -> None:
        for _turn in range(ACCEPTED_PER_TURN):
            try:
                connected, _address = self._door.accept()
            except BlockingIOError:
                return
            except OSError as error:  # no descriptors left: until one is free again nobody can come in
                print(f"nobody can connect: {error}", flush=True)
                self._shut_door()
                return
            if peer_uid(connected) not in (None, os.getuid()):
                print("refused another user", flush=True)
                connected.close()
                continue
            line = Line(Stream(connected, HELLO_LIMIT), self._listener)
            self._all[line.key] = line
            self._strangers.append(line)
            self._ears.add(line.key, functools.partial(self.read, line))
            if len(self._strangers) > STRANGERS:
                self.cut(self._strangers[0])
