"""A version being changed in place: what an INOUT of a large buffer costs one copy for, not two.

Law: knows one hidden file, its shared mapping and how to seal it; the store gives it its names.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import sys
from functools import cache
from typing import Any, Final, Protocol

from ..core.model import Vid
from ..errors import StoreFull
from . import layout
from .memory import Map, remove, reserve, view, write_at
from .packing import Packed

_MAP_FIXED: Final = 0x10  # on Linux and macOS; the mmap module does not have it


class Files(Protocol):
    """What a draft needs of its store."""

    def path(self, vid: Vid) -> str:
        """Return where a version is, or would be."""

    def write(self, vid: Vid, packed: Packed) -> int:
        """Seal a value the ordinary way."""

    def full(self, error: OSError, nbytes: int) -> StoreFull:
        """Return what to raise when writing `nbytes` gave `error`."""


class Draft:
    """A copy of a version that is being changed in place; not yet a version.

    Unpack `packed` once, change what comes out, pack it again and `seal` that. Buffers that still lie where they
    were are not copied again. The thread that changes it seals it.
    """

    __slots__ = ("_descriptor", "_memory", "_path", "_store", "packed")

    def __init__(self, store: Files, path: str, descriptor: int, memory: Map) -> None:
        self._store = store
        self._path = path
        self._descriptor = descriptor
        self._memory: Map | None = memory
        self.packed = view(memory)
        """The value; its buffers are the draft's own memory."""

    def seal(self, vid: Vid, packed: Packed) -> int:
        """Make `packed` version `vid` and return the file's size in bytes.

        Objects on the draft's memory stay usable: their memory becomes private at this moment, so that
        nobody who still holds one can change the sealed version.

        Raises
        ------
        StoreFull
            no room for what grew; the draft is gone, and nothing is left behind.
        """
        memory = self._memory
        if memory is None:
            raise ValueError("This draft is sealed or discarded.")
        rows, meta, total, pieces = _plan(memory, packed)
        kept = sum(map(len, packed.buffers)) - sum(len(piece) for _, piece in pieces)
        if kept * 2 < len(memory):  # mostly new memory: what the draft no longer needs would stay in the file
            self.discard()
            return self._store.write(vid, packed)
        try:
            if total > len(memory):
                reserve(self._descriptor, len(memory), total - len(memory))
            header, table = layout.head(meta, rows, len(packed.stream))
            for at, piece in [*pieces, (meta, table + packed.stream), (0, header)]:
                write_at(self._descriptor, at, piece)
            if not _make_private(memory, self._descriptor):
                return self._store.write(vid, packed)
            os.rename(self._path, self._store.path(vid))
        except StoreFull:
            raise
        except OSError as error:
            raise self._store.full(error, packed.nbytes) from error
        finally:
            self.discard()
        return total

    def discard(self) -> None:
        """Give the draft up (after `seal`: nothing to do). Objects on its memory stay usable."""
        if self._memory is not None:
            self._memory = None
            self.packed = Packed(b"", [])
            os.close(self._descriptor)
            remove(self._path)


def _plan(memory: Map, packed: Packed) -> tuple[list[tuple[int, int]], int, int, list[tuple[int, bytes | memoryview]]]:
    """Return where each buffer is or goes, where table and stream go, the file's new size, and what to write where."""
    rows: list[tuple[int, int]] = [(0, 0)] * len(packed.buffers)
    foreign: list[int] = []
    taken = 0  # what lies in the draft is taken in the order of its place; an overlap (a view of a view) is copied
    for at, index in sorted((_offset_in(memory, buffer), i) for i, buffer in enumerate(packed.buffers)):
        size = len(packed.buffers[index])
        if at < max(taken, layout.HEADER.size):
            foreign.append(index)
        else:
            rows[index] = (at, size)
            taken = at + size
    first = min((at for at, size in rows if size), default=len(memory))
    meta_size = len(rows) * layout.ROW.size + len(packed.stream)
    meta, end = layout.HEADER.size, len(memory)
    if meta + meta_size > first:
        meta = layout.aligned(end)
        end = meta + meta_size
    *places, total = layout.place(end, [len(packed.buffers[index]) for index in foreign])
    pieces: list[tuple[int, bytes | memoryview]] = []
    for at, index in zip(places, foreign, strict=True):
        rows[index] = (at, len(packed.buffers[index]))
        pieces.append((at, packed.buffers[index]))
    return rows, meta, total, pieces


def _offset_in(memory: Map, buffer: bytes | memoryview) -> int:
    """Return where in `memory` a buffer lies, -1 if elsewhere (or if nothing could have been made on it)."""
    numpy = sys.modules.get("numpy")
    if numpy is None or not len(buffer):
        return -1
    base, address = (numpy.frombuffer(part, numpy.uint8).__array_interface__["data"][0] for part in (memory, buffer))
    at = int(address - base)
    return at if at >= 0 and at + len(buffer) <= len(memory) else -1


def _make_private(memory: Map, descriptor: int) -> bool:
    """Map the file anew at the same address, privately: whoever holds a view can no longer reach the file."""
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    access, kind = mmap.PROT_READ | mmap.PROT_WRITE, mmap.MAP_PRIVATE | _MAP_FIXED
    return bool(_libc_mmap()(address, len(memory), access, kind, descriptor, 0) == address)


@cache
def _libc_mmap() -> Any:
    function = ctypes.CDLL(None).mmap
    function.restype = ctypes.c_void_p
    function.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long)
    return function
