"""Equal content, equal fingerprint: in every process. Different content, different fingerprint."""

from __future__ import annotations

import copy
import datetime
import decimal
import enum
import functools
import itertools
import os
import subprocess
import sys
import textwrap
from collections import OrderedDict, defaultdict, deque
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import scipy.sparse as sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from treadle_runtime.errors import NotSerializable
from treadle_runtime.store.fingerprint import buffer_hash, fingerprint
from treadle_runtime.store.packing import pack, unpack


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Mode(enum.Flag):
    A = 1
    B = 2


@dataclass
class Point:
    x: float
    tags: set[str]


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self, a: int) -> None:
        self.a = a


class Named(list):  # type: ignore[type-arg]
    pass


CELL = """
def scaled(k):
    def f(x, y=(1, 2), *, z={"m", "n", "o"}):
        return x * k if x in {"a", "b", "c"} else y
    return f
class C:
    limit = 5
    def m(self): return 1
    @property
    def p(self): return 2
"""


def cell(source: str = CELL) -> dict[str, Any]:
    space: dict[str, Any] = {"__name__": "__main__"}
    exec(source, space)  # noqa: S102 - what a cell does
    return space


def different_values() -> list[Any]:
    """Values that differ pairwise; built anew at every call."""
    ring: list[Any] = [1]
    ring.append(ring)
    shared = [1]
    grid = np.arange(12.0).reshape(3, 4)
    read_only = [0, False, 0.0, -0.0, "", b"", None, (), [], {}, set(), frozenset(), bytearray(), 1, True, 1.0, "1", b"1", 1 + 0j]
    return [
        *read_only,
        10**40,
        -(10**40),
        float("nan"),
        "é\ud800",
        [1, 2],
        [2, 1],
        (1, 2),
        [[1], 2],
        [1, [2]],
        ["ab", "c"],
        ["a", "bc"],
        {"a": 1, "b": 2},
        {"b": 2, "a": 1},
        {"a": {"b", "c", "d", "e"}},
        {"x", ("y", frozenset({"z", "w"}))},
        {"x", ("y", frozenset({"z"}))},
        ring,
        [shared, shared],
        [[1], [1]],
        list(range(100)),
        [float(i) for i in range(100)],
        [*range(99), 1 << 70],
        Colour.RED,
        Colour.BLUE,
        Mode.A,
        Mode.A | Mode.B,
        Point(1.0, {"p", "q", "r"}),
        Point(2.0, {"p", "q", "r"}),
        Slotted(1),
        Slotted(2),
        Named([1, 2]),
        OrderedDict(a=1),
        defaultdict(list, a=1),
        deque([1, 2], maxlen=3),
        deque([1, 2]),
        datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC),
        decimal.Decimal("1.10"),
        Fraction(1, 3),
        functools.partial(int, base=7),
        len,
        np.sum,
        np.ndarray,
        os,
        [].append,
        grid,
        grid.T,
        grid[::2],
        grid[:, ::-1],
        grid.astype("f4"),
        grid.astype(">f8"),
        grid.astype("i8"),
        grid.reshape(4, 3),
        np.float64(1.0),
        np.zeros((0, 3)),
        np.zeros((3, 0)),
        np.array(5),
        np.array([{"a": 1}, None], dtype=object),
        np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]),
        np.array(["2024-01-01"], "M8[D]"),
        np.array(["2024-01-01"], "M8[s]"),
        np.ma.masked_array([1, 2], [True, False]),
        pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}),
        pd.DataFrame({"a": [1, 2], "b": ["x", "z"]}),
        pd.Series([1.0, 2.0], index=["i", "j"]),
        pa.table({"x": [1, 2]}),
        sparse.csr_matrix(np.eye(3)),
        sparse.csr_matrix(np.eye(4)),
        cell()["scaled"](3),
        cell()["scaled"](4),
        cell()["C"],
        cell(CELL.replace("return 1", "return 3"))["C"],
        cell(CELL.replace("limit = 5", "limit = 6"))["C"],
        cell()["C"]().m,
    ]


def test_no_two_of_many_values_have_the_same_fingerprint() -> None:
    marks = [fingerprint(value) for value in different_values()]
    assert all(len(mark) == 16 for mark in marks)
    values = different_values()
    for (i, one), (j, other) in itertools.combinations(enumerate(marks), 2):
        assert one != other, (values[i], values[j])


