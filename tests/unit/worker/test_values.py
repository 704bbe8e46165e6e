"""What a worker keeps, publishes, and frees; and memory that somebody else still has."""

from __future__ import annotations

import array
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from treadle_runtime.core.model import Kind, vid_of
from treadle_runtime.errors import DataLost, StoreFull
from treadle_runtime.store.files import Store
from treadle_runtime.store.packing import Packed, pack, unpack
from treadle_runtime.store.views import pack_group
from treadle_runtime.worker import values as module
from treadle_runtime.worker.settle import settled
from treadle_runtime.worker.values import Values

HELD, INLINE, FILE = int(Kind.HELD), int(Kind.INLINE), int(Kind.FILE)
LARGE = 100_000


@pytest.fixture
def values(tmp_path: Path) -> Values:
    return Values(Store(tmp_path))


def read(values: Values, *inputs: Any) -> Any:
    sources = values.sources(inputs)
    return None if sources is None else [unpack(source()) for source in sources]


def test_small_results_travel_and_are_found_again(values: Values) -> None:
    ((kind, nbytes, data),) = values.keep(3, [pack("hello")])
    assert (kind, unpack(Packed.from_bytes(data or b""))) == (INLINE, "hello")
    assert nbytes > 5
    assert read(values, (vid_of(3, 0), HELD, 0, None), (9, INLINE, 5, data)) == ["hello", "hello"]


def test_large_results_are_held_and_each_reader_has_its_own(values: Values) -> None:
    rows = values.keep(3, [pack(1), pack(np.zeros(LARGE))])
    assert [row[0] for row in rows] == [INLINE, HELD]
    assert rows[1][2] is None
    vid = vid_of(3, 1)
    (mine,) = read(values, (vid, HELD, 0, None))
    mine += 1
    (other,) = read(values, (vid, HELD, 0, None))
    assert other.sum() == 0


def test_an_input_that_is_missing_is_told_before_anything_is_read(values: Values) -> None:
    assert read(values, (vid_of(1, 0), HELD, 0, None)) is None
    assert read(values, (vid_of(1, 0), INLINE, 5, None)) is None
    with pytest.raises(DataLost):
        read(values, (vid_of(1, 0), FILE, 5, None))


def test_publishing_moves_a_value_to_the_store(values: Values, tmp_path: Path) -> None:
    values.keep(3, [pack(np.arange(LARGE))])
    vid = vid_of(3, 0)
    assert values.held() == [vid]
    ((_, kind, nbytes, _),) = values.publish([vid])
    assert (kind, values.held()) == (FILE, [])
    assert nbytes >= LARGE * 8
    assert unpack(Store(tmp_path).open(vid))[-1] == LARGE - 1
    assert read(values, (vid, HELD, 0, None))[0][-1] == LARGE - 1  # queued when it was still held
    assert values.publish([vid])[0][1:3] == (FILE, nbytes)
    values.free([vid])
    assert read(values, (vid, HELD, 0, None)) is None
    assert values.publish([vid, 77])[1][1] == Kind.NONE


def test_small_values_are_published_as_they_are(values: Values) -> None:
    values.keep(3, [pack(5)])
    ((_, kind, _, data),) = values.publish([vid_of(3, 0)])
    assert kind == INLINE
    assert unpack(Packed.from_bytes(data or b"")) == 5


def test_a_full_store_says_so_and_loses_nothing(values: Values, monkeypatch: pytest.MonkeyPatch) -> None:
    values.keep(3, [pack(np.zeros(LARGE))])

    def full(*_: Any) -> int:
        raise StoreFull("The store has no room.")

    monkeypatch.setattr(Store, "write", full)
    ((_, kind, _, why),) = values.publish([vid_of(3, 0)])
    assert (kind, why) == (Kind.NONE, b"The store has no room.")
    assert values.held() == [vid_of(3, 0)]


