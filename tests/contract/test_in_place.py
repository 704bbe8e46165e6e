"""Which objects are brought up to date in place, and what happens to others (docs/guide.md, "Data")."""

from __future__ import annotations

import array
import collections
import dataclasses
import io
import itertools
import random
import threading
import types
import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from treadle_runtime.api import INOUT, task, wait_on


@task(c=INOUT)
def change(c, how):
    how(c)


class Plain:
    def __init__(self, **state):
        self.__dict__.update(state)


class Slotted:
    __slots__ = ("__hidden", "a", "b")

    def hide(self, value):
        self.__hidden = value

    def hidden(self):
        return self.__hidden


class Derived(Slotted):
    __slots__ = ("c",)


class WithLock:
    def __init__(self, value):
        self.__setstate__(value)

    def __getstate__(self):
        return self.value

    def __setstate__(self, value):
        self.value, self.lock = value, threading.Lock()


class TaggedList(list):
    tag = ""


class Labelled(np.ndarray):
    pass


@dataclasses.dataclass(slots=True)
class Point:
    x: int
    tags: list


@dataclasses.dataclass(frozen=True)
class Frozen:
    tags: list


class MadeAnew:
    """Pickles as a call of its class: there is no way to give an instance another state."""

    def __init__(self, v):
        self.v = v

    def __reduce__(self):
        return MadeAnew, (self.v,)


def slotted(**values):
    made = Derived()
    for name, value in values.items():
        setattr(made, name, value)
    return made


def masked():
    return np.ma.array([1, 2, 3], mask=[False, True, False])