def test_fingerprints_are_equal_in_processes_with_different_hash_seeds() -> None:
    code = f"""
        import importlib.util
        spec = importlib.util.spec_from_file_location("values_of_test", {__file__!r})
        import sys
        module = sys.modules["values_of_test"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        for value in module.different_values():
            print(module.fingerprint(value).hex())
    """
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(code)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for seed in ("1", "2")
    ]
    outputs = []
    for run in runs:
        out, err = run.communicate(timeout=120)
        assert run.returncode == 0, err
        outputs.append(out.split())
    assert len(outputs[0]) == len(different_values())
    assert outputs[0] == outputs[1]


def test_what_has_travelled_has_the_same_fingerprint() -> None:
    for value in different_values():
        if isinstance(value, type) and value.__module__ == "__main__":
            continue  # a class by value gets attributes of its own on the way
        if isinstance(value, np.ma.MaskedArray):
            continue  # gets its fill value, which it had by default before
        if getattr(value, "__func__", None) is None:
            assert fingerprint(unpack(pack(value))) == fingerprint(value), value


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | hnp.arrays(hnp.scalar_dtypes(), 3),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner) | st.sets(st.text() | st.integers()),
    max_leaves=10,
)


@given(values)
@settings(max_examples=60, deadline=None)
def test_a_copy_has_the_fingerprint_of_the_original(value: Any) -> None:
    assert fingerprint(copy.deepcopy(value)) == fingerprint(value)


@given(st.permutations(range(3)), st.sampled_from([1, 2, -1]), st.sampled_from(["f8", "i2", "c16", "S3", "M8[ns]"]))
@settings(max_examples=60, deadline=None)
def test_the_memory_order_of_an_array_does_not_matter(axes: list[int], step: int, dtype: str) -> None:
    view = np.arange(120).astype("i8").astype(dtype).reshape(4, 5, 6).transpose(axes)[::step]
    assert fingerprint(view) == fingerprint(view.copy(order="C")) == fingerprint(view.copy(order="F"))


def test_a_large_strided_array_is_read_in_blocks() -> None:
    view = np.arange(6_000_000.0).reshape(2000, 3000)[:, ::1].T
    assert fingerprint(view) == fingerprint(view.copy(order="C"))
    changed = view.copy(order="F")
    changed[-1, -1] += 1
    assert fingerprint(changed) != fingerprint(view)


def test_reading_an_object_does_not_change_its_fingerprint() -> None:
    class Lazy:
        @functools.cached_property
        def twice(self) -> int:
            return 2

    matrix, lazy, frame = sparse.csr_matrix(np.eye(3)), Lazy(), pd.DataFrame({"a": [3, 1]})
    before = [fingerprint(obj) for obj in (matrix, lazy, frame)]
    assert matrix.has_sorted_indices
    assert lazy.twice == 2
    assert frame.describe().shape == (8, 1)
    assert frame.index.is_unique
    assert [fingerprint(obj) for obj in (matrix, lazy, frame)] == before


def test_a_caller_decides_what_code_is() -> None:
    function = cell()["scaled"](3)
    told = [fingerprint(function, code=lambda _, mark=mark: mark) for mark in (b"1", b"2")]
    assert told[0] != told[1]
    assert fingerprint(function, code=lambda _: None) == fingerprint(function)


def test_where_code_stands_does_not_matter() -> None:
    moved = cell("\n\n\n" + CELL)
    assert fingerprint(moved["scaled"](3)) == fingerprint(cell()["scaled"](3))


@pytest.mark.parametrize("make", [lambda: (i for i in "ab"), lambda: open(os.devnull)])  # noqa: SIM115
def test_what_has_no_content_is_refused(make: Any) -> None:
    thing = make()
    try:
        with pytest.raises(NotSerializable, match="cannot be compared"):
            fingerprint([1, thing])
    finally:
        thing.close()


def test_endless_depth_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(NotSerializable):
        fingerprint(deep)
    while deep:
        deep = deep[0]


def test_memory_is_hashed_by_content() -> None:
    data = os.urandom(1 << 20)
    assert buffer_hash(data) == buffer_hash(memoryview(bytearray(data)))
    assert buffer_hash(data) != buffer_hash(data[:-1] + bytes([data[-1] ^ 1]))
    assert buffer_hash(b"") < 1 << 128
