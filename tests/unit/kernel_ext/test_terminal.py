"""IPython in a terminal: who may write when."""

from __future__ import annotations

import logging
import sys
import threading
from types import SimpleNamespace

import pytest

from treadle.shell.cells import Cells
from treadle.shell.terminal import Pauses, TerminalScreen
from treadle.show.output import Printer
from treadle_runtime.wire.asides import STREAM, Logged, pack_aside


def elsewhere(act) -> None:
    thread = threading.Thread(target=act)
    thread.start()
    thread.join()


@pytest.fixture
def screen():
    return TerminalScreen()


def test_what_others_say_waits_for_the_end_of_the_cell(screen, capsys):
    screen.begin()
    print("Out[15]: ", end="")
    elsewhere(lambda: screen.update({"text/plain": "cell[11] #7 was cancelled"}, {}, "id"))
    print("42")
    screen.end()
    assert capsys.readouterr().out == "Out[15]: 42\ncell[11] #7 was cancelled\n"


def test_at_the_prompt_it_comes_at_once(screen, capsys):
    elsewhere(lambda: screen.write(None, "stderr", "now\n"))
    assert capsys.readouterr().err == "now\n"


def test_a_cell_within_a_cell_does_not_end_it(screen, capsys):
    screen.begin()
    screen.begin()
    elsewhere(lambda: screen.write(None, "stdout", "late\n"))
    screen.end()
    assert capsys.readouterr().out == ""
    screen.end()
    assert capsys.readouterr().out == "late\n"


def test_what_the_cell_itself_says_comes_after_what_was_kept(screen, capsys):
    screen.begin()
    elsewhere(lambda: screen.write(None, "stdout", "first\n"))
    screen.write(None, "stdout", "second\n")
    assert capsys.readouterr().out == "first\nsecond\n"


def test_a_wait_lets_others_write_and_takes_the_ticker_away_before(screen, capsys):
    cleared: list[str] = []
    ticker = SimpleNamespace(clear=lambda: cleared.append(capsys.readouterr().out))
    call = SimpleNamespace(client=SimpleNamespace(ticker=ticker))

    def wait(until, _timeout):
        elsewhere(lambda: screen.write(None, "stdout", "done\n"))
        assert capsys.readouterr().out == ""
        return until()

    screen.begin()
    assert Pauses(screen).wait(SimpleNamespace(wait=wait), lambda: True, None, [call])  # type: ignore[arg-type, list-item]
    assert capsys.readouterr().out == "done\n"
    assert cleared == [""]


def test_a_suspended_cell_lets_others_write(screen, capsys):
    screen.begin()
    with Pauses(screen).awaiting(None, []):  # type: ignore[arg-type]
        elsewhere(lambda: screen.write(None, "stdout", "meanwhile\n"))
        assert capsys.readouterr().out == "meanwhile\n"
    elsewhere(lambda: screen.write(None, "stdout", "later\n"))
    assert capsys.readouterr().out == ""


def test_two_waits_that_overlap_end_with_the_last_one(screen, capsys):
    screen.begin()
    first, second = (Pauses(screen).awaiting(None, []) for _ in range(2))  # type: ignore[arg-type]
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    elsewhere(lambda: screen.write(None, "stdout", "meanwhile\n"))
    assert capsys.readouterr().out == "meanwhile\n"
    second.__exit__(None, None, None)
    print("Out[15]: ", end="")
    elsewhere(lambda: screen.write(None, "stdout", "later\n"))
    print("42")
    screen.end()
    assert capsys.readouterr().out == "Out[15]: 42\nlater\n"


def test_handlers_of_loggers_write_where_no_line_is_open(screen, capsys):
    printer = Printer(Cells(None, screen), screen, lambda _number: "f", lambda _cell: None)
    logger = logging.getLogger("test_terminal")
    handler = logging.StreamHandler(sys.stderr)
    logger.addHandler(handler)
    record = Logged(logger.name, logging.WARNING, "careful", "lib.py", 3, "f", 0.0)
    screen.begin()
    print("Out[15]: ", end="", file=sys.stderr)
    elsewhere(lambda: printer.on_output(7, STREAM, pack_aside(record)))
    print("42", file=sys.stderr)
    screen.end()
    logger.removeHandler(handler)
    assert capsys.readouterr().err == "Out[15]: 42\nf#7 careful\n"
