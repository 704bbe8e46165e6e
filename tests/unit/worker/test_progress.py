"""How far a task is, through the status page."""

from __future__ import annotations

import math
import time
from pathlib import Path

import pytest

import treadle
from treadle_runtime import place
from treadle_runtime.worker.context import TaskContext
from treadle_runtime.worker.status import StatusPage, StatusReader


@pytest.fixture
def page(tmp_path: Path):
    page, task = StatusPage(tmp_path / "1"), TaskContext(1)
    reader = StatusReader(tmp_path / "1")
    task.report = page.report
    task.begin(7, 1, "f", None)
    with place.running(task):
        yield reader
    reader.close()
    page.close()


def test_a_task_says_how_far_it_is(page: StatusReader) -> None:
    assert page.read().reports == 0
    treadle.progress(3, 4, "grün " * 100)
    status = page.read()
    number, fraction, text = page.report(status) or (0, 0.0, "")
    assert (number, fraction) == (7, 0.75)
    assert text.startswith("grün grün")
    assert len(text.encode()) <= 240
    treadle.progress(5, text="no total")
    assert page.report(status) is None  # there is something newer
    number, fraction, text = page.report(page.read()) or (0, 0.0, "")
    assert math.isnan(fraction)
    assert text == "no total"


def test_a_call_is_cheap(page: StatusReader) -> None:
    def cost_us() -> float:
        begin = time.thread_time()
        for i in range(2000):
            treadle.progress(i, 2000, "epoch 3")
        return (time.thread_time() - begin) / 2000 * 1e6

    assert min(cost_us() for _ in range(5)) < 6  # about 1.2 us where nothing else runs
    assert page.read().reports == 2 * 10_000 * 1


def test_outside_of_tasks_nothing_happens() -> None:
    treadle.progress(1, 2, "nobody listens")
