"""Values of this worker: what it made, for tasks queued behind on the same worker, and the way to the store.

Law: knows version ids and packed values, no tasks. Any thread: every step on the tables is one dict operation.

Small results are sent with the task's return and also kept, as the same bytes, in a bounded ring: a task queued
ahead of time finds its input here. Large ones are *held* here only, until they are published or dropped.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, Protocol, TypeAlias

from ..core.model import INLINE_LIMIT, OUTPUT_BITS, Kind, Number, OutputRow, Vid
from ..store.packing import Packed
from .settle import settled

RING_COUNT: Final = 10_000
RING_NBYTES: Final = 64 << 20
_INLINE: Final = int(Kind.INLINE)  # plain numbers: an enum costs 0.1 us wherever it is compared or sent
_FILE: Final = int(Kind.FILE)
_HELD: Final = int(Kind.HELD)
PublishedRow: TypeAlias = tuple[Vid, int, int, bytes | None]
InputRow: TypeAlias = tuple[Vid, int, int, bytes | None]


class Files(Protocol):
    """What is needed of the store."""

    def write(self, vid: Vid, packed: Packed) -> int:
        """Seal a value; return its size. Raises StoreFull."""

    def open(self, vid: Vid) -> Packed:
        """Return a sealed value, its buffers mapped privately. Raises DataLost."""


class Values:
    """Everything this worker can give to a task or to the store."""

    __slots__ = ("_files", "_held", "_publishing", "_ring", "_ring_nbytes", "_sealed")

    def __init__(self, files: Files) -> None:
        self._files = files
        self._ring: dict[Vid, bytes] = {}  # in the order they were made
        self._ring_nbytes = 0
        self._held: dict[Vid, Packed] = {}
        self._sealed: dict[Vid, int] = {}  # published by this worker: in the store, no longer in memory; with its size
        self._publishing = threading.Lock()

    # ---------------------------------------------------------------- for tasks
    def sources(self, inputs: Sequence[InputRow]) -> list[Callable[[], Packed]] | None:
        """Return for each input what gives its packed value; None if one is not here that should be."""
        sources: list[Callable[[], Packed]] = []
        for vid, kind, _, data in inputs:
            if data is not None:
                sources.append(partial(Packed.from_bytes, data))
            elif kind == _FILE:
                sources.append(partial(self._files.open, vid))
            elif (source := self._mine(vid)) is not None:
                sources.append(source)
            else:
                return None
        return sources

    def _mine(self, vid: Vid) -> Callable[[], Packed] | None:
        data = self._ring.get(vid)
        if data is not None:
            return partial(Packed.from_bytes, data)
        packed = self._held.get(vid)
        if packed is not None:
            return partial(_same, packed)
        return partial(self._files.open, vid) if vid in self._sealed else None

    def keep(self, number: Number, outputs: list[Packed]) -> tuple[OutputRow, ...]:
        """Take what task `number` made and return the rows that tell of it. Main thread."""
        rows: list[OutputRow] = []
        vid = number << OUTPUT_BITS
        for packed in outputs:
            nbytes = packed.nbytes if packed.buffers else len(packed.stream)
            if nbytes <= INLINE_LIMIT:
                data = packed.to_bytes()
                self._ring[vid] = data
                self._ring_nbytes += len(data)
                rows.append((_INLINE, nbytes, data))
            else:
                self._sealed.pop(vid, None)
                self._held[vid] = settled(packed)
                rows.append((_HELD, nbytes, None))
            vid += 1
        if len(self._ring) > RING_COUNT or self._ring_nbytes > RING_NBYTES:
            self._evict()
        return tuple(rows)

    def _evict(self) -> None:
        # A tenth at a time: one by one would cost every task something once the ring is full.
        ring = self._ring
        for vid in list(ring):
            self._ring_nbytes -= len(ring.pop(vid, b""))
            if len(ring) <= RING_COUNT * 0.9 and self._ring_nbytes <= RING_NBYTES * 0.9:
                return

    # ---------------------------------------------------------------- for the runtime
    def publish(self, vids: list[Vid]) -> list[PublishedRow]:
        """Write held values to the store; NONE with a reason for what can't be had. Blocks on the disk."""
        with self._publishing:  # one value is never written by two threads
            return [self._publish(vid) for vid in vids]

    def _publish(self, vid: Vid) -> PublishedRow:
        data = self._ring.get(vid)
        if data is not None:
            return (vid, Kind.INLINE, len(data), data)
        packed = self._held.get(vid)
        if packed is None:
            if vid in self._sealed:
                return (vid, Kind.FILE, self._sealed[vid], None)
            return (vid, Kind.NONE, 0, b"the worker no longer has it")
        try:
            self._files.write(vid, packed)
        except OSError as error:  # a full store
            return (vid, Kind.NONE, packed.nbytes, str(error).encode())
        self._sealed[vid] = packed.nbytes
        self._held.pop(vid, None)
        return (vid, Kind.FILE, packed.nbytes, None)

    def free(self, vids: list[Vid]) -> None:
        """Forget values that nobody can reach any more."""
        for vid in vids:
            data = self._ring.pop(vid, None)
            if data is not None:
                self._ring_nbytes -= len(data)
            self._held.pop(vid, None)
            self._sealed.pop(vid, None)

    def held(self) -> list[Vid]:
        """Return what is in this worker's memory alone."""
        return list(self._held)


def _same(packed: Packed) -> Packed:
    return packed
