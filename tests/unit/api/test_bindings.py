"""What names hold, as plain data and back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import treadle
from treadle_runtime.api.bindings import OLDER, describe, members_in, rebuild, vids_in
from treadle_runtime.testing import VirtualCluster


@treadle.task
def f(x):
    return x


@treadle.task(c=treadle.INOUT)
def bump(c):
    c.append(len(c))


@pytest.fixture
def client() -> Iterator[object]:
    with VirtualCluster(seed=1) as session:
        yield session.client


def test_futures_at_any_depth_come_back_in_their_places(client):
    x, y = f(1), f(2)
    held = describe({"a": x, 3: [y, (x,)]}, client)
    assert held == ["d", [["a", 1 << 16], [3, ["l", [2 << 16, ["t", [1 << 16]]]]]]]
    assert list(vids_in(held)) == [1 << 16, 2 << 16, 1 << 16]
    again = rebuild(held, lambda vid: f"#{vid >> 16}", lambda _: None)
    assert again == {"a": "#1", 3: ["#2", ("#1",)]}


@pytest.mark.parametrize(
    "make", [list, tuple, dict, lambda: 5, lambda: "text", lambda: [1, 2], lambda: [[[[[f(1)]]]]]]
)
def test_what_holds_nothing_or_more_than_futures_is_not_told(client, make):
    assert describe(make(), client) is None
    assert describe([f(1), 2], client) is None
    assert describe({"a": f(1), "b": 2}, client) is None
    assert describe({(1, 2): f(1)}, client) is None


def test_objects_that_tasks_write_are_told_with_their_older_versions(client):
    c = [0]
    for _ in range(3):
        bump(c)
    held = describe(c, client)
    assert held == ["m", [[(3 << 16) + 1, 0], [(2 << 16) + 1, 0], [(1 << 16) + 1, 0]]]
    assert list(members_in(["l", [held]])) == [held[1]]
    for _ in range(100):
        bump(c)
    assert len(describe(c, client)[1]) == OLDER
    treadle.wait_on(c)
    assert describe(c, client) is None  # an ordinary list again


@pytest.mark.usefixtures("client")
def test_futures_of_a_runtime_that_has_ended_are_not_told():
    x = f(1)
    treadle.wait_on(x)
    with_another = VirtualCluster(seed=2).session.client
    assert describe(x, with_another) is None
