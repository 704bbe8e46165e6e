"""Tasks that are queued on this worker and have not started.

Law: knows rows and numbers, runs nothing. The main thread takes from the front; the control thread removes
(cancel, steal). There is no lock: `deque.popleft` and `deque.remove` are one step each under the interpreter's
lock, and whoever got the row out owns it. With a free-threaded interpreter deque locks itself.

A request may overtake the launch it is about, since they come over two connections. So what wasn't found is
remembered: a cancel by number and attempt, a take-back for a second. To give a task back that nobody asked
for any more is harmless: it is placed again.
"""

from __future__ import annotations

from collections import deque
from typing import Any, Final, TypeAlias

from ..core.model import LaunchRow, Number, Outcome

Row: TypeAlias = list[Any]  # a ReturnRow; a list, since the peak may be filled in when it is sent

_REMEMBER_S: Final = 1.0
_REMEMBER_COUNT: Final = 1000
_ABSENT: Final = object()


def unrun(row: LaunchRow, outcome: Outcome) -> Row:
    """Return the answer for a task that did not run."""
    return [row[0], row[1], int(outcome), (), 0.0, 0.0, 0, None, None]


class Backlog:
    """A queue that can be taken from at the front and anywhere else."""

    __slots__ = ("_rows", "_unwanted", "cancelled", "pop")

    def __init__(self) -> None:
        self._rows: deque[LaunchRow] = deque()
        self.cancelled: dict[tuple[Number, int], object] = {}
        """Attempts that are not to start (mostly empty: look before asking `is_cancelled`)."""
        self._unwanted: dict[Number, float] = {}
        self.pop = self._rows.popleft  # raises IndexError; one step less per task

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, rows: list[LaunchRow], now: float) -> list[Row]:
        """Queue tasks; return answers for those that are no longer wanted. Whoever owns the line."""
        if not self._unwanted and not self.cancelled:
            self._rows.extend(rows)
            return []
        answers = []
        for row in rows:
            if self.is_cancelled(row):
                answers.append(unrun(row, Outcome.INTERRUPTED))
            elif self._unwanted.pop(row[0], 0.0) > now:
                answers.append(unrun(row, Outcome.TAKEN_BACK))
            else:
                self._rows.append(row)
        return answers

    def take_back(self, numbers: list[Number], now: float) -> list[Row]:
        """Remove what has not started; return an answer for each of these. Any thread."""
        answers = []
        for number in numbers:
            self._unwanted[number] = now + _REMEMBER_S
            row = self._remove(number, None)
            if row is not None:
                self._unwanted.pop(number, None)
                answers.append(unrun(row, Outcome.TAKEN_BACK))
        for number in [number for number, until in list(self._unwanted.items()) if until < now]:
            self._unwanted.pop(number, None)
        return answers

    def take_all(self) -> list[Row]:
        """Remove everything; return the answers. Main thread."""
        answers = []
        while self._rows:
            answers.append(unrun(self.pop(), Outcome.TAKEN_BACK))
        return answers

    def cancel(self, number: Number, attempt: int) -> Row | None:
        """Remove this attempt and return its answer; else remember it for `is_cancelled`. Control thread."""
        cancelled = self.cancelled
        cancelled[number, attempt] = None  # first: the main thread looks here after it said what runs
        row = self._remove(number, attempt)
        if row is not None:
            cancelled.pop((number, attempt), None)
            return unrun(row, Outcome.INTERRUPTED)
        while len(cancelled) > _REMEMBER_COUNT:
            cancelled.pop(next(iter(cancelled)), None)
        return None

    def is_cancelled(self, row: LaunchRow) -> bool:
        """Tell whether an attempt is not to start; forgets it. Whoever owns the row."""
        return self.cancelled.pop((row[0], row[1]), _ABSENT) is None

    def _remove(self, number: Number, attempt: int | None) -> LaunchRow | None:
        for row in list(self._rows):
            if row[0] == number and (attempt is None or row[1] == attempt):
                try:
                    self._rows.remove(row)
                except ValueError:  # the main thread has just taken it
                    return None
                return row
        return None
