"""Classes, enums and exceptions of cells are the same objects after a trip to a worker and back."""

from __future__ import annotations

from typing import Any

import pytest

_CELL = """
import enum
from dataclasses import dataclass, field

SCALE = 2

class Color(enum.Enum):
    RED = 1
    GREEN = 2

@dataclass
class Point:
    x: int
    tags: list = field(default_factory=list)
    color: Color = Color.RED
    def scaled(self):
        return self.x * SCALE
    def grown(self):
        return type(self)(self.x + 1)

class Base:
    registry = []
    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        Base.registry.append(cls.__name__)

class Child(Base):
    limit = 10
    def hello(self):
        return super().__repr__()[:1] + str(self.limit)

class Trouble(ValueError):
    def __init__(self, code):
        super().__init__(f"trouble {code}")
        self.code = code

def point(x): return Point(x)
def color(): return Color.RED
def is_red(c): return c is Color.RED
def is_point(p): return isinstance(p, Point)
def fail(): raise Trouble(7)
def scaled(p): return p.scaled()
def generic(p): return p.scaled()
"""


def test_instances_enums_and_exceptions_come_home(session: Any) -> None:
    session.cell(_CELL)
    names = session.notebook
    for _ in range(2):
        p = session.run("point", 3)
        assert type(p) is names["Point"]
        assert p == names["Point"](3)
        assert p.color is names["Color"].RED
        assert session.run("color") is names["Color"].RED
        assert session.run("is_red", names["Color"].RED) is True
        assert session.run("is_point", p) is True
        with pytest.raises(names["Trouble"]) as caught:
            session.run("fail")
        assert caught.value.code == 7
        session.cell("other = 1")


def test_a_class_that_comes_home_is_untouched(session: Any) -> None:
    session.cell(_CELL)
    cls = session.notebook["Point"]
    before = dict(vars(cls))
    p = session.run("point", 3)
    assert {k: v for k, v in vars(cls).items() if k != "__slotnames__"} == before
    session.cell("SCALE = 50")
    assert p.scaled() == 150, "its methods still see the globals of the notebook"


def test_a_class_redefined_later_leaves_old_instances_alone(session: Any) -> None:
    session.cell(_CELL)
    old = session.notebook["Point"]
    first = session.run("point", 1)
    session.cell("@dataclass\nclass Point:\n    x: int\n    def scaled(self):\n        return -self.x")
    new = session.notebook["Point"]
    second = session.run("point", 1)
    assert (type(first), type(second)) == (old, new)
    assert session.run("is_point", first) is False
    assert session.run("is_point", second) is True
    assert session.run("scaled", first) == 2
    assert session.run("scaled", second) == -1


def test_methods_and_globals_they_read_are_followed(session: Any) -> None:
    session.cell(_CELL)
    p = session.notebook["Point"](3)
    assert session.run("generic", p) == 6
    session.cell("SCALE = 5")
    assert session.run("generic", p) == 15
    assert session.run("scaled", p) == 15
    session.cell("Point.scaled = lambda self: -1")
    assert session.run("scaled", p) == -1
    assert session.run("generic", p) == -1
    session.cell("Point.scaled = lambda self: table[self.x]\ntable = {3: 'a'}\ndef direct(): return Point(3).scaled()")
    assert session.run("direct") == "a"
    assert session.run("scaled", p) == "a"
    session.cell("table[3] = 'b'")
    assert session.run("scaled", p) == "b"
    assert session.run("direct") == "b"
    assert session.run("generic", p) == "b"
    assert session.run("direct") == "b"


def test_inheritance_super_and_class_attributes(session: Any) -> None:
    session.cell(_CELL + "\ndef hello(): return Child().hello(), Base.registry")
    assert session.run("hello") == ("<10", ["Child"])
    session.cell("Child.limit = 11\nBase.registry.append('x')")
    assert session.run("hello") == ("<11", ["Child", "x"])
    assert session.notebook["Base"].registry == ["Child", "x"], "coming home registers no subclass again"


def test_classes_made_by_a_task_go_to_other_workers(session: Any) -> None:
    session.cell(
        "def make():\n    class Local:\n        def __init__(self, v):\n            self.v = v\n        def get(self):\n            return self.v\n    return Local(4)\n"
        "def get(x): return x.get()\ndef pair(x, y): return type(x) is type(y)"
    )
    first = session.run("make")
    assert first.get() == 4
    assert session.run("get", first, worker=1) == 4
    assert session.run("get", first) == 4
    back = session.run(lambda x: x, first, worker=1)
    assert type(back) is type(first)
    assert session.run("pair", first, back, worker=1) is True


def test_methods_as_tasks_bring_their_class(session: Any) -> None:
    session.cell(_CELL)
    names = session.notebook
    grown = session.run(names["Point"].grown, names["Point"](1))
    assert grown == names["Point"](2)


def test_named_tuples_slots_abstract_and_generic_classes(session: Any) -> None:
    session.cell(
        "import abc, collections, typing\nfrom dataclasses import dataclass\n"
        "Pair = collections.namedtuple('Pair', 'a b')\n"
        "class Typed(typing.NamedTuple):\n    a: int\n    b: int = 2\n"
        "@dataclass(frozen=True, slots=True)\nclass Slotted:\n    a: int\n"
        "T = typing.TypeVar('T')\n"
        "class Shape(abc.ABC):\n    @abc.abstractmethod\n    def area(self): ...\n"
        "class Box(Shape, typing.Generic[T]):\n    def area(self):\n        return 3\n"
        "def f():\n    return Pair(1, 2), Typed(1), Slotted(5), Box[int]()\n"
    )
    pair, typed, slotted, box = session.run("f")
    names = session.notebook
    assert (type(pair), type(typed), type(slotted), type(box)) == tuple(names[n] for n in ("Pair", "Typed", "Slotted", "Box"))
    assert (pair, typed, slotted, box.area()) == ((1, 2), (1, 2), names["Slotted"](5), 3)
    assert isinstance(box, names["Shape"])


def test_classes_that_refer_to_each_other(session: Any) -> None:
    session.cell(
        "class A:\n    def b(self):\n        return B()\n    def name(self):\n        return 'a1'\n"
        "class B(A):\n    def a(self):\n        return A()\n    def name(self):\n        return 'b' + super().name()\n"
        "def show(x):\n    return x.name(), type(x.b()).__name__, isinstance(x.b(), type(B().a().b()))\n"
        "def echo(x):\n    return x"
    )
    names = session.notebook
    for name, shown in [("A", ("a1", "B", True)), ("B", ("ba1", "B", True))] * 2:
        assert session.run("show", names[name]()) == shown
        assert type(session.run("echo", names[name]())) is names[name]
    session.cell("A.name = lambda self: 'a2'")
    assert session.run("show", names["B"]())[0] == "ba2"
    assert session.run("show", names["A"]())[0] == "a2"


def test_an_instance_as_argument_brings_its_class_as_it_is_now(session: Any) -> None:
    session.cell(_CELL)
    p = session.notebook["Point"](1)
    assert session.run("generic", p) == 2
    session.cell("def triple(self):\n    return 3 * self.x\nPoint.scaled = triple")
    assert session.run("generic", p) == 3
