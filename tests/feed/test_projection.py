"""What the projection promises: exact, bounded, a snapshot equal to its deltas."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from treadle_runtime.core.facts import Fact
from treadle_runtime.feed.delta import DELTA_LIMIT, GROUP_LIMIT
from treadle_runtime.feed.projection import Projection
from treadle_runtime.feed.reducer import nothing, reduce


def born(
    number: int, *makers: int, cell: int = 1, depth: int = 0, fn: int = 1, title: str | None = None
) -> Fact:
    return ("b", number, fn, 0, cell, depth, makers, title, 0.0)


def became(number: int, state: str, worker: int = 0, at: float = 0.0) -> Fact:
    return ("t", number, state, worker, at)


class Screen:
    """A watcher that checks every delta it gets."""

    def __init__(self, projection: Projection) -> None:
        self.projection = projection
        self.state = nothing()
        self.largest = 0
        assert reduce(self.state, projection.snapshot())

    def look(self) -> dict[str, Any]:
        delta = self.projection.delta()
        if delta is not None:
            self.largest = max(self.largest, len(json.dumps(delta)))
            assert reduce(self.state, json.loads(json.dumps(delta)))
        snapshot = self.projection.snapshot()
        self.largest = max(self.largest, len(json.dumps(snapshot)))
        again = nothing()
        assert reduce(again, snapshot)
        assert again == self.state
        return self.state


def test_a_task_is_shown_from_birth_to_end() -> None:
    projection = Projection(epoch="e", wall_offset=1000.0)
    projection.functions({1: "f"})
    screen = Screen(projection)
    projection.apply([born(1), became(1, "ready"), born(2, 1, depth=1, title="case 2"), became(2, "waiting")])
    assert screen.look()["task"] == {
        "1": {"fn": 1, "cell": 1, "state": "ready"},
        "2": {"fn": 1, "cell": 1, "state": "waiting", "in": [1], "title": "case 2"},
    }
    projection.apply([became(1, "running", 4, 7.5)])
    assert screen.look()["task"]["1"] == {
        "fn": 1,
        "cell": 1,
        "state": "running",
        "worker": 4,
        "since": 1007.5,
    }
    projection.apply([became(1, "done", 4, 9.0)])
    assert "since" not in screen.look()["task"]["1"]
    assert screen.state["function"] == {"1": {"name": "f", "counts": {"done": 1, "waiting": 1}}}
    assert projection.delta() is None


def test_how_far_a_task_is_is_shown_while_it_runs() -> None:
    projection = Projection(epoch="e")
    screen = Screen(projection)
    projection.apply([born(1), became(1, "running", 4)])
    projection.reports({1: (0.33333, "epoch 3 " * 20), 2: (0.5, "of a task nobody knows")})
    record = screen.look()["task"]["1"]
    assert record["progress"] == 0.333
    assert record["text"].startswith("epoch 3")
    assert len(record["text"]) <= 60
    projection.reports({1: (float("nan"), "")})
    assert "progress" not in screen.look()["task"]["1"]
    projection.reports({1: (7.0, "")})
    assert screen.look()["task"]["1"]["progress"] == 1.0
    projection.apply([became(1, "done", 4)])
    assert screen.look()["task"] == {"1": {"fn": 1, "cell": 1, "state": "done", "worker": 4}}


def test_evicted_tasks_leave_but_stay_counted() -> None:
    projection = Projection(epoch="e")
    screen = Screen(projection)
    projection.apply([born(1), became(1, "done"), born(2, 1), became(2, "ready")])
    screen.look()
    projection.apply([("e", 1)])
    state = screen.look()
    assert list(state["task"]) == ["2"]
    assert state["function"]["1"]["counts"] == {"done": 1, "ready": 1}


def test_functions_of_one_name_are_one() -> None:
    projection = Projection(epoch="e")
    projection.functions({1: "f", 2: "f", 3: "g"})
    projection.apply(
        [born(1, fn=1), became(1, "done"), born(2, fn=2), became(2, "done"), born(3, fn=3), became(3, "done")]
    )
    functions = Screen(projection).look()["function"]
    assert {f["name"]: f["counts"] for f in functions.values()} == {"f": {"done": 2}, "g": {"done": 1}}


@pytest.mark.parametrize("tasks", [10_000, 100_000])
def test_very_many_tasks_of_one_cell_reach_the_page_as_groups(tasks: int) -> None:
    projection = Projection(epoch="e")
    projection.functions({1: "solve", 2: "mean"})
    screen = Screen(projection)
    for first in range(1, tasks + 1, 1000):
        projection.apply([f for n in range(first, first + 1000) for f in (born(n), became(n, "ready"))])
        screen.look()
    projection.apply([born(tasks + 1, *range(1, tasks + 1), depth=1, fn=2), became(tasks + 1, "waiting")])
    projection.apply([became(17, "running", 1), became(18, "failed", 1), became(19, "done", 1)])
    state = screen.look()
    assert screen.largest <= DELTA_LIMIT
    assert {key: record["state"] for key, record in state["task"].items()} == {
        "17": "running",
        "18": "failed",
    }
    solve, mean = state["group"].values()
    assert solve["counts"] == {"ready": tasks - 3, "running": 1, "failed": 1, "done": 1}
    assert mean["counts"] == {"waiting": 1}
    assert mean["in"] == {next(iter(state["group"])): tasks}
    assert state["task"]["17"]["group"] in state["group"]


def test_a_late_watcher_sees_what_happened_before() -> None:
    projection = Projection(epoch="e")
    projection.apply([f for n in range(1, 50_001) for f in (born(n), became(n, "done"))])
    projection.apply([("e", n) for n in range(1, 30_001)])
    state = Screen(projection).look()
    assert state["function"]["1"]["counts"] == {"done": 50_000}
    assert sum(group["counts"]["done"] for group in state["group"].values()) == 50_000


def test_old_cells_become_groups_while_the_new_one_is_drawn() -> None:
    projection = Projection(limit_tasks=100, epoch="e")
    screen = Screen(projection)
    projection.apply([f for n in range(1, 91) for f in (born(n, cell=1), became(n, "done"))])
    assert len(screen.look()["task"]) == 90
    projection.apply(
        [f for n in range(91, 131) for f in (born(n, n - 90, cell=2, depth=1), became(n, "ready"))]
    )
    state = screen.look()
    assert len(state["task"]) == 40
    (key,) = state["group"]
    assert all(record["in"] == [key] for record in state["task"].values())


def test_a_chain_of_many_levels_stays_a_few_groups() -> None:
    projection = Projection(epoch="e")
    screen = Screen(projection)
    facts = [
        f
        for n in range(1, 20_001)
        for f in (born(n, n - 1, depth=n) if n > 1 else born(n), became(n, "waiting"))
    ]
    for first in range(0, len(facts), 500):
        projection.apply(facts[first : first + 500])
        screen.look()
    groups = screen.state["group"]
    assert len(groups) <= GROUP_LIMIT
    assert sum(sum(group["counts"].values()) for group in groups.values()) == 20_000
    chained = [group for group in groups.values() if set(group["in"]) & set(groups)]
    assert len(chained) == len(groups) - 1


def test_no_adversary_makes_a_delta_too_large() -> None:
    rng = random.Random(7)
    projection = Projection(epoch="e" * 16)
    projection.functions({n: f"function_{'é' * 200}{n}" for n in range(1, 400)})
    screen = Screen(projection)
    base = 3_000_000_000
    for turn in range(40):
        facts: list[Fact] = []
        for i in range(150):
            n = base + turn * 150 + i
            makers = tuple(rng.sample(range(base, n + 1), min(n - base, rng.choice([0, 2, 200]))))
            facts += [
                (
                    "b",
                    n,
                    rng.randrange(1, 400),
                    3,
                    turn // rng.choice([1, 20]),
                    rng.randrange(10_000),
                    makers,
                    "\u2028" * 5000,
                    0.0,
                ),
                became(n, rng.choice(["running", "failed", "done", "waiting"]), 1),
            ]
            facts.append(("w", n, rng.choice(["idle", "busy", "gone"]), "reason " * 500, 0.0))
        projection.apply(facts)
        projection.failures(
            {
                "number": base + turn * 150 + i,
                "function": f"f{i}",
                "type": "E",
                "message": "é" * 10_000,
                "traceback": "\x00" * 99_999,
            }
            for i in range(20)
        )
        screen.look()
    assert screen.largest <= DELTA_LIMIT


def test_counts_are_exact_whatever_the_order_of_folds() -> None:
    rng = random.Random(3)
    projection = Projection(limit_tasks=50, epoch="e")
    screen = Screen(projection)
    states: dict[int, str] = {}
    for n in range(1, 400):
        projection.apply([born(n, cell=n // 70, depth=n % 5)])
        for m in {n, rng.randrange(1, n + 1)}:
            states[m] = rng.choice(["ready", "running", "done", "failed"])
            projection.apply([became(m, states[m], 1)])
        if rng.random() < 0.2:
            screen.look()
    state = screen.look()
    expected = {s: list(states.values()).count(s) for s in set(states.values())}
    assert state["function"]["1"]["counts"] == expected
    drawn = [record for record in state["task"].values() if "group" not in record]
    for name, total in expected.items():
        grouped = sum(group["counts"].get(name, 0) for group in state["group"].values())
        assert grouped + sum(record["state"] == name for record in drawn) == total


def test_equal_failures_are_one_row_with_a_count() -> None:
    projection = Projection(epoch="e")
    screen = Screen(projection)
    rows = [
        {"number": n, "function": "f", "type": "ValueError", "message": str(n), "traceback": "T\n  line 3\nE"}
        for n in (4, 9, 11)
    ]
    projection.failures(rows[:1])
    assert screen.look()["failure"][0]["count"] == 1
    projection.failures(rows[1:])
    (row,) = screen.look()["failure"]
    assert (row["number"], row["count"], row["numbers"], row["message"]) == (4, 3, [4, 9, 11], "4")


def test_gone_workers_are_shown_with_the_reason_and_then_forgotten() -> None:
    projection = Projection(epoch="e")
    screen = Screen(projection)
    projection.apply([("w", n, "idle", "", 0.0) for n in range(1, 9)])
    projection.workers([(1, {"pid": 10, "cpu": 99, "rss": 1 << 20, "task": 5})])
    assert screen.look()["worker"]["1"] == {"state": "idle", "pid": 10, "cpu": 99, "rss": 1 << 20, "task": 5}
    projection.apply([("w", n, "gone", "killed by signal 9", 0.0) for n in range(1, 8)])
    workers = screen.look()["worker"]
    assert len(workers) == 5
    assert workers["7"]["reason"] == "killed by signal 9"


def test_a_failure_that_is_retried_leaves_the_list():
    p = Projection(epoch="e")
    state = {**nothing(), "epoch": "e", "seq": 0}
    p.functions({1: "f"})
    p.apply([("b", n, 1, 0, 3, 0, (), None, 0.0) for n in (7, 8)])
    p.apply([("t", n, "failed", 0, 0.0) for n in (7, 8)])
    frames = [("cell", 3, "f")]
    p.failures([{"number": n, "type": "ValueError", "message": "no", "frames": frames} for n in (7, 8)])
    reduce(state, p.delta())
    assert [(row["number"], row["count"]) for row in state["failure"]] == [(7, 2)]
    p.apply([("t", 7, "ready", 0, 1.0)])
    p.not_failed([7])
    reduce(state, p.delta())
    assert [(row["number"], row["count"]) for row in state["failure"]] == [(8, 1)]
    assert state["task"]["7"]["state"] == "ready"
    assert state["task"]["8"]["state"] == "failed"
    p.not_failed([8, 99])
    reduce(state, p.delta())
    assert state["failure"] == []


def test_what_is_alike_is_known_by_number_however_many_it_is() -> None:
    projection = Projection(epoch="e")
    screen = Screen(projection)
    many = range(1, 3001)
    projection.failures([{"number": n, "function": "f", "type": "ValueError"} for n in many])
    (row,) = screen.look()["failure"]
    assert (row["count"], row["numbers"]) == (3000, [*many[:20]])
    assert projection.alike(2900) == [*many]
    projection.not_failed(many[:20])  # those that the row names
    (row,) = screen.look()["failure"]
    assert (row["count"], row["number"], row["numbers"]) == (2980, 21, [*many[20:40]])
    projection.seen([2900])
    assert screen.look()["failure"][0]["seen"] is True
    projection.not_failed(projection.alike(21))
    assert screen.look()["failure"] == []
    assert projection.alike(21) == []
