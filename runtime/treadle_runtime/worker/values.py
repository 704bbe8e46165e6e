"""Values of this worker: what it made, for tasks queued behind on the same worker, and the way to the store.

Law: knows version ids and packed values, no tasks. Any thread: every step on the tables is one dict operation.

Small results are sent with the task's return and also kept, as the same bytes, in a bounded ring: a task queued
ahead of time finds its input here. Large ones are *held* here only, until they are published or dropped. When the
store is nearly full a large result is written at once, so that it is its task that fails, with the reason.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, Protocol, TypeAlias

from ..core.model import INLINE_LIMIT, OUTPUT_BITS, Kind, Number, OutputRow, Vid, output_of
from ..errors import TreadleError
from ..store.draft import Draft
from ..store.packing import Packed
from .settle import settled
from .spare import Spare

DRAFT_NBYTES: Final = 1 << 20
"""Smaller values are read, not mapped: a file of their own would cost more than the copy."""
RING_COUNT: Final = 10_000
RING_NBYTES: Final = 64 << 20
_INLINE: Final = int(Kind.INLINE)  # plain numbers: an enum costs 0.1 us wherever it is compared or sent
_FILE: Final = int(Kind.FILE)
_HELD: Final = int(Kind.HELD)
PublishedRow: TypeAlias = tuple[Vid, int, int, bytes | None]
InputRow: TypeAlias = tuple[Vid, int, int, bytes | None]


class Files(Protocol):
    """What is needed of the store."""

    @property
    def folder(self) -> os.PathLike[str]:
        """Where it is."""

    def write(self, vid: Vid, packed: Packed) -> int:
        """Seal a value; return its size. Raises StoreFull."""

    def begin_copy(self, packed: Packed) -> Draft:
        """Return a copy to be changed in place. Raises StoreFull."""

    def delete(self, vid: Vid) -> bool:
        """Remove a sealed value."""

    def open(self, vid: Vid) -> Packed:
        """Return a sealed value, its buffers mapped privately. Raises DataLost."""


class Values:
    """Everything this worker can give to a task or to the store."""

    __slots__ = ("_drafts", "_files", "_held", "_publishing", "_ring", "_ring_nbytes", "_sealed", "spare")

    def __init__(self, files: Files) -> None:
        self._files = files
        self._ring: dict[Vid, bytes] = {}  # in the order they were made
        self._ring_nbytes = 0
        self._held: dict[Vid, Packed] = {}
        self._sealed: dict[
            Vid, int
        ] = {}  # published by this worker: in the store, no longer in memory; with its size
        self._drafts: list[tuple[int, Draft]] = []  # of the task that runs: which output is made from it
        self._publishing = threading.Lock()
        self.spare = Spare()
        """Memory of values that were held and are gone."""

    # ---------------------------------------------------------------- for tasks
    def sources(
        self, inputs: Sequence[InputRow], renews: Sequence[tuple[int, int]] = ()
    ) -> list[Callable[[], Packed]] | None:
        """Return for each input what gives its packed value; None if one is not here that should be.

        Large files that the task renews are copied to drafts, which `keep` seals as they are. Main thread.
        """
        renewed = dict(renews)
        sources: list[Callable[[], Packed]] = []
        for index, (vid, kind, nbytes, data) in enumerate(inputs):
            if data is not None:
                sources.append(partial(Packed.from_bytes, data))
            elif kind == _FILE and index in renewed and nbytes >= DRAFT_NBYTES:
                sources.append(partial(self._draft, vid, renewed[index]))
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
            return partial(self.spare.copy, packed)
        return partial(self._files.open, vid) if vid in self._sealed else None

    def _draft(self, vid: Vid, output: int) -> Packed:
        draft = self._files.begin_copy(self._files.open(vid))
        self._drafts.append((output, draft))
        return draft.packed

    def discard_drafts(self) -> None:
        """Remove drafts whose task made nothing of them. Main thread."""
        for _output, draft in self._drafts:
            draft.discard()
        self._drafts.clear()

    def keep(self, number: Number, outputs: Sequence[Packed]) -> tuple[OutputRow, ...]:
        """Take what task `number` made and return the rows that tell of it. Main thread.

        Raises
        ------
        StoreFull
            a large result finds no room; nothing of the task is kept.
        """
        vid = number << OUTPUT_BITS
        if len(outputs) == 1 and not outputs[0].buffers and len(outputs[0].stream) <= INLINE_LIMIT:
            data = self._ring[vid] = outputs[0].to_bytes()  # the usual small result, in short
            self._ring_nbytes += len(data)
            if self._drafts or len(self._ring) > RING_COUNT or self._ring_nbytes > RING_NBYTES:
                self._tidy()
            return ((_INLINE, len(outputs[0].stream), data),)
        rows: list[OutputRow] = []
        try:
            for packed in outputs:
                nbytes = packed.nbytes if packed.buffers else len(packed.stream)
                if nbytes <= INLINE_LIMIT:
                    data = packed.to_bytes()
                    self._ring[vid] = data
                    self._ring_nbytes += len(data)
                    rows.append((_INLINE, nbytes, data))
                elif self._is_written(vid, packed):
                    self._sealed[vid] = nbytes
                    rows.append((_FILE, nbytes, None))
                else:
                    self._sealed.pop(vid, None)
                    self._held[vid] = settled(packed)
                    rows.append((_HELD, nbytes, None))
                vid += 1
        except (OSError, MemoryError):
            self._drop(number, len(rows))
            raise
        finally:
            self._tidy()
        return tuple(rows)

    def _tidy(self) -> None:
        """Let go of drafts that nothing was made of, and of old small results."""
        if self._drafts:
            self.discard_drafts()
        if len(self._ring) > RING_COUNT or self._ring_nbytes > RING_NBYTES:
            self._evict()

    def _is_written(self, vid: Vid, packed: Packed) -> bool:
        """Seal the draft that this output was made from, or write it if there is hardly room; False: hold it."""
        output = output_of(vid)
        for i, (drafted, draft) in enumerate(self._drafts):
            if drafted == output:
                del self._drafts[i]
                draft.seal(vid, packed)
                return True
        if self._is_tight(packed.nbytes):
            self._files.write(vid, packed)
            return True
        return False

    def _drop(self, number: Number, outputs: int) -> None:
        vids = [number << OUTPUT_BITS | index for index in range(outputs)]
        for vid in vids:
            if vid in self._sealed:
                self._files.delete(vid)
        self.free(vids)

    def _is_tight(self, nbytes: int) -> bool:
        """Tell whether the store has hardly room for this and for what is held already (twice: others hold, too)."""
        state = os.statvfs(self._files.folder)
        held = sum(packed.nbytes for packed in list(self._held.values()))
        return state.f_bavail * state.f_frsize < 2 * (nbytes + held)

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
            return (vid, Kind.NONE, packed.nbytes, (error.message if isinstance(error, TreadleError) else str(error)).encode())
        self._sealed[vid] = packed.nbytes
        self._held.pop(vid, None)
        return (vid, Kind.FILE, packed.nbytes, None)

    def free(self, vids: list[Vid]) -> None:
        """Forget values that nobody can reach any more."""
        for vid in vids:
            data = self._ring.pop(vid, None)
            if data is not None:
                self._ring_nbytes -= len(data)
            packed = self._held.pop(vid, None)
            if packed is not None and self._publishing.acquire(blocking=False):  # else it may be written just now
                try:
                    self.spare.keep(packed)
                finally:
                    self._publishing.release()
            self._sealed.pop(vid, None)

    def held(self) -> list[Vid]:
        """Return what is in this worker's memory alone, oldest first."""
        return list(self._held)
