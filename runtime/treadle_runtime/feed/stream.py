"""The task stream: what each worker ran and when, the last seconds in detail, older times ever coarser.

Law: knows attempts that have ended, never a clock. Every task pays for this, watched or not: short attempts that
follow each other become one span at once. Bounded in bytes for any number of tasks, workers and hours.

What has ended goes into the open chunk; each few seconds another is opened. Of chunks of one level only a few are
kept: then the two oldest become one of the next level, with half the detail. So what is a minute old is seen to
some hundred milliseconds and what is an hour old to some seconds, and a screen gets each chunk once per level.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

from ..core.model import FunctionId, Number, Outcome, WorkerId
from .delta import STREAM_BYTES, TICKS_PER_S, WORKER_LIMIT, Record

CHUNK_S: Final = 4.0
DETAIL_S: Final = 0.004
"""What is shorter than this is one with its neighbours at once."""
FINE: Final = 200
"""Spans in a chunk while it is open and of the first level, ..."""
COARSE: Final = 50
"""... and of those above, unless more workers have run something."""
KEPT: Final = 4
"""Chunks of one level."""

Span: TypeAlias = list[Any]
"""[begin, end, function, number or -(how many), state, busy_s], times in seconds of the facts."""
_BEGIN, _END, _FUNCTION, _WHAT, _STATE, _BUSY = range(6)
DONE, CANCELLED, FAILED = 0, 1, 2
"""How what a span stands for ended: the worst of it."""
STATE_OF: Final = {
    int(Outcome.OK): DONE,
    int(Outcome.INTERRUPTED): CANCELLED,
    int(Outcome.RAISED): FAILED,
    int(Outcome.TIMED_OUT): FAILED,
}


class _Chunk:
    """The spans that ended in some seconds, by worker."""

    __slots__ = ("at", "changed", "detail_s", "key", "lanes", "level", "nbytes", "size")

    def __init__(self, key: str, at: float, level: int, detail_s: float) -> None:
        self.key = key
        self.at = at
        self.level = level
        self.detail_s = detail_s  # what is shorter is one span with its neighbours
        self.lanes: dict[WorkerId, list[Span]] = {}
        self.changed: dict[WorkerId, None] = {}  # since it was told
        self.size = 0
        self.nbytes = 0

    def add(self, worker: WorkerId, span: Span) -> None:
        """Append a span, or make it one with the one before it."""
        lane = self.lanes.get(worker)
        if lane is None:
            lane = self.lanes[worker] = []
        self.changed[worker] = None
        if lane and span[_END] - lane[-1][_BEGIN] <= self.detail_s:
            _merge(lane[-1], span)
        else:
            lane.append(span)
            self.size += 1

    def shrink(self, limit: int) -> None:
        """Halve the detail until there are no more than `limit` spans (but one of each worker)."""
        limit = max(limit, len(self.lanes))
        while self.size > limit:
            self.detail_s *= 2
            lanes, self.lanes, self.size = self.lanes, {}, 0
            for worker, lane in lanes.items():
                for span in lane:
                    self.add(worker, span)

    def record(self, wall_offset: float, workers: Sequence[WorkerId]) -> Record:
        """Return the lanes of some workers as a screen gets them."""
        lanes = {f"w{worker}": [_row(span, self.at) for span in self.lanes[worker]] for worker in workers}
        return {"at": round(self.at + wall_offset, 3), **lanes}


class Stream:
    """All chunks, oldest first; the last one is open."""

    def __init__(self, wall_offset: float) -> None:
        self._wall_offset = wall_offset
        self._chunks: list[_Chunk] = []
        self._free: dict[WorkerId, float] = {}  # when the last attempt of a worker ended
        self._made = 0

    def add(self, worker: WorkerId, at: float, spans: Sequence[tuple[FunctionId, Number, int, float]]) -> None:
        """Take in attempts that a worker ended one after the other, the last one at `at`.

        `spans`: (function, number, state, seconds) of each.
        """
        busy = sum([span[3] for span in spans])
        begin = max(self._free.get(worker, 0.0), at - busy)
        pace = (at - begin) / busy if busy else 0.0  # 1 but for what clocks and delays make of it
        chunk = self._chunk(at)
        for function, number, state, run_s in spans:
            end = begin + run_s * pace
            chunk.add(worker, [begin, end, function, number, state, run_s])
            begin = end
        self._close(worker, at, chunk)

    def add_short(self, worker: WorkerId, at: float, function: FunctionId, count: int, busy_s: float, state: int = DONE) -> None:
        """Take in `count` attempts, mostly of `function`, that took less than DETAIL_S in all; `state`: the worst."""
        begin = max(self._free.get(worker, 0.0), at - busy_s)
        chunk = self._chunk(at)
        chunk.add(worker, [begin, at, function, -count, state, busy_s])
        self._close(worker, at, chunk)

    def keys(self) -> set[str]:
        """Return what the chunks are called that there are."""
        return {chunk.key for chunk in self._chunks}

    def changes(self) -> dict[str, Record]:
        """Return new or changed lanes by chunk since the last call."""
        put = {}
        for chunk in self._chunks:
            if chunk.changed:
                put[chunk.key] = chunk.record(self._wall_offset, list(chunk.changed))
                chunk.changed.clear()
        return put

    def _chunk(self, at: float) -> _Chunk:
        """Return the open chunk."""
        chunk = self._chunks[-1] if self._chunks else None
        return self._open(at) if chunk is None or chunk.level or at >= chunk.at + CHUNK_S else chunk

    def _close(self, worker: WorkerId, at: float, chunk: _Chunk) -> None:
        self._free[worker] = at
        if chunk.size > FINE:
            chunk.shrink(FINE // 2)

    def _new(self, at: float, level: int, detail_s: float) -> _Chunk:
        self._made += 1
        return _Chunk(str(self._made), at, level, detail_s)

    def _open(self, at: float) -> _Chunk:
        """Close the open chunk, make room, and open another."""
        chunks = self._chunks
        if chunks:
            chunks[-1].nbytes = len(json.dumps(chunks[-1].record(0.0, list(chunks[-1].lanes))))
        level = 0
        while len(same := [i for i, chunk in enumerate(chunks) if chunk.level == level]) > KEPT:
            self._join(same[0])
            level += 1
        while len(chunks) > 1 and sum(chunk.nbytes for chunk in chunks) > STREAM_BYTES:
            self._join(0)
        chunks.append(self._new(at, 0, DETAIL_S))
        return chunks[-1]

    def _join(self, index: int) -> None:
        """Make one chunk of the next level of a chunk and the one after it."""
        first, second = self._chunks[index : index + 2]
        level = max(first.level, second.level) + 1
        joined = self._new(first.at, level, 2 * max(first.detail_s, second.detail_s))
        newest = set(sorted(first.lanes.keys() | second.lanes.keys())[-WORKER_LIMIT:])
        for chunk in (first, second):
            for worker, lane in chunk.lanes.items():
                if worker in newest:
                    for span in lane:
                        joined.add(worker, span)
                else:
                    self._free.pop(worker, None)
        joined.shrink(COARSE)
        joined.nbytes = len(json.dumps(joined.record(0.0, list(joined.lanes))))
        self._chunks[index : index + 2] = [joined]


def _merge(old: Span, new: Span) -> None:
    """Make `old` stand for what follows it as well."""
    if new[_BUSY] > old[_BUSY]:
        old[_FUNCTION] = new[_FUNCTION]
    old[_END] = new[_END]
    old[_WHAT] = min(-1, old[_WHAT]) + min(-1, new[_WHAT])
    old[_STATE] = max(old[_STATE], new[_STATE])
    old[_BUSY] += new[_BUSY]


def _row(span: Span, at: float) -> list[int]:
    """Return a span as a screen gets it: [begin, length, function, number or -(how many)], and if not usual [.., state, busy]."""
    begin = round((span[_BEGIN] - at) * TICKS_PER_S)
    length = max(1, round((span[_END] - at) * TICKS_PER_S) - begin)
    row = [begin, length, span[_FUNCTION], span[_WHAT]]
    if span[_WHAT] < 0:
        return [*row, span[_STATE], min(length, round(span[_BUSY] * TICKS_PER_S))]
    return [*row, span[_STATE]] if span[_STATE] else row
