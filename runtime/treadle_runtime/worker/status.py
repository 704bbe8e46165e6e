"""The status page: which task runs, since when, and who wants it cancelled; readable at any time and after death.

Law: one small mapped file per worker, written by its main thread (the wish by its control thread, asides and
progress by whoever speaks), read by anybody. Knows no sockets and no tasks beyond their numbers.

Layout: little-endian 64-bit words. `number` is written last when a task starts and first when it ends, so
whoever dies or is stopped in between leaves a page that names a task only if its other words are complete.
"""

from __future__ import annotations

import mmap
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PAGE: Final = 4096
_WORDS: Final = struct.Struct("<13Q")
_START: Final = struct.Struct("<6Q")
_MAGIC: Final = 0x3153_454C_4441_5254  # "TRADLES1"
_PID, _FIRST, _NUMBER, _WISH, _PEAK, _ASIDE, _REPORTS = 1, 2, 7, 8, 10, 11, 12
_REPORT: Final = struct.Struct("<Qd240p")  # number, fraction (NaN: not known), text
_REPORT_AT: Final = 256


@dataclass(slots=True, frozen=True)
class Status:
    """What a page says. `number` 0: no task runs (the other words of a task are then those of the last one)."""

    pid: int
    number: int
    attempt: int
    started_ns: int  # time.monotonic_ns of the machine
    done: int  # attempts that ended before this one started
    out_offset: int  # size of the logs when the task started
    err_offset: int
    wish: tuple[int, int]  # (number, attempt) whose cancel was asked for last, (0, 0) if none
    peak_kib: int  # highest resident memory seen so far
    aside_end: int = 0  # size of the file of asides
    reports: int = 0  # counts how often tasks said how far they are; odd while one says it


class StatusPage:
    """The worker's own end of its page."""

    __slots__ = ("_map", "_words")

    def __init__(self, path: Path) -> None:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.ftruncate(descriptor, PAGE)
            self._map = mmap.mmap(descriptor, PAGE)
        finally:
            os.close(descriptor)
        self._words = memoryview(self._map).cast("Q")
        _WORDS.pack_into(self._map, 0, _MAGIC, os.getpid(), *[0] * 11)

    def begin(self, number: int, attempt: int, started_ns: int, done: int, out: int, err: int) -> None:
        """Name the task that starts now. Main thread."""
        _START.pack_into(self._map, _FIRST * 8, attempt, started_ns, done, out, err, number)

    @property
    def busy(self) -> bool:
        """Whether a task runs."""
        return bool(self._words[_NUMBER])

    def end(self) -> None:
        """Say that no task runs. Main thread."""
        self._words[_NUMBER] = 0

    def wish(self, number: int, attempt: int) -> None:
        """Note whose cancel is wanted. Control thread."""
        self._words[_WISH + 1] = attempt
        self._words[_WISH] = number

    def peak(self, kib: int) -> None:
        """Note the highest resident memory. Main thread."""
        self._words[_PEAK] = kib

    def aside(self, end: int) -> None:
        """Note how large the file of asides is. Whoever has just written to it."""
        self._words[_ASIDE] = end

    def report(self, number: int, fraction: float, text: str) -> None:
        """Note how far a task is (NaN: not known). Any thread of the task; 0.8 us."""
        words = self._words
        words[_REPORTS] |= 1
        _REPORT.pack_into(self._map, _REPORT_AT, number, fraction, text.encode(errors="replace"))
        words[_REPORTS] += 1

    def close(self) -> None:
        """Unmap the page; the file stays for whoever wants to read it."""
        self._words.release()
        self._map.close()


class StatusReader:
    """Reads another process' page; keeps working after that process has died.

    Example
    -------
    >>> reader = StatusReader(folder / "status" / "1")     # doctest: +SKIP
    >>> reader.read().number                               # doctest: +SKIP
    17
    """

    __slots__ = ("_map",)

    def __init__(self, path: Path) -> None:
        """Map the page; raises FileNotFoundError (or ValueError while it is still empty) before the worker is up."""
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            self._map = mmap.mmap(descriptor, PAGE, prot=mmap.PROT_READ)
        finally:
            os.close(descriptor)

    def read(self) -> Status:
        """Return what the page says now. Does not block; any thread."""
        size = _WORDS.size
        words = self._map[:size]
        for _ in range(8):  # equal twice: no task began or ended while it was copied
            again = self._map[:size]
            if again == words:
                break
            words = again
        _, pid, *one, wish, wish_attempt, peak, aside, reports = _WORDS.unpack(words)
        attempt, started, done, out, err, number = one
        wished = (wish, wish_attempt)
        return Status(pid, number, attempt, started, done, out, err, wished, peak, aside, reports)

    def report(self, status: Status) -> tuple[int, float, str] | None:
        """Return what was said last: (number, fraction or NaN, text); None if that is not what `status` counts."""
        number, fraction, text = _REPORT.unpack_from(self._map, _REPORT_AT)
        if status.reports & 1 or _WORDS.unpack_from(self._map)[_REPORTS] != status.reports:
            return None  # it is being written
        return number, fraction, text.decode(errors="ignore")  # it may end within a character

    def close(self) -> None:
        """Unmap the page."""
        self._map.close()
