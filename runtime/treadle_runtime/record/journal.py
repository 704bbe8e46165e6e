"""The journal: the frames as they came in, appended once per turn of the loop.

Law: knows bytes and who sent them; no message is looked into, none is made for the journal's sake. It guards against
a dead process, not a dead machine: nothing is synced. Layout, little-endian:

    header   b"TREADLEJ", u16 protocol, u16 length, epoch (utf-8)
    record   u32 length of the frame, u32 origin, frame

Origin is a client's id, or WORKER | a worker's id, or 0 for the journal's own last word: FULL. A journal that is full
has lost its use for recovery, so nothing more is written to it; the limit keeps a folder in memory from filling up.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

MAGIC: Final = b"TREADLEJ"
WORKER: Final = 1 << 31
FULL: Final = b"full"
LIMIT: Final = 64 << 20
_HEADER: Final = struct.Struct("<8sHH")
_RECORD: Final = struct.Struct("<II")


class Journal:
    """Writes the journal of one runtime.

    Parameters
    ----------
    path : Path
        A file that does not exist yet.
    protocol, epoch : int, str
        What the frames speak, and which life of the runtime this is.
    limit : int
        Bytes after which it is full.
    """

    __slots__ = ("_descriptor", "_left", "_parts", "failure")

    def __init__(self, path: Path, protocol: int, epoch: str, limit: int = LIMIT) -> None:
        name = epoch.encode()
        self._descriptor = os.open(
            path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600
        )
        self._parts: list[bytes] = [_HEADER.pack(MAGIC, protocol, len(name)), name]
        self._left = limit
        self.failure: str | None = None
        self.write()

    def add(self, origin: int, frame: bytes) -> None:
        """Note a frame for the next `write`."""
        self._parts += (_RECORD.pack(len(frame), origin), frame)

    def write(self) -> None:
        """Append what was noted, in one call. After an error (disk full) nothing more is written."""
        if not self._parts:
            return
        data = b"".join(self._parts)
        self._parts.clear()
        if self._descriptor < 0:
            return
        self._left -= len(data)
        full = self._left < 0
        try:
            if full:
                data = _RECORD.pack(len(FULL), 0) + FULL
            if os.write(self._descriptor, data) < len(data):
                self.failure = "no room"
        except OSError as error:
            self.failure = str(error)
        if full or self.failure:
            self.close()

    def close(self) -> None:
        """Close the file. Idempotent."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


def read(path: Path) -> tuple[int, str, Iterator[tuple[int, bytes]]]:
    """Return protocol, epoch and the records (origin, frame) of a journal.

    A last record that is cut short (the process died while it wrote) is left out. Raises ValueError if `path` is
    no journal.

    Example
    -------
    >>> protocol, epoch, records = read(folder / "journal")        # doctest: +SKIP
    """
    data = path.read_bytes()
    try:
        magic, protocol, length = _HEADER.unpack_from(data)
    except struct.error:
        magic, protocol, length = b"", 0, 0
    start = _HEADER.size + length
    if magic != MAGIC or len(data) < start:
        raise ValueError(f"{path} is no journal of a runtime")
    return protocol, data[_HEADER.size : start].decode(), _records(data, start)


def _records(data: bytes, position: int) -> Iterator[tuple[int, bytes]]:
    while position + _RECORD.size <= len(data):
        length, origin = _RECORD.unpack_from(data, position)
        position += _RECORD.size
        if position + length > len(data):
            return
        yield origin, data[position : position + length]
        position += length
