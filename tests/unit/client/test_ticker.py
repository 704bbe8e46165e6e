"""The line of a long wait at a terminal: there while it lasts, gone afterwards, and nowhere else."""

from __future__ import annotations

import io
import time
from typing import Any

import pytest

from treadle_runtime.client import ticker as module
from treadle_runtime.client.calls import Call
from treadle_runtime.client.ticker import Ticker, ticker_for


class Terminal(io.StringIO):
    """A terminal that shows what stands in its last line."""

    def isatty(self) -> bool:
        return True

    @property
    def line(self) -> str:
        return self.getvalue().rpartition("\r")[2]


class Client:
    """What a ticker looks at."""

    def __init__(self) -> None:
        self.calls: dict[int, Call] = {}
        self.next_number = 1
        self.open = 0
        self.on_finished: Any = None

    def submit(self, count: int) -> None:
        for number in range(self.next_number, self.next_number + count):
            self.calls[number] = Call(None, number, "f", 0, None)  # type: ignore[arg-type]
        self.next_number += count
        self.open += count

    def finish(self, *numbers: int, state: str = "done") -> None:
        for number in numbers:
            row: Any = (number, state, (), None, 0, (1, 1, 0.5), None)
            self.calls[number].finish(row)
            self.open -= 1
            if self.on_finished is not None:
                self.on_finished(self.calls[number])


@pytest.fixture
def clock(monkeypatch):
    """Time that passes only when told to."""
    now = [1000.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def test_a_long_wait_shows_how_far_it_is_and_leaves_nothing(clock):
    terminal, client = Terminal(), Client()
    ticker = Ticker(client, 2, terminal)
    client.submit(40)
    assert ticker.begin()
    client.finish(*range(1, 5))
    ticker.tick()
    assert terminal.getvalue() == ""  # a second has not passed
    clock[0] += 1.1
    ticker.tick()
    assert terminal.line == "treadle: 36 to go · 4 done"
    client.finish(*range(5, 21))
    client.finish(21, state="failed")
    clock[0] += 0.1
    ticker.tick()
    assert "4 done" in terminal.line  # five times a second
    clock[0] += 4.0
    ticker.tick()
    assert terminal.line == "treadle: 19 to go · 20 done · 1 failed · 4.8 s left"
    ticker.end()
    assert terminal.line == ""
    assert terminal.getvalue().endswith(
        "\r" + " " * len("treadle: 19 to go · 20 done · 1 failed · 4.8 s left") + "\r"
    )
    assert client.on_finished is None


def test_the_next_wait_counts_its_own_tasks(clock):
    terminal, client = Terminal(), Client()
    ticker = Ticker(client, 2, terminal)
    client.submit(10)
    ticker.begin()
    client.finish(*range(1, 11))
    ticker.end()
    client.submit(5)
    client.finish(12)
    ticker.begin()
    clock[0] += 2
    ticker.tick()
    assert terminal.line == "treadle: 4 to go · 1 done"


def test_a_wait_within_a_wait_is_part_of_it():
    ticker = Ticker(Client(), 2, Terminal())
    assert ticker.begin()
    assert not ticker.begin()
    ticker.end()
    assert ticker.begin()


def test_a_terminal_that_has_gone_does_not_end_the_wait(clock):
    terminal = Terminal()
    ticker = Ticker(Client(), 2, terminal)
    ticker.begin()
    terminal.close()
    clock[0] += 2
    ticker.tick()
    ticker.end()


def test_no_terminal_or_not_wanted(monkeypatch):
    monkeypatch.setattr(module.sys, "stderr", Terminal())
    assert ticker_for(Client(), 2) is not None
    monkeypatch.setenv("TREADLE_PROGRESS", "0")
    assert ticker_for(Client(), 2) is None
    monkeypatch.delenv("TREADLE_PROGRESS")
    monkeypatch.setattr(module.sys, "stderr", io.StringIO())
    assert ticker_for(Client(), 2) is None


def test_a_short_wait_costs_next_to_nothing():
    client = Client()
    ticker = Ticker(client, 2, Terminal())
    began = time.thread_time()
    for _ in range(1000):
        ticker.begin()
        ticker.tick()
        ticker.end()
    assert time.thread_time() - began < 0.05


def test_a_bar_of_a_task_is_not_written_over(clock):
    terminal, client = Terminal(), Client()
    ticker = Ticker(client, 2, terminal)
    client.submit(3)
    assert ticker.begin()
    clock[0] += 2
    ticker.make_room([(1, "stderr", "  0%|      |")])
    ticker.tick()
    assert terminal.getvalue() == ""
    ticker.make_room([(1, "stderr", "\r100%\n")])
    ticker.tick()
    assert "3 to go" in terminal.line
    ticker.end()
