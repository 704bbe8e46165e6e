"""What is queued is sent once, in an order that keeps its meaning."""

from __future__ import annotations

from typing import Any

import pytest

from treadle_runtime.client import outbox
from treadle_runtime.client.outbox import ROWS_IN_FRAME, Outbox, pack
from treadle_runtime.wire import messages as m
from treadle_runtime.wire.codec import from_client


def row(number: int) -> Any:
    return (number, 1, b"", (), 1, (), 0, 0, 0, None, None)


def unpacked(*batch: Any) -> list[m.FromClient]:
    return [from_client(frame) for frame in pack(batch, nothing)]


def nothing(_: Any) -> None:
    """Nobody to tell."""


def test_neighbouring_rows_travel_together() -> None:
    assert unpacked(row(1), row(2)) == [m.Submit([row(1), row(2)])]
    assert unpacked() == []


def test_long_batches_are_cut() -> None:
    frames = unpacked(*[row(n) for n in range(2 * ROWS_IN_FRAME + 1)])
    assert [len(frame.rows) for frame in frames if isinstance(frame, m.Submit)] == [
        ROWS_IN_FRAME,
        ROWS_IN_FRAME,
        1,
    ]


def test_releases_gather_behind_the_rows_they_stand_among() -> None:
    batch = [row(1), m.Release([65536]), row(2), m.Release([131072]), m.Take([65536]), m.Release([5]), row(3)]
    assert unpacked(*batch) == [
        m.Submit([row(1), row(2)]),
        m.Release([65536, 131072]),
        m.Take([65536]),
        m.Submit([row(3)]),
        m.Release([5]),
    ]


def test_definitions_stay_before_the_rows_that_need_them() -> None:
    define = m.Define([(1, "f", b"code", {})])
    assert unpacked(row(1), define, row(2)) == [m.Submit([row(1)]), define, m.Submit([row(2)])]


def test_submits_of_many_bytes_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "FRAME_NBYTES", 1000)
    rows = [(number, 1, bytes(400), (), 1, (), 0, 0, 0, None, None) for number in range(5)]
    frames = unpacked(*rows)
    assert [row for frame in frames if isinstance(frame, m.Submit) for row in frame.rows] == rows
    assert len(frames) >= 3


def test_what_is_queued_is_given_away_once() -> None:
    box = Outbox()
    box.queue += [m.Take([1]), m.Take([2])]
    sent: list[list[bytes]] = []
    box.flush(sent.append)
    assert not box
    box.flush(sent.append)
    assert [[from_client(frame) for frame in frames] for frames in sent] == [[m.Take([1]), m.Take([2])]]


class Version:
    pass


def dying(box: Outbox, vids: range) -> None:
    versions = [Version() for _ in vids]
    for vid, version in zip(vids, versions, strict=True):
        box.handles.hold(version, vid)


def test_releases_wait_behind_a_task_that_is_waited_for() -> None:
    box = Outbox()
    dying(box, range(3))
    box.queue.append(row(1))
    sent: list[bytes] = []
    box.flush_rows(sent.extend)
    assert [from_client(frame) for frame in sent] == [m.Submit([row(1)])]
    box.flush_rows(sent.extend)
    assert len(sent) == 1
    box.flush(sent.extend)
    (released,) = map(from_client, sent[1:])
    assert isinstance(released, m.Release)
    assert sorted(released.vids) == [0, 1, 2]


def test_many_releases_do_not_wait_and_nothing_overtakes_a_message() -> None:
    box = Outbox()
    dying(box, range(outbox.HELD_BACK + 1))
    box.queue.append(row(1))
    sent: list[bytes] = []
    box.flush_rows(sent.extend)
    assert [type(from_client(frame)) for frame in sent] == [m.Submit, m.Release]
    dying(box, range(1))
    box.queue += [m.Take([0]), row(2)]
    box.flush_rows(sent.extend)
    assert [type(from_client(frame)) for frame in sent[2:]] == [m.Release, m.Take, m.Submit]


def test_a_version_that_dies_is_released_behind_the_rows_before_it() -> None:
    box = Outbox()
    versions = [Version(), Version()]
    for vid, version in zip((65536, 131072), versions, strict=True):
        box.handles.hold(version, vid)
    box.queue.append(row(1))
    del version, versions[0]
    box.queue.append(row(2))
    sent: list[list[bytes]] = []
    box.flush(sent.append)
    assert [from_client(frame) for frame in sent[0]] == [m.Submit([row(1), row(2)]), m.Release([65536])]
    assert [handle.vid for handle in box.handles.living] == [131072]
    box.clear()
    del versions[0]
    assert not box
