"""Functions by name, with how many of their tasks are in which state and how long they take.

Law: versions of a function with one name are shown as one; beyond a limit the rest goes by one name.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from ..core.model import FunctionId
from .delta import FUNCTION_LIMIT, NAME_CHARS, Record, clip

_OTHERS = "(other functions)"
_LAST = 512
"""So many of the last run times say how long most calls take."""


class Timing:
    """How long the calls of a function took that ended well."""

    __slots__ = ("_said", "_said_of", "count", "last", "total_s")

    def __init__(self) -> None:
        self.count = 0
        self.total_s = 0.0
        self.last: deque[float] = deque(maxlen=_LAST)
        self._said: Record = {}
        self._said_of = 0

    def add(self, run_s: list[float]) -> None:
        """Take in some calls."""
        self.count += len(run_s)
        self.total_s += sum(run_s)
        self.last.extend(run_s)

    def record(self) -> Record:
        """Return mean, 95th percentile (of the last calls) and total in seconds; nothing before the first call has ended."""
        if self._said_of != self.count:
            self._said_of = self.count
            ordered = sorted(self.last)
            p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
            said = {"mean": self.total_s / self.count, "p95": p95, "total": self.total_s}
            self._said = {name: float(f"{value:.4g}") for name, value in said.items()}
        return self._said


class Functions:
    """The names and counts of a projection."""

    def __init__(self) -> None:
        self._shown_as: dict[FunctionId, FunctionId] = {}
        self._by_name: dict[str, FunctionId] = {}
        self._counts: dict[FunctionId, dict[str, int]] = {}
        self._names: dict[FunctionId, str] = {}
        self._timings: dict[FunctionId, Timing] = {}

    def name(self, names: Mapping[FunctionId, str]) -> None:
        """Take in functions and their names."""
        for function, full in names.items():
            name = clip(full, NAME_CHARS)
            if name not in self._by_name and len(self._by_name) >= FUNCTION_LIMIT:
                name = _OTHERS
            shown = self._shown_as[function] = self._by_name.setdefault(name, function)
            self._names.setdefault(shown, name)
            self._counts.setdefault(shown, {})
            self._timings.setdefault(shown, Timing())

    def shown_as(self, function: FunctionId) -> FunctionId:
        """Return the id under which tasks of `function` are shown."""
        if function not in self._shown_as:
            self.name({function: "task"})
        return self._shown_as[function]

    def name_of(self, shown: FunctionId) -> str:
        """Return the name under which tasks of a function are shown."""
        return self._names[shown]

    def counts(self, shown: FunctionId) -> dict[str, int]:
        """Return the counts (state -> tasks) of a function, to be changed in place."""
        return self._counts[shown]

    def timing(self, shown: FunctionId) -> Timing:
        """Return how long the calls of a function took, to be added to."""
        return self._timings[shown]

    def records(self) -> dict[str, Record]:
        """Return the feed's records of the functions that were called."""
        return {
            str(function): {
                "name": self._names[function],
                "counts": {s: n for s, n in counts.items() if n},
                **self._timings[function].record(),
            }
            for function, counts in self._counts.items()
            if counts
        }
