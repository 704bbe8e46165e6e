"""What happens to data: updates in place, views, aliases, changes while pending, failures (docs/guide.md, "Data")."""

from __future__ import annotations

import array
import collections
import dataclasses
import gc
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

from treadle_runtime.api import INOUT, OUT, TreadleWarning, barrier, future, put, task, wait_on
from treadle_runtime.errors import ChangedWhilePending, NotSerializable, UpstreamFailed


@task(c=INOUT)
def change(c, how):
    how(c)


@task(c=INOUT)
def increase(c):
    c[0] += 1


@task(c=INOUT)
def spoil(c):
    c[0] = 99
    raise ValueError("spoiled")


@task
def first(c):
    return c[0]


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
    "empty array": (lambda: np.zeros((0, 3)), lambda c: None, lambda c: c.shape, (0, 3)),
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
    assert "write x = wait_on(x)" in "".join(str(w.message) for w in told) or told == []  # once per session and type
    assert live is not old
    change(old, step)  # the old object stands for the new version from now on
    again = wait_on(old)
    assert (again.v if isinstance(again, MadeAnew) else next(again)) == 5


@pytest.mark.parametrize(
    ("make", "meddle"),
    [
        (lambda: np.zeros(3), lambda c: c.__setitem__(0, 5)),
        (lambda: [0], lambda c: c.append(3)),
        (lambda: [0, [1]], lambda c: c[1].append(2)),
        (lambda: {0: 0}, lambda c: c.update(a=1)),
        (lambda: bytearray(3), lambda c: c.append(1)),
        (lambda: np.ma.zeros(3), lambda c: c.__setitem__(1, np.ma.masked)),
        (lambda: pd.Series([0, 1]), lambda c: c.__setitem__(1, 7)),
    ],
    ids=["array", "list", "nested", "dict", "bytearray", "masked", "series"],
)
def test_changed_here_while_a_task_writes_it(make, meddle):
    live = make()
    increase(live)
    meddle(live)
    with pytest.raises(ChangedWhilePending, match=r"increase #\d+ writes was changed here.*wait_on"):
        first(live)
    with pytest.raises(ChangedWhilePending):
        increase(live)
    with pytest.raises(ChangedWhilePending):
        wait_on(live)


def test_a_new_attribute_value_is_a_change():
    live = Plain(x=1)
    change(live, lambda c: setattr(c, "x", 2))
    live.x = 5
    with pytest.raises(ChangedWhilePending, match="Plain"):
        wait_on(live)


def test_a_change_after_the_wait_is_seen_by_the_next_task():
    c = np.zeros(2)
    increase(c)
    wait_on(c)[0] = 10
    increase(c)
    assert wait_on(first(c)) == 11
    assert wait_on(c)[0] == 11


def test_arguments_are_taken_as_they_are_at_the_call():
    c = np.zeros(1000)
    found = first(c)
    c[0] = 5
    assert wait_on(found, first(c)) == [0, 5]


def test_a_failed_inout_keeps_the_last_good_value():
    c = np.zeros(2)
    increase(c)
    spoil(c)
    increase(c)
    with pytest.raises(UpstreamFailed, match=r"spoil #\d+, which it needs, failed: ValueError: spoiled"):
        wait_on(c)
    assert c.tolist() == [1, 0]
    assert wait_on(c) is c  # told once; it is an ordinary object again
    increase(c)
    assert wait_on(c)[0] == 2
    barrier()


def test_thousands_of_writes_above_a_failure():
    c = [0]
    spoil(c)
    for _ in range(1500):
        increase(c)
    with pytest.raises(UpstreamFailed):
        wait_on(c)
    assert c == [0]


def test_the_same_object_twice_in_one_call():
    grow = task(a=INOUT, b=INOUT)(lambda a, b: (a.append(1), b.append(2), a is b)[2])
    read = task(a=INOUT)(lambda a, b: (a.append(3), len(b), a is b)[1:])
    c = []
    assert wait_on(grow(c, c)) is True
    assert wait_on(read(c, c)) == (3, True)
    assert wait_on(c) == [1, 2, 3]
    holder = [c]
    assert wait_on(read(c, holder)) == (1, False)
    assert wait_on(holder) == [[1, 2, 3, 3]]
    assert holder[0] is c


def test_out_arguments():
    c = np.ones(4)
    wait_on(task(a=OUT)(lambda a: a.fill(3))(c))
    assert wait_on(c).tolist() == [3] * 4


def test_views_of_one_array_are_ordered():
    base = np.zeros(10)
    increase(base[2:4])
    increase(base[2:6:2])
    view = base[::-1]
    increase(view)
    assert wait_on(view) is view
    assert base.tolist() == [0, 0, 2, 0, 0, 0, 0, 0, 0, 1]
    assert wait_on(base) is base


