"""Where values are, and what a client hears of a final task."""

from __future__ import annotations

from typing import Any

import pytest

from treadle_runtime.core.model import PUSH_LIMIT, Kind, Outcome
from treadle_runtime.host import values as module
from treadle_runtime.host.values import FAILURES, Values

SMALL, LARGE = (0, 3, b"abc"), (0, PUSH_LIMIT + 1, bytes(PUSH_LIMIT + 1))


def returned(number: int, *outputs: Any, outcome: int = Outcome.OK, failure: bytes | None = None) -> Any:
    return (number, 1, int(outcome), outputs, 0.5, 0.4, 100, failure, {"changed": "a"})


def test_small_results_are_pushed_and_larger_ones_wait_to_be_fetched() -> None:
    values = Values()
    values.keep_returns(2, [returned(7, SMALL, LARGE)])
    row = values.finished(7, "done", 0)
    assert row == (7, "done", (SMALL, (0, LARGE[1], None)), None, 0, (2, 1, 0.5), {"changed": "a"})
    assert values.delivered(7 << 16 | 1, Kind.INLINE)[3] == LARGE[2]


def test_the_failure_of_the_root_goes_with_all_that_it_took_along() -> None:
    values = Values()
    values.keep_returns(1, [returned(7, outcome=Outcome.RAISED, failure=b"why")])
    assert values.finished(7, "failed", 7)[3] == b"why"
    values.close_turn()
    assert values.finished(8, "upstream", 7)[3] == b"why"
    assert values.finished(9, "cancelled", 7)[3] is None


def test_a_lost_workers_failure_is_used_when_no_attempt_is_left() -> None:
    values = Values()
    values.fail(7, b"killed")
    assert values.finished(7, "failed", 7)[3] == b"killed"


def test_many_values_are_delivered_in_messages_of_bounded_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DELIVERY", 1000)
    values = Values()
    vids = [(number << 16, Kind.INLINE) for number in range(10)]
    values.keep([(vid, Kind.INLINE, 400, bytes(400)) for vid, _ in vids])
    parts = list(values.deliveries(vids))
    assert [row[0] for part in parts for row in part] == [vid for vid, _ in vids]
    assert [len(part) for part in parts] == [3, 3, 3, 1]
    assert list(values.deliveries([])) == []


def test_what_is_given_back_unrun_leaves_nothing() -> None:
    values = Values()
    values.keep_returns(1, [returned(7, outcome=Outcome.DECLINED), returned(8, outcome=Outcome.TAKEN_BACK)])
    assert values.finished(7, "cancelled", 7)[5] == (0, 0, 0.0)
    assert values.rows == {}


def test_published_bytes_replace_held_ones_and_outlive_a_late_attempt() -> None:
    values = Values()
    vid = 7 << 16
    values.keep_returns(1, [returned(7, (Kind.HELD, 9, None))])
    assert values.input_row(vid, Kind.HELD) == (vid, Kind.HELD, 9, None)
    values.keep([(vid, Kind.FILE, 4096, None)])
    values.keep_returns(2, [returned(7, (Kind.HELD, 9, None))])
    values.keep([(vid, Kind.NONE, 0, None)])
    assert values.input_row(vid, Kind.FILE) == (vid, Kind.FILE, 4096, None)


def test_an_input_about_to_be_made_on_the_worker_has_no_row_yet() -> None:
    assert Values().input_row(7 << 16, Kind.HELD) == (7 << 16, Kind.HELD, 0, None)


def test_dropping_names_the_files_to_delete() -> None:
    values = Values()
    values.keep([(1, Kind.FILE, 10, None), (2, Kind.INLINE, 1, b"x"), (3, Kind.HELD, 1, None)])
    assert values.drop([1, 2, 3, 4]) == [1]
    assert values.rows == {}


def test_what_cannot_be_had_says_why() -> None:
    row = Values().delivered(5, Kind.NONE)
    assert row[1] == Kind.NONE
    assert row[3] is not None
    assert b"failed" in row[3]


def test_failures_are_bounded() -> None:
    values = Values()
    for number in range(FAILURES + 5):
        values.fail(number, b"")
    assert len(values.failures) == FAILURES
    assert 0 not in values.failures
