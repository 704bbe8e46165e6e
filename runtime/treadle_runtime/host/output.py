"""What tasks print and display: read from the workers' logs, given to the client that submitted the task, kept findable.

Law: knows log files, offsets and status pages; neither text nor asides are interpreted. A worker's return says up to
where the files have grown; while a task runs, its status page says where they stood when it began. So each byte belongs
to one task, whichever is looked at first. An aside (`wire.asides`) says how far the logs had grown when it was written:
the text before it goes first, though its line has no end. What reaches a client is otherwise cut at line ends, and bounded
per task; the logs keep everything. Output is posted before the return is reported, so it never comes after the result.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any, Final

from ..core.model import Number, WorkerId
from ..wire.asides import HEAD, STREAM, split
from ..wire.session import Session
from ..worker.status import Status, StatusReader

TASK_LIMIT: Final = 10 << 20  # bytes of one task that are sent on
CHUNK: Final = 1 << 20  # bytes of one task that are read at a time while it runs
KEPT: Final = 20_000  # tasks whose places in the logs are remembered
WORDS: Final = 4000
STREAMS: Final = (("out", "stdout"), ("err", "stderr"))

Tell = Callable[[Number, str, str | bytes], None]
Report = Callable[[Number, float, str], None]
"""Hears how far a task is: (number, fraction or NaN, text)."""
Part = tuple[str, str | bytes]
"""(stream, text), or an aside as it stands."""


class _Reading:
    """How far one task has been read in one log."""

    __slots__ = ("placed", "sent", "tail")

    def __init__(self, begin: int) -> None:
        self.sent = begin  # up to here,
        self.tail = b""  # but for this line, which has no end yet
        self.placed = begin  # up to here it is remembered what lies where


class _Log:
    """One stream of one worker."""

    __slots__ = ("end", "file", "key", "path", "readings", "sent", "stream")

    def __init__(self, path: str, key: str, stream: str) -> None:
        self.path = path
        self.key = key  # in a return's notes
        self.stream = stream
        self.file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        # What was printed before the first task (a warning at import, say) is no task's.
        self.end = os.fstat(self.file).st_size  # of the last task that was returned
        self.sent = 0  # all before it has been sent
        self.readings: dict[Number, _Reading] = {}  # tasks that are read while they run

    def reading(self, number: Number, begin: int) -> _Reading:
        """Return how far a task has been read that began here."""
        found = self.readings.get(number)
        if found is None or found.sent < begin:
            found = self.readings[number] = _Reading(begin)
        return found

    def size(self) -> int:
        return os.fstat(self.file).st_size


class _Asides:
    """The asides of one worker; its file appears with the first one."""

    __slots__ = ("file", "path", "sent")

    def __init__(self, path: str) -> None:
        self.path = path
        self.file = -1
        self.sent = 0

    def read(self, upto: int) -> Iterator[tuple[Number, int, int, bytes]]:
        """Yield (number, end of stdout, end of stderr, aside) of what is new; what was yielded counts as sent."""
        if self.file < 0:
            self.file = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        begin = self.sent
        for number, out, err, data, behind in split(os.pread(self.file, upto - begin, begin)):
            yield number, out, err, data
            self.sent = begin + behind

    def close(self) -> None:
        if self.file >= 0:
            os.close(self.file)


class _Worker:
    """What is read of one worker."""

    __slots__ = ("asides", "logs", "page", "reports")

    def __init__(self, session: Session, worker: WorkerId) -> None:
        self.logs = [_Log(str(session.log(worker, key)), key, stream) for key, stream in STREAMS]
        self.asides = _Asides(str(session.log(worker, STREAM)))
        self.page = StatusReader(session.status(worker))
        self.reports = 0  # how often it has said how far a task is, at the last look

    def close(self) -> None:
        for log in self.logs:
            os.close(log.file)
        self.asides.close()
        self.page.close()


class Output:
    """The logs of all workers."""

    def __init__(self, session: Session, tell: Tell, on_report: Report = lambda *_: None) -> None:
        self._session = session
        self._tell = tell
        self._on_report = on_report
        self._workers: dict[WorkerId, _Worker] = {}
        self._spent: dict[Number, int] = {}  # bytes sent on, of tasks that run
        self._places: OrderedDict[Number, list[tuple[str, str, int, int]]] = OrderedDict()

    def open(self, worker: WorkerId) -> None:
        """Begin to read a worker that has become ready."""
        self._workers[worker] = _Worker(self._session, worker)

    def look(self, worker: WorkerId) -> Status | None:
        """Send on what the task that runs has said so far; return what its status page says."""
        one = self._workers[worker]
        status = one.page.read()
        if not status.number:
            return status
        if status.reports != one.reports and (said := one.page.report(status)) is not None:
            one.reports = status.reports
            self._on_report(*said)
        sizes = [log.size() for log in one.logs]
        if status.aside_end > one.asides.sent or any(
            size > log.sent for log, size in zip(one.logs, sizes, strict=True)
        ):
            again = one.page.read()
            if (again.number, again.attempt) == (status.number, status.attempt):
                self._asides(one, status.number, again.aside_end, status)
                for log, size, begin in zip(
                    one.logs, sizes, (status.out_offset, status.err_offset), strict=True
                ):
                    self._follow(log, status.number, begin, size)
        return status

    def on_returned(self, worker: WorkerId, number: Number, notes: dict[str, Any]) -> None:
        """Send on what a task said that has come back, as far as it isn't sent already."""
        one = self._workers[worker]
        end = notes.get(STREAM)
        if isinstance(end, int):
            self._asides(one, number, end)
        for log in one.logs:
            end = notes.get(log.key)
            if isinstance(end, int):
                self._finish(log, number, end)
            else:
                log.readings.pop(number, None)
        self._spent.pop(number, None)

    def close(self, worker: WorkerId) -> tuple[Status | None, str]:
        """Stop reading a worker that has ended; return its last status and its last words."""
        one = self._workers.pop(worker, None)
        if one is None:  # it never was ready
            return None, self._last_words(str(self._session.log(worker, "err")), 0)
        status = one.page.read()
        words = ""
        if status.number:
            self._asides(one, status.number, status.aside_end, status)
        for log, begin in zip(one.logs, (status.out_offset, status.err_offset), strict=True):
            if status.number:
                self._follow(log, status.number, begin, log.size())
                self._finish(log, status.number, log.size())
            words += self._last_words(log.path, begin if status.number else log.end)
        one.close()
        return status, words

    def text(self, number: Number) -> list[Part]:
        """Return all a task printed, as (stream, text), and its asides between; what still runs included."""
        found: list[Part] = []
        places = self._places.get(number, [])
        for path, stream, begin, end in places:
            if stream == STREAM:
                found += [(stream, aside) for _, _, _, aside, _ in split(_read(path, begin, end))]
            else:
                found.append((stream, _read(path, begin, min(end, begin + TASK_LIMIT)).decode(errors="replace")))
        for one in self._workers.values():
            status = one.page.read()
            if status.number == number:
                for log, begin in zip(one.logs, (status.out_offset, status.err_offset), strict=True):
                    if (reading := log.readings.get(number)) is not None:
                        begin = max(begin, reading.placed)
                    data = _read(log.path, begin, min(log.size(), begin + TASK_LIMIT))
                    found.append((log.stream, data.decode(errors="replace")))
        return [(stream, text) for stream, text in found if text]

    def said(self) -> set[Number]:
        """Return the tasks that have printed or shown something, as far as that is remembered."""
        found = set(self._places)
        for one in self._workers.values():
            status = one.page.read()
            begins = (status.out_offset, status.err_offset)
            if status.number and any(log.size() > begin for log, begin in zip(one.logs, begins, strict=True)):
                found.add(status.number)
        return found

    def close_all(self) -> None:
        """Give all descriptors back."""
        for worker in list(self._workers):
            self._workers.pop(worker).close()

    def _asides(self, one: _Worker, number: Number, upto: int, running: Status | None = None) -> None:
        """Send on asides, each behind the text before it; of a task that runs, not those of earlier ones."""
        if upto <= one.asides.sent:
            return
        for whose, out, err, data in one.asides.read(upto):
            if running is not None and whose != number:
                return  # its return is on the way
            for log, end, begin in zip(
                one.logs,
                (out, err),
                (running.out_offset, running.err_offset) if running is not None else (0, 0),
                strict=True,
            ):
                if whose == number:
                    self._catch_up(log, number, max(begin, log.end), end)
            self._tell(whose, STREAM, data)  # their worker bounds them
            at = one.asides.sent
            self._place(whose, (one.asides.path, STREAM, at, at + HEAD.size + len(data)))

    def _catch_up(self, log: _Log, number: Number, begin: int, end: int) -> None:
        """Send on what a task has printed up to here, whole lines or not."""
        reading = self._follow(log, number, begin, end, whole=True)
        if end > reading.placed:
            self._place(number, (log.path, log.stream, reading.placed, end))
            reading.placed = end

    def _follow(self, log: _Log, number: Number, begin: int, size: int, whole: bool = False) -> _Reading:
        """Send on what a task that runs has printed: whole lines, or all of it."""
        reading = log.reading(number, begin)
        if not whole:
            size = min(size, reading.sent + CHUNK)
        if size > reading.sent or (whole and reading.tail):
            data = reading.tail + self._more(log, number, reading.sent, size)
            reading.sent = max(reading.sent, size)
            log.sent = max(log.sent, reading.sent)
            cut = len(data) if whole else max(data.rfind(b"\n"), data.rfind(b"\r")) + 1
            reading.tail = data[cut:]
            self._pass_on(log, number, data[:cut])
        return reading

    def _finish(self, log: _Log, number: Number, end: int) -> None:
        """Send on the rest of a task, up to `end` of the log."""
        reading = log.readings.pop(number, None) or _Reading(log.end)
        begin = max(log.end, reading.sent)
        self._pass_on(log, number, reading.tail + self._more(log, number, begin, end))
        if end > (begin := max(log.end, reading.placed)):
            self._place(number, (log.path, log.stream, begin, end))
        log.sent = max(log.sent, end)
        log.end = max(log.end, end)

    def _more(self, log: _Log, number: Number, begin: int, end: int) -> bytes:
        """Return what lies there, as far as it may be sent on."""
        room = TASK_LIMIT + 1 - self._spent.get(number, 0)
        return os.pread(log.file, min(end - begin, room), begin) if end > begin and room > 0 else b""

    def _place(self, number: Number, place: tuple[str, str, int, int]) -> None:
        """Remember where something lies that a task has said; one place for what lies in one piece, as the moves of a bar."""
        places = self._places.setdefault(number, [])
        if places and places[-1][:2] == place[:2] and places[-1][3] == place[2]:
            place = (*place[:2], places.pop()[2], place[3])
        places.append(place)
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
