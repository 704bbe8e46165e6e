"""What pages are told of tasks: found by name, in detail, as a story; and whose retries nobody else hears of."""

from __future__ import annotations

import pytest

from treadle_runtime.core import instructions as i
from treadle_runtime.core import search, wishes
from treadle_runtime.core.details import details, story
from treadle_runtime.core.events import (
    ClientJoined,
    ClientLeft,
    FunctionsDefined,
    HandlesTaken,
    RetryWanted,
    TasksReturned,
    TasksSubmitted,
    WorkerJoined,
)
from treadle_runtime.core.model import Kind, Outcome, TaskRow, vid_of
from treadle_runtime.core.scheduler import Scheduler


def row(number: int, cell: int = 0, reads: tuple[int, ...] = (), title: str | None = None) -> TaskRow:
    return (number, 7, b"", reads, 1, (), cell, 0, 0, title, None)


@pytest.fixture
def scheduler() -> Scheduler:
    """Task 1 of cell 3 is done, 2 of cell 3 has failed, 3 waits behind nothing, 4 reads what 3 makes."""
    found = Scheduler()
    found.handle([ClientJoined(0.0, 1), WorkerJoined(0.0, 1), FunctionsDefined(0.0, [(7, "solve")])])
    found.handle([TasksSubmitted(1.0, 1, [row(1, 3), row(2, 3, title="mesh <b>")])])
    found.handle([HandlesTaken(1.0, 1, [vid_of(2, 0)])])
    done = (1, 1, Outcome.OK, ((Kind.INLINE, 10, b"x"),), 0.5, 0.5, 0, None, None)
    failed = (2, 1, Outcome.RAISED, (), 0.5, 0.5, 0, b"why", None)
    found.handle([TasksReturned(1.5, 1, [done])])
    found.handle([TasksReturned(2.0, 1, [failed])])
    found.handle([TasksSubmitted(3.0, 1, [row(3, 5), row(4, 5, (vid_of(3, 0),))])])
    return found


@pytest.mark.parametrize(
    ("text", "state", "numbers"),
    [
        ("", "", [4, 3, 2, 1]),
        ("SOLVE", "", [4, 3, 1]),
        ("<b>", "", [2]),
        ("#3", "", [3]),
        ("[5]", "", [4, 3]),
        ("", "failed", [2]),
        ("solve", "failed", []),
        ("#", "", [4, 3, 2, 1]),
        ("#²", "", []),
    ],
)
def test_tasks_are_found_newest_first(
    scheduler: Scheduler, text: str, state: str, numbers: list[int]
) -> None:
    found = search.find(scheduler.books, text, state)
    assert ([task["number"] for task in found["tasks"]], found["next"]) == (numbers, None)


def test_a_search_goes_on_where_it_stopped(scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "LOOKED_AT", 3)
    first = search.find(scheduler.books, "solve")
    assert ([task["number"] for task in first["tasks"]], first["next"]) == ([4, 3], 3)
    second = search.find(scheduler.books, "solve", offset=3)
    assert ([task["number"] for task in second["tasks"]], second["next"]) == ([1], None)


def test_details_name_what_is_read_made_and_waited_for(scheduler: Scheduler) -> None:
    maker, reader = (scheduler.task(number) for number in (3, 4))
    assert maker is not None
    assert reader is not None
    found = details(scheduler.books, maker)
    assert (found["label"], found["cell"], found["open"], found["ended"]) == ("solve #3", 5, True, None)
    assert found["readers"] == [[4, "solve #4"]]
    assert details(scheduler.books, reader)["reads"] == [
        {"maker": 3, "label": "solve #3", "nbytes": 0, "state": "pending", "place": ""}
    ]


def test_a_story_has_a_line_for_each_thing_that_happened(scheduler: Scheduler) -> None:
    task = scheduler.task(2)
    assert task is not None
    lines = story(task)
    assert lines[0] == "mesh <b> #2: submitted by cell [3]"
    assert lines[-1].split() == ["+1.000", "s", "failed", "on", "worker", "1"]


def test_what_can_be_done_is_known_before_it_is_wished(scheduler: Scheduler) -> None:
    assert wishes.open_ones(scheduler.books, [1, 2, 3, 4, 404]) == [3, 4]
    can, refused = wishes.to_retry(scheduler.books, [2, 1, 404])
    assert can == [2]
    assert [number for number, _ in refused] == [1, 404]


@pytest.mark.parametrize("gone", [False, True])
def test_a_wish_of_a_page_is_answered_and_living_owners_are_told(scheduler: Scheduler, gone: bool) -> None:
    if gone:
        scheduler.handle([ClientLeft(4.0, 1, hold=True)])
    step = scheduler.handle([RetryWanted(5.0, -1, 0, [2], {})])
    rearms = [each for each in step.instructions if isinstance(each, i.Rearm)]
    expected = [i.Rearm(-1, 0, [2], [])] if gone else [i.Rearm(-1, 0, [], []), i.Rearm(1, 0, [2], [])]
    assert rearms == expected
