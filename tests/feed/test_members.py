"""Groups opened: their tasks page by page, and old cells as one box each."""

from __future__ import annotations

import json
from typing import Any

import pytest

from treadle_runtime.core.facts import Fact
from treadle_runtime.feed.delta import DELTA_LIMIT, GROUP_LIMIT
from treadle_runtime.feed.projection import Projection
from treadle_runtime.feed.reducer import nothing, reduce


def born(number: int, *makers: int, cell: int = 1, depth: int = 0, fn: int = 1, title: str = "") -> Any:
    return ("b", number, fn, 0, cell, depth, makers, title or None, 0.0)


def shown(projection: Projection) -> dict[str, Any]:
    projection.delta()
    state = nothing()
    assert reduce(state, projection.snapshot())
    return state


@pytest.fixture
def two_functions() -> Projection:
    """3,000 tasks of `load`, each read by one of `solve`."""
    projection = Projection(epoch="e")
    projection.functions({1: "load", 2: "solve"})
    facts: list[Fact] = []
    for n in range(1, 3001):
        facts += [born(n), ("t", n, "done", 1, 1.0)]
    for n in range(3001, 6001):
        facts += [born(n, n - 3000, depth=1, fn=2), ("t", n, "waiting", 0, 1.0)]
    projection.apply(facts)
    return projection


def test_a_group_is_opened_page_by_page(two_functions: Projection) -> None:
    load, solve = shown(two_functions)["group"]
    first = two_functions.members(load, 0)
    assert (first["total"], first["counts"], len(first["tasks"])) == (3000, {"done": 3000}, 400)
    assert first["tasks"]["1"] == {"fn": 1, "cell": 1, "state": "done", "worker": 1}
    last = two_functions.members(solve, 2990, born=lambda n: born(n, n - 3000, title=f"case {n}"))
    assert list(last["tasks"]) == [str(n) for n in range(5991, 6001)]
    assert last["tasks"]["6000"] == {
        "fn": 2, "cell": 1, "state": "waiting", "in": [3000], "title": "case 6000"
    }  # fmt: skip
    assert two_functions.members(solve, 3000)["tasks"] == {}


def test_what_runs_says_how_far_it_is(two_functions: Projection) -> None:
    two_functions.apply([("t", 3001, "running", 2, 3.0)])
    two_functions.reports({3001: (0.25, "step 1 of 4")})
    _, solve = shown(two_functions)["group"]
    record = two_functions.members(solve, 0, 1)["tasks"]["3001"]
    assert (record["state"], record["progress"], record["text"]) == ("running", 0.25, "step 1 of 4")


def test_forgotten_tasks_are_counted_but_not_listed(two_functions: Projection) -> None:
    two_functions.apply([("e", n) for n in range(1, 2001)])
    load = next(iter(shown(two_functions)["group"]))
    page = two_functions.members(load, 0)
    assert (page["total"], page["counts"], next(iter(page["tasks"]))) == (1000, {"done": 3000}, "2001")


def test_the_largest_page_is_no_larger_than_a_delta(two_functions: Projection) -> None:
    _, solve = shown(two_functions)["group"]
    many = tuple(range(1_000_000_000, 1_000_000_200))
    page = two_functions.members(solve, -5, 99_999, lambda n: born(n, *many, title="\u2028" * 500))
    assert len(page["tasks"]) == 400
    assert len(json.dumps(page)) <= DELTA_LIMIT


def test_a_group_that_is_not_shown_is_said_to_be_gone(two_functions: Projection) -> None:
    with pytest.raises(LookupError, match="no group 'g77'"):
        two_functions.members("g77", 0)


def test_old_cells_become_one_box_each_before_they_become_one_for_all() -> None:
    projection = Projection(limit_tasks=10, epoch="e")
    projection.functions({n: f"f{n}" for n in range(1, 11)})
    numbers = iter(range(1, 100_000))
    for cell in range(1, 101):
        for fn in range(1, 11):
            facts: list[Fact] = []
            for n in (next(numbers), next(numbers)):
                facts += [born(n, cell=cell, fn=fn), ("t", n, "done", 1, 0.0)]
            projection.apply(facts)
    groups = shown(projection)["group"].values()
    whole = [group for group in groups if group["fn"] == -1 and group["cell"]]
    older = [group for group in groups if group["fn"] == -1 and not group["cell"]]
    assert len(groups) <= GROUP_LIMIT
    assert len(whole) == 40
    assert all(group["counts"] == {"done": 20} for group in whole)
    assert len(older) == 1
    assert sum(group["counts"]["done"] for group in groups) == 2000
    newest = [group for group in groups if group["cell"] == 100]
    assert len(newest) == 10, "the newest cells are shown function by function"
