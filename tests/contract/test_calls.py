"""What can be a task, and what a call of it means (docs/guide.md, "Tasks")."""

from __future__ import annotations

import dataclasses
import enum
import functools
import math
import operator
import random
import typing
from random import randint

import numpy as np
import pytest
from numpy.random import rand

from treadle_runtime.api import IN, INOUT, map, task, wait_on
from treadle_runtime.errors import UsageError


class Scale:
    def __init__(self, k=3):
        self.k = k

    def __call__(self, x):
        return self.k * x

    def twice(self, x):
        return 2 * self.k * x


@functools.lru_cache
def remembered(x):
    return x + 1


@functools.wraps(len)
def wrapped(*args):
    return len(*args)


def positional(a, /, b, *, c=3):
    return a, b, c


@pytest.mark.parametrize(
    ("function", "args", "kwargs", "expected"),
    [
        (lambda x: x + 1, (2,), {}, 3),
        (len, ([1],), {}, 1),
        (max, (1, 2), {}, 2),
        (max, ([1, -2],), {"key": abs}, -2),
        (sorted, ([1, 2],), {"reverse": True}, [2, 1]),
        (dict, (), {"a": 1}, {"a": 1}),
        (int, ("3",), {}, 3),
        (math.sin, (0.0,), {}, 0.0),
        (operator.itemgetter(1), ([1, 2],), {}, 2),
        (str.upper, ("a",), {}, "A"),
        ("abc".replace, ("a", "x"), {}, "xbc"),
        (np.add, (1, 2), {}, 3),
        (np.sum, ([1, 2],), {}, 3),
        (functools.partial(pow, 2), (5,), {}, 32),
        (functools.partial(sorted, reverse=True), ([1, 2],), {}, [2, 1]),
        (functools.partial(functools.partial(positional, 1), c=5), (2,), {}, (1, 2, 5)),
        (Scale(), (2,), {}, 6),
        (Scale(5).twice, (1,), {}, 10),
        (Scale, (7,), {}, 7),
        (remembered, (1,), {}, 2),
        (wrapped, ([1],), {}, 1),
        (positional, (1, 2), {"c": 4}, (1, 2, 4)),
    ],
)
def test_whatever_can_be_called_can_be_a_task(function, args, kwargs, expected):
    result = wait_on(task(function)(*args, **kwargs))
    assert (result.k if isinstance(result, Scale) else result) == expected


class Model:
    kind = "model"

    def __init__(self):
        self.seen = []

    @task
    def add(self, x):
        self.seen.append(x)
        return len(self.seen)

    @task(target_direction=IN)
    def read(self):
        return list(self.seen)

    @task
    @classmethod
    def name(cls, suffix):
        return cls.kind + suffix

    @task
    @staticmethod
    def double(x):
        return 2 * x

    @classmethod
    @task
    def name_too(cls, suffix):
        return cls.kind + suffix

    @staticmethod
    @task
    def double_too(x):
        return 2 * x


class Finer(Model):
    kind = "finer"

    @task
    def add(self, x):
        return super().add(x) + 100


@pytest.mark.parametrize(("cls", "first"), [(Model, 1), (Finer, 101)])
def test_methods(cls, first):
    m = cls()
    assert wait_on(m.add(1)) == first
    m.add(2)
    assert wait_on(m.read()) == [1, 2]
    assert wait_on(cls.add(m, 3)) == first + 2
    assert wait_on(m) is m
    assert m.seen == [1, 2, 3]
    assert wait_on(cls.name("!"), m.name("?"), cls.name_too("")) == [cls.kind + "!", cls.kind + "?", cls.kind]
    assert wait_on(cls.double(2), m.double(3), m.double_too(4)) == [4, 6, 8]


def test_classes_keep_their_identity():
    class Color(enum.Enum):
        RED = 1

    class Pair(typing.NamedTuple):
        a: int
        b: object

    @dataclasses.dataclass
    class Box:
        x: int

        @task
        def grow(self, k=2):
            self.x *= k
            return self

    class OwnError(Exception):
        pass

    def fail():
        raise OwnError("mine")

    assert wait_on(task(lambda: Color.RED)()) is Color.RED
    assert isinstance(wait_on(task(lambda: Pair(1, 2))()), Pair)
    assert wait_on(Pair(1, task(lambda: 2)())) == Pair(1, 2)
    box = Box(3)
    grown = box.grow()
    assert wait_on(box) == Box(6)
    assert isinstance(wait_on(grown), Box)
    assert wait_on(grown) is not box
    with pytest.raises(OwnError, match="mine"):
        wait_on(task(fail)())


