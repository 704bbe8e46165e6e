"""Memory of dropped values is used for the next copies, never while anybody can still see it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from treadle_runtime.store.files import Store
from treadle_runtime.store.packing import Packed, pack, unpack
from treadle_runtime.worker import spare as module
from treadle_runtime.worker.settle import settled
from treadle_runtime.worker.spare import Spare
from treadle_runtime.worker.values import Values

SIZE = 250_000


def made(spare: Spare, value: float) -> Packed:
    """Return a value as a task leaves it that changed its copy in place."""
    array = unpack(spare.copy(pack(np.zeros(SIZE))))
    array += value
    packed = pack(array)
    del array
    return settled(packed)


def place(array: Any) -> int:
    return int(array.__array_interface__["data"][0])


def test_a_copy_takes_the_memory_of_what_was_dropped() -> None:
    spare = Spare()
    packed = made(spare, 1)
    before = place(np.frombuffer(packed.buffers[0]))
    spare.keep(packed)
    assert spare
    array = unpack(spare.copy(pack(np.full(SIZE, 7.0))))
    assert place(array) == before
    assert array.flags.writeable
    assert (array == 7).all()
    assert not spare


@pytest.mark.parametrize("see", [np.frombuffer, memoryview, lambda buffer: np.frombuffer(buffer)[3:]])
def test_memory_that_somebody_sees_is_left_alone(see: Any) -> None:
    spare = Spare()
    packed = made(spare, 1)
    seen = see(packed.buffers[0])
    spare.keep(packed)
    assert not spare
    assert np.frombuffer(seen)[0] == 1


def test_memory_that_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    spare, store = Spare(), Store(tmp_path)
    store.write(1, pack(np.zeros(SIZE)))
    spare.keep(store.open(1))
    spare.keep(pack(np.zeros(SIZE)))
    spare.keep(pack(b"x" * SIZE))
    assert not spare


def test_it_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 3 * SIZE * 8)
    spare = Spare()
    for packed in [made(spare, i) for i in range(5)]:
        spare.keep(packed)
    assert len(spare._pieces) == 3
    assert unpack(spare.copy(pack(np.zeros(2 * SIZE)))).nbytes == 2 * SIZE * 8  # none of this size
    spare.clear()
    assert not spare


def test_a_chain_of_held_values_turns_in_two_pieces_of_memory(tmp_path: Path) -> None:
    values, places = Values(Store(tmp_path)), set()
    values.keep(1, [pack(np.zeros(SIZE))])
    for number in range(2, 12):
        (source,) = values.sources([((number - 1) << 16, 2, SIZE * 8, None)]) or ()
        array = unpack(source())
        places.add(place(array))
        array += 1
        packed = pack(array)
        del array
        values.keep(number, [packed])
        del packed, source
        values.free([(number - 1) << 16])
    assert len(places) <= 2
    assert unpack(values._held[11 << 16])[0] == 10


def test_what_is_being_published_is_not_used_again(tmp_path: Path) -> None:
    values = Values(Store(tmp_path))
    values.keep(1, [made(Spare(), 1)])
    with values._publishing:
        values.free([1 << 16])
    assert not values.spare
