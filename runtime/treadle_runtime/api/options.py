"""The options of `@task`: their names, PyCOMPSs' names for them, and which values they take.

Law: knows options, nothing of functions and parameters. A mistake is a UsageError that says what to give.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import Any, Final

from ..errors import UsageError
from .directions import INOUT, OUT, Direction, direction_of


@dataclass(slots=True)
class TaskOptions:
    """The options of `@task`, with what holds when they are not given."""

    returns: int = 1
    priority: int = 0
    name: str | None = None
    target_direction: Direction = INOUT
    check: bool | None = None  # whether IN arguments are compared; None: at the first call of each version
    retry_lost: bool = True
    reuse: bool = False
    timeout: float = 0.0  # seconds an attempt may run, 0 for any
    retries: int = 0  # how often it is tried again after its own code raised or took too long
    of_attempts: dict[str, Any] = field(init=False)
    """What scheduler and worker must know of these; mostly empty."""

    def __post_init__(self) -> None:
        told = {"retry_lost": self.retry_lost, "timeout": self.timeout, "retries": self.retries}
        usual = {"retry_lost": True, "timeout": 0.0, "retries": 0}
        self.of_attempts = {name: value for name, value in told.items() if value != usual[name]}


OTHER_NAMES: Final = {"time_out": "timeout", "timeOut": "timeout", "max_retries": "retries"}
"""PyCOMPSs' names."""
ON_FAILURE: Final = {"RETRY": {"retries": 3}, "CANCEL_SUCCESSORS": {}}
"""What PyCOMPSs' `on_failure` means here: `RETRY` makes up to four attempts, what needs a failed task never runs."""
OPTIONS: Final = frozenset(
    [*(each.name for each in fields(TaskOptions) if each.init), *OTHER_NAMES, "on_failure", "onFailure"]
)
LATER: Final = frozenset(
    [
        "seed",
        "defaults",
        "is_replicated",
        "is_distributed",
        "is_reduce",
        "chunk_size",
        "computing_nodes",
        "cache_returns",
        "numba",
        "numba_flags",
        "varargs_type",
        "tracing_hook",
        "process_task",
    ]
)


def options_from(given: dict[str, Any]) -> TaskOptions:
    """Return the options that `@task` was given, all of them names in `OPTIONS`.

    Raises
    ------
    UsageError
        a value of the wrong type, or one option under two names.

    Example
    -------
    >>> options_from({"time_out": 2, "retries": 1}).timeout
    2.0
    """
    told: dict[str, Any] = {}
    for key, value in given.items():
        name = OTHER_NAMES.get(key, key)
        if name in ("on_failure", "onFailure"):
            for implied, meaning in _on_failure(key, value).items():
                told.setdefault(implied, meaning)
        elif name != key and name in given:
            raise UsageError(f"{key} and {name} are one option: give {name} alone")
        else:
            told[name] = _checked(key, name, value)
    return TaskOptions(**told)


def _on_failure(key: str, value: Any) -> dict[str, int]:
    if value in ("FAIL", "IGNORE"):
        raise UsageError(
            f"{key}={value!r} is not available: catch the exception where you wait for the result"
        )
    if not isinstance(value, str) or value not in ON_FAILURE:
        raise UsageError(f"{key}={value!r}: give 'RETRY' or 'CANCEL_SUCCESSORS', or retries=3")
    return ON_FAILURE[value]


def _checked(key: str, name: str, value: Any) -> Any:
    """Return the value of an option in its one form; `key` is what the person calls it."""
    if name in _CHECKS:
        return _CHECKS[name](key, value)
    if not isinstance(value, bool):
        raise UsageError(f"{key}={value!r}: give True or False")
    return value


def _returns(key: str, value: Any) -> int:
    if value is None:
        return 1
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise UsageError(
            f"{key}={value!r}: give how many values the task returns, e.g. returns=2; one needs no returns"
        )
    return max(value, 1)


def _priority(key: str, value: Any) -> int:
    if not isinstance(value, int):
        raise UsageError(f"{key}={value!r}: give True, False or an int (higher goes first)")
    return int(value)


def _name(key: str, value: Any) -> str | None:
    if not (value is None or isinstance(value, str)):
        raise UsageError(f"{key}={value!r}: give a str such as 'case {{i}}'")
    return value


def _target_direction(key: str, value: Any) -> Direction:
    direction = direction_of(key, value)
    if direction is OUT:
        raise UsageError(f"{key}=OUT: a method needs its object; give IN or INOUT")
    return direction


def _timeout(key: str, value: Any) -> float:
    if value is None:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < math.inf:
        raise UsageError(
            f"{key}={value!r}: give the seconds that a run may take, e.g. {key}=60; None or 0 for any"
        )
    return float(value)


def _retries(key: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise UsageError(f"{key}={value!r}: give how often a task that failed is tried again, e.g. {key}=2")
    return value


_CHECKS: Final = {
    "returns": _returns,
    "priority": _priority,
    "name": _name,
    "target_direction": _target_direction,
    "timeout": _timeout,
    "retries": _retries,
}
