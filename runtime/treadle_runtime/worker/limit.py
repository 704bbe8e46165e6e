"""How long user code may run: KeyboardInterrupt when the time is up, TaskTimeout whatever the code makes of that.

Law: one call of one function in this thread; knows no tasks but the name it is given. The alarm of the system does
it, so it also ends a `time.sleep`; in a thread other than the main one, or where code sets the alarm for itself,
the time is only looked at when the call has ended. What holds the interpreter is for the scheduler to end.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from ..errors import TaskTimeout

_clock = time.perf_counter


def too_late(label: str, limit_s: float) -> TaskTimeout:
    """Return what a task fails with that ran too long."""
    error = TaskTimeout(
        f"{label} ran longer than its timeout of {limit_s:g} s. Give it more time, or less to do."
    )
    error.limit = limit_s
    return error


def limited(function: Callable[..., Any], name: str, label: str, limit_s: float) -> Callable[..., Any]:
    """Return `function` with a limit: its calls raise TaskTimeout when they took longer.

    Example
    -------
    >>> limited(max, "max", "max #1", 60.0)(1, 2)
    2
    """

    def call(*args: Any, **kwargs: Any) -> Any:
        alarm = _Alarm()
        start = _clock()
        try:
            try:
                alarm.begin(limit_s)
                result = function(*args, **kwargs)
            finally:
                alarm.stop()
        except BaseException as error:
            alarm.stop()  # it may have rung while it was being stopped
            if not alarm.rang:
                raise
            late = too_late(label, limit_s).with_traceback(error.__traceback__)
            raise late from (None if isinstance(error, KeyboardInterrupt) else error)
        if alarm.rang or _clock() - start > limit_s:
            raise too_late(label, limit_s)
        return result

    call.__name__ = name
    return call


class _Alarm:
    """Rings once, unless stopped before."""

    def __init__(self) -> None:
        self.rang = False
        self._on = False

    def begin(self, limit_s: float) -> None:
        """Ring in so many seconds."""
        if hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread():
            self._on, self._start = True, _clock()
            self._handler, self._timer = (
                signal.getsignal(signal.SIGALRM),
                signal.getitimer(signal.ITIMER_REAL),
            )
            signal.signal(signal.SIGALRM, self._ring)
            signal.setitimer(signal.ITIMER_REAL, limit_s)

    def stop(self) -> None:
        """Be quiet from now on, and put back what there was."""
        if self._on:
            self._on = False
            left, interval = self._timer
            passed = _clock() - self._start
            signal.setitimer(signal.ITIMER_REAL, max(left - passed, 1e-3) if left else 0.0, interval)
            signal.signal(signal.SIGALRM, signal.SIG_DFL if self._handler is None else self._handler)

    def _ring(self, _signum: int, _frame: FrameType | None) -> None:
        if self._on:
            self.rang = True
            raise KeyboardInterrupt
