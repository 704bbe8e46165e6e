"""Where values are and what came back: rows of versions, returns, failures.

Law: keeps what the scheduler speaks of by number only: inline bytes, sizes, packed failures. Looks into none of them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Final

from ..core.model import (
    OUTPUT_BITS,
    PUSH_LIMIT,
    FinishedRow,
    Kind,
    Number,
    Outcome,
    OutputRow,
    ReturnRow,
    Vid,
    WorkerId,
)
from ..core.states import TaskState

ValueRow = tuple[Vid, int, int, bytes | None]
DELIVERY: Final = 16 << 20
"""Bytes of values in one message."""
FAILURES: Final = 20_000
"""Failures remembered: a task submitted later may read what failed long ago, and must name the reason."""
_UNKNOWN: Final[tuple[WorkerId, ReturnRow]] = (0, (0, 0, 0, (), 0.0, 0.0, 0, None, None))


class Values:
    """Rows of versions by id, and of returns until the end of the turn."""

    __slots__ = ("_killed", "_returns", "_told", "_tries", "failures", "rows")

    def __init__(self) -> None:
        self.rows: dict[Vid, ValueRow] = {}
        self.failures: OrderedDict[Number, bytes] = OrderedDict()
        self._returns: dict[Number, tuple[WorkerId, ReturnRow]] = {}
        self._tries: dict[Number, int] = {}  # attempts that failed, of tasks that have not been reported
        self._killed: set[Number] = set()  # those of them whose worker had to be ended
        self._told: list[Number] = []  # reported in this turn

    def keep_returns(self, worker: WorkerId, returned: list[ReturnRow]) -> None:
        """Note what a worker gave back, for the reports of this turn."""
        rows, returns = self.rows, self._returns
        for row in returned:
            number, outcome = row[0], row[2]
            if outcome == Outcome.OK:
                vid = number << OUTPUT_BITS
                for kind, nbytes, data in row[3]:
                    old = rows.get(vid)
                    if old is None or old[1] == Kind.HELD:  # sealed bytes outlive a late second attempt
                        rows[vid] = (vid, kind, nbytes, data)
                    vid += 1
            elif outcome == Outcome.DECLINED or outcome == Outcome.TAKEN_BACK:
                continue
            elif row[7] is not None:
                self.fail(number, row[7])
            returns[number] = (worker, row)

    def fail(self, number: Number, failure: bytes, killed: bool = False) -> None:
        """Note why an attempt gave no result; `killed`: its worker had to be ended for that."""
        self.failures[number] = failure
        self._tries[number] = self._tries.get(number, 0) + 1
        if killed:
            self._killed.add(number)
        if len(self.failures) > FAILURES:
            old, _ = self.failures.popitem(last=False)
            self._tries.pop(old, None)
            self._killed.discard(old)

    def keep(self, rows: list[ValueRow]) -> None:
        """Note where versions are: put by a client, or published by a worker."""
        for row in rows:
            if row[1] != Kind.NONE:
                self.rows[row[0]] = row

    def input_row(self, vid: Vid, kind: Kind) -> ValueRow:
        """Return a version as an input of a launch."""
        row = self.rows.get(vid)
        if row is not None and row[1] == kind:
            return row
        return (vid, int(kind), 0 if row is None else row[2], None)

    def delivered(self, vid: Vid, kind: Kind) -> ValueRow:
        """Return a version as the answer to a fetch."""
        if kind == Kind.NONE:
            return (vid, int(kind), 0, b"nobody could reach it any more, or what makes it failed")
        row = self.input_row(vid, kind)
        if kind == Kind.INLINE and row[3] is None:
            return (vid, int(Kind.NONE), 0, b"the runtime no longer has its bytes")
        return row

    def deliveries(self, vids: Iterable[tuple[Vid, Kind]]) -> Iterator[list[ValueRow]]:
        """Return versions as the answers to a fetch, cut so that no message is very long."""
        rows: list[ValueRow] = []
        nbytes = 0
        for vid, kind in vids:
            rows.append(row := self.delivered(vid, kind))
            nbytes += 0 if row[3] is None else len(row[3])
            if nbytes > DELIVERY:
                yield rows
                rows, nbytes = [], 0
        if rows:
            yield rows

    def finished(self, number: Number, state: str, root: Number) -> FinishedRow:
        """Compose what the client is told of a final task."""
        worker, row = self._returns.get(number, _UNKNOWN)  # upstream, never ran, or lost with its worker
        place = (worker, row[1], row[4])
        notes = row[8]
        if state == TaskState.CANCELLED or number in self._tries:
            notes = self._noted(number, state, row)
        if state == TaskState.DONE:
            outputs = row[3]
            for output in outputs:
                if output[1] > PUSH_LIMIT:
                    outputs = self._pushed(outputs)
                    break
            return (number, state, outputs, None, root, place, notes)
        return (number, state, (), self._failure(number, state, root), root, place, notes)

    def _noted(self, number: Number, state: str, row: ReturnRow) -> dict[str, int | float | str | bool]:
        """Add to the notes of a task how often it was tried, and how its cancel ended it."""
        notes = dict(row[8] or {})
        self._told.append(number)
        tries = self._tries.get(number, 0) + (state == TaskState.DONE)
        if tries > 1:
            notes["attempts"] = tries
        killed = number in self._killed
        if state == TaskState.CANCELLED and (killed or row[4] > 0.0):
            notes["cancelled"] = "killed" if killed else "interrupted"
        return notes

    def again(self, number: Number, vids: list[Vid]) -> FinishedRow:
        """Compose what is told of a task that was done before, with what is left of these outputs of it."""
        rows = [self.rows.get(vid, (vid, Kind.NONE, 0, None)) for vid in vids]
        outputs = self._pushed(tuple([(int(row[1]), row[2], row[3]) for row in rows]))
        return (number, TaskState.DONE, outputs, None, 0, (0, 0, 0.0), None)

    def drop(self, vids: list[Vid]) -> list[Vid]:
        """Free the bytes of versions nobody can reach; return those that have files to delete."""
        files = []
        for vid in vids:
            row = self.rows.pop(vid, None)
            if row is not None and row[1] == Kind.FILE:
                files.append(vid)
        return files

    def close_turn(self) -> None:
        """Forget returns that nobody was told of (late ones, or of a client that has left)."""
        self._returns.clear()
        for number in self._told:
            self._tries.pop(number, None)
            self._killed.discard(number)
        self._told.clear()

    def _failure(self, number: Number, state: str, root: Number) -> bytes | None:
        if state == TaskState.CANCELLED:
            return None
        return self.failures.get(root or number)

    @staticmethod
    def _pushed(outputs: tuple[OutputRow, ...]) -> tuple[OutputRow, ...]:
        return tuple((kind, nbytes, data if nbytes <= PUSH_LIMIT else None) for kind, nbytes, data in outputs)
