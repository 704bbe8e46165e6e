"""A code hash is the same in every process, and another one when the function does something else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from treadle_runtime.api.codehash import code_hash

_ROOT = Path(__file__).parents[3]
_FUNCTIONS = '''
import abc, collections, enum, functools, math
from dataclasses import dataclass, field
import numpy as np

N = 3
TABLE = {"b": {3, 1, 2}, "a": [1.5, None]}
WEIGHTS = np.arange(5.0)

def plain(a, b=2, *args, c={"x", "y", "z"}, **kw):
    """Docstring."""
    return a + b if a in {"p", "q", "r", 17} else (lambda v: v * N)(b)

def helper(x):
    try:
        return math.sqrt(x) + plain(x)
    except ValueError as error:
        return str(error)

def caller(x):
    total = 0
    for i in range(x):
        if i % 2:
            continue
        total += helper(i)
    return total, TABLE, WEIGHTS

def even(n): return n == 0 or odd(n - 1)
def odd(n): return n != 0 and even(n - 1)
def fact(n): return 1 if n < 2 else n * fact(n - 1)

def make(k):
    def inner(x):
        nonlocal k
        k += x
        return inner, k
    return inner
closure = make(5)
partial = functools.partial(plain, 1, c=frozenset("abc"))

class Color(enum.Enum):
    RED = 1
    GREEN = "g"
    def shout(self): return self.name + "!"

@dataclass
class Point:
    x: int = 0
    tags: list = field(default_factory=list)
    color: Color = Color.RED
    def norm(self): return abs(self.x) * N
    @property
    def double(self): return self.x * 2
    @staticmethod
    def origin(): return Point()
    @classmethod
    def at(cls, x): return cls(x)

class Shape(abc.ABC):
    names = frozenset({"s1", "s2", "s3"})
    @abc.abstractmethod
    def area(self): ...

class Box(Shape):
    def area(self): return super().__init__() or self.names

def uses_classes(): return Point(1).norm(), Color.RED, Box
@functools.lru_cache
def cached(n): return n if n < 2 else cached(n - 1)
def nested():
    class Local:
        k = N
        def m(self): return {1, "a", None, (2, "b")}
    return [Local().m() for _ in range(3)], {v: v for v in "ab"}
def handlers(name): return HANDLERS[name](HANDLERS)
HANDLERS = {"a": even, "b": handlers, "c": lambda h: len(h)}
def unpack(a, /, *rest, k, **more):
    first, *others = rest
    with open(a) as f:
        return f"{first!r:>{k}} {others} {f.read()}", more
ANY_ORDER = {even, odd, fact, helper, caller}
def any_order(): return [f for f in ANY_ORDER if f is not any_order]
ANY_ORDER.add(any_order)
point = Point(4)
def reads_instance(): return point.x
fixed = dict(plain=plain, helper=helper, caller=caller, even=even, odd=odd, fact=fact, closure=closure,
             partial=partial, Point=Point, method=Point.norm, bound=point.norm, Color=Color, Box=Box,
             uses_classes=uses_classes, cached=cached, nested=nested, any_order=any_order, handlers=handlers, unpack=unpack,
             reads_instance=reads_instance, sqrt=math.sqrt, len=len, sum=np.sum, array=np.ndarray, lam=lambda x: x)
'''
_SHOW = "\nfrom treadle_runtime.api.codehash import code_hash\nfor name, f in fixed.items():\n    print(name, code_hash(f))\n"


def hashes_elsewhere(tmp_path: Path, name: str, seed: str, before: str = "") -> list[str]:
    script = tmp_path / name
    script.write_text(before + _FUNCTIONS + _SHOW)
    env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(_ROOT / "runtime")}
    done = subprocess.run([sys.executable, str(script)], env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_equal_in_processes_with_other_seeds_files_and_line_numbers(tmp_path: Path) -> None:
    first = hashes_elsewhere(tmp_path, "one.py", "1")
    second = hashes_elsewhere(tmp_path, "two.py", "4242", before="\n\n# moved down\nimport json\n\n")
    assert first == second
    values = [line.split()[1] for line in first]
    assert len(set(values)) == len(values), "different functions have different hashes"


def hash_in(session: Any, name: str, source: str) -> str:
    session.cell(source)
    return code_hash(session.notebook[name])


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("plain", "a + b if", "a - b if"),
        ("plain", "17}", "18}"),
        ("plain", "b=2", "b=2.0"),
        ("plain", '"z"}', '"w"}'),
        ("plain", "a + b if", "a + a if"),
        ("helper", "a + b if", "a - b if"),
        ("caller", "ValueError", "TypeError"),
        ("caller", "N = 3", "N = 4"),
        ("caller", "{3, 1, 2}", "{3, 1, 4}"),
        ("caller", "np.arange(5.0)", "np.arange(5.0) + 1e-9"),
        ("even", "n != 0 and", "n != 0 or"),
        ("closure", "make(5)", "make(6)"),
        ("partial", '"abc"', '"abd"'),
        ("Point", "abs(self.x)", "self.x"),
        ("uses_classes", "abs(self.x)", "self.x"),
        ("uses_classes", 'GREEN = "g"', 'GREEN = "h"'),
        ("uses_classes", '+ "!"', '+ "?"'),
        ("uses_classes", '"s3"', '"s4"'),
        ("uses_classes", "self.x * 2", "self.x * 3"),
        ("cached", "n < 2", "n < 3"),
        ("handlers", "len(h)", "len(h) + 1"),
        ("nested", "for _ in range(3)", "for _ in range(4)"),
        ("unpack", "first, *others", "*others, first"),
        ("any_order", "n != 0 and", "n != 0 or"),
        ("reads_instance", "Point(4)", "Point(5)"),
        ("bound", "Point(4)", "Point(5)"),
    ],
)
def test_another_body_constant_helper_or_global_is_another_hash(session: Any, name: str, before: str, after: str) -> None:
    assert before in _FUNCTIONS
    session.cell(_FUNCTIONS)
    old = code_hash(session.notebook["fixed"][name])
    session.cell(_FUNCTIONS)
    assert code_hash(session.notebook["fixed"][name]) == old
    session.cell(_FUNCTIONS.replace(before, after))
    assert code_hash(session.notebook["fixed"][name]) != old


def test_docstrings_lines_and_places_do_not_count(session: Any) -> None:
    one = hash_in(session, "f", 'def f(x):\n    """One."""\n    return None if x else x + 1')
    two = hash_in(session, "f", "\n\n\ndef f(x):\n\n    return (None if x\n            else x + 1)")
    assert one == two
    assert one != hash_in(session, "f", "def f(x):\n    return 1 if x else x + 1")


def lock(_value: Any) -> bytes:
    return b"lock"


def test_data_can_be_told(session: Any) -> None:
    session.cell("lock = __import__('threading').Lock()\ndef f():\n    return lock")
    assert code_hash(session.notebook["f"], value=lock) == code_hash(session.notebook["f"], value=lock)
