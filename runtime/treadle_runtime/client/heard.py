"""Log records and warnings of tasks, given to the loggers and to `warnings` of this process.

Law: acts on asides as Python's own machinery does; what it cannot do is left to the person's handlers. Equal warnings
(category, text, place) are told once, with how many there were.
"""

from __future__ import annotations

import logging
import os
import sys
import types
import warnings
from collections.abc import Callable

from ..core.model import Number
from ..wire.asides import Logged, Warned

Key = tuple[str, str, str, str, str, int]


def log(number: Number, name: str, logged: Logged) -> None:
    """Hand a task's record to the logger of its name: with `treadle_task`, and the task in the message."""
    logger = logging.getLogger(logged.name)
    if not logger.isEnabledFor(logged.level):
        return
    message = f"{name}#{number} {logged.message}"
    where = (logged.path, logged.line)
    record = logger.makeRecord(
        logged.name, logged.level, *where, message, (), None, logged.function, None, logged.stack
    )
    record.treadle_task = number
    record.created, record.msecs = logged.created, logged.created % 1 * 1000
    record.threadName = logged.thread
    record.exc_text = logged.exception
    logger.handle(record)


class Warnings:
    """Warnings of tasks that are counted before they are told."""

    __slots__ = ("_counted", "_place")

    def __init__(self, place: Callable[[str, int], str]) -> None:
        self._place = place  # how a person calls a line of a file
        self._counted: dict[Key, tuple[Warned, int]] = {}

    def __bool__(self) -> bool:
        return bool(self._counted)

    def add(self, name: str, warned: Warned) -> None:
        """Count a warning of the function `name`."""
        key = (name, warned.module, warned.category, warned.text, warned.path, warned.line)
        before = self._counted.get(key)
        self._counted[key] = (warned, warned.count + (before[1] if before else 0))

    def tell(self, plain: Callable[[str], None]) -> None:
        """Show what was counted: by the person's own `warnings.showwarning`, else as a line given to `plain`."""
        counted, self._counted = self._counted, {}
        for (name, *_), (warned, count) in counted.items():
            times = f" (x {count})" if count > 1 else ""
            if _is_plain():
                where = f", {self._place(warned.path, warned.line)}" if warned.path else ""
                plain(f"{warned.category} in {name}{where}: {warned.text}{times}\n")
            else:
                category = _category(warned)
                message = _made(category, f"{warned.text}{times}")
                warnings.showwarning(message, category, warned.path or name, warned.line)


def place_in_file(path: str, line: int) -> str:
    """Return how a person calls a line of a script."""
    return f"{os.path.basename(path)} line {line}"


def _is_plain() -> bool:
    """Tell whether nobody has put a function of their own into `warnings`, nor records them."""
    show, given = warnings.showwarning, getattr(warnings, "_showwarnmsg_impl", None)
    return all(
        isinstance(one, types.FunctionType) and "warnings" in one.__module__ for one in (show, given or show)
    )


def _category(warned: Warned) -> type[Warning]:
    """Return the category, as this process knows it; else one of the same name."""
    found: object = sys.modules.get(warned.module)
    for part in warned.category.split("."):
        found = getattr(found, part, None)
    if isinstance(found, type) and issubclass(found, Warning):
        return found
    return type(warned.category, (UserWarning,), {"__module__": warned.module})


def _made(category: type[Warning], text: str) -> Warning | str:
    try:
        return category(text)
    except TypeError:  # it wants other arguments; the functions of `warnings` take text as well
        return text
