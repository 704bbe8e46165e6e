"""The task stream: exact while there is room, bounded and still true in sum for any number of tasks and workers."""

from __future__ import annotations

import json
import pickle
import random
from typing import Any

from treadle_runtime.core.facts import Fact
from treadle_runtime.core.model import Outcome
from treadle_runtime.feed.delta import STREAM_BYTES
from treadle_runtime.feed.projection import Projection
from treadle_runtime.feed.reducer import nothing, reduce

OK, RAISED, INTERRUPTED = int(Outcome.OK), int(Outcome.RAISED), int(Outcome.INTERRUPTED)
TICKS = 10_000


def born(number: int, fn: int = 1) -> Fact:
    return ("b", number, fn, 0, 1, 0, (), None, 0.0)


class Watched:
    """A projection and what a screen has made of its deltas."""

    def __init__(self) -> None:
        self.projection = Projection(epoch="e", wall_offset=1000.0)
        self.projection.functions({1: "f", 2: "g"})
        self.state = nothing()
        assert reduce(self.state, self.projection.snapshot())
        self.sent: list[int] = []

    def look(self) -> dict[str, Any]:
        delta = self.projection.delta()
        if delta is not None:
            text = json.dumps(delta)
            self.sent.append(len(text))
            assert reduce(self.state, json.loads(text))
        again = nothing()
        assert reduce(again, json.loads(json.dumps(self.projection.snapshot())))
        assert again == self.state
        return self.state

    def spans(self, worker: int) -> list[tuple[float, float, list[int]]]:
        """(begin, end) in wall seconds and the row of each span of a worker, as a screen reads them."""
        found = []
        for chunk in self.look()["stream"].values():
            for row in chunk.get(f"w{worker}", ()):
                begin = chunk["at"] + row[0] / TICKS
                found.append((round(begin, 3), round(begin + row[1] / TICKS, 3), row[2:]))
        return sorted(found)


def test_what_a_worker_ran_is_seen_with_its_times() -> None:
    screen = Watched()
    screen.projection.apply([born(1), born(2, fn=2), born(3), born(4)])
    screen.projection.ran([(7, 10.0, [(1, OK, 2.0), (2, RAISED, 0.5)]), (7, 30.0, [(3, INTERRUPTED, 1.25)])])
    screen.projection.ran([(8, 30.0, [(4, int(Outcome.TAKEN_BACK), 0.0)])])
    assert screen.spans(7) == [
        (1007.5, 1009.5, [1, 1]),
        (1009.5, 1010.0, [2, 2, 2]),
        (1028.75, 1030.0, [1, 3, 1]),
    ]
    assert screen.spans(8) == []


def test_attempts_of_one_worker_never_overlap() -> None:
    screen = Watched()
    screen.projection.apply([born(1), born(2)])
    screen.projection.ran([(1, 10.0, [(1, OK, 1.0)]), (1, 10.2, [(2, OK, 0.4)])])  # heard of late
    assert screen.spans(1) == [(1009.0, 1010.0, [1, 1]), (1010.0, 1010.2, [1, 2])]


def test_short_tasks_are_told_as_one_span_with_how_many_and_how_busy() -> None:
    screen = Watched()
    screen.projection.apply([born(n, fn=2) for n in range(1, 101)])
    screen.projection.ran([(1, 5.0, [(n, OK, 20e-6) for n in range(1, 101)])])
    ((begin, end, row),) = screen.spans(1)
    assert (begin, end) == (1004.998, 1005.0)
    assert row == [2, -100, 0, 20]


def test_a_failure_is_not_lost_among_short_tasks() -> None:
    screen = Watched()
    screen.projection.apply([born(n) for n in range(1, 11)])
    screen.projection.ran([(1, 5.0, [(n, RAISED if n == 4 else OK, 20e-6) for n in range(1, 11)])])
    ((_, _, row),) = screen.spans(1)
    assert row[:3] == [1, -10, 2]


def test_a_task_whose_worker_was_killed_is_seen_up_to_its_end() -> None:
    screen = Watched()
    screen.projection.apply([born(1), born(2), ("t", 1, "running", 3, 5.0), ("t", 2, "running", 4, 5.0)])
    screen.look()
    screen.projection.apply([("t", 1, "cancelled", 0, 7.0)])
    screen.projection.ran([(4, 8.0, [(2, RAISED, 3.0)])])
    screen.projection.apply([("t", 2, "failed", 4, 8.0)])
    assert screen.spans(3) == [(1005.0, 1007.0, [1, 1, 1])]
    assert screen.spans(4) == [(1005.0, 1008.0, [1, 2, 2])], "it has said itself how long it ran"


