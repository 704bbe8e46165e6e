"""Whether what a function reaches is still what it was: asked at every call, so it has to be quick.

Law: compares identities, never content.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from operator import is_
from types import FunctionType
from typing import Any

from ..worker.code import Absent
from .reach import Reach, contents


@dataclass(slots=True)
class Seen:
    """What code was made from, laid out for a quick comparison."""

    reached: Reach
    functions: list[tuple[FunctionType, Any, Any, Any]] = field(default_factory=list)
    spaces: list[tuple[Callable[[str, Any], Any], str, Any]] = field(default_factory=list)
    cells: list[tuple[Any, Any]] = field(default_factory=list)
    classes: list[tuple[type, list[Any]]] = field(default_factory=list)

    @classmethod
    def of(cls, reached: Reach) -> Seen:
        seen = cls(reached, cells=list(reached.cells))
        seen.functions = [(f, f.__code__, f.__defaults__, f.__kwdefaults__) for f in reached.functions]
        for space, names in reached.fixed.values():
            seen.spaces += [(space.get, name, value) for name, value in names.items()]
        seen.classes = [(c, list(c.__dict__.values())) for c in reached.classes]
        return seen

    def changed(self) -> bool:
        """Tell whether anything is another object than it was."""
        for function, code, defaults, keywords in self.functions:
            if (
                function.__code__ is not code
                or function.__defaults__ is not defaults
                or function.__kwdefaults__ is not keywords
            ):
                return True
        for get, name, value in self.spaces:
            if get(name, Absent) is not value:
                return True
        for cell, value in self.cells:
            if contents(cell) is not value:
                return True
        for kind, values in self.classes:
            now = kind.__dict__.values()
            if len(now) != len(values) or not all(map(is_, now, values)):
                return True
        return False
