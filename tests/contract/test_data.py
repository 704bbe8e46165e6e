"""What happens to data: updates in place, views, aliases, changes while pending, failures (docs/guide.md, "Data")."""

from __future__ import annotations

import gc
import threading
import time
import warnings

import numpy as np
import pandas as pd
import pytest

from treadle_runtime.api import INOUT, OUT, TreadleWarning, barrier, future, put, task, wait_on
from treadle_runtime.errors import ChangedWhilePending, NotSerializable, UpstreamFailed, UsageError


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
    with pytest.raises(ChangedWhilePending, match=r"live was changed here while task increase #\d+ still writes it: wait_on\(live\) first"):
        first(live)
    with pytest.raises(ChangedWhilePending):
        increase(live)
    with pytest.raises(ChangedWhilePending):
        wait_on(live)


def test_a_new_attribute_value_is_a_change():
    live = Plain(x=1)
    change(live, lambda c: setattr(c, "x", 2))
    live.x = 5
    with pytest.raises(ChangedWhilePending, match="live was changed here"):
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


@pytest.mark.parametrize(
    "view", [lambda a: np.broadcast_to(a, (3, 10)), lambda a: np.lib.stride_tricks.sliding_window_view(a, 4)]
)
def test_a_view_that_shows_memory_several_times_is_refused(view):
    live = view(np.zeros(10))
    with pytest.raises(UsageError, match=r"c of increase shows some of its memory several times.*copy\(\)"):
        increase(live)
    assert wait_on(task(np.sum)(view(np.ones(10)))) == view(np.ones(10)).sum()


def test_a_memoryview_that_is_written_is_refused():
    view = memoryview(bytearray(b"abc"))
    with pytest.raises(UsageError, match=r"c of increase is a memoryview.*bytearray or array behind it"):
        increase(view)
    assert wait_on(task(bytes)(view)) == b"abc"


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
        c.append(len(d))

    f = task(meddle)
    with pytest.warns(TreadleWarning, match=r"meddle changed `c`, which is IN.*Declare c=INOUT") as told:
        wait_on([f([1], [2]) for _ in range(4)])
    assert len(told) == 1


def test_changes_of_large_in_arguments_are_told():
    below, beyond = task(lambda c: c.__setitem__(0, 1)), task(lambda c: c.__setitem__(0, 2))
    with pytest.warns(TreadleWarning, match="changed `c`"):
        wait_on(below(np.zeros(60_000_000, np.uint8)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        wait_on(beyond(np.zeros(70_000_000, np.uint8)))  # it would take too long


def test_check_looks_at_every_call():
    f = task(check=True)(lambda data, change_it: data.append(1) if change_it else None)
    wait_on(f([1], False))
    with pytest.warns(TreadleWarning, match="changed `data`"):
        wait_on(f([1], True))


def test_check_may_be_switched_off():
    f = task(check=False)(lambda data: data.append(1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        wait_on(f([1]))


def test_an_object_without_a_name_is_warned_about():
    touch = task(given=INOUT, other=INOUT)(lambda given=(), other=(): (given, other))
    with pytest.warns(TreadleWarning, match=r"given of .*without a name \(list\).*Keep it in a variable"):
        touch([1, 2])
    with pytest.warns(TreadleWarning, match=r"other of .*without a name \(Plain\)"):
        touch(other=Plain())
    base, kept = np.zeros(4), [1]
    touch(base[1:])
    touch([base])
    touch(kept, other=kept)
    touch(given=task(lambda: [1])())
    rows = [([], []), ([], [])]
    for row in rows:
        touch(*row)
    list(map(touch, [[], []]))


def test_what_a_task_puts_in_that_cannot_travel_is_told():
    c = [1]
    change(c, lambda c: c.append(threading.Lock()))
    with pytest.raises(NotSerializable, match="lock"):
        wait_on(c)
    assert c == [1]


def test_many_parts_with_writes_pending_are_looked_at_once_a_call():
    parts = [[i] for i in range(3000)]
    change(parts, lambda c: c[0].append(1))
    before = time.thread_time()
    change(parts, lambda c: c[0].append(2))
    assert time.thread_time() - before < 1.5  # it was 5 s and more, each part asking about all others
    assert wait_on(parts)[0] == [0, 1, 2]


def test_dropped_futures_do_not_drop_writes():
    c = [0]
    for _ in range(20):
        increase(c)
    gc.collect()
    assert wait_on(c) == [20]


def test_changes_of_what_is_read_from_outside_are_told():
    generator, seen, only_read = np.random.default_rng(3), [], [1]

    def draw():
        seen.append(len(only_read))
        return float(generator.random())

    f = task(draw)
    with pytest.warns(TreadleWarning, match=r"draw changed `\w+, \w+`, which it reads from outside.*treadle.rng\(\)") as told:
        wait_on([f() for _ in range(4)])
    assert len(told) == 1
    assert "only_read" not in str(told[0].message)
    assert seen == []
