"""A change to a function, or to anything it reaches, is in the next call; nothing else makes a new version."""

from __future__ import annotations

import functools
import math
from typing import Any

import pytest

from treadle_runtime.errors import NotSerializable


def test_a_function_of_a_notebook_runs_elsewhere(session: Any) -> None:
    session.cell("def f(a, b=2, *, c=3):\n    return a * 100 + b * 10 + c")
    assert session.run("f", 1) == 123
    assert session.run("f", 1, c=5) == 125
    assert len(session.defined) == 1


def test_redefined_helpers_constants_and_later_cells_take_effect(session: Any) -> None:
    session.cell("def f(x):\n    return helper(x) + N")
    session.cell("def helper(x):\n    return x * 2\nN = 1")
    assert session.run("f", 10) == 21
    session.cell("def helper(x):\n    return x * 3")
    assert session.run("f", 10) == 31
    session.cell("N = 5")
    assert session.run("f", 10) == 35
    session.cell("def f(x):\n    return -x")
    assert session.run("f", 10) == -10


def test_a_name_defined_after_the_first_call_is_found(session: Any) -> None:
    session.cell("def f():\n    return late()")
    with pytest.raises(NameError):
        session.run("f")
    session.cell("late = lambda: 7")
    assert session.run("f") == 7
    session.cell("def g():\n    return len([1, 2])")
    assert session.run("g") == 2
    session.cell("len = lambda x: 99")
    assert session.run("g") == 99


def test_a_constant_that_changes_at_every_call_makes_two_versions_not_many(session: Any) -> None:
    session.cell("def f():\n    return n * 2")
    for n in range(1000, 1010):
        session.notebook.names["n"] = n
        assert session.run("f") == n * 2
    assert len(session.defined) == 2


def test_running_a_cell_again_with_the_same_constant_makes_no_version(session: Any) -> None:
    session.cell("def f():\n    return big + label")
    for _ in range(3):
        session.cell("big = 10**10 + 7\nlabel = 10**9")
        assert session.run("f") == 11 * 10**9 + 7
    assert len(session.defined) == 1


def test_data_in_globals_is_what_it_is_at_the_call(session: Any) -> None:
    session.cell("config = {'a': [1]}\ndef f():\n    return config['a']\ndef change():\n    config['a'].append(9)\n    return config")
    assert session.run("f") == [1]
    session.cell("config['a'].append(2)")
    assert session.run("f") == [1, 2]
    assert session.run("change") == {"a": [1, 2, 9]}
    assert session.run("change") == {"a": [1, 2, 9]}, "what one task did to it, the next one must not see"
    assert session.run("f") == [1, 2]
    assert len(session.defined) == 2


def test_globals_that_tasks_assign_start_afresh(session: Any) -> None:
    session.cell("count = 0\ndef f():\n    global count, fresh\n    count += 1\n    before = 'fresh' in globals()\n    fresh = 1\n    return count, before")
    assert [session.run("f") for _ in range(3)] == [(1, False)] * 3


def test_closures_share_and_keep_their_cells(session: Any) -> None:
    session.cell(
        "def make(items):\n"
        "    n = 0\n"
        "    def add(x):\n        nonlocal n\n        n += x\n        return n\n"
        "    def both(x):\n        add(x)\n        add(x)\n        return n, list(items)\n"
        "    return both\n"
        "items = [1]\n"
        "both = make(items)"
    )
    assert session.run("both", 5) == (10, [1])
    assert session.run("both", 5) == (10, [1])
    session.cell("items.append(2)")
    assert session.run("both", 1) == (2, [1, 2])


def test_recursive_and_mutually_recursive_functions(session: Any) -> None:
    session.cell("def fact(n):\n    return 1 if n < 2 else n * fact(n - 1)")
    session.cell("def even(n):\n    return True if n == 0 else odd(n - 1)\ndef odd(n):\n    return False if n == 0 else even(n - 1)")
    session.cell("def outer():\n    def inner(n):\n        return n if n < 1 else inner(n - 1)\n    return inner\ninner = outer()")
    assert session.run("fact", 6) == 720
    assert session.run("even", 10) is True
    assert session.run("inner", 5) == 0


