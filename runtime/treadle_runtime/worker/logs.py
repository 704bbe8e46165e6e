"""Log records and warnings of tasks, said to the kernel instead of being printed.

Law: a handler at the root of this worker's loggers and a function in `warnings`; what is worth telling was decided by the
kernel's levels and filters, which come with the world of a call (`worker.manners`).
"""

from __future__ import annotations

import logging
import os
import threading
import warnings
from collections.abc import Callable
from typing import Any, Final, TextIO

from ..wire.asides import Logged, Warned
from .asides import say
from .context import TaskContext

_OWN: Final = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Forward(logging.Handler):
    """Says records as asides."""

    def emit(self, record: logging.LogRecord) -> None:
        """Say one record; what goes wrong with it is printed, as by any handler."""
        try:
            exception = record.exc_text
            if record.exc_info and not exception:
                exception = _formatter.formatException(record.exc_info)
            heard = say(
                Logged(
                    record.name,
                    record.levelno,
                    record.getMessage(),
                    record.pathname,
                    record.lineno,
                    record.funcName or "",
                    record.created,
                    record.threadName or "",
                    exception,
                    record.stack_info,
                )
            )
            if not heard and logging.lastResort is not None:
                logging.lastResort.handle(record)  # into the worker's own log
        except Exception:  # noqa: BLE001 - arguments that do not fit the message must not fail the task
            self.handleError(record)


_formatter: Final = logging.Formatter()
_forward: Final = Forward()
_Key = tuple[type[Warning], str, str, int]


class Counted:
    """Warnings of the task that runs: each is said when it comes first, and at the end how often it came again."""

    def __init__(self, task: TaskContext, print_it: Callable[..., None]) -> None:
        self._task = task
        self._print = print_it
        self._again: dict[_Key, int] = {}
        self._lock = threading.RLock()

    def show(
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        """Stand in for `warnings.showwarning`. Any thread of the task."""
        if file is not None:
            self._print(message, category, filename, lineno, file, line)
            return
        if filename.startswith(_OWN):  # meant is whoever called the task
            filename, lineno = "", 0
        key = (category, str(message), filename, lineno)
        with self._lock:
            if key in self._again:
                self._again[key] += 1
            elif say(_warned(key, 1)):
                if not self._again:
                    self._task.tidy = [*self._task.tidy, self._tidy]
                self._again[key] = 0
            else:
                self._print(message, category, filename, lineno, None, line)  # into the worker's own log

    def _tidy(self) -> None:
        with self._lock:
            again, self._again = self._again, {}
            self._task.tidy = [act for act in self._task.tidy if act != self._tidy]
        for key, count in again.items():
            if count:
                say(_warned(key, count))


def _warned(key: _Key, count: int) -> Warned:
    category, text, path, line = key
    return Warned(category.__module__, category.__qualname__, text, path, line, count)


def install(task: TaskContext) -> None:
    """Have what tasks log and warn of said. Main thread of a worker, before the first task."""
    keep()
    show: Any = Counted(task, warnings.showwarning).show
    warnings.showwarning = show


def keep() -> None:
    """Put the handler back where a task took it away."""
    root = logging.getLogger()
    if _forward not in root.handlers:
        root.addHandler(_forward)
