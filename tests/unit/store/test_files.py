"""Sealed files: whole or not there, mapped privately, never changed by anybody."""

from __future__ import annotations

import contextlib
import errno
import gc
import os
import stat
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from treadle_runtime.errors import DataError, DataLost, StoreFull
from treadle_runtime.store import memory
from treadle_runtime.store.files import Store
from treadle_runtime.store.packing import Packed, pack, pack_buffer, unpack

SMALL, LARGE = 20_000, 300_000  # elements: read into memory, mapped


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path)
    yield store
    store.close()
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".")]


def value(count: int) -> dict[str, Any]:
    return {"x": np.arange(count, dtype="f8"), "b": b"q" * 70_000, "n": [1, "two"], "y": np.ones((300, 40), order="F")}


@pytest.mark.parametrize("count", [0, 10, SMALL, LARGE])
def test_a_value_comes_back_from_its_file(store: Store, count: int) -> None:
    size = store.write(0x30001, pack(value(count)))
    assert store.exists(0x30001)
    assert size == store.nbytes(0x30001) == (store.folder / "30001").stat().st_size == store.total()
    back = unpack(store.open(0x30001))
    np.testing.assert_array_equal(back["x"], np.arange(count))
    assert back["b"] == b"q" * 70_000
    assert back["n"] == [1, "two"]
    assert back["y"].flags.f_contiguous
    assert stat.S_IMODE((store.folder / "30001").stat().st_mode) == 0o600


def test_buffers_of_a_file_lie_on_boundaries(store: Store) -> None:
    store.write(1, pack([np.ones(10_000), np.ones(700), np.ones(LARGE)]))
    arrays = unpack(store.open(1))
    assert [a.__array_interface__["data"][0] % 64 for a in arrays] == [0, 0, 0]
    assert arrays[0].__array_interface__["data"][0] % 4096 == 0


@pytest.mark.parametrize("count", [SMALL, LARGE])
def test_writing_to_a_mapped_array_reaches_nobody_else(store: Store, count: int) -> None:
    store.write(1, pack(np.zeros(count)))
    before = (store.folder / "1").read_bytes()
    mine, other = unpack(store.open(1)), unpack(store.open(1))
    mine[:] = 1.0
    assert (other == 0.0).all()
    assert (store.folder / "1").read_bytes() == before
    assert (unpack(store.open(1)) == 0.0).all()


@pytest.mark.parametrize("count", [SMALL, LARGE])
def test_what_is_mapped_outlives_its_file(store: Store, count: int) -> None:
    store.write(1, pack(np.arange(count)))
    array = unpack(store.open(1))
    assert store.delete(1)
    assert not store.delete(1)
    store.write(1, pack(np.zeros(count)))  # made again: another file of the same name
    np.testing.assert_array_equal(array, np.arange(count))


def test_a_version_that_is_gone_is_data_lost(store: Store) -> None:
    with pytest.raises(DataLost, match="Run its task again"):
        store.open(77)
    assert store.nbytes(77) == 0
    assert not store.exists(77)


def test_a_damaged_file_is_refused(store: Store) -> None:
    (store.folder / "1").write_bytes(b"")
    (store.folder / "2").write_bytes(os.urandom(2 << 20))
    for vid in (1, 2):
        with pytest.raises(DataError):
            store.open(vid)


