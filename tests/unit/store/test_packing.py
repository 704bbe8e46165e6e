"""A packed value comes back equal, and its memory travels beside the pickle."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import scipy.sparse as sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from treadle_runtime.errors import DataError
from treadle_runtime.store.packing import Packed, Pickler, pack, pack_buffer, unpack

MIB = 1 << 20
IN_BAND = 64 * 1024


def again(value: Any) -> Any:
    """Return what another process would get through a message."""
    return unpack(Packed.from_bytes(pack(value).to_bytes()))


def same(left: Any, right: Any) -> bool:
    if isinstance(left, np.ndarray):
        if left.dtype.kind in "mM":  # small ones go numpy's own way, which makes their byte order native
            left, right = left.astype(left.dtype.newbyteorder("=")), right.astype(right.dtype.newbyteorder("="))
        return left.dtype == right.dtype and left.shape == right.shape and left.tobytes() == right.tobytes()
    if type(left) is not type(right):
        return False
    if isinstance(left, (list, tuple)):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return list(left) == list(right) and all(same(left[key], right[key]) for key in left)
    return bool(left == right) or left != left


leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.builds(lambda byte, n: bytes([byte]) * n, st.integers(0, 255), st.integers(60_000, 140_000))
    | st.builds(lambda n: bytearray(n), st.integers(60_000, 70_000))
    | st.builds(lambda c, n: c * n, st.characters(), st.integers(60_000, 70_000))
    | hnp.arrays(hnp.scalar_dtypes(), hnp.array_shapes(max_dims=3, max_side=5))
)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=3), inner, max_size=4)
        | st.frozensets(st.integers(), max_size=4)
    ),
    max_leaves=8,
)


@given(values)
@settings(max_examples=80, deadline=None)
def test_any_value_comes_back_equal(value: Any) -> None:
    assert same(again(value), value)


@dataclass
class Case:
    name: str
    grid: np.ndarray
    extra: dict[str, Any] = field(default_factory=dict)


class Colour(enum.Enum):
    RED = 1


@st.composite
def strided(draw: st.DrawFn) -> np.ndarray:
    """Arrays of 64 KiB and more: any dtype, order of axes, step and direction."""
    dtype = draw(st.sampled_from(["i1", "<f4", ">f8", "c16", "M8[ns]", "m8[s]", "?", "U3", "S5", [("a", "i4"), ("b", "f8")]]))
    shape = draw(st.sampled_from([(70_000,), (300, 260), (40, 50, 60), (7, 11, 13, 80)]))
    count = int(np.prod(shape))
    array = np.arange(count).astype("i8").astype(dtype) if not isinstance(dtype, list) else np.zeros(count, dtype)
    array = array.reshape(shape).transpose(draw(st.permutations(range(len(shape)))))
    return array[tuple(slice(None, None, draw(st.sampled_from([1, 1, 2, -1, -3]))) for _ in shape)]


@given(strided())
@settings(max_examples=60, deadline=None)
def test_arrays_of_any_layout_travel_out_of_band(array: np.ndarray) -> None:
    packed = pack(array)
    assert len(packed.stream) < 4096 + (array.nbytes if array.nbytes < 4096 else 0)
    back = unpack(Packed.from_bytes(packed.to_bytes()))
    assert same(back, array)
    assert back.flags.writeable
    if array.flags.f_contiguous:
        assert back.flags.f_contiguous


BIG = np.arange(12_500_000, dtype="f8")
LARGE_VALUES = {
    "array": lambda: BIG,
    "every second element": lambda: np.arange(25_000_000, dtype="f8")[::2],
    "reversed": lambda: BIG[::-1],
    "transposed block": lambda: np.zeros((7100, 7100)).T[:3550, ::2],
    "dates": lambda: BIG.astype("M8[s]"),
    "masked": lambda: np.ma.masked_greater(BIG, 5),
    "frame": lambda: pd.DataFrame({"a": BIG[:4_000_000], "b": np.arange(4_000_000), "c": pd.to_datetime(np.arange(4_000_000))}),
    "frame of text": lambda: pd.DataFrame({"s": ["some text that is no number"] * 3_000_000}),
    "series slice": lambda: pd.Series(np.arange(25_000_000, dtype="f8"))[::2],
    "table": lambda: pa.table({"x": BIG[:6_000_000], "s": pa.array(["eight ch"] * 6_000_000)}),
    "csr": lambda: sparse.csr_matrix((BIG[:8_000_000], np.arange(8_000_000) % 1000, np.arange(0, 8_000_001, 1000))),
    "coo": lambda: sparse.coo_matrix((BIG[:6_000_000], (np.arange(6_000_000), np.arange(6_000_000)))),
    "bytes": lambda: b"x" * 100_000_000,
    "bytearray": lambda: bytearray(100_000_000),
    "text": lambda: "x" * 100_000_000,
    "bytes in a list": lambda: [b"x" * MIB for _ in range(95)],
}


@pytest.mark.parametrize("name", LARGE_VALUES)
def test_of_100_mb_at_most_64_kb_are_in_band(name: str) -> None:
    packed = pack({"deep": [LARGE_VALUES[name]()]})
    assert len(packed.stream) <= IN_BAND
    assert packed.nbytes > 90_000_000


def test_pandas_arrow_and_sparse_come_back_equal_and_writable() -> None:
    frame = pd.DataFrame({"a": np.arange(20_000.0), "s": ["x"] * 20_000, "t": pd.to_datetime(np.arange(20_000))})
    back = again(frame)
    pd.testing.assert_frame_equal(back, frame)
    back.loc[0, "a"] = 7.0
    assert back["a"][0] == 7.0
    table = pa.table({"x": np.arange(20_000), "s": ["y"] * 20_000})
    assert again(table).equals(table)
    matrix = sparse.random(400, 300, 0.3, "csr", random_state=1)
    back = again(matrix)
    assert (back != matrix).nnz == 0
    back.data[0] = 5.0


def test_sharing_survives_for_large_bytes_and_arrays() -> None:
    memory, text, array = bytearray(200_000), b"t" * 200_000, np.zeros(50_000)
    first, second, third, text_a, text_b, left, right = again([memory, memory, bytearray(memory), text, text, array, array])
    assert first is second
    assert third is not first
    assert text_a is text_b
    assert left is right


def test_large_bytes_between_arrays_keep_their_places() -> None:
    value = [np.full(20_000, 1), b"a" * 70_000, np.full(20_000, 2), bytearray(b"b" * 70_000), "c" * 70_000, np.full(9000, 3)]
    assert same(again(value), value)


def test_bytes_that_look_like_the_announcement_of_a_payload_stay_bytes() -> None:
    payload = b"p" * 70_000
    looks = b"B" + len(payload).to_bytes(4, "little")
    value = [looks, payload, looks * 14_000, payload + b"q", b"\x8e" + (70_001).to_bytes(8, "little"), payload + b"q"]
    assert again(value) == value


def test_inline_memory_is_copied_so_that_nobody_shares_it() -> None:
    array = np.zeros(10_000)
    packed = pack(array)
    first, second = unpack(packed), unpack(packed)
    first[0] = 1.0
    assert array[0] == second[0] == 0.0


def test_read_only_arrays_stay_read_only() -> None:
    array = np.zeros(10_000)
    array.flags.writeable = False
    assert not again(array).flags.writeable


def test_functions_and_classes_of_a_cell_travel_by_value() -> None:
    space: dict[str, Any] = {"__name__": "__main__"}
    exec("def f(x, k=3):\n    return x * k\nclass C:\n    n = 5", space)  # noqa: S102 - what a cell does
    assert again(space["f"])(2) == 6
    assert again(space["C"]()).n == 5


def test_instances_enums_and_object_arrays() -> None:
    case = again(Case("a", np.ones((100, 200)), {"colour": Colour.RED}))
    assert case.extra["colour"] is Colour.RED
    assert case.grid.shape == (100, 200)
    objects = np.array([{"a": 1}, None, [2]] * 1000, dtype=object)
    assert again(objects).tolist() == objects.tolist()


def test_a_subclass_decides_what_stands_for_an_object() -> None:
    special = [1, 2]

    class Naming(Pickler):
        def persistent_id(self, obj: Any) -> Any:
            return "special" if obj is special else None

    packed = Naming().pack({"x": special, "y": b"z" * 100_000})
    back = unpack(packed, find={"special": special}.__getitem__)
    assert back["x"] is special
    assert back["y"] == b"z" * 100_000


def test_bare_memory_is_a_value() -> None:
    back = unpack(Packed.from_bytes(pack_buffer(b"abc" * 100).to_bytes()))
    assert bytes(back) == b"abc" * 100
    memoryview(back)[0] = 1


@pytest.mark.parametrize("cut", [0, 3, 20, 100, 5000, -1])
def test_cut_or_foreign_bytes_are_refused(cut: int) -> None:
    data = pack([np.arange(10_000), b"x" * 100_000]).to_bytes()
    with pytest.raises(DataError, match="not a packed value"):
        Packed.from_bytes(data[:cut])
    with pytest.raises(DataError, match="not a packed value"):
        Packed.from_bytes(b"JUNK" + data[4:])


@given(st.integers(0, 63), st.integers(0, 255))
@settings(max_examples=200, deadline=None)
def test_damaged_headers_never_reach_outside_the_data(at: int, byte: int) -> None:
    data = bytearray(pack([np.arange(1000), np.arange(2000)]).to_bytes())
    data[at] = byte
    try:
        packed = Packed.from_bytes(bytes(data))
    except DataError:
        return
    assert packed.nbytes <= len(data)


def test_nothing_is_left_in_a_cycle() -> None:
    """Buffers are views of the user's memory: they must go with the Packed, not with the next collection."""
    memory = bytearray(100_000)
    packed = pack([memory])
    del packed
    memory.append(1)  # BufferError while a view is alive
