"""One line from the server to a runtime: frames in, frames out, on the server's loop.

Law: knows frames and the first words, nothing of what is said afterwards. It shows the token only to a process of the same
user, behind a folder that is private to that user.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from pathlib import Path
from typing import Any, Final

import msgspec

from treadle_runtime.errors import EngineError, TreadleError
from treadle_runtime.wire import messages as m
from treadle_runtime.wire.codec import Malformed, encode, to_client
from treadle_runtime.wire.session import Descriptor, Session
from treadle_runtime.wire.stream import peer_uid

FRAME_LIMIT: Final = 16 << 20
GREETING_S: Final = 5.0
_HEAD: Final = struct.Struct(">I")


class Line:
    """A connection to a runtime that has let us look."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def read(self) -> bytes:
        """Return the next frame: JSON for a page. Raises EOFError when the runtime has gone."""
        try:
            (nbytes,) = _HEAD.unpack(await self._reader.readexactly(_HEAD.size))
            if nbytes > FRAME_LIMIT:
                raise EOFError
            return await self._reader.readexactly(nbytes)
        except OSError as error:
            raise EOFError from error

    async def write(self, frame: bytes) -> None:
        """Send a frame; waits while the runtime does not read."""
        self._writer.write(_HEAD.pack(len(frame)) + frame)
        try:
            await self._writer.drain()
        except OSError:
            return  # it has gone: reading tells

    def close(self) -> None:
        """Hang up."""
        self._writer.transport.abort()


async def connect(found: Descriptor) -> tuple[Line, bytes]:
    """Connect to a runtime; return the line and its welcome as a frame for the page.

    Raises EngineError, with one sentence, if it refuses, has gone, or is not to be trusted.
    """
    session = Session(Path(found.folder))
    try:
        token = await asyncio.get_running_loop().run_in_executor(None, session.token)
        reader, writer = await asyncio.open_unix_connection(session.clients)
    except OSError as error:
        raise EngineError("The runtime has just ended.") from error
    line = Line(reader, writer)
    try:
        _check_peer(writer.get_extra_info("socket"))
        await line.write(encode(m.View(token)))
        welcome = await asyncio.wait_for(line.read(), GREETING_S)
        if not welcome.startswith(b"{"):
            raise EngineError(_refusal(welcome, found))
    except (EOFError, TimeoutError) as error:
        line.close()
        raise EngineError("The runtime does not answer.") from error
    except BaseException:
        line.close()
        raise
    return line, welcome


async def ask(found: Descriptor, name: str, limit_s: float) -> dict[str, Any] | None:
    """Put one command to a runtime; None if it does not answer in time, or can't."""
    try:
        line, _welcome = await asyncio.wait_for(connect(found), limit_s)
    except (TreadleError, OSError, TimeoutError):
        return None  # it has just gone, or is of another version: the list says what is known without
    try:
        await line.write(msgspec.json.encode({"type": "command", "id": 0, "name": name, "args": {}}))
        answer = msgspec.json.decode(await asyncio.wait_for(line.read(), limit_s))
    except (EOFError, TimeoutError, msgspec.DecodeError):
        return None
    finally:
        line.close()
    data = answer.get("data") if isinstance(answer, dict) else None
    return data if isinstance(data, dict) else None


def _check_peer(connected: socket.socket) -> None:
    if peer_uid(connected) not in (None, os.getuid()):
        raise EngineError("The runtime's socket belongs to another user.")


def _refusal(frame: bytes, found: Descriptor) -> str:
    try:
        said = to_client(frame)
    except Malformed:
        said = None
    if found.protocol != m.PROTOCOL:
        return (
            f"The runtime has Treadle {found.environment[0]}, which this Jupyter server does not understand: run "
            "`pip install --upgrade treadle` in both environments, then restart the kernel and the server."
        )
    return said.reason if isinstance(said, m.Refused) else "The runtime said what is no greeting."