def test_with_little_room_large_results_are_written_at_once_or_refused(
    values: Values, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Nearly:
        f_bavail, f_frsize = 100, 1024

    monkeypatch.setattr(os, "statvfs", lambda _: Nearly)
    rows = values.keep(3, [pack(1), pack(np.zeros(LARGE))])
    assert [row[0] for row in rows] == [INLINE, FILE]
    assert Store(tmp_path).exists(vid_of(3, 1))
    assert read(values, (vid_of(3, 1), HELD, 0, None))[0].sum() == 0

    def full(*_: Any) -> int:
        raise StoreFull("The store has no room.")

    monkeypatch.setattr(Store, "write", full)
    with pytest.raises(StoreFull):
        values.keep(4, [pack(1), pack(np.zeros(LARGE))])
    assert read(values, (vid_of(4, 0), HELD, 0, None)) is None


def test_the_ring_is_bounded(values: Values, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RING_COUNT", 100)
    for number in range(1, 251):
        values.keep(number, [pack(number)])
    assert read(values, (vid_of(1, 0), HELD, 0, None)) is None
    assert read(values, (vid_of(250, 0), HELD, 0, None)) == [250]
    monkeypatch.setattr(module, "RING_NBYTES", 100_000)
    for number in range(300, 310):
        values.keep(number, [pack("x" * 30_000)])
    assert read(values, (vid_of(302, 0), HELD, 0, None)) is None
    assert read(values, (vid_of(309, 0), HELD, 0, None)) is not None


# ---------------------------------------------------------------- memory somebody else has
MAKERS: list[Callable[[], Any]] = [
    lambda: np.zeros(LARGE),
    lambda: np.zeros(2 * LARGE)[:LARGE],
    lambda: bytearray(LARGE),
    lambda: np.frombuffer(bytearray(LARGE), np.uint8),
    lambda: [np.zeros(LARGE), np.zeros(LARGE)],
    lambda: (lambda base: [base[:LARGE], base[LARGE:]])(np.zeros(2 * LARGE)),
]


def copied(before: Packed, after: Packed) -> list[bool]:
    return [one is not other for one, other in zip(before.buffers, after.buffers, strict=True)]


@pytest.mark.parametrize("make", MAKERS)
def test_memory_nobody_else_has_is_not_copied(make: Callable[[], Any]) -> None:
    packed = pack(make())
    assert not any(copied(packed, settled(packed)))


@pytest.mark.parametrize("make", MAKERS)
def test_memory_that_is_kept_elsewhere_is_copied(make: Callable[[], Any]) -> None:
    kept = make()
    packed = pack(kept)
    assert all(copied(packed, settled(packed)))
    assert kept is not None


def test_memory_seen_through_another_view_is_copied() -> None:
    base = np.zeros(2 * LARGE)
    kept = base[::2]
    packed = pack(base[:LARGE])
    del base
    after = settled(packed)
    kept[:] = 1
    assert unpack(after).sum() == 0


def test_memory_of_files_is_copied(tmp_path: Path) -> None:
    shared = np.memmap(tmp_path / "map", np.uint8, "w+", shape=(LARGE,))
    packed = pack(np.asarray(shared))
    del shared
    assert all(copied(packed, settled(packed)))
    stranger = Packed(b"", [memoryview(array.array("b", bytes(LARGE))).toreadonly()])
    assert not any(copied(stranger, settled(stranger)))


def test_what_never_changes_is_not_copied() -> None:
    kept = bytes(LARGE)
    packed = pack(kept)
    assert not any(copied(packed, settled(packed)))
    assert len(kept) == LARGE


def test_a_value_read_from_the_store_and_returned_is_not_copied(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.write(1, pack(np.zeros(1_000_000)))
    packed = pack(unpack(store.open(1)))
    assert not any(copied(packed, settled(packed)))


def test_a_large_version_that_is_renewed_is_changed_in_its_own_file(tmp_path: Path) -> None:
    store = Store(tmp_path)
    values = Values(store)
    store.write(7 << 16, pack([np.zeros(1 << 18)]))
    sources = values.sources([(7 << 16, Kind.FILE, 1 << 21, None)], ((0, 1),))
    assert sources is not None
    (source,) = sources
    members = unpack(source())
    members[0] += 1
    rows = values.keep(8, [pack(None), pack_group(members)])
    assert [row[0] for row in rows] == [Kind.INLINE, Kind.FILE]
    assert unpack(store.open(8 << 16 | 1))[0][0] == 1
    assert unpack(store.open(7 << 16))[0][0] == 0
    members[0] += 1  # what the task still holds is its own
    assert unpack(store.open(8 << 16 | 1))[0][0] == 1


def test_a_draft_of_a_task_that_failed_leaves_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)
    values = Values(store)
    store.write(7 << 16, pack([np.zeros(1 << 18)]))
    before = store.total()
    sources = values.sources([(7 << 16, Kind.FILE, 1 << 21, None)], ((0, 1),))
    assert sources is not None
    (source,) = sources
    source()
    values.discard_drafts()
    assert store.total() == before
