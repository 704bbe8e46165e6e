"""Peak memory of tasks: the process' high-water mark, put back after a task that raised it.

Law: reads the system's counters of this process; knows no tasks.

Asking costs 0.6 us and putting the mark back 7 us, so tasks below a millisecond are asked for together, when
their results are sent: they report "at most" (a negative number). A task that did not raise the mark reports "at
most" too. Pages of store files that a task mapped are taken off by their size, though never below the private
memory there is afterwards; so a task that mapped much and touched little of it may report too little.
"""

from __future__ import annotations

import contextlib
import resource
import sys
from collections.abc import Callable
from typing import Final

_UNIT: Final = 1024 if sys.platform == "darwin" else 1  # ru_maxrss is in bytes there, in KiB elsewhere
_NOTICE_KIB: Final = 256  # the mark counts as raised beyond this
_LONG_S: Final = 20e-3  # reading /proc costs 30 us: next to nothing for these


class Peaks:
    """Measures one process."""

    __slots__ = ("_high", "_mark", "_mark_long", "_say")

    def __init__(self, say: Callable[[int], None] = lambda _: None) -> None:
        self._say = say  # hears of each new highest value, in KiB
        self._high = 0  # highest since the last `bound`
        self._put_back()

    def after(self, run_s: float, mapped_nbytes: int) -> int:
        """Return the peak of the task that just ended in KiB, negative: "at most". Costs 0.6 us to 60 us.

        Parameters
        ----------
        run_s
            how long it ran: the longer, the more exactly it is measured.
        mapped_nbytes
            size of the store files that it had mapped.
        """
        is_long = run_s > _LONG_S
        peak = _high_water() if is_long else _max_rss()
        if peak > self._high:
            self._high = peak
        if peak <= (self._mark_long if is_long else self._mark) + _NOTICE_KIB:
            return -peak
        self._say(peak)
        own = max(peak - mapped_nbytes // 1024, _status_kib(b"RssAnon:"))
        self._put_back()
        return own

    def bound(self) -> int:
        """Return, negative, what no task since the last call has exceeded. Any thread."""
        now = _max_rss()
        high = max(self._high, now)
        self._high = 0
        if now > self._mark + _NOTICE_KIB:
            self._say(now)
            self._put_back()
        return -high

    def _put_back(self) -> None:
        # Where this is not Linux or not allowed the mark only rises, and later tasks say "at most" more often.
        with contextlib.suppress(OSError), open("/proc/self/clear_refs", "wb", buffering=0) as file:
            file.write(b"5")
        self._mark = _max_rss()
        self._mark_long = _high_water()


def _max_rss() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // _UNIT


def _high_water() -> int:
    # Not ru_maxrss where it can be had: that one begins at what the parent had when it started us.
    return _status_kib(b"VmHWM:") or _max_rss()


def _status_kib(name: bytes) -> int:
    try:
        with open("/proc/self/status", "rb", buffering=0) as file:
            text = file.read(8192)
    except OSError:
        return 0
    at = text.find(name)
    return int(text[at + len(name) :].split(None, 1)[0]) if at >= 0 else 0
