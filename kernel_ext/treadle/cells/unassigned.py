"""What a cell's task gives back for a name that no path assigned.

Law: knows nothing of cells or tasks; workers import it, so it imports nothing.
"""

from __future__ import annotations

from typing import Any, NoReturn


class Unassigned:
    """Stands for the missing value on its way back; whoever unpacks it gets sequential code's NameError."""

    def __init__(self, name: str, where: str) -> None:
        self._name = name
        self._where = where

    def __reduce__(self) -> Any:
        return _missing, (self._name, self._where)


def _missing(name: str, where: str) -> NoReturn:
    error = NameError(f"name '{name}' is not defined: {where} did not assign it on the path it took.", name=name)
    error.__treadle_frames__ = ()  # type: ignore[attr-defined] # it is raised where the name is used, not here
    raise error
