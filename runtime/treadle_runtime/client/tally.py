"""A tally: how many tasks of a range of numbers have ended and how, counted as it happens.

Law: counts calls, once each; decides and shows nothing. `on_finished` may come from any thread, `look` from one.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

from ..core.model import Number
from ..core.states import TASK_FINAL, TaskState
from .calls import Call

_GAPS: Final = 100
"""Numbers drawn but not (yet) submitted that are looked at again."""


class Tally:
    """The tasks from `first` on, up to where `look` was told to look."""

    def __init__(self, calls: Mapping[Number, Call], first: Number, began: float) -> None:
        self.first = first
        self.following = first  # the first number that has not been looked at
        self.began = began  # monotonic, when the first was submitted
        self.last_end = began  # monotonic, of the last one that ended
        self.states: dict[str, int] = {}  # final state -> tasks
        self.work_s = 0.0  # seconds that tasks have run
        self.failed: list[Call] = []
        self._calls = calls
        self._submitted: dict[str, int] = {}  # function -> tasks
        self._ended: dict[
            str, tuple[int, int, float]
        ] = {}  # function -> tasks; those with a time, their seconds
        self._gaps: list[Number] = []
        self._lowest = first  # every number below has ended

    def on_finished(self, call: Call) -> None:
        """Count one that has ended."""
        state, took = call.state, call.run_s
        self.states[state] = self.states.get(state, 0) + 1
        ended, timed, run_s = self._ended.get(call.function, (0, 0, 0.0))
        if state == TaskState.DONE:
            timed += 1
            run_s += took
        elif state == TaskState.FAILED:
            self.failed.append(call)
        self._ended[call.function] = (ended + 1, timed, run_s)
        self.work_s += took
        self.last_end = time.monotonic()

    def look(self, following: Number) -> None:
        """Take in the tasks submitted since the last look, all below `following`."""
        calls, submitted, gaps = self._calls, self._submitted, []
        for number in [*self._gaps, *range(self.following, following)]:
            call = calls.get(number)
            if call is None:
                gaps.append(number)
            else:
                submitted[call.function] = submitted.get(call.function, 0) + 1
        self._gaps = gaps[-_GAPS:]
        self.following = max(self.following, following)

    def recount(self) -> None:
        """Begin anew with what is known of each call: some that had ended are to run again, or were counted by nobody."""
        self.states, self.failed, self.work_s = {}, [], 0.0
        self._submitted, self._ended, self._gaps, self._lowest = {}, {}, [], self.first
        last_end, following, self.following = self.last_end, self.following, self.first
        self.look(following)
        for number in range(self.first, following):
            call = self._calls.get(number)
            if call is not None and call.state in TASK_FINAL:
                self.on_finished(call)
        self.last_end = last_end

    @property
    def submitted(self) -> int:
        """How many there are."""
        return max(sum(self._submitted.values()), self.ended)

    @property
    def ended(self) -> int:
        """How many have ended, well or not."""
        return sum(list(self.states.values()))

    @property
    def left(self) -> int:
        """How many have not ended."""
        return self.submitted - self.ended

    def lowest(self) -> Number:
        """Return the lowest number that has not ended."""
        number, calls = self._lowest, self._calls
        while number < self.following and ((call := calls.get(number)) is None or call.state in TASK_FINAL):
            number += 1
        self._lowest = number
        return number

    def left_by_function(self) -> list[tuple[int, float | None]]:
        """Return (tasks left, mean seconds of those that are done, None if there are none) for each function."""
        found = []
        for function, submitted in list(self._submitted.items()):
            ended, timed, run_s = self._ended.get(function, (0, 0, 0.0))
            if submitted > ended:
                found.append((submitted - ended, run_s / timed if timed else None))
        return found