def test_a_hundred_thousand_tasks_stay_within_the_feeds_bounds() -> None:
    rng = random.Random(5)
    screen = Watched()
    number, now, busy = 0, 0.0, dict.fromkeys(range(1, 9), 0.0)
    per_second: dict[int, int] = {}
    while number < 100_000:
        now += 0.01
        for worker in busy:
            count, share = rng.choice([0, 1, 5, 40]), 0.009
            if count:
                screen.projection.apply([born(number + i, fn=1 + worker % 2) for i in range(count)])
                screen.projection.ran([(worker, now, [(number + i, OK, share / count) for i in range(count)])])
                busy[worker] += share
                number += count
        if round(now * 100) % 20 == 0:
            screen.look()
            per_second[int(now)] = per_second.get(int(now), 0) + screen.sent[-1]
    assert max(per_second.values()) < 256 * 1024
    stream = screen.look()["stream"]
    assert len(json.dumps(stream)) <= STREAM_BYTES + 8192
    for worker, busy_s in busy.items():
        rows = [row for chunk in stream.values() for row in chunk.get(f"w{worker}", ())]
        shown = sum((row[5] if row[3] < 0 else row[1]) for row in rows) / TICKS
        assert abs(shown - busy_s) < 0.02 * busy_s, "merged spans still say how busy a worker was"


def test_hours_stay_bounded_and_begin_where_they_began() -> None:
    screen = Watched()
    for n in range(1, 6001):
        screen.projection.apply([born(n)])
        screen.projection.ran([(1 + n % 4, 3.0 * n, [(n, OK, 2.5)])])
        if n % 500 == 0:
            screen.look()
    begins = [begin for worker in range(1, 5) for begin, _, _ in screen.spans(worker)]
    assert min(begins) < 1020.0
    assert len(json.dumps(screen.state["stream"])) <= STREAM_BYTES + 8192
    newest = screen.spans(1 + 6000 % 4)[-1]
    assert newest == (1000.0 + 18_000.0 - 2.5, 19_000.0, [1, 6000]), "the newest ones are exact"


def test_workers_that_come_and_go_do_not_add_up() -> None:
    screen = Watched()
    for n in range(1, 2001):
        screen.projection.apply([born(n)])
        screen.projection.ran([(n, 5.0 * n, [(n, OK, 4.0)])])
    stream = screen.look()["stream"]
    assert any("w2000" in chunk for chunk in stream.values())
    assert len(json.dumps(stream)) <= STREAM_BYTES + 8192


def test_how_long_the_calls_of_a_function_take() -> None:
    screen = Watched()
    screen.projection.apply([born(n) for n in range(1, 101)] + [("t", n, "done", 1, 1.0) for n in range(1, 101)])
    screen.projection.ran([(1, 50.5, [(n, OK, n / 100) for n in range(1, 101)])])
    record = screen.look()["function"]["1"]
    assert (record["mean"], record["p95"], record["total"]) == (0.505, 0.96, 50.5)
    screen.projection.ran([(1, 60.0, [(1, RAISED, 9.0)])])
    assert screen.look()["function"]["1"] == record, "an attempt that failed says nothing of how long a call takes"


def test_the_memory_of_workers_over_the_last_minutes() -> None:
    screen = Watched()
    screen.projection.apply([("w", 1, "idle", "", 0.0)])
    for second in range(600):
        screen.projection.workers([(1, {"pid": 1, "cpu": 0, "rss": (100 + second) << 20})])
    series = screen.look()["worker"]["1"]["mem"]
    assert len(series) == 60
    assert series[-1] - series[-2] == 5
    assert series == sorted(series)
    screen.projection.apply([("w", 1, "gone", "left after 300 s without work", 0.0)])
    assert "mem" not in screen.look()["worker"]["1"]


def test_a_failure_somebody_has_looked_at_says_so() -> None:
    screen = Watched()
    screen.projection.failures([{"number": n, "function": "f", "type": "E", "message": "m"} for n in (3, 4)])
    assert "seen" not in screen.look()["failure"][0]
    screen.projection.seen([4, 99])
    assert screen.look()["failure"][0]["seen"] is True
    assert screen.projection.delta() is None


def test_it_costs_no_memory_that_nobody_looks() -> None:
    projection, sizes = Projection(epoch="e"), []
    projection.functions({1: "f"})
    for n in range(1, 4001):
        projection.ran([(1, 5.0 * n, [(n, OK, 1.0)])])
        projection.apply([born(n), ("t", n, "failed", 1, 5.0 * n), ("e", n - 500)])
        projection.failures([{"number": n, "function": f"f{n}", "type": "E", "message": "m"}])
        if n % 2000 == 0:
            projection.apply([("e", 0)])
            sizes.append(len(pickle.dumps(projection)))
    assert sizes[1] - sizes[0] < 15_000
