"""What code in a task can ask; seeds; peaks."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from treadle_runtime import place
from treadle_runtime.worker import context
from treadle_runtime.worker.context import TaskContext, current_task, rng
from treadle_runtime.worker.measures import Peaks
from treadle_runtime.worker.seeding import seed_all


def drawn(seed: int | None, attempt: int = 1) -> tuple[float, TaskContext]:
    task = TaskContext(worker=3)
    task.begin(17, attempt, "f", None if seed is None else {"seed": seed})
    with place.running(task):
        assert current_task() is task
        assert rng() is rng()
        return rng().random(), task


def test_the_generator_depends_on_the_seed_alone() -> None:
    assert drawn(1)[0] == drawn(1, attempt=2)[0] != drawn(2)[0]
    assert drawn(1)[1].notes is None


def test_without_a_seed_the_entropy_is_noted_and_repeats_it() -> None:
    value, task = drawn(None)
    assert task.notes is not None
    assert drawn(int(task.notes["seed"]))[0] == value
    assert drawn(None)[0] != value


def test_outside_tasks_there_is_a_fresh_generator() -> None:
    assert current_task() is None
    assert rng().random() != rng().random()


def test_a_new_task_forgets_the_last_one() -> None:
    _, task = drawn(1)
    task.begin(18, 1, "g", {"seed": 2})
    assert (task.number, task.function) == (18, "g")
    assert task.rng().random() == drawn(2)[0]
    assert repr(task) == "<g #18, attempt 1, worker 3>"


def test_threads_of_a_worker_know_their_task(monkeypatch: pytest.MonkeyPatch) -> None:
    task = TaskContext(worker=3)
    monkeypatch.setattr(context, "_of_process", None)
    context.stand_for_threads(task)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(current_task).result() is task


def test_global_generators_are_seeded_together() -> None:
    def numbers(seed: int) -> tuple[float, float]:
        seed_all(seed)
        return random.random(), float(np.random.random())

    assert numbers(2**62 + 1) == numbers(2**62 + 1) != numbers(5)


def test_a_peak_is_the_tasks_own_and_others_are_bounded() -> None:
    peaks = Peaks()
    before = -peaks.after(1.0, 0)
    assert before > 0
    assert len(bytearray(300 << 20))
    raised = peaks.after(1.0, 0)
    assert raised > before + (250 << 10)
    assert -raised + (200 << 10) < peaks.after(1.0, 0) < 0  # the mark was put back
    assert peaks.bound() <= -raised  # somebody did, since the last time
    assert peaks.bound() > -raised + (200 << 10)


def test_mapped_store_files_are_not_counted() -> None:
    data, plain = bytearray(100 << 20), Peaks()
    more = bytearray(100 << 20)
    counted = plain.after(1.0, 0)
    del more
    other = Peaks()
    more = bytearray(100 << 20)
    assert 0 < other.after(1.0, 50 << 20) <= counted
    assert len(data) == len(more)
