"""A tally: how many tasks of a range of numbers have ended and how, counted as it happens.

Law: counts calls, once each; decides and shows nothing. `on_finished` may come from any thread, everything else from one
at a time.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Final

from ..core.model import Number
from ..core.states import TASK_FINAL, TaskState
from .calls import Call

_now = time.monotonic
_state, _function, _run_s = attrgetter("state"), attrgetter("function"), attrgetter("run_s")
_GAPS: Final = 100
"""Numbers drawn but not (yet) submitted that are looked at again."""


class Tally:
    """The tasks from `first` on, up to where `look` was told to look; as they stood at that look."""

    def __init__(self, calls: Mapping[Number, Call], first: Number, began: float) -> None:
        self.first = first
        self.following = first  # the first number that has not been looked at
        self.began = began  # monotonic, when the first was submitted
        self.last_end = began  # monotonic, of the last one that ended
        self.states: Counter[str] = Counter()  # final state -> tasks
        self.work_s = 0.0  # seconds that tasks have run
        self.failed: list[Call] = []
        self._calls = calls
        self._fresh: list[Call] = []  # ended since the last look
        self._counted: set[Call] | None = None  # by a recount: some of it may be told only afterwards
        self._submitted: Counter[str] = Counter()  # function -> tasks
        self._ended: Counter[str] = Counter()  # function -> tasks
        self._timed: dict[str, tuple[int, float]] = {}  # function -> tasks that are done, their seconds
        self._gaps: list[Number] = []
        self._lowest = first  # every number below has ended

    def on_finished(self, call: Call) -> None:
        """Take note of one that has ended. Every task pays for this."""
        self._fresh.append(call)
        self.last_end = _now()

    def look(self, following: Number) -> None:
        """Take in the tasks submitted, all below `following`, and those that ended since the last look."""
        self._enter(following)
        fresh = self._fresh[:]
        del self._fresh[: len(fresh)]  # the list itself stays: another thread may be about to add to it
        if (counted := self._counted) is not None:
            fresh = [call for call in fresh if call not in counted and call.state in TASK_FINAL]
            self._counted = None
        if fresh:
            self._count(fresh)

    def _enter(self, following: Number) -> None:
        numbers = [*self._gaps, *range(self.following, following)]
        calls = [call for call in map(self._calls.get, numbers) if call is not None]
        self._submitted.update(map(_function, calls))
        gaps = (
            [number for number in numbers if number not in self._calls] if len(calls) < len(numbers) else []
        )
        self._gaps = gaps[-_GAPS:]
        self.following = max(self.following, following)

    def _count(self, ended: Sequence[Call]) -> None:
        self.states.update(map(_state, ended))
        self._ended.update(map(_function, ended))
        self.work_s += sum(map(_run_s, ended))
        by_function: dict[str, list[float]] = {}
        for call in ended:
            if call.state == TaskState.DONE:
                by_function.setdefault(call.function, []).append(call.run_s)
            elif call.state == TaskState.FAILED:
                self.failed.append(call)
        for function, took in by_function.items():
            timed, run_s = self._timed.get(function, (0, 0.0))
            self._timed[function] = (timed + len(took), run_s + sum(took))

    def recount(self) -> None:
        """Begin anew with what is known of each call: some that had ended are to run again, or were told to nobody."""
        following, self.following, self._lowest = self.following, self.first, self.first
        self.states, self._submitted, self._ended = Counter(), Counter(), Counter()
        self._timed, self.failed, self.work_s, self._gaps = {}, [], 0.0, []
        self._enter(following)
        calls = map(self._calls.get, range(self.first, following))
        self._counted = {call for call in calls if call is not None and call.state in TASK_FINAL}
        self._count(list(self._counted))

    @property
    def submitted(self) -> int:
        """How many there are."""
        return max(self._submitted.total(), self.ended)

    @property
    def ended(self) -> int:
        """How many have ended, well or not."""
        return self.states.total()

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
        for function, submitted in self._submitted.items():
            left = submitted - self._ended[function]
            timed, run_s = self._timed.get(function, (0, 0.0))
            if left > 0:
                found.append((left, run_s / timed if timed else None))
        return found
