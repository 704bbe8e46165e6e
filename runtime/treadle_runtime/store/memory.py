"""Files of the store as memory: written through descriptors, read through private mappings.

Law: knows descriptors, mappings and the layout; no names of files, no version ids. Writing never goes through a
mapping: a full disk then kills the process instead of giving an error.
"""

from __future__ import annotations

import errno
import mmap
import os
import sys
from typing import Any, Final

from . import layout
from .packing import Packed

MAPPED_FROM: Final = 1 << 20
"""Smaller files are read into memory: as fast as mapping them, faster once they are written to."""
_NO_DESCRIPTOR: Final[dict[str, Any]] = {"trackfd": False} if sys.version_info >= (3, 13) else {}
_ENOUGH: Final = 30_000
"""Mappings that are always few enough: Linux allows a process 65,530."""
_alive: Final[set[int]] = set()  # ids of mappings; a set, because any thread drops one at any time


class Map(mmap.mmap):
    """A mapping that is counted: up to Python 3.12 each keeps a descriptor, and a user needs some as well."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Map:
        made = super().__new__(cls, *args, **kwargs)
        _alive.add(id(made))
        return made

    def __del__(self) -> None:
        _alive.discard(id(self))


def maps_alive() -> int:
    """Return how many mappings of store files this process holds."""
    return len(_alive)


def _most_maps() -> int:
    """Return how many mappings this process may hold."""
    if _NO_DESCRIPTOR:
        return _ENOUGH
    import resource  # not on Windows, where only the inline engine works

    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return _ENOUGH if soft == resource.RLIM_INFINITY else min(_ENOUGH, soft // 2)


def map_shared(descriptor: int, size: int) -> Map:
    """Map a file so that what is written to the memory is in the file; its pages must have been reserved."""
    return Map(descriptor, size, flags=mmap.MAP_SHARED, prot=mmap.PROT_READ | mmap.PROT_WRITE)


def map_private(descriptor: int, size: int) -> Map:
    """Map a file copy-on-write: memory that may be written to and reaches nobody else."""
    return Map(descriptor, size, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_WRITE, **_NO_DESCRIPTOR)


def write(descriptor: int, packed: Packed) -> int:
    """Write a value into a fresh file and return its size."""
    stream, buffers = packed.stream, packed.buffers
    meta = layout.HEADER.size
    sizes = [len(buffer) for buffer in buffers]
    start = meta + len(sizes) * layout.ROW.size + len(stream)
    *places, total = layout.place(start, sizes)
    reserve(descriptor, 0, total)
    header, table = layout.head(meta, list(zip(places, sizes, strict=True)), len(stream))
    write_at(descriptor, 0, header + table + stream)
    for at, buffer in zip(places, buffers, strict=True):
        write_at(descriptor, at, buffer)
    return total


def reserve(descriptor: int, start: int, nbytes: int) -> None:
    """Have the pages now: an unreserved one that is touched through a mapping of a full disk kills the process."""
    if not hasattr(os, "posix_fallocate"):
        return  # macOS: what follows writes every page, and says itself when there is no room
    try:
        os.posix_fallocate(descriptor, start, nbytes)
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL):
            raise


def write_at(descriptor: int, at: int, data: bytes | memoryview) -> None:
    """Write all of `data` at a place in the file."""
    done = os.pwrite(descriptor, data, at)
    while done < len(data):  # the system takes at most 2 GiB at a time
        done += os.pwrite(descriptor, memoryview(data)[done:], at + done)


def remove(path: str) -> bool:
    """Unlink a file; tell whether it was there and could be."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return False
    except OSError as error:
        if error.errno not in (errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR):
            raise
        return False  # nothing can be written there either, and that is what is reported
    return True


def load(descriptor: int, size: int) -> bytearray | Map:
    """Return the file's content as private memory."""
    if size >= MAPPED_FROM and maps_alive() < _most_maps():
        try:
            return map_private(descriptor, size)
        except OSError as error:
            if error.errno not in (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENODEV):
                raise  # else: too many mappings, or a file system that has none
    memory = bytearray(size)
    done = count = os.preadv(descriptor, [memory], 0)
    while count and done < size:  # 2 GiB at a time; shorter than it was: `parse` says so
        count = os.preadv(descriptor, [memoryview(memory)[done:]], done)
        done += count
    return memory


def view(memory: bytearray | Map) -> Packed:
    """Return the packed value in `memory`, its buffers writable views."""
    whole = memoryview(memory)
    stream_at, length, rows = layout.parse(whole)
    return Packed(bytes(whole[stream_at : stream_at + length]), [whole[at : at + size] for at, size in rows])
