"""What a cell's line says and what it must never hold, without a kernel."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest

from treadle.show import cell_line as module
from treadle.show.cell_line import CellLine
from treadle_runtime.client.calls import Call
from treadle_runtime.worker.failure import pack_exception


@pytest.fixture
def client():
    return SimpleNamespace(
        calls={}, next_number=1, open=0, closed=False, name_file=lambda _file: "[3]", sent=[], epoch="e"
    )


def make(
    client: Any, count: int, function: str = "f", number: int = 5, previous: tuple[CellLine, ...] = ()
) -> CellLine:
    session = SimpleNamespace(client=client, plan=SimpleNamespace(workers=2))
    line = CellLine(session, SimpleNamespace(number=number, last=0), client.next_number, list(previous))  # type: ignore[arg-type]
    for _ in range(count):
        client.calls[client.next_number] = Call(client, client.next_number, function, number, None)
        client.next_number += 1
        client.open += 1
    line.look()
    return line


def end(client: Any, line: CellLine, *numbers: int, error: Exception | None = None) -> None:
    for number in numbers:
        failure = None if error is None else pack_exception(number, error)
        row: Any = (number, "done" if error is None else "failed", (), failure, 0, (1, 1, 0.5), None)
        client.calls[number].finish(row)
        client.open -= 1
        line.on_finished(client.calls[number])
    line.look()


def test_an_estimate_comes_after_five_seconds_and_five_percent(client):
    line = make(client, 100)
    line.running = 2
    end(client, line, *range(1, 5))
    began = line.tally.began
    assert line.words(began + 6) == "2 running · 94 waiting · 4 done"
    end(client, line, *range(5, 11))
    assert line.words(began + 4.9) == "2 running · 88 waiting · 10 done"
    assert line.words(began + 5.0) == "2 running · 88 waiting · 10 done · 22.5 s left"
    line.path_s = 300.0  # a chain turns out to be much longer
    assert line.words(began + 6.0) == "2 running · 88 waiting · 10 done · 45.0 s left"


def test_tasks_that_take_longer_than_usual_are_not_as_good_as_done(client):
    line = make(client, 100)
    line.running = 2
    end(client, line, *range(1, 99))
    assert line.words(line.tally.last_end + 40.0) == "2 running · 98 done · 40.0 s left"  # the usual is 0.5 s


def test_no_path_no_markup_and_no_great_length_from_what_tasks_raise(client):
    line = make(client, 40, function="<script>f</script>")
    for number in range(1, 41):
        error = OSError if number % 2 else ValueError
        end(client, line, number, error=error(f"<b>/home/ann/secret/{number}.csv</b> " * 500))
    line.over = True
    bundle = line.bundle(line.words(0.0))
    for text in bundle.values():
        assert "ann" not in text
        assert len(text) < 4000
    html = bundle["text/html"]
    assert "<script" not in html
    assert "<b>" not in html
    assert "20 x OSError" in html
    assert set(re.findall(r"<(\w+)", html)) <= {"div", "table", "tr", "td", "span", "code"}


def test_more_kinds_than_there_is_room_for(client):
    line = make(client, 6)
    for number, kind in enumerate([ValueError, TypeError, KeyError, OSError, IndexError, EOFError], 1):
        end(client, line, number, error=kind("no"))
    shown = line.bundle(line.words(0.0))["text/plain"]
    assert shown.count("\n") == module.GROUPS + 1
    assert shown.endswith("and 3 other kinds: %treadle failures")


def test_a_cell_without_a_number_does_not_name_one(client):
    line = make(client, 3, number=0)
    assert "%treadle cancel" not in line.bundle("3 waiting")["text/html"]


def test_what_an_earlier_run_left_is_counted_without_what_runs(client):
    earlier = make(client, 5, number=4)
    earlier.running = 2
    line = make(client, 1, previous=(earlier,))
    assert (
        "3 tasks of the previous run still wait · cancel: %treadle cancel [4]"
        in line.bundle("")["text/plain"]
    )


def test_one_task_waits_and_two_wait(client):
    earlier = make(client, 1, number=4)
    line = make(client, 1, previous=(earlier,))
    assert "1 task of the previous run still waits" in line.bundle("")["text/plain"]


def test_a_line_that_stands_for_a_list_says_so(client):
    line = make(client, 2)
    line.title, line.made, line.mark = "2 futures: ", " \N{RIGHTWARDS ARROW} a", "made from an older `x` ([4])"
    end(client, line, 1, 2)
    line.over = True
    shown = line.show(0.0)
    head, mark = shown["text/plain"].splitlines()
    assert re.fullmatch("2 futures: 2 done in .* \N{RIGHTWARDS ARROW} a", head)
    assert mark == "made from an older `x` ([4])"
    assert mark in shown["text/html"]
