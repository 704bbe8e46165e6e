"""Does anybody else hold the memory of a result? Then it is copied before it is kept.

Law: looks at packed buffers and at who refers to their memory; knows no tasks.

A packed result shares its memory with the object the task returned. Usually that object is gone by now. But code
in this worker may keep it (a cache in a module, a global of the function) and change it later, while a version
must never change. Who refers to the memory is read off the reference counts along the way from the buffer to
the object that owns the memory; where that can't be told, it is copied.
"""

from __future__ import annotations

import array
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from ..store.memory import Map as PrivateMap
from ..store.packing import Packed

_UNKNOWN: Final = 1 << 30


def settled(packed: Packed) -> Packed:
    """Return the value with memory that nobody can change any more: its own, or a copy."""
    buffers = packed.buffers
    strangers = _strangers(buffers)
    if max(strangers, default=0) <= _ALONE:
        return packed
    return Packed(
        packed.stream,
        [
            buffer if count <= _ALONE else bytes(buffer)
            for buffer, count in zip(buffers, strangers, strict=True)
        ],
    )


def owner_of(buffer: memoryview | bytes) -> Any:
    """Return the object that owns the memory of a buffer, None if that can't be told."""
    return (_way(buffer) or [None])[-1]


def _strangers(buffers: Sequence[memoryview | bytes]) -> list[int]:
    """Count for each buffer the most references that something on its way has and this value doesn't explain."""
    ways = [_way(buffer) for buffer in buffers]
    holders: dict[int, set[int]] = {}
    entries: Counter[int] = Counter()
    for buffer, way in zip(buffers, ways, strict=True):
        holder = id(buffer)
        for owner in way or ():
            holders.setdefault(id(owner), set()).add(holder)
            entries[id(owner)] += 1
            holder = id(owner)
    counts = []
    for way in ways:
        most = _UNKNOWN if way is None else 0
        for owner in way or ():
            explained = len(holders[id(owner)]) + entries[id(owner)]
            most = max(most, sys.getrefcount(owner) - explained)
        counts.append(most)
    return counts


def _way(buffer: memoryview | bytes) -> list[Any] | None:
    """Return what leads from a buffer to the owner of its memory, None if the owner is of an unknown kind."""
    way: list[Any] = []
    owner: Any = buffer
    while True:
        if isinstance(owner, memoryview):
            owner = owner.obj
        elif isinstance(owner, np.ndarray) and not isinstance(owner, np.memmap):
            if owner.base is None:
                return way
            owner = owner.base
        elif isinstance(owner, (bytearray, array.array, PrivateMap)):
            return way
        elif isinstance(owner, bytes) or type(owner).__module__.startswith("pyarrow."):
            return way[:-1] if way and way[-1] is owner else way  # never changes: no matter who else has it
        else:
            return None
        way.append(owner)


_ALONE: Final = _strangers([memoryview(bytearray(1)).toreadonly()])[0]
"""What the count itself adds (it differs between versions of Python)."""
