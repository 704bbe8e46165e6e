"""Random numbers in tasks: with a seed the same everywhere, without one repeatable afterwards (docs/guide.md, "Random numbers")."""

from __future__ import annotations

import os
import random
import secrets
from random import gauss

import numpy as np
import pytest

import treadle_runtime.api as treadle
from treadle_runtime.api import current, task, wait_on
from treadle_runtime.api.inputs import recipe
from treadle_runtime.worker.seeding import seed_all


def draw():
    return random.random(), float(np.random.rand()), gauss(0, 1)


def plain(x):
    return x + 1


@pytest.fixture(params=["inline", "local"], scope="module", autouse=True)
def engine(request):
    treadle.stop(cancel=True)
    with treadle.start(workers=2, engine=request.param):
        yield request.param


def notes(future):
    return future._call.notes or {}


def test_without_a_seed_the_entropy_is_recorded_and_repeats_what_was_drawn():
    drawn = [task(draw)() for _ in range(3)]
    values = wait_on(drawn)
    assert len(set(values)) == 3
    for x, value in zip(drawn, values, strict=True):
        seed_all(notes(x)["seed"])
        assert draw() == value


def test_only_for_functions_that_mention_random_numbers():
    quiet = [task(plain)(1), task(lambda x: sorted(x))([2]), task(np.add)(1, 2)]
    wait_on(quiet)
    assert not any("seed" in notes(x) for x in quiet)
    x = task(lambda: treadle.rng().random())()  # it has a generator of its own
    assert 0 <= wait_on(x) < 1
    assert "seed" in notes(x)


def test_the_generators_of_the_caller_are_not_touched():
    random.seed(1)
    np.random.seed(1)
    expected = draw()
    random.seed(1)
    np.random.seed(1)
    wait_on([task(draw)() for _ in range(3)])
    assert draw() == expected


def test_a_retry_draws_the_same_again(tmp_path):
    log = tmp_path / "log"

    @task
    def unlucky():
        with log.open("a") as out:
            out.write(f"{random.random()} {np.random.rand()}\n")
        if len(log.read_text().splitlines()) < 3:
            raise ValueError("bad luck")
        return 7

    x = unlucky()
    for _ in range(2):
        with pytest.raises(ValueError, match="bad luck"):
            wait_on(x)
        treadle.retry(x)
    assert wait_on(x) == 7
    assert len(set(log.read_text().splitlines())) == 1


def test_what_is_looked_at_again_draws_the_same_and_is_awaited():
    @task
    async def unlucky():
        raise ValueError(f"{random.random()} {np.random.rand()} {treadle.rng().random()}")

    x = unlucky()
    first = str(x.exception())
    assert len(set(first.split())) == 3
    with recipe(x).entered() as run, pytest.raises(ValueError, match=r"0\.\d+ 0\.\d+ 0\.\d+") as again:
        run()
    assert str(again.value) == first


def ask():
    """Draw from generators that were given no seed."""
    np.random.seed()
    random.seed()
    drawn = random.random(), random.Random().random(), np.random.default_rng().random(), np.random.RandomState().rand(), np.random.rand()
    return (*map(float, drawn), float(np.random.default_rng().random()))


def test_generators_without_a_seed_draw_the_same_again(tmp_path):
    log = tmp_path / "log"

    @task
    def unlucky():
        with log.open("a") as out:
            out.write(f"{ask()}\n")
        if len(log.read_text().splitlines()) < 2:
            raise ValueError("bad luck")

    x = unlucky()
    with pytest.raises(ValueError, match="bad luck"):
        wait_on(x)
    treadle.retry(x)
    wait_on(x)
    first, again = log.read_text().splitlines()
    assert first == again
    drawn = [value for values in wait_on([task(ask)() for _ in range(3)]) for value in values]
    assert len(set(drawn)) == 18
    assert ask() != ask()  # outside of tasks as ever


def test_generators_without_a_seed_follow_the_seed_of_the_session():
    session = current()
    found = []
    for _ in range(2):
        session.seed(7)
        found.append(wait_on([task(ask)() for _ in range(2)]))
    session.seed(None)
    assert found[0] == found[1]
    assert found[0][0] != found[0][1]


def forked():
    """Draw in two processes that the task forks, and here."""
    drawn = []
    for _ in range(2):
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            os.write(writing, str(np.random.default_rng().random()).encode())
            os._exit(0)
        os.waitpid(child, 0)
        drawn.append(float(os.read(reading, 100)))
        os.close(reading)
        os.close(writing)
    return [*drawn, float(np.random.default_rng().random())]


def test_processes_that_a_task_forks_have_entropy_of_their_own(engine):
    if engine == "local":
        assert len(set(wait_on(task(forked)()))) == 3


def test_secrets_are_no_tasks_business():
    session = current()
    session.seed(7)
    first = wait_on(task(lambda: secrets.token_hex(8))())
    session.seed(7)
    assert wait_on(task(lambda: secrets.token_hex(8))()) != first
    session.seed(None)


def test_seeds_count_calls_and_can_be_set_and_taken_away():
    session = current()
    session.seed(42)
    first = wait_on([task(draw)() for _ in range(3)])
    assert len(set(first)) == 3
    session.seed(42)
    assert wait_on([task(draw)() for _ in range(3)]) == first
    session.seed(None)
    assert wait_on(task(draw)()) not in first
