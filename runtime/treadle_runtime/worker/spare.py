"""Memory of values that are gone, used again for the next copy: making fresh pages costs more than copying into them.

Law: knows memory and packed values, no version ids. Memory is used again only if nobody else can see it. Any thread.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from ..store.packing import Packed
from .settle import owner_of

LEAST: Final = 1 << 20
"""Smaller pieces come from the allocator's own stock."""
MOST: Final = 256 << 20
"""So many bytes are kept in all, until the worker has been idle for a while."""


class Spare:
    """Pieces of memory that wait to be used again."""

    __slots__ = ("_pieces",)

    def __init__(self) -> None:
        self._pieces: deque[bytearray] = deque()

    def __bool__(self) -> bool:
        return bool(self._pieces)

    def copy(self, packed: Packed) -> Packed:
        """Return the value with memory of its own, which may be written to."""
        return Packed(packed.stream, [self._copied(buffer) for buffer in packed.buffers])

    def keep(self, packed: Packed) -> None:
        """Take the memory of a value that has been dropped and takes its end here: it is empty afterwards."""
        sizes = [len(buffer) for buffer in packed.buffers]
        owners = [owner_of(buffer) for buffer in packed.buffers]
        packed.buffers = []
        for memory, size in zip(owners, sizes, strict=True):
            if size >= LEAST and type(memory) is bytearray and len(memory) == size and _is_unseen(memory):
                self._pieces.append(memory)
        while sum(map(len, list(self._pieces))) > MOST:
            self._pieces.popleft()

    def clear(self) -> None:
        """Give all of it back."""
        self._pieces.clear()

    def _copied(self, buffer: memoryview | bytes) -> memoryview:
        size = len(buffer)
        memory = self._of_size(size) if size >= LEAST else None
        if memory is None:
            return memoryview(bytearray(buffer))
        view = memoryview(memory)
        view[:] = buffer
        return view

    def _of_size(self, size: int) -> bytearray | None:
        for _ in range(len(self._pieces)):
            try:
                memory = self._pieces.popleft()
            except IndexError:  # another thread was quicker
                return None
            if len(memory) == size:
                return memory
            self._pieces.append(memory)
        return None


def _is_unseen(memory: bytearray) -> bool:
    """Tell whether no view of this memory is left: only then does a bytearray change its size (here it costs nothing)."""
    try:
        memory.append(memory.pop())
    except BufferError:
        return False
    return True
