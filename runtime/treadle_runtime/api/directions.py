"""IN, OUT, INOUT: what a task does with a parameter.

Law: knows nothing; everybody may import it. `treadle` exports the three names.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from ..errors import UsageError


class Direction(Enum):
    """What a task does with a parameter: reads it, makes it anew, or reads and changes it."""

    IN = 0
    OUT = 1
    INOUT = 2

    @property
    def writes(self) -> bool:
        """Tell whether the task makes a new version of the argument."""
        return self is not Direction.IN

    def __repr__(self) -> str:
        return self.name


IN: Final = Direction.IN
OUT: Final = Direction.OUT
INOUT: Final = Direction.INOUT


def direction_of(parameter: str, value: object) -> Direction:
    """Return `value` if it is a direction, else raise UsageError with what was probably meant."""
    if isinstance(value, Direction):
        return value
    if isinstance(value, dict):  # IPython's Out is the dict of results, its In the list of inputs
        raise UsageError(f"{parameter}=Out is IPython's dictionary of results: did you mean OUT?")
    if isinstance(value, list):
        raise UsageError(f"{parameter}=In is IPython's list of inputs: did you mean IN?")
    raise UsageError(f"{parameter}={value!r} is no direction: give IN, OUT or INOUT")
