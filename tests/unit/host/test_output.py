"""Every byte of a worker's logs belongs to one task, whichever is looked at first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from treadle_runtime.host import output as module
from treadle_runtime.host.output import Output
from treadle_runtime.wire.asides import HEAD
from treadle_runtime.wire.session import Session
from treadle_runtime.worker.status import StatusPage


class Worker:
    """Writes logs and a status page as a worker does."""

    def __init__(self, session: Session, output: Output) -> None:
        self.session = session
        self.out, self.err = session.log(1, "out"), session.log(1, "err")
        self.out.write_bytes(b"printed while it was imported\n")
        self.err.write_bytes(b"")
        self.page = StatusPage(session.status(1))
        self.output = output
        output.open(1)

    def begin(self, number: int) -> None:
        self.page.begin(number, 1, 0, 0, self.out.stat().st_size, self.err.stat().st_size)

    def write(self, data: bytes, err: bool = False) -> None:
        with open(self.err if err else self.out, "ab") as file:
            file.write(data)

    def end(self) -> dict[str, int]:
        self.page.end()
        return {"out": self.out.stat().st_size, "err": self.err.stat().st_size}


@pytest.fixture
def told() -> list[tuple[int, str, str]]:
    return []


@pytest.fixture
def worker(tmp_path: Path, told: list[tuple[int, str, str]]) -> Iterator[Worker]:
    session = Session(tmp_path)
    for name in ("logs", "status"):
        (tmp_path / name).mkdir()
    output = Output(session, lambda *row: told.append(row))
    found = Worker(session, output)
    yield found
    found.output.close_all()
    found.page.close()


Told = list[tuple[int, str, str | bytes]]


def test_short_tasks_are_told_by_their_returns(worker: Worker, told: Told) -> None:
    worker.write(b"one\n")
    worker.write(b"oops\n", err=True)
    first = worker.end()
    worker.write(b"two\n")
    second = worker.end()
    worker.output.on_returned(1, 7, first)
    worker.output.on_returned(1, 8, {"out": second["out"]})
    assert told == [(7, "stdout", "one\n"), (7, "stderr", "oops\n"), (8, "stdout", "two\n")]
    assert worker.output.text(7) == [("stdout", "one\n"), ("stderr", "oops\n")]


def test_a_running_task_is_followed_line_by_line_and_nothing_comes_twice(worker: Worker, told: Told) -> None:
    worker.begin(7)
    worker.write("grüße\nhalf a li".encode()[:-1])
    assert worker.output.look(1) is not None
    worker.output.look(1)
    assert told == [(7, "stdout", "grüße\n")]
    assert worker.output.text(7) == [("stdout", "grüße\nhalf a l")]
    worker.write(b"ine\n\r10%\r20%")
    worker.output.look(1)
    worker.output.on_returned(1, 7, worker.end())
    assert "".join(text for _, _, text in told) == "grüße\nhalf a line\n\r10%\r20%"


def test_a_look_before_the_returns_of_earlier_tasks(worker: Worker, told: Told) -> None:
    worker.begin(7)
    worker.write(b"seven\n")
    seven = worker.end()
    worker.begin(8)
    worker.write(b"eight, ")
    worker.write(b"still\n")
    worker.output.look(1)  # 8 is seen to run, 7 has not been told yet
    worker.output.on_returned(1, 7, seven)
    worker.write(b"more\n")
    worker.output.on_returned(1, 8, worker.end())
    assert told == [(8, "stdout", "eight, still\n"), (7, "stdout", "seven\n"), (8, "stdout", "more\n")]


def test_last_words_reach_the_client_and_the_failure(worker: Worker, told: Told) -> None:
    worker.begin(7)
    worker.write(b"no line end")
    worker.write(b"Fatal\n", err=True)
    status, words = worker.output.close(1)
    assert status is not None
    assert status.number == 7
    assert told == [(7, "stdout", "no line end"), (7, "stderr", "Fatal\n")]
    assert "no line end" in words
    assert "Fatal" in words
    assert "imported" not in words
    assert worker.output.text(7) == [("stdout", "no line end"), ("stderr", "Fatal\n")]


def test_a_worker_that_was_never_ready_has_last_words(worker: Worker) -> None:
    worker.session.log(2, "err").write_text("ImportError: no such thing\n")
    assert worker.output.close(2) == (None, "ImportError: no such thing\n")


def test_a_flood_is_cut_and_the_log_named(
    worker: Worker, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TASK_LIMIT", 1000)
    worker.begin(7)
    for _ in range(5):
        worker.write(b"x" * 299 + b"\n")
        worker.output.look(1)
    worker.output.on_returned(1, 7, worker.end())
    text = "".join(part for _, _, part in told)
    assert text.count("x") < 1001
    assert text.count("is in its log") == 1
    worker.begin(8)
    worker.write(b"fine\n")
    worker.output.on_returned(1, 8, worker.end())
    assert told[-1] == (8, "stdout", "fine\n")


def test_bytes_that_are_no_text_do_not_stop_anything(worker: Worker, told: Told) -> None:
    worker.write(b"\xff\xfe\n")
    worker.output.on_returned(1, 7, worker.end())
    assert told == [(7, "stdout", "\ufffd\ufffd\n")]


def test_asides_stand_between_the_text_around_them_whoever_looks_first(worker: Worker, told: Told) -> None:
    asides = worker.session.log(1, "aside")

    def aside(number: int, data: bytes) -> int:
        record = HEAD.pack(number, len(data), worker.out.stat().st_size, worker.err.stat().st_size) + data
        with open(asides, "ab") as file:
            file.write(record)
        worker.page.aside(asides.stat().st_size)
        return asides.stat().st_size

    worker.begin(7)
    worker.write(b"before, ")
    aside(7, b"one")
    worker.write(b"after\nno end")
    worker.output.look(1)
    assert told == [(7, "stdout", "before, "), (7, "aside", b"one"), (7, "stdout", "after\n")]
    assert worker.output.text(7) == [("stdout", "before, "), ("aside", b"one"), ("stdout", "after\nno end")]
    end = aside(7, b"two")
    seven = {**worker.end(), "aside": end}
    worker.begin(8)
    aside(8, b"of eight")
    worker.output.look(1)  # eight is seen to run, seven has not been told yet
    assert (8, "aside", b"of eight") not in told
    worker.output.on_returned(1, 7, seven)
    worker.output.look(1)
    assert told[3:] == [(7, "stdout", "no end"), (7, "aside", b"two"), (8, "aside", b"of eight")]
    whole = [("stdout", "before, "), ("aside", b"one"), ("stdout", "after\nno end"), ("aside", b"two")]
    assert worker.output.text(7) == whole


def test_asides_survive_a_death(worker: Worker, told: Told) -> None:
    worker.begin(7)
    worker.write(b"last words")
    record = HEAD.pack(7, 3, worker.out.stat().st_size, 0) + b"fig"
    worker.session.log(1, "aside").write_bytes(record + record[:10])  # it died while it wrote the second one
    worker.page.aside(len(record) + 10)
    worker.output.close(1)
    assert told == [(7, "stdout", "last words"), (7, "aside", b"fig")]


def test_a_bar_that_moves_for_hours_is_read_in_one_piece(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    worker.begin(7)
    moves = [b"%d" % n for n in range(100)]
    worker.session.log(1, "aside").write_bytes(b"".join(HEAD.pack(7, len(move), 30, 0) + move for move in moves))
    worker.page.aside(worker.session.log(1, "aside").stat().st_size)
    worker.output.look(1)
    reads: list[str] = []
    read = module._read
    monkeypatch.setattr(module, "_read", lambda path, begin, end: reads.append(path) or read(path, begin, end))
    assert worker.output.text(7) == [("aside", move) for move in moves]
    assert len([path for path in reads if path.endswith("aside")]) == 1
