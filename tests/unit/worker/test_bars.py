"""Bars of tqdm in a worker are said, not printed."""

from __future__ import annotations

import io

import pytest
import tqdm.std

from treadle_runtime import place
from treadle_runtime.client.lines import bar_text
from treadle_runtime.wire.asides import Bar
from treadle_runtime.worker import bars
from treadle_runtime.worker.context import TaskContext


class Taught(tqdm.std.tqdm):
    """What tqdm is in a worker."""

    def display(self, *args, **options):
        bars.adopt(self)
        return super().display(*args, **options)

    def close(self):
        super().close()
        bars.end(self)


@pytest.fixture
def said(monkeypatch):
    """What a task says, which is numbered anew by each test."""
    found: list[Bar] = []
    monkeypatch.setattr(bars, "say", found.append)
    monkeypatch.setattr(bars, "_of", (0, 0))
    task = TaskContext(1)
    task.begin(7, 1, "f", None)
    with place.running(task):
        yield found


def test_each_position_has_a_line_and_a_line_that_stays_is_not_used_again(said, capsys):
    for _ in Taught(range(2), desc="outer", mininterval=0):
        for _ in Taught(range(2), desc="inner", mininterval=0, leave=False):
            pass
    for _ in Taught(range(2), desc="last", mininterval=0):
        pass
    assert capsys.readouterr() == ("", "")
    ends = [(bar.line, bar.position, bar.text.partition(":")[0]) for bar in said if bar.over]
    assert ends == [(1, 1, ""), (1, 1, ""), (0, 0, "outer"), (2, 0, "last")]


def test_bars_that_go_elsewhere_are_left_alone(said):
    own = io.StringIO()
    for _ in Taught(range(2), file=own):
        pass
    assert "100%" in own.getvalue()
    assert said == []


def test_outside_of_tasks_bars_are_printed(capsys):
    for _ in Taught(range(2)):
        pass
    assert "100%" in capsys.readouterr().err


def test_what_is_drawn_too_often_is_said_now_and_then(said):
    for _ in Taught(range(2000), mininterval=0, miniters=1):
        pass
    assert len(said) < 200
    assert said[-1].over
    assert "2000/2000" in said[-1].text


def test_where_only_one_line_moves_it_is_the_first_bar():
    assert bar_text(Bar("50%", 0)) == "\r50%"
    assert bar_text(Bar("50%", 1, 1)) == ""
    assert bar_text(Bar("100%", 1, 1, over=True)) == "\r100%\n"
    assert bar_text(Bar("", 1, 1, over=True)) == ""