def test_mapping_costs_no_descriptors_a_user_would_miss(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    before = memory.maps_alive()
    monkeypatch.setattr(memory, "_most_maps", lambda: before + 3)
    store.write(1, pack(np.arange(LARGE)))
    arrays = [unpack(store.open(1)) for _ in range(10)]
    assert memory.maps_alive() == before + 3
    arrays[9][0] = 5
    assert all((array[1:] == np.arange(1, LARGE)).all() for array in arrays)
    assert arrays[0][0] == 0
    del arrays
    assert memory.maps_alive() == before


def test_a_system_that_maps_no_more_is_read_instead(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOMEM, "Cannot allocate memory")

    monkeypatch.setattr(memory, "map_private", refuse)
    store.write(1, pack(np.arange(LARGE)))
    np.testing.assert_array_equal(unpack(store.open(1)), np.arange(LARGE))


# ---------------------------------------------------------------- a store that is full
@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> None:
    def reserve(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", reserve)


@pytest.mark.usefixtures("full")
def test_a_full_store_is_an_error_at_the_write_and_leaves_nothing(store: Store) -> None:
    with pytest.raises(StoreFull, match=r"no room for 2\.4 MB.*drop results") as caught:
        store.write(1, pack(np.ones(LARGE)))
    assert caught.value.errno == errno.ENOSPC
    with pytest.raises(StoreFull):
        store.begin_copy(pack(np.ones(LARGE)))
    assert os.listdir(store.folder) == []


def test_a_limit_of_the_system_on_file_sizes_is_a_full_store(store: Store) -> None:
    """In a process of its own: the limit holds for all it writes."""
    code = f"""
        import os, resource
        import numpy as np
        from treadle_runtime.errors import StoreFull
        from treadle_runtime.store.files import Store
        from treadle_runtime.store.packing import pack, unpack
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
        store = Store({str(store.folder)!r})
        store.write(1, pack(np.ones(1000)))
        for reserve in (True, False):  # where nothing can be reserved, writing itself says so
            if not reserve:
                del os.posix_fallocate
            try:
                store.write(2, pack(np.ones({LARGE})))
            except StoreFull as error:
                print(type(error.__cause__).__name__, sorted(os.listdir(store.folder)), unpack(store.open(1)).sum())
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.splitlines() == ["OSError ['1'] 1000.0"] * 2, done.stderr


def test_a_folder_that_is_gone_is_a_store_that_cannot_be_written(tmp_path: Path) -> None:
    store = Store(tmp_path / "gone")
    with pytest.raises(StoreFull, match="cannot be written"):
        store.write(1, pack(1))
    assert store.total() == 0
    store.close()


# ---------------------------------------------------------------- changed in place
def test_inout_copies_once_and_seals_what_lies_in_place(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.write(1, pack([np.arange(LARGE, dtype="f8"), {"k": 1}]))
    before = (store.folder / "1").read_bytes()
    draft = store.begin_copy(store.open(1))
    live = unpack(draft.packed)
    live[0] += 1
    live[1]["k"] = 2
    written: list[int] = []
    pwrite = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda fd, data, at: written.append(len(data)) or pwrite(fd, data, at))
    draft.seal(2, pack(live))
    assert sum(written) < 4096
    live[0][:] = -1  # whoever still holds the object can't reach the sealed version
    array, extra = unpack(store.open(2))
    np.testing.assert_array_equal(array, np.arange(LARGE) + 1.0)
    assert extra == {"k": 2}
    assert (store.folder / "1").read_bytes() == before


CHANGES = {
    "grown": lambda live: live.append(np.full(50_000, 3.0)),
    "much grown": lambda live: live.extend(np.full(LARGE, float(i)) for i in range(4)),
    "a longer pickle": lambda live: live.append(list(range(20_000))),
    "many small ones": lambda live: live.extend(np.full(1000, i) for i in range(500)),
    "shrunk": lambda live: live.pop(),
    "exchanged": lambda live: live.__setitem__(0, np.full(LARGE, 9.0)),
    "swapped": lambda live: live.reverse(),
    "a view of itself": lambda live: live.append(live[0][10:200_000]),
    "a slice": lambda live: live.__setitem__(0, live[0][1:]),
    "every second": lambda live: live.__setitem__(0, live[0][::2]),
    "emptied": lambda live: live.clear(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_a_task_does_to_its_inout_is_what_is_sealed(store: Store, change: str) -> None:
    draft = store.begin_copy(pack([np.arange(LARGE, dtype="f8"), np.arange(100_000)]))
    live = unpack(draft.packed)
    live[0][:10] = 7.0
    CHANGES[change](live)
    size = draft.seal(2, pack(live))
    back = unpack(store.open(2))
    assert len(back) == len(live)
    for left, right in zip(back, live, strict=True):
        np.testing.assert_array_equal(left, right)
    assert size == store.nbytes(2)
    assert os.listdir(store.folder) == ["2"]
    again = store.begin_copy(store.open(2))  # waste does not add up
    again.seal(3, pack(unpack(again.packed)))
    assert store.nbytes(3) <= store.open(2).nbytes + 4096 + 80 * len(store.open(2).buffers)


def test_a_discarded_draft_leaves_nothing(store: Store) -> None:
    draft = store.begin_copy(pack(np.zeros(LARGE)))
    live = unpack(draft.packed)
    draft.discard()
    draft.discard()
    live += 1  # the object stays usable
    assert os.listdir(store.folder) == []
    with pytest.raises(ValueError, match="discarded"):
        draft.seal(1, pack(live))


def test_a_store_that_fills_up_while_sealing_leaves_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = store.begin_copy(pack([np.zeros(LARGE)]))
    live = unpack(draft.packed)
    live.append(np.ones(100_000))

    def reserve(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", reserve)
    with pytest.raises(StoreFull):
        draft.seal(2, pack(live))
    assert os.listdir(store.folder) == []
    assert live[0].sum() == 0.0


def test_memory_that_cannot_be_made_private_is_written_anew(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from treadle_runtime.store import draft as draft_module

    monkeypatch.setattr(draft_module, "_make_private", lambda *_: False)
    draft = store.begin_copy(pack(np.zeros(LARGE)))
    live = unpack(draft.packed)
    live += 1
    draft.seal(2, pack(live))
    live += 1
    assert (unpack(store.open(2)) == 1.0).all()


def test_bare_memory_needs_no_copy(store: Store) -> None:
    store.write(1, pack_buffer(np.arange(LARGE)))
    memory = unpack(store.open(1))
    array = np.frombuffer(memory, "i8")
    array[0] = 5
    assert array[-1] == LARGE - 1


# ---------------------------------------------------------------- growth
def test_a_thousand_values_made_and_dropped_take_the_room_of_one(store: Store) -> None:
    packed = pack(np.zeros(125_000))
    most = 0
    for vid in range(1, 1001):
        store.write(vid, packed)
        array = unpack(store.open(vid))
        store.delete(vid)
        most = max(most, store.total())
    assert array.sum() == 0.0
    assert most < 2 << 20
    assert store.total() == 0


def test_dropped_values_give_their_descriptors_back(store: Store) -> None:
    def descriptors() -> int:
        return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0

    store.write(1, pack(np.zeros(LARGE)))
    gc.collect()
    before, alive = descriptors(), memory.maps_alive()
    for _ in range(50):
        unpack(store.open(1))
        draft = store.begin_copy(store.open(1))
        draft.seal(2, pack(unpack(draft.packed)))
        with contextlib.suppress(StoreFull):
            Store("/nowhere/at/all").begin_copy(Packed(b"N.", []))
    del draft
    assert (descriptors(), memory.maps_alive()) == (before, alive)
