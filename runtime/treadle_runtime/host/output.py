"""What tasks print: read from the workers' logs, given to the client that submitted the task, kept findable.

Law: knows log files, offsets and status pages; text is never interpreted. A worker's return says up to where the
logs have grown; while a task runs, its status page says where they stood when it began. So each byte belongs to
one task, whichever is looked at first. What reaches a client is cut at line ends and bounded per task; the logs
keep everything. Output is posted before the return is reported, so it never comes after the result.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final

from ..core.model import Number, WorkerId
from ..wire.session import Session
from ..worker.status import Status, StatusReader

TASK_LIMIT: Final = 10 << 20  # bytes of one task that are sent on
CHUNK: Final = 1 << 20  # bytes of one task that are read at a time while it runs
KEPT: Final = 20_000  # tasks whose places in the logs are remembered
WORDS: Final = 4000
STREAMS: Final = (("out", "stdout"), ("err", "stderr"))

Tell = Callable[[Number, str, str], None]


class _Log:
    """One stream of one worker."""

    __slots__ = ("end", "file", "key", "number", "path", "sent", "stream", "tail")

    def __init__(self, path: str, key: str, stream: str) -> None:
        self.path = path
        self.key = key  # in a return's notes
        self.stream = stream
        self.file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        # What was printed before the first task (a warning at import, say) is no task's.
        self.end = os.fstat(self.file).st_size  # of the last task that was returned
        self.number = 0  # the task that is being read while it runs,
        self.sent = 0  # up to here,
        self.tail = b""  # but for this line, which has no end yet

    def size(self) -> int:
        return os.fstat(self.file).st_size


class Output:
    """The logs of all workers."""

    def __init__(self, session: Session, tell: Tell) -> None:
        self._session = session
        self._tell = tell
        self._logs: dict[WorkerId, tuple[list[_Log], StatusReader]] = {}
        self._spent: dict[Number, int] = {}  # bytes sent on, of tasks that run
        self._places: OrderedDict[Number, list[tuple[str, str, int, int]]] = OrderedDict()

    def open(self, worker: WorkerId) -> None:
        """Begin to read a worker that has become ready."""
        logs = [_Log(str(self._session.log(worker, key)), key, stream) for key, stream in STREAMS]
        self._logs[worker] = (logs, StatusReader(self._session.status(worker)))

    def look(self, worker: WorkerId) -> Status | None:
        """Read what the task that runs has printed so far; return what its status page says."""
        logs, page = self._logs[worker]
        status = page.read()
        if not status.number:
            return status
        sizes = [log.size() for log in logs]
        if any(size > log.sent for log, size in zip(logs, sizes, strict=True)):
            again = page.read()
            if (again.number, again.attempt) == (status.number, status.attempt):
                for log, size, begin in zip(logs, sizes, (status.out_offset, status.err_offset), strict=True):
                    self._follow(log, status.number, begin, size)
        return status

    def on_returned(self, worker: WorkerId, number: Number, notes: dict[str, Any]) -> None:
        """Send on what a task printed that has come back, as far as it isn't sent already."""
        for log in self._logs[worker][0]:
            end = notes.get(log.key)
            if isinstance(end, int):
                self._finish(log, number, end)
        self._spent.pop(number, None)

    def close(self, worker: WorkerId) -> tuple[Status | None, str]:
        """Stop reading a worker that has ended; return its last status and its last words."""
        found = self._logs.pop(worker, None)
        if found is None:  # it never was ready
            return None, self._last_words(str(self._session.log(worker, "err")), 0)
        logs, page = found
        status = page.read()
        words = ""
        for log, begin in zip(logs, (status.out_offset, status.err_offset), strict=True):
            if status.number:
                self._follow(log, status.number, begin, log.size())
                self._finish(log, status.number, log.size())
            words += self._last_words(log.path, begin if status.number else log.end)
            os.close(log.file)
        page.close()
        return status, words

    def text(self, number: Number) -> list[tuple[str, str]]:
        """Return all a task printed, as (stream, text); what still runs included."""
        found = []
        for path, stream, begin, end in self._places.get(number, []):
            found.append((stream, _read(path, begin, min(end, begin + TASK_LIMIT)).decode(errors="replace")))
        for logs, page in self._logs.values():
            status = page.read()
            if status.number == number:
                for log, begin in zip(logs, (status.out_offset, status.err_offset), strict=True):
                    data = _read(log.path, begin, min(log.size(), begin + TASK_LIMIT))
                    found.append((log.stream, data.decode(errors="replace")))
        return [(stream, text) for stream, text in found if text]

    def close_all(self) -> None:
        """Give all descriptors back."""
        for worker in list(self._logs):
            logs, page = self._logs.pop(worker)
            page.close()
            for log in logs:
                os.close(log.file)

    def _follow(self, log: _Log, number: Number, begin: int, size: int) -> None:
        """Send on whole lines of a task that runs."""
        if log.number != number or log.sent < begin:
            log.number, log.sent, log.tail = number, begin, b""
        size = min(size, log.sent + CHUNK)
        if size <= log.sent:
            return
        data = log.tail + os.pread(log.file, size - log.sent, log.sent)
        log.sent = size
        cut = max(data.rfind(b"\n"), data.rfind(b"\r")) + 1
        log.tail = data[cut:]
        self._pass_on(log, number, data[:cut])

    def _finish(self, log: _Log, number: Number, end: int) -> None:
        """Send on the rest of a task, up to `end` of the log."""
        begin, data = log.end, b""
        if log.number == number:
            begin, data, log.number, log.tail = max(begin, log.sent), log.tail, 0, b""
        upto = min(end, begin + max(0, TASK_LIMIT + 1 - self._spent.get(number, 0)))
        if upto > begin:
            data += os.pread(log.file, upto - begin, begin)
        log.sent = max(log.sent, end)
        self._pass_on(log, number, data)
        places = self._places.setdefault(number, [])
        places.append((log.path, log.stream, log.end, end))
        log.end = max(log.end, end)
        if len(self._places) > KEPT:
            self._places.popitem(last=False)

    def _pass_on(self, log: _Log, number: Number, data: bytes) -> None:
        if not data:
            return
        spent = self._spent.get(number, 0)
        self._spent[number] = spent + len(data)
        room = TASK_LIMIT - spent
        if room < 0:
            return
        text = data[:room].decode(errors="replace")
        if len(data) > room:
            text += f"\n[task #{number} printed more than {TASK_LIMIT >> 20} MB: the rest is in its log]\n"
        self._tell(number, log.stream, text)

    @staticmethod
    def _last_words(path: str, begin: int) -> str:
        size = os.path.getsize(path)
        return _read(path, max(begin, size - WORDS), size).decode(errors="replace")


def _read(path: str, begin: int, end: int) -> bytes:
    with open(path, "rb") as file:
        file.seek(begin)
        return file.read(max(0, end - begin))