def test_every_kind_of_callable(session: Any) -> None:
    session.cell(
        "import functools, math\n"
        "class Scale:\n"
        "    def __init__(self, k):\n        self.k = k\n"
        "    def __call__(self, x):\n        return self.k * x\n"
        "    def method(self, x):\n        return self.k + x\n"
        "scale = Scale(3)\n"
        "def power(a, b=2):\n    return a ** b\n"
        "cube = functools.partial(power, b=3)\n"
        "@functools.lru_cache\ndef fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)\n"
        "def deco(f):\n    @functools.wraps(f)\n    def inner(*a):\n        return ('deco', f(*a))\n    return inner\n"
        "@deco\ndef decorated(x):\n    return x\n"
    )
    names = session.notebook
    assert session.run("scale", 2) == 6
    session.cell("scale.k = 4")
    assert session.run("scale", 2) == 8
    assert session.run(names["scale"].method, 1) == 5
    assert session.run("cube", 2) == 8
    assert session.run(functools.partial(names["cube"], 3)) == 27
    assert session.run("fib", 30) == 832040
    assert session.run("decorated", 1) == ("deco", 1)
    assert session.run(lambda x: x + 1, 1) == 2
    assert session.run(math.sqrt, 16.0) == 4.0
    assert session.run(len, [1, 2]) == 2
    assert session.run(str.upper, "a") == "A"
    assert session.run([3, 1].count, 3) == 1
    assert session.run(dict, a=1) == {"a": 1}
    assert session.run(math.hypot, 3, 4) == 5
    scaled = session.run("Scale", 9)
    assert isinstance(scaled, names["Scale"])
    assert scaled.k == 9


def test_packages_imported_in_parts(session: Any) -> None:
    session.cell("import xml.dom.minidom\nimport concurrent.futures\ndef f():\n    return xml.dom.minidom.parseString('<a/>').documentElement.tagName, concurrent.futures.ThreadPoolExecutor.__name__")
    assert session.run("f") == ("a", "ThreadPoolExecutor")


def test_a_class_body_inside_a_function_sees_globals(session: Any) -> None:
    session.cell("K = 4\ndef f():\n    class A:\n        k = K\n    return A.k")
    assert session.run("f") == 4


def test_defaults_in_place_and_replaced(session: Any) -> None:
    session.cell("def f(x, seen=[]):\n    seen.append(x)\n    return seen\ndef g(*, k={'a': 1}):\n    return k")
    assert session.run("f", 1) == [1]
    assert session.run("f", 2) == [2], "a mutable default is that of the notebook, not of the worker's last call"
    assert session.run("g") == {"a": 1}
    session.cell("f.__defaults__ = ([7],)\ng.__kwdefaults__['k']['b'] = 2")
    assert session.run("f", 1) == [7, 1]
    assert session.run("g") == {"a": 1, "b": 2}


def test_code_patched_in_place_as_autoreload_does(session: Any) -> None:
    session.cell("def f():\n    return g()\ndef g():\n    return 1\ndef new():\n    return 2")
    assert session.run("f") == 1
    session.cell("g.__code__ = new.__code__")
    assert session.run("f") == 2


def test_what_cannot_travel_is_named(session: Any) -> None:
    session.cell("import threading\nlock = threading.Lock()\ndef f():\n    return lock")
    with pytest.raises(NotSerializable, match="the global lock that f reads"):
        session.run("f")
    session.cell("gen = (i for i in range(3))\ndef make(gen):\n    return lambda: gen\nh = make(gen)")
    with pytest.raises(NotSerializable, match="the variable gen"):
        session.run("h")


def test_tracebacks_show_the_lines_of_the_cell(session: Any) -> None:
    session.cell("def f():\n    return g()\n\ndef g():\n    return 1 / 0")
    version, _ = session.book.version_of(session.notebook["f"])
    from treadle_runtime.worker.code import load_code

    with pytest.raises(ZeroDivisionError) as caught:
        load_code(version.code)()  # type: ignore[operator]
    assert caught.traceback[-1].path == "<cell 1>" or str(caught.traceback[-1].path).endswith("<cell 1>")
    assert caught.traceback[-1].lineno == 4
