"""What a person has looked at in the notebook is no news in the live view."""

from __future__ import annotations

import contextlib
from concurrent.futures import wait

import pytest

from treadle_runtime.api import start, stop, task, wait_on
from treadle_runtime.feed.reducer import nothing, reduce
from treadle_runtime.wire.messages import Watch

LIMIT_S = 20.0


@pytest.fixture(scope="module", autouse=True)
def session():
    stop(cancel=True)
    yield start(workers=1)
    stop(cancel=True)


@task
def spill():
    raise ValueError("the cup is empty")


@task
def drop():
    raise ValueError("the plate is broken")


@task
def spoil():
    raise ValueError("the milk is sour")


def by_waiting(future):
    with contextlib.suppress(ValueError):
        wait_on(future)


def test_a_failure_looked_at_before_anybody_watches_is_no_news(session):
    by_waiting(spoil())
    state = nothing()
    session.client.on_delta.append(lambda delta: reduce(state, delta))
    session.client.link.send(Watch(True))
    assert session.client.link.wait(lambda: state["failure"], LIMIT_S)
    assert state["failure"][0].get("seen")
    session.client.link.send(Watch(False))
    session.client.on_delta.clear()


@pytest.mark.parametrize(("fail", "look"), [(spill, by_waiting), (drop, lambda future: future.exception())])
def test_a_failure_is_new_in_the_view_until_somebody_looks(session, fail, look):
    state = nothing()
    session.client.on_delta.append(lambda delta: reduce(state, delta))
    session.client.link.send(Watch(True))
    future = fail()
    wait([future])
    number = future._call.number

    def rows():
        return [row for row in state["failure"] if number in row["numbers"]]

    assert session.client.link.wait(rows, LIMIT_S)
    assert not rows()[0].get("seen")
    look(future)
    assert session.client.link.wait(lambda: rows()[0].get("seen"), LIMIT_S)
    session.client.link.send(Watch(False))
    session.client.on_delta.clear()
