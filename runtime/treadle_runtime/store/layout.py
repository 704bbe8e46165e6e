"""The one layout of a packed value, as bytes in a message and as a file of the store.

Law: pure arithmetic on offsets; opens nothing, pickles nothing. Header, then anywhere behind it the table of
buffers followed by the stream, then buffers on boundaries that vector instructions and mappings like:

    magic(4) buffers(4) meta_offset(8) stream_length(8) | (offset(8) length(8)) per buffer, stream | buffers
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from ..errors import DataError

MAGIC: Final = b"TRD1"
HEADER: Final = struct.Struct("<4sIQQ")
ROW: Final = struct.Struct("<QQ")
ALIGN: Final = 64
PAGE: Final = 4096


def aligned(offset: int, step: int = ALIGN) -> int:
    """Return the first multiple of `step` that is not below `offset`."""
    return -(-offset // step) * step


def place(start: int, sizes: Sequence[int]) -> list[int]:
    """Return where buffers of these sizes go behind `start`, and as last element where they end.

    The first one that fills a page begins on a page: a mapping of it then shares no page with the stream.
    """
    places = []
    paged = False
    for size in sizes:
        first_large = not paged and size >= PAGE
        paged = paged or first_large
        start = aligned(start, PAGE if first_large else ALIGN)
        places.append(start)
        start += size
    places.append(start)
    return places


def head(meta_offset: int, rows: Sequence[tuple[int, int]], stream_length: int) -> tuple[bytes, bytes]:
    """Return header and table for buffers at `rows` of (offset, length); the stream goes behind the table."""
    table = b"".join([ROW.pack(offset, length) for offset, length in rows])
    return HEADER.pack(MAGIC, len(rows), meta_offset, stream_length), table


def parse(data: bytes | memoryview) -> tuple[int, int, list[tuple[int, int]]]:
    """Return offset and length of the stream and (offset, length) of each buffer; DataError if they can't be right."""
    total = len(data)
    if total < HEADER.size:
        raise _damaged(f"{total} bytes")
    magic, count, meta, stream_length = HEADER.unpack_from(data)
    if magic != MAGIC:
        raise _damaged(f"it begins with {magic!r}")
    stream_at = meta + count * ROW.size
    if meta < HEADER.size or stream_at + stream_length > total:
        raise _damaged(f"its pickle ends at byte {stream_at + stream_length} of {total}")
    if not count:
        return stream_at, stream_length, []
    rows = list(ROW.iter_unpack(data[meta:stream_at]))
    taken = sorted([(0, HEADER.size), (meta, stream_at + stream_length), *((at, at + size) for at, size in rows if size)])
    if any(end > begin for (_, end), (begin, _) in pairwise(taken)) or any(at + size > total for at, size in rows):
        raise _damaged("its buffers overlap or end behind its last byte")
    return stream_at, stream_length, rows


def _damaged(why: str) -> DataError:
    return DataError(f"This is not a packed value ({why}): it was cut or damaged. Make it again by running its task again.")
