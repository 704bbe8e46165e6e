"""Which process is it, and has it ended? The operating system's word, not a heartbeat's.

Law: knows process ids, start times and descriptors; nothing of tasks or messages. Where pidfd_open is missing
(or TREADLE_NO_PIDFD is set, which tests do), a watch has no descriptor and must be asked now and then.
"""

from __future__ import annotations

import os
import select
import time
from collections.abc import Hashable
from functools import cache
from pathlib import Path
from typing import Final

ASK_EVERY_S: Final = 0.1
"""How often a watch without a descriptor is to be asked."""


def has_pidfd() -> bool:
    """Tell whether processes can be watched by a descriptor here."""
    return hasattr(os, "pidfd_open") and hasattr(select, "epoll") and not os.environ.get("TREADLE_NO_PIDFD")


@cache
def boot_id() -> str:
    """Return what tells this boot of the machine from others ("" where the system does not say)."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def start_time(pid: int) -> float | None:
    """Return when process `pid` started, None if it is gone: a number that tells it from others of the same id.

    Seconds since boot, not since the epoch: when somebody sets the clock (a virtual machine that wakes up does), the
    epoch's start times of all processes move, and the living would be taken for dead. A zombie counts as gone: it
    has ended, only nobody has asked how yet.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        if fields[0] in (b"Z", b"X"):
            return None
        return int(fields[19]) / os.sysconf("SC_CLK_TCK")
    except ProcessLookupError:
        return None
    except OSError:
        return _start_time_elsewhere(pid) if not os.path.exists("/proc/self/stat") else None


def _start_time_elsewhere(pid: int) -> float | None:
    import psutil  # late: 30 ms, and only systems without /proc need it

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else float(process.create_time())
    except psutil.NoSuchProcess:
        return None


def is_alive(pid: int, started: float) -> bool:
    """Tell whether the process that had this id and start time still runs."""
    now = start_time(pid)
    return now is not None and abs(now - started) < 0.5


def usage(pid: int) -> tuple[float, int] | None:
    """Return (CPU seconds used, resident bytes) of a process, None if it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        ticks = int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK"), int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return _usage_elsewhere(pid) if not os.path.exists("/proc/self/stat") else None


def _usage_elsewhere(pid: int) -> tuple[float, int] | None:
    import psutil  # late, as above

    try:
        process = psutil.Process(pid)
        times = process.cpu_times()
        return times.user + times.system, int(process.memory_info().rss)
    except psutil.Error:
        return None


class Watch:
    """Tells which of several processes have ended.

    `fileno()` is readable when one has; without pidfd it is None and `ended()` is to be asked every ASK_EVERY_S.
    """

    __slots__ = ("_asked_at", "_epoll", "_keys", "_seen")

    def __init__(self) -> None:
        self._epoll = select.epoll() if has_pidfd() else None
        self._asked_at = 0.0
        self._keys: dict[int, Hashable] = {}  # pidfd -> key
        self._seen: dict[Hashable, tuple[int, float]] = {}  # without pidfd: key -> process

    def add(self, key: Hashable, pid: int, started: float | None = None) -> bool:
        """Watch `pid` under `key`; False if it has gone already (or is another process by now)."""
        if self._epoll is None:
            now = start_time(pid)
            if now is None or (started is not None and abs(now - started) >= 0.5):
                return False
            self._seen[key] = (pid, now)
            return True
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            return False
        # The descriptor now stands for whoever has the id; only then is its start time worth comparing.
        now = start_time(pid)
        if started is not None and (now is None or abs(now - started) >= 0.5):
            os.close(descriptor)
            return False
        self._keys[descriptor] = key
        self._epoll.register(descriptor, select.EPOLLIN)
        return True

    def remove(self, key: Hashable) -> None:
        """Watch `key` no longer."""
        self._seen.pop(key, None)
        for descriptor in [fd for fd, known in self._keys.items() if known == key]:
            self._forget(descriptor)

    def fileno(self) -> int | None:
        """Return the descriptor to poll, None if there is none."""
        return None if self._epoll is None else self._epoll.fileno()

    def ended(self) -> list[Hashable]:
        """Return the keys of processes that have ended since the last call; never blocks."""
        if self._epoll is None:
            now = time.monotonic()
            if now - self._asked_at < ASK_EVERY_S:
                return []
            self._asked_at = now
            gone = [key for key, (pid, started) in self._seen.items() if not is_alive(pid, started)]
            for key in gone:
                del self._seen[key]
            return gone
        ended = []
        for descriptor, _ in self._epoll.poll(0):
            ended.append(self._keys[descriptor])
            self._forget(descriptor)
        return ended

    def close(self) -> None:
        """Give the descriptors back."""
        for descriptor in list(self._keys):
            self._forget(descriptor)
        if self._epoll is not None:
            self._epoll.close()

    def drop(self) -> None:
        """Give back a forked child's copies of the descriptors; the parent goes on watching."""
        for descriptor in self._keys:
            os.close(descriptor)
        self._keys.clear()
        if self._epoll is not None:
            self._epoll.close()

    def _forget(self, descriptor: int) -> None:
        del self._keys[descriptor]
        if self._epoll is not None:
            self._epoll.unregister(descriptor)
        os.close(descriptor)
