"""What a person has looked at in the notebook is no news in the live view."""

from __future__ import annotations

import contextlib
from concurrent.futures import wait

import pytest

import treadle_runtime.api
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


def plain(a, b=2, **more):
    return a, b, more


def starred(*xs):
    return xs


def both(a, b=2, *xs, k=3, **more):
    return a, b, xs, k, more


def placed(a, /, b=1, c=2, *xs):
    return a, b, c, xs


CALLS = {
    plain: [((1,), {"b": 5, "c": 6})],
    starred: [((), {}), ((1, 2), {})],
    both: [((1,), {"b": 4}), ((1, 2, 3, 4), {"k": 5, "z": 6})],
    placed: [((0,), {"c": 5}), ((0, 1, 2, 3), {})],
    max: [((3, 7, 5), {}), (([],), {"default": 4})],
}


@pytest.mark.parametrize("function", CALLS)
def test_what_a_page_copies_repeats_the_call(session, function):
    for args, kwargs in CALLS[function]:
        future = task(function)(*args, **kwargs)
        answer = session.client.link.ask("command", {"name": "code", "args": {"number": future._call.number}})
        *before, call = answer["data"]["code"].splitlines()
        space = {"treadle": treadle_runtime.api, function.__name__: function}
        exec("\n".join(before), space)  # noqa: S102
        assert eval(call, space) == wait_on(future) == function(*args, **kwargs)
