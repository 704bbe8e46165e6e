"""The function made of a cell does what the cell would do, at the cell's own lines."""

from __future__ import annotations

import asyncio
import linecache
import pickle
import textwrap
import traceback

import cloudpickle
import pytest

from treadle.cells.cell_function import build, run_now
from treadle.cells.inference import infer


class Boxed:
    def __init__(self):
        self.items = []


def run(source: str, namespace: dict | None = None, travel: bool = True, **options):
    """Run a cell as its task would be run; return (value shown, names it gives back), as seen after the journey."""
    namespace = {} if namespace is None else namespace
    cell = infer(textwrap.dedent(source), namespace, first_line=2, filename="<cell>", **options)
    run_now(cell, namespace, "<cell>")
    function = build(cell, namespace, "<cell>", "cell[5]")
    arguments = {
        name: namespace[name] if name in namespace else __builtins__[name]
        for name in (*cell.inputs, *cell.inout)
    }
    if travel:
        function = pickle.loads(cloudpickle.dumps(function))
    result = function(**arguments)
    if asyncio.iscoroutine(result):  # as a task does
        result = asyncio.run(result)
    shown, *values = result if cell.returned else (result,)
    return shown, dict(zip(cell.returned, values, strict=True))


CASES = [
    ("y = a + 1", {"a": 1}, None, {"y": 2}),
    ("a + 1", {"a": 1}, 2, {}),
    ("y = a\ny * 10", {"a": 2}, 20, {"y": 2}),
    ("y = a\ny * 10;", {"a": 2}, None, {"y": 2}),
    ("(y := a) + 1", {"a": 1}, 2, {"y": 1}),
    ("total += a", {"a": 1, "total": 4}, None, {"total": 5}),
    ("max = max(a)", {"a": [1, 3]}, None, {"max": 3}),
    ("for i in range(n):\n    y = i * i", {"n": 4}, None, {"y": 9}),
    ("y = [v * k for v in a]\nk2 = (lambda: k)()", {"a": [1, 2], "k": 3}, None, {"y": [3, 6], "k2": 3}),
    ("k = 3\ndef f(v): return v * k\ny = f(2)", {}, None, {"k": 3, "y": 6}),
    ("def f(v): return v * 3\ny = f(2)", {}, None, {"y": 6}),
    ("k = 3\ndef f(): return k\ndef g(): return f()\ny = g()", {}, None, {"k": 3, "y": 3}),
    ("def g(): return f()\ndef f(): return k\nk = 3\ny = g()", {}, None, {"k": 3, "y": 3}),
    ("k = 3\nclass A:\n    def m(self): return k\nclass B(A): pass\ny = B().m()", {}, None, {"k": 3, "y": 3}),
    ("def add(f): return lambda v: f(v) + k\nk = 3\n@add\ndef f(v): return v\ny = f(1)", {}, None, {"k": 3, "y": 4}),
    ("from math import *\ny = floor(pi)", {}, None, {"y": 3}),
    ("import math\ny = math.floor(a)", {"a": 2.5}, None, {"y": 2}),
    ("if flag:\n    x = 1", {"flag": False, "x": 7}, None, {"x": 7}),
    ("def add(v):\n    global total\n    total += v\nadd(2)\nadd(3)", {"total": 1}, None, {"total": 6}),
    ("if True:\n    def f():\n        global z\n        z = 5\n    f()\n    y = z", {}, None, {"y": 5}),
    ("del x\ny = 1", {"x": 1}, None, {"y": 1}),
    ("def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)\ny = fib(10)", {}, None, {"y": 55}),
    (
        "if True:\n    def fact(n): return 1 if n < 1 else n * fact(n - 1)\n    y = fact(5)",
        {},
        None,
        {"y": 120},
    ),
    ("async def f(v): return v + 1\ny = await f(1)\nawait f(y)", {}, 3, {"y": 2}),
    ("a = a * 2\nasync def f(): return a\na = a + await f()", {"a": 1}, None, {"a": 4}),
    ("import asyncio\nasync with asyncio.Lock():\n    y = 1", {}, None, {"y": 1}),
    ("try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    y = str(e)", {}, None, {"y": "division by zero"}),
    ("match a:\n    case {'k': v}: y = v\n    case _: y = 0", {"a": {"k": 4}}, None, {"y": 4}),
    ("f'{a:>{n}}'", {"a": 1, "n": 3}, "  1", {}),
    ("", {}, None, {}),
    ("# nothing", {}, None, {}),
    ("'text'", {}, "text", {}),
]


@pytest.mark.parametrize(("source", "namespace", "shown", "values"), CASES, ids=[case[0] for case in CASES])
def test_does_what_the_cell_would_do(source, namespace, shown, values):
    assert run(source, dict(namespace)) == (shown, values)


def test_definitions_are_the_notebooks_own():
    namespace: dict = {}
    _shown, values = run("class C: pass\ny = C()", namespace, travel=False)
    assert isinstance(values["y"], namespace["C"])


def test_name_no_path_assigned_raises_name_error_when_used():
    _shown, values = run("if a:\n    y = 1\nelse:\n    z = 2", {"a": True}, name="case")
    assert values["y"] == 1
    with pytest.raises(NameError, match="name 'z' is not defined: case did not assign it") as caught:
        pickle.loads(pickle.dumps(values["z"]))
    assert caught.value.name == "z"


def test_changed_in_place_keeps_the_object():
    box = Boxed()
    run("box.items.append(1)\nbox.items[0] += 4", {"box": box}, travel=False)
    assert box.items == [5]


SOURCE = "%%task\nk = 3\ny = [1 / v\n     for v in a]\nk + zero()\n"


def failing_line(namespace: dict) -> tuple[int, str, str]:
    linecache.cache["<cell>"] = (len(SOURCE), None, SOURCE.splitlines(True), "<cell>")
    body = SOURCE.partition("\n")[2]
    cell = infer(body, namespace, first_line=2, filename="<cell>")
    function = build(cell, namespace, "<cell>", "cell[5]")
    with pytest.raises(ZeroDivisionError) as caught:
        function(**{name: namespace[name] for name in cell.inputs})
    entries = [e for e in traceback.extract_tb(caught.value.__traceback__) if e.filename == "<cell>"]
    return entries[0].lineno or 0, entries[0].name, entries[0].line or ""


def test_traceback_shows_the_cells_own_line():
    assert failing_line({"a": [0]})[:2] in ((3, "<module>"), (4, "<module>"))
    assert failing_line({"a": [1], "zero": lambda: 1 / 0}) == (5, "<module>", "k + zero()")


def test_error_in_a_definition_is_at_its_line():
    cell = infer("import nowhere_at_all", {}, first_line=2, filename="<cell>")
    with pytest.raises(ModuleNotFoundError) as caught:
        run_now(cell, {}, "<cell>")
    assert traceback.extract_tb(caught.value.__traceback__)[-1].lineno == 2


def test_name_people_see():
    cell = infer("y = 1", {})
    assert build(cell, {}, "<cell>", "cell[5]").__name__ == "cell[5]"
