"""Frames over a local stream socket: a length in four bytes, then so many bytes.

Law: bytes in, frames out, and back; knows nothing of messages, and never blocks: what the system does not take at
once waits here. Whoever could be interrupted between two steps must hold that back (`client.uninterrupted`): half a
frame would be lost.
"""

from __future__ import annotations

import os
import socket
import struct
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Final

FRAME_LIMIT: Final = (1 << 31) - 1
"""A longer frame is none: the bytes are garbage."""
CHUNK: Final = 1 << 16
CHUNKS: Final = 16  # at most, per look
WAITING: Final = 128  # connections not yet accepted
_HEAD: Final = struct.Struct(">I")
_HEAD_NBYTES: Final = _HEAD.size
_pack, _unpack_from = _HEAD.pack, _HEAD.unpack_from
_QUIETLY: Final = getattr(socket, "MSG_NOSIGNAL", 0)  # a peer that left is no reason to die of SIGPIPE


class Overlong(ValueError):  # noqa: N818 - it names the frame, not the program
    """A frame claims to be longer than is taken. Nothing behind it can be read."""


class Stream:
    """One connection.

    Parameters
    ----------
    connected : socket.socket
        Belongs to the stream from now on.
    limit : int
        Longest frame that is taken in, in bytes.

    Attributes
    ----------
    unsent : deque of memoryview
        What waits to be sent: poll for writing, then `flush`. To be looked at only.
    ended : bool
        The peer has closed it; nothing more comes, and what is sent goes nowhere.
    """

    __slots__ = ("_needed", "_part", "_receive", "_send", "_socket", "ended", "limit", "unsent")

    def __init__(self, connected: socket.socket, limit: int = FRAME_LIMIT) -> None:
        connected.setblocking(False)
        self._socket = connected
        self._part = bytearray()  # of a frame that has not come in whole
        self._needed = _HEAD_NBYTES  # length of `_part` from which on it is worth looking at
        self._receive, self._send = connected.recv, connected.send
        self.unsent: deque[memoryview] = deque()
        self.limit = limit
        self.ended = False

    def fileno(self) -> int:
        """Return the descriptor to poll."""
        return self._socket.fileno()

    def send(self, frames: Sequence[bytes]) -> None:
        """Send frames, or keep them to be sent. Raises Overlong before anything is sent."""
        for frame in frames:
            if len(frame) > FRAME_LIMIT:
                raise Overlong(
                    f"a message of {len(frame):,} bytes can't be sent: {FRAME_LIMIT:,} are the limit"
                )
        data = b"".join([part for frame in frames for part in (_pack(len(frame)), frame)])
        if self.unsent:
            self.unsent.append(memoryview(data))
            return
        sent = self._push(data)
        if sent < len(data):
            self.unsent.append(memoryview(data)[sent:])

    def flush(self) -> None:
        """Send what waits, as far as the system takes it."""
        unsent = self.unsent
        while unsent:
            sent = self._push(unsent[0])
            if sent < len(unsent[0]):
                unsent[0] = unsent[0][sent:]
                return
            del unsent[0]

    def take_in(self, frames: list[bytes] | deque[bytes]) -> bool:
        """Append the frames that have come in whole; tell whether anything came.

        Raises Overlong if one is longer than `limit`, with those before it appended; the connection counts as ended.
        """
        for count in range(CHUNKS):
            try:
                data = self._receive(CHUNK)
            except BlockingIOError:
                return count > 0
            except OSError:  # it left without reading all it was sent
                data = b""
            if not data:
                self.ended = True
                return count > 0
            self._cut(data, frames)
            if len(data) < CHUNK:
                break
        return True

    def close(self) -> None:
        """Give the descriptor back. What waits to be sent is lost."""
        self.unsent.clear()
        self._socket.close()

    def _push(self, data: bytes | memoryview) -> int:
        try:
            return self._send(data, _QUIETLY)
        except BlockingIOError:
            return 0
        except OSError:  # the peer has gone: reading tells
            return len(data)

    def _cut(self, data: bytes, frames: list[bytes] | deque[bytes]) -> None:
        part = self._part
        if part:
            part += data
            if len(part) < self._needed:
                return
            data = bytes(part)
            part.clear()
        begin, end = 0, len(data)
        self._needed = _HEAD_NBYTES
        while end - begin >= _HEAD_NBYTES:
            length: int = _unpack_from(data, begin)[0]
            if length > self.limit:
                self.ended = True
                raise Overlong(f"a message claims to have {length:,} bytes: {self.limit:,} are the limit")
            stop = begin + _HEAD_NBYTES + length
            if stop > end:
                self._needed = _HEAD_NBYTES + length
                break
            frames.append(data[begin + _HEAD_NBYTES : stop])
            begin = stop
        if begin < end:
            part += data[begin:]


def listen(path: Path) -> socket.socket:
    """Return a socket that listens at `path`; it is there for this user as far as its folder is."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(os.fspath(path))
        listener.listen(WAITING)
    except OSError:
        listener.close()
        raise
    return listener


def connect(path: Path) -> Stream:
    """Return a stream to whoever listens at `path`. Raises OSError if nobody does; never blocks."""
    connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connected.setblocking(False)
        connected.connect(os.fspath(path))
    except OSError:
        connected.close()
        raise
    return Stream(connected)


def peer_uid(connected: socket.socket) -> int | None:
    """Return the user at the other end, None where the system does not tell."""
    if not hasattr(socket, "SO_PEERCRED"):
        return None
    whole = struct.Struct("3i")  # process, user, group
    return int(whole.unpack(connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, whole.size))[1])