def test_stars_and_defaults():
    @task
    def everything(a, *rest, k=1, **named):
        return a, rest, k, sorted(named.items())

    @task(rest=INOUT, named=INOUT)
    def fill(*rest, **named):
        for part in (*rest, *named.values()):
            part.append(1)

    @task
    def collect(a, b=[]):  # noqa: B006 - what happens to it is the point
        b.append(a)
        return b

    assert wait_on(everything(1, 2, 3, k=4, z=5)) == (1, (2, 3), 4, [("z", 5)])
    a, b, c = [], [], []
    fill(a, b, z=c)
    assert wait_on(a, b, c) == [[1], [1], [1]]
    assert wait_on(collect(1), collect(2)) == [[1], [2]]


def test_wrong_calls_are_told_at_the_call_in_pythons_words():
    one = task(lambda x: x)
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'x'"):
        one()
    with pytest.raises(TypeError, match="takes 1 positional argument but 2 were given"):
        one(1, 2)
    with pytest.raises(TypeError, match="unexpected keyword argument 'y'"):
        one(y=1)
    with pytest.raises(TypeError, match="positional-only"):
        task(positional)(a=1, b=2)


def test_what_changes_around_a_function_takes_effect_in_the_next_call():
    space = {"task": task}
    exec("K = 3\ndef helper(): return K\n@task\ndef read(): return helper()", space)  # noqa: S102 - cells
    found = [space["read"]()]
    space["K"] = 4
    found.append(space["read"]())
    space["K"] = [5]
    found.append(space["read"]())
    space["K"].append(6)
    found.append(space["read"]())
    exec("def helper(): return 'new', K", space)  # noqa: S102
    found.append(space["read"]())
    exec("@task\ndef read(): return 'newer'", space)  # noqa: S102
    found.append(space["read"]())
    assert wait_on(found) == [3, 4, [5], [5, 6], ("new", [5, 6]), "newer"]
    n = 1

    @task
    def closed():
        return n

    found = [closed()]
    n = 2
    assert wait_on([*found, closed()]) == [1, 2]


def test_names_of_parameters_that_are_options():
    @task(name=INOUT)
    def f(name, priority, returns):
        name.append(priority + returns)

    got = []
    f(got, 1, returns=2)
    assert wait_on(got) == [3]


def test_names_shown():
    f = task(name="case {i}")(lambda i: i)
    assert repr(f(3)).startswith("<Future case 3 #")
    assert "case <Future case 1 #" in repr(f(f(1)))


def test_tasks_in_tasks_and_as_arguments():
    @task
    def fib(n):
        return n if n < 2 else fib(n - 1) + fib(n - 2)

    assert wait_on(fib(8)) == 21
    assert wait_on(task(lambda f, n: f(n))(fib, 7)) == 13
    adder = wait_on(task(lambda k: lambda x: x + k)(5))
    assert adder(1) == 6


@pytest.mark.parametrize(
    "draw", [lambda: randint(0, 1 << 60), rand, lambda: rand(), random.random, lambda: random.gauss(0, 1)]
)
def test_shared_generators_give_other_numbers_to_each_task(draw):
    drawn = wait_on([task(draw)() for _ in range(4)])
    assert len(set(drawn)) == 4


def test_map_of_methods_and_lambdas():
    assert wait_on(map("abca".count, "abz", chunk=2)) == [2, 1, 0]
    assert len(set(wait_on(map(random.uniform, [0, 0, 0], [1, 1, 1])))) == 3


def test_chunks_of_calls_that_write_are_refused():
    fill = task(c=INOUT)(lambda c: c.append(1))
    lists = [[], [], []]
    with pytest.raises(UsageError, match=r"writes arguments.*Leave chunk out"):
        map(fill, lists, chunk=2)
    map(fill, lists)
    assert wait_on(lists) == [[1], [1], [1]]


def test_directions_in_the_signature():
    @task
    def add(c: typing.Annotated[list, INOUT], k: int) -> int:
        c.append(k)
        return len(c)

    c = []
    lengths = [add(c, k) for k in range(3)]
    assert wait_on(c) == [0, 1, 2]
    assert wait_on(lengths) == [1, 2, 3]


def test_parameters_named_like_options():
    @task(name=INOUT, directions={"returns": INOUT})
    def note(name, priority, returns):
        name.append(priority)
        returns.append(-priority)

    names, others = [], []
    note(names, 1, others)
    note(names, priority=2, returns=others)
    assert wait_on(names, others) == [[1, 2], [-1, -2]]


def test_any_keyword_goes_where_the_function_takes_any():
    @task
    def given(**kwargs):
        return sorted(kwargs)

    assert wait_on(given(self=1, args=2, task=3)) == ["args", "self", "task"]