IN_PLACE = {
    "array": (lambda: np.zeros(3), lambda c: c.__setitem__(0, 5), lambda c: c.tolist(), [5, 0, 0]),
    "0d array": (lambda: np.array(3.0), lambda c: c.fill(5), float, 5.0),
    "empty array": (lambda: np.zeros((0, 3)), id, lambda c: c.shape, (0, 3)),
    "fields": (lambda: np.zeros(2, "i4,f8"), lambda c: c["f0"].fill(4), lambda c: c["f0"].tolist(), [4, 4]),
    "objects": (lambda: np.array([None, "x"]), lambda c: c.__setitem__(0, [3]), lambda c: c.tolist(), [[3], "x"]),
    "fortran": (lambda: np.zeros((2, 2), order="F"), lambda c: c.__setitem__((0, 1), 7), lambda c: c.tolist(), [[0, 7], [0, 0]]),
    "strided": (lambda: np.zeros((4, 6))[::2, ::3], lambda c: c.fill(1), lambda c: c.base.sum(), 4),
    "reversed": (lambda: np.arange(5)[::-1], lambda c: c.__setitem__(0, 9), lambda c: c.tolist(), [9, 3, 2, 1, 0]),
    "subclass": (lambda: np.zeros(2).view(Labelled), lambda c: c.fill(2), lambda c: (type(c), c.sum()), (Labelled, 4)),
    "matrix": (lambda: np.zeros((1, 2)).view(np.matrix), lambda c: c.__setitem__((0, 1), 8), lambda c: c.tolist(), [[0, 8]]),
    "record": (lambda: np.rec.array([(1, 2.0)], names="a,b"), lambda c: c.a.fill(8), lambda c: int(c.a[0]), 8),
    "masked": (masked, lambda c: (c.__setitem__(1, 8), c.__setitem__(2, np.ma.masked)), lambda c: c.tolist(), [1, 8, None]),
    "list": (lambda: [1], lambda c: c.append(2), list, [1, 2]),
    "dict": (lambda: {1: 2}, lambda c: c.update(a=[1]), dict, {1: 2, "a": [1]}),
    "set": (lambda: {1}, lambda c: c.add(2), set, {1, 2}),
    "bytearray": (lambda: bytearray(b"ab"), lambda c: c.extend(b"c"), bytes, b"abc"),
    "deque": (lambda: collections.deque([1], 3), lambda c: c.extend([2, 3, 4]), lambda c: (*c, c.maxlen), (2, 3, 4, 3)),
    "defaultdict": (lambda: collections.defaultdict(list), lambda c: c[2].append(3), lambda c: (dict(c), c[9]), ({2: [3]}, [])),
    "ordered": (lambda: collections.OrderedDict([(1, 2), (3, 4)]), lambda c: c.move_to_end(1), list, [3, 1]),
    "counter": (lambda: collections.Counter("aab"), lambda c: c.update("b"), dict, {"a": 2, "b": 2}),
    "array.array": (lambda: array.array("d", [1]), lambda c: c.append(3), list, [1, 3]),
    "frame": (lambda: pd.DataFrame({"a": [1, 2]}), lambda c: c.__setitem__("b", [3, 4]), lambda c: c.to_dict("list"), {"a": [1, 2], "b": [3, 4]}),
    "series": (lambda: pd.Series([1, 2], name="s"), lambda c: c.__setitem__(0, 9), lambda c: (*c, c.name), (9, 2, "s")),
    "coo": (lambda: scipy.sparse.coo_matrix(np.eye(2)), lambda c: c.data.__imul__(5), lambda c: c.toarray().sum(), 10),
    "csc": (lambda: scipy.sparse.csc_array(np.eye(2)), lambda c: c.data.__imul__(5), lambda c: c.toarray().sum(), 10),
    "lil": (lambda: scipy.sparse.lil_matrix(np.eye(2)), lambda c: c.__setitem__((0, 1), 5), lambda c: (c[0, 1], c.nnz), (5, 3)),
    "dok": (lambda: scipy.sparse.dok_matrix(np.eye(2)), lambda c: c.__setitem__((0, 1), 5), lambda c: (c[0, 1], c.nnz), (5, 3)),
    "Random": (lambda: random.Random(3), lambda c: c.random(), lambda c: c.random(), (lambda r: (r.random(), r.random())[1])(random.Random(3))),
    "Generator": (lambda: np.random.default_rng(3), lambda c: c.random(), lambda c: c.random(), np.random.default_rng(3).random(2)[1]),
    "Philox": (lambda: np.random.Generator(np.random.Philox(3)), lambda c: c.random(), lambda c: c.random(), np.random.Generator(np.random.Philox(3)).random(2)[1]),
    "RandomState": (lambda: np.random.RandomState(3), lambda c: c.rand(), lambda c: c.rand(), np.random.RandomState(3).rand(2)[1]),
    "instance": (lambda: Plain(x=[1], gone=1), lambda c: (c.x.append(2), setattr(c, "y", 3), delattr(c, "gone")), vars, {"x": [1, 2], "y": 3}),
    "slots": (lambda: slotted(a=1), lambda c: (setattr(c, "b", 5), setattr(c, "c", 6), c.hide(7)), lambda c: (c.a, c.b, c.c, c.hidden(), hasattr(c, "__dict__")), (1, 5, 6, 7, False)),
    "setstate": (lambda: WithLock(1), lambda c: setattr(c, "value", 7), lambda c: (c.value, c.lock.locked()), (7, False)),
    "BytesIO": (lambda: io.BytesIO(b"abc"), lambda c: c.write(b"ZZ"), lambda c: (c.getvalue(), c.tell()), (b"ZZc", 2)),
    "StringIO": (lambda: io.StringIO("abc"), lambda c: c.write("ZZ"), lambda c: (c.getvalue(), c.tell()), ("ZZc", 2)),
    "list subclass": (lambda: TaggedList([1]), lambda c: (c.append(2), setattr(c, "tag", "u")), lambda c: (list(c), c.tag), ([1, 2], "u")),
    "namespace": (lambda: types.SimpleNamespace(a=1), lambda c: setattr(c, "b", 2), vars, {"a": 1, "b": 2}),
    "dataclass": (lambda: Point(1, [2]), lambda c: (setattr(c, "x", 2), c.tags.append(3)), lambda c: (c.x, c.tags), (2, [2, 3])),
    "frozen": (lambda: Frozen([2]), lambda c: c.tags.append(3), lambda c: c.tags, [2, 3]),
    "exception": (lambda: ValueError(1, 2), lambda c: setattr(c, "extra", 3), lambda c: (c.args, c.extra), ((1, 2), 3)),
    "tuple": (lambda: ([1], 2), lambda c: c[0].append(2), lambda c: c, ([1, 2], 2)),
}


@pytest.mark.parametrize("name", IN_PLACE)
def test_it_is_brought_up_to_date_in_place(name):
    make, how, look, expected = IN_PLACE[name]
    live = make()
    change(live, how)
    assert wait_on(live) is live
    assert look(live) == expected


@pytest.mark.parametrize("make", [lambda: MadeAnew(1), lambda: itertools.count(1)])
def test_what_cannot_be_updated_is_returned_anew_with_a_warning(make):
    live = old = make()
    step = (lambda c: setattr(c, "v", c.v + 1)) if isinstance(live, MadeAnew) else next
    for _ in range(3):
        change(live, step)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        live = wait_on(live)
    assert "live could not be updated in place: write live = wait_on(live)" in "".join(str(w.message) for w in told) or told == []  # once per session and type
    assert live is not old
    change(old, step)  # the old object stands for the new version from now on
    again = wait_on(old)
    assert (again.v if isinstance(again, MadeAnew) else next(again)) == 5
