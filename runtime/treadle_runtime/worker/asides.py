"""Asides of this worker: appended to `logs/N.aside`, which the runtime reads as it reads the logs.

Law: knows a file, the streams and which task runs; what an aside means is the business of who says it. Nothing is
opened before the first one, and tasks that say none pay nothing. Written before `say` returns, so they survive a death.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import Final

from ..wire.asides import HEAD, Aside, Shown, pack_aside
from .context import TaskContext
from .status import StatusPage
from .streams import Streams

TASK_LIMIT: Final = 10 << 20


class Asides:
    """The file of one worker."""

    def __init__(self, path: Path, streams: Streams, task: TaskContext, status: StatusPage) -> None:
        self._path = path
        self._streams = streams
        self._task = task
        self._status = status
        self._file = -1
        self._lock = threading.RLock()  # a signal handler of the task may speak, too
        self._of = (0, 0)  # the task whose asides are counted
        self._spent = 0
        self._last: bytes | None = None  # of a task that has shown too much

    def add(self, aside: Aside) -> bool:
        """Append an aside of the running task, behind all it has printed so far; False if no task runs. Any thread."""
        if (
            not self._status.busy
        ):  # a module imported ahead of time, or a thread that some task has left behind
            return False
        data = pack_aside(aside)
        task = self._task
        with self._lock:
            if (task.number, task.attempt) != self._of:
                self._of, self._spent = (task.number, task.attempt), 0
            before, self._spent = self._spent, self._spent + len(data)
            if self._spent <= TASK_LIMIT:
                self._write(data)
                return True
            if before <= TASK_LIMIT:
                text = f"[{task.function} #{task.number} has shown more than {TASK_LIMIT >> 20} MB: the rest is not kept]"
                self._write(pack_aside(Shown({"text/plain": text})))
                task.tidy = [*task.tidy, self._tidy]
            if isinstance(aside, Shown) and len(data) <= TASK_LIMIT:
                self._last = data
        return True

    def _tidy(self) -> None:
        """Write the last display of a task that has shown too much: what it came to matters most."""
        with self._lock:
            self._task.tidy = [act for act in self._task.tidy if act != self._tidy]
            if self._last is not None:
                self._write(self._last)
            self._last = None

    def _write(self, data: bytes) -> None:
        if self._file < 0:
            self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        record = HEAD.pack(self._task.number, len(data), *self._streams.ends()) + data
        begin = os.lseek(self._file, 0, os.SEEK_END)
        try:
            while record:
                record = record[os.write(self._file, record) :]
        except OSError as error:  # a full disk: what only wanted to show something goes on
            os.ftruncate(self._file, begin)
            self._spent = TASK_LIMIT + 1
            print(f"Treadle: what this task displays can't be kept ({error.strerror}).", file=sys.stderr)
            return
        self._streams.aside_end = end = os.lseek(self._file, 0, os.SEEK_END)
        self._status.aside(end)


_of_process: Asides | None = None


def speak(asides: Asides) -> None:
    """Have everything said in this process go to these."""
    global _of_process
    _of_process = asides


def say(aside: Aside) -> bool:
    """Add an aside of the running task; False if this process is no worker or no task runs: nobody would hear it."""
    return _of_process is not None and _of_process.add(aside)