def test_a_view_as_in_sees_what_is_pending_on_its_base():
    base = np.zeros((3, 3))
    increase(base[1])
    assert wait_on(task(lambda v: v.tolist())(base[1])) == [1, 0, 0]
    assert wait_on(task(lambda v: v.sum())(base)) == 1
    assert wait_on(base).sum() == 1


def test_memory_of_another_object():
    memory = bytearray(16)
    view = np.frombuffer(memory)
    increase(view)
    assert wait_on(view)[0] == 1
    assert memory != bytearray(16)


def test_pending_objects_at_any_depth():
    inner = [0]
    outer = {"a": (inner, Plain(x=inner))}
    increase(inner)
    assert wait_on(task(lambda d: d["a"][0][0] + d["a"][1].x[0])(outer)) == 2
    increase(inner)
    assert wait_on(outer)["a"][0] is inner
    assert inner == [2]


def test_a_cycle():
    ring = {}
    ring["self"] = ring
    change(ring, lambda c: c.update(a=1))
    assert wait_on(ring)["self"] is ring
    assert ring["a"] == 1


def test_pending_objects_that_meet_stay_one():
    a = np.zeros(2)
    holder = [a]
    increase(a)
    change(holder, lambda c: c.append(4))
    assert wait_on(holder)[0] is a
    assert a[0] == 1
    assert holder[1] == 4


def test_inout_on_futures():
    x = task(lambda: [1])()
    increase(x)
    increase(x)
    assert wait_on(first(x)) == 3
    assert wait_on(x) == [3]
    value = wait_on(x)
    increase(x)
    assert wait_on(x) is value
    increase(value)
    assert wait_on(x) == [5]


def test_a_result_is_nobody_elses():
    a = np.zeros(4)
    x = task(lambda a: a)(a)
    y = wait_on(x)
    assert y.flags.writeable
    y[0] = 7
    assert a[0] == 0
    assert wait_on(x) is y
    assert wait_on(first(x)) == 7  # as in sequential code: x is what was changed
    other = future(x._call.number)
    assert wait_on(other)[0] == 0


@pytest.mark.parametrize("size", [3, 3000, 300_000])
def test_results_are_writable_and_independent(size):
    twice = task(returns=2)(lambda n: (np.zeros(n),) * 2)
    x, y = wait_on(*twice(size))
    x[0] = 1
    assert y[0] == 0
    same = task(lambda b: b)
    wait_on(same(np.zeros(size)))[0] = 1
    assert wait_on(first(np.zeros(size))) == 0
    scribble = task(lambda b: b.__setitem__(0, 9), name="scribble")
    x = task(np.zeros)(size)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TreadleWarning)  # said once: IN was changed
        wait_on(scribble(x))
    assert wait_on(x)[0] == 0


G = task(lambda: 5)


def test_futures_and_puts_in_globals_and_closures():
    held, shared = G(), put(np.ones(3000))

    @task
    def read():
        return held + shared.sum()

    assert wait_on(read()) == 3005


def test_a_put_stays_as_it_was_put():
    shared = put([1, task(lambda: 2)()])
    wait_on(shared).append(3)
    assert wait_on(task(len)(shared)) == 2


def test_changes_of_in_arguments_are_told_once():
    def meddle(c, d):
        c.append(1)

    with pytest.warns(TreadleWarning, match=r"meddle changed `c`, which is IN.*Declare c=INOUT") as told:
        f = task(meddle)
        wait_on([f([1], [2]) for _ in range(4)])
        barrier()
    assert len(told) == 1


def test_check_looks_at_every_call():
    f = task(check=True)(lambda data, change_it: data.append(1) if change_it else None)
    wait_on(f([1], False))
    with pytest.warns(TreadleWarning, match="changed `data`"):
        wait_on(f([1], True))


def test_an_object_without_a_name_is_warned_about():
    touch = task(given=INOUT, other=INOUT)(lambda given=(), other=(): None)
    with pytest.warns(TreadleWarning, match=r"given of .*without a name \(list\).*Keep it in a variable"):
        touch([1, 2])
    with pytest.warns(TreadleWarning, match=r"other of .*without a name \(Plain\)"):
        touch(other=Plain())
    base, kept = np.zeros(4), [1]
    touch(base[1:])
    touch([base])
    touch(kept, other=kept)
    touch(given=task(lambda: [1])())


def test_what_a_task_puts_in_that_cannot_travel_is_told():
    c = [1]
    change(c, lambda c: c.append(threading.Lock()))
    with pytest.raises(NotSerializable, match="lock"):
        wait_on(c)
    assert c == [1]


def test_dropped_futures_do_not_drop_writes():
    c = [0]
    for _ in range(20):
        increase(c)
    gc.collect()
    assert wait_on(c) == [20]
