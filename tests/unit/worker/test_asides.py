"""Asides of a worker: in its file, behind the text before them, bounded per task."""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from treadle_runtime.wire.asides import Shown, Warned, split, unpack_aside
from treadle_runtime.worker import asides as module
from treadle_runtime.worker.asides import Asides
from treadle_runtime.worker.context import TaskContext
from treadle_runtime.worker.logs import Counted, Forward
from treadle_runtime.worker.status import StatusPage, StatusReader
from treadle_runtime.worker.streams import Streams


class Worker:
    """A file of asides with what belongs to it."""

    def __init__(self, folder: Path) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self.logs = [os.open(folder / name, flags) for name in ("1.out", "1.err")]
        self.path = folder / "1.aside"
        self.task = TaskContext(1)
        self.streams = Streams(*self.logs)
        self.page = StatusPage(folder / "page")
        self.reader = StatusReader(folder / "page")
        self.asides = Asides(self.path, self.streams, self.task, self.page)
        self.begin(7)

    def begin(self, number: int) -> None:
        self.task.begin(number, 1, "f", None)
        self.page.begin(number, 1, 0, 0, 0, 0)

    def said(self) -> list[tuple[int, int, int, str]]:
        found = []
        for number, out, err, data, _ in split(self.path.read_bytes()):
            aside = unpack_aside(data)
            assert isinstance(aside, Shown)
            found.append((number, out, err, aside.data["text/plain"]))
        return found

    def close(self) -> None:
        self.reader.close()
        self.page.close()
        if self.asides._file >= 0:
            os.close(self.asides._file)
        for descriptor in self.logs:
            os.close(descriptor)


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    found = Worker(tmp_path)
    yield found
    found.close()


def test_an_aside_names_its_task_and_what_was_printed_before_it(worker: Worker) -> None:
    assert not worker.path.exists()
    worker.streams.out.write("no line end")
    worker.asides.add(Shown({"text/plain": "one"}))
    os.write(worker.logs[1], b"by C code\n")
    worker.asides.add(Shown({"text/plain": "two"}))
    assert worker.said() == [(7, 11, 0, "one"), (7, 11, 10, "two")]
    assert worker.reader.read().aside_end == worker.path.stat().st_size
    assert worker.streams.moved() == {"out": 11, "err": 10, "aside": worker.path.stat().st_size}
    assert worker.streams.moved() is None


def test_of_a_task_that_shows_too_much_the_end_is_kept(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TASK_LIMIT", 1 << 20)
    for frame in range(30):
        worker.asides.add(Shown({"text/plain": f"{frame}".rjust(100_000)}))
    for tidy in worker.task.tidy:
        tidy()
    said = [text.strip() for _, _, _, text in worker.said()]
    assert said == [*map(str, range(10)), "[f #7 has shown more than 1 MB: the rest is not kept]", "29"]
    assert worker.task.tidy == []
    worker.begin(8)
    worker.asides.add(Shown({"text/plain": "of the next task"}))
    assert worker.said()[-1][::3] == (8, "of the next task")


def test_metadata_may_hold_what_is_no_plain_data(worker: Worker) -> None:
    import numpy as np

    worker.asides.add(Shown({"text/plain": "x"}, {"width": np.int64(3), "path": Path("a")}))
    ((_, _, _, data, _),) = split(worker.path.read_bytes())
    assert unpack_aside(data).metadata == {"width": 3, "path": "a"}


def test_what_is_said_while_no_task_runs_is_nobodys(worker: Worker) -> None:
    worker.page.end()
    assert not worker.asides.add(Shown({"text/plain": "of a thread left behind"}))
    assert not worker.path.exists()


@pytest.fixture
def speaking(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asides of this process go to the worker's file."""
    monkeypatch.setattr(module, "_of_process", worker.asides)


@pytest.mark.usefixtures("speaking")
def test_records_of_no_task_stand_in_the_log_of_the_worker(
    worker: Worker, capsys: pytest.CaptureFixture[str]
) -> None:
    record = logging.LogRecord("lib", logging.WARNING, "lib.py", 3, "loaded %d", (3,), None)
    Forward().emit(record)
    assert worker.path.exists()
    worker.page.end()
    Forward().emit(record)
    assert capsys.readouterr().err == "loaded 3\n"


@pytest.mark.usefixtures("speaking")
def test_equal_warnings_of_a_task_are_said_twice_at_most(
    worker: Worker, capsys: pytest.CaptureFixture[str]
) -> None:
    counted = Counted(worker.task, lambda *args: print(args[0]))
    for _ in range(98):
        counted.show("old", DeprecationWarning, "model.py", 3)
    counted.show("older", DeprecationWarning, "model.py", 4)
    for tidy in worker.task.tidy:
        tidy()
    said = [unpack_aside(data) for _, _, _, data, _ in split(worker.path.read_bytes())]
    assert [(each.text, each.count) for each in said if isinstance(each, Warned)] == [
        ("old", 1),
        ("older", 1),
        ("old", 97),
    ]
    assert worker.task.tidy == []
    worker.page.end()
    counted.show("of an import ahead of time", DeprecationWarning, "model.py", 3)
    assert capsys.readouterr().out == "of an import ahead of time\n"


def test_a_full_disk_does_not_fail_a_task_that_shows_something(
    worker: Worker, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    worker.asides.add(Shown({"text/plain": "one"}))
    write, room = os.write, [20]

    def full(descriptor: int, data: bytes) -> int:
        if not room:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, data[: room.pop()])

    monkeypatch.setattr(module.os, "write", full)
    assert worker.asides.add(Shown({"text/plain": "two"}))
    monkeypatch.undo()
    assert "can't be kept (No space left on device)" in capsys.readouterr().err
    worker.begin(8)
    worker.asides.add(Shown({"text/plain": "three"}))
    assert [(number, text) for number, _, _, text in worker.said()] == [(7, "one"), (8, "three")]
