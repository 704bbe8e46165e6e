"""What the inline link keeps of tasks that did not end well, so that they can be tried again: rows, and what they read.

Law: bookkeeping alone, for one thread. The same rules as the scheduler's `kept` and `retry`, over a list of rows in
program order; the last thousand are kept, whatever handles there are.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Sequence
from typing import Final

from ..core.model import Number, TaskRow, Vid, maker_of
from ..worker.instead import Instead, exchange

KEPT: Final = 1000


class Records:
    """Rows of tasks that did not end well, and which values they need."""

    def __init__(self, values: dict[Vid, bytes]) -> None:
        self.attempts: Counter[Number] = Counter()
        self._values = values
        self._rows: OrderedDict[Number, tuple[TaskRow, Number]] = OrderedDict()  # with the root of the failure
        self._needed: Counter[Vid] = Counter()
        self._released: set[Vid] = set()

    def row(self, number: Number) -> TaskRow | None:
        """Return the row of a task that did not end well."""
        found = self._rows.get(number)
        return None if found is None else found[0]

    def functions(self) -> list[int]:
        """Return the functions of all of them."""
        return list(dict.fromkeys(row[1] for row, _root in self._rows.values()))

    def keep(self, row: TaskRow, root: Number) -> None:
        """A task did not end well."""
        self._rows[row[0]] = row, root
        self._needed.update(dict.fromkeys(row[3], 1))
        if len(self._rows) > KEPT:
            self._give_back(self._rows.popitem(last=False)[1][0])

    def release(self, vid: Vid) -> None:
        """Nobody holds a value any more."""
        if self._needed[vid]:
            self._released.add(vid)
        else:
            self._values.pop(vid, None)

    def open(self, numbers: Sequence[Number], instead: list[Instead]) -> tuple[list[tuple[TaskRow, TaskRow]], list[tuple[Number, str]]]:
        """Return the rows to be run again, in program order, as (before, now); and which numbers can't be, and why."""
        chosen: set[Number] = set()
        refused: list[tuple[Number, str]] = []
        for number in numbers:
            found = self._needs(number)
            if found is None:
                refused.append((number, "its inputs are no longer kept"))
            else:
                chosen |= found
        for number, (row, root) in sorted(self._rows.items()):  # makers before readers
            missing = self._missing(row)
            if root != number and missing and chosen.issuperset(missing):
                chosen.add(number)
        rows = [self._rows.pop(number)[0] for number in sorted(chosen)]
        for row in rows:
            self.attempts[row[0]] += 1
        return [(row, exchange(row, instead)) for row in rows], refused

    def over(self, row: TaskRow) -> None:
        """A task that was opened, with this row, has run again."""
        self._give_back(row)

    def _needs(self, number: Number) -> set[Number] | None:
        found: set[Number] = set()
        work = [number]
        while work:
            one = work.pop()
            if one not in self._rows:
                return None
            if one not in found:
                found.add(one)
                work += self._missing(self._rows[one][0])
        return found

    def _missing(self, row: TaskRow) -> list[Number]:
        return [maker_of(vid) for vid in row[3] if vid not in self._values]

    def _give_back(self, row: TaskRow) -> None:
        for vid in dict.fromkeys(row[3]):
            self._needed[vid] -= 1
            if not self._needed[vid]:
                del self._needed[vid]
                if vid in self._released:
                    self._released.discard(vid)
                    self._values.pop(vid, None)
