"""Functions by name, with how many of their tasks are in which state.

Law: versions of a function with one name are shown as one; beyond a limit the rest goes by one name.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..core.model import FunctionId
from .delta import FUNCTION_LIMIT, NAME_CHARS, Record, clip

_OTHERS = "(other functions)"


class Functions:
    """The names and counts of a projection."""

    def __init__(self) -> None:
        self._shown_as: dict[FunctionId, FunctionId] = {}
        self._by_name: dict[str, FunctionId] = {}
        self._counts: dict[FunctionId, dict[str, int]] = {}
        self._names: dict[FunctionId, str] = {}

    def name(self, names: Mapping[FunctionId, str]) -> None:
        """Take in functions and their names."""
        for function, full in names.items():
            name = clip(full, NAME_CHARS)
            if name not in self._by_name and len(self._by_name) >= FUNCTION_LIMIT:
                name = _OTHERS
            shown = self._shown_as[function] = self._by_name.setdefault(name, function)
            self._names.setdefault(shown, name)
            self._counts.setdefault(shown, {})

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

    def records(self) -> dict[str, Record]:
        """Return the feed's records of the functions that were called."""
        return {
            str(function): {"name": self._names[function], "counts": {s: n for s, n in counts.items() if n}}
            for function, counts in self._counts.items()
            if counts
        }
