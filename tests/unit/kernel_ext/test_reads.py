"""What a plain cell reads of the notebook."""

from __future__ import annotations

import ast

import pytest

import treadle
from treadle.cells.reads import reads

SPACE = {"treadle": treadle, "wait_on": treadle.wait_on, "cancel": treadle.cancel, "task": treadle.task}
exec("def reader(): return x\ndef through(): return reader()\ndef local():\n    x = 1\n    return x", SPACE)  # noqa: S102
SPACE["as_task"] = treadle.task(SPACE["reader"])


def magic(name: str, line: str, cell: str | None = None) -> str:
    """A magic as IPython hands it to transformers."""
    if cell is None:
        return f"get_ipython().run_line_magic({name!r}, {line!r})"
    return f"get_ipython().run_cell_magic({name!r}, {line!r}, {cell!r})"


@pytest.mark.parametrize(
    "cell",
    [
        "x",
        "y = x + 1",
        "x += 1",
        "x[0] = 5",
        "x.a = 5",
        "if False:\n    print(x)",
        "for i in x: pass",
        "[x for _ in range(3)]",
        "lambda: x",
        "f'{x}'",
        "del x[0]",
        "x.append(1)",
        "y = 1\nx = x + y",
        "def f(a=x): pass",
        "def f():\n    return x\nf()",
        "def f():\n    return x\ndef g():\n    return f()\nprint(g())",
        "class A:\n    b = x",
        "reader()",
        "through()",
        "list(map(reader, [1]))",
        "wait_on([x + 1])",
        "print(wait_on(1), x)",
        "await f(x)",
        "import asyncio\nawait asyncio.sleep(x)",
        magic("timeit", "f(x)"),
        magic("timeit", "-n 10 -r3 f(x)"),
        magic("time", "y = x"),
        magic("time", "", "y = 1\nprint(x)"),
        magic("prun", "-s cumulative f(x)"),
        "get_ipython().system('echo {x}')",
        "get_ipython().system('echo $x')",
        "files = get_ipython().getoutput('ls {x[0]}')",
        magic("cd", "$x"),
    ],
)
def test_read(cell):
    assert "x" in reads(ast.parse(cell), SPACE)


@pytest.mark.parametrize(
    "cell",
    [
        "x = 1",
        "x = 1\nprint(x)",
        "for x in y: print(x)",
        "del x",
        "import x",
        "y.x",
        "f(x=1)",
        "'x'",
        "lambda x: x",
        "def f():\n    return x",
        "def f(x):\n    return x\nf(1)",
        "@task\ndef f():\n    return x\nf()",
        "as_task()",
        "local()",
        "def reader(): return 1\nreader()",
        "wait_on(x)",
        "y = wait_on(x)",
        "treadle.wait_on(x)",
        "wait_on([x], *x)",
        "wait_on({'a': (x, [x])})",
        "for f in treadle.as_completed([x]): pass",
        "cancel(x)",
        "await x",
        "y = await x",
        magic("treadle", "cancel x"),
        magic("task", "y = x"),
        magic("task", "", "y = x"),
        magic("who", "x"),
        magic("run", "x.py"),
        magic("bash", "", "echo x"),
    ],
)
def test_not_read(cell):
    assert "x" not in reads(ast.parse(cell), SPACE)


def test_results_of_cells():
    assert reads(ast.parse("Out[3] + _5 + _"), {}) == {"_5": 1, "_": 1, "_3": 1}
    assert "_3" not in reads(ast.parse("Out[n]"), {})


def test_lines_are_those_of_the_first_mention():
    assert reads(ast.parse("a = 1\n\nprint(x)\nprint(x)"), {})["x"] == 3
    assert reads(ast.parse("a = 1\nreader()"), SPACE)["x"] == 2


def test_the_tree_stays_as_it_is():
    tree = ast.parse("wait_on(x)\ndef f(): return Out[3]\nawait y")
    before = ast.dump(tree, include_attributes=True)
    reads(tree, SPACE)
    assert ast.dump(tree, include_attributes=True) == before


def test_what_others_hang_on_trees_is_not_looked_at():
    tree = ast.parse("print(x)")
    shared = tree.body[0].value.args[0].ctx
    assert shared is ast.parse("y").body[0].value.ctx  # all trees have the same one
    shared.parent = Uncopied()
    try:
        assert "x" in reads(tree, SPACE)
    finally:
        del shared.parent


class Uncopied:
    def __deepcopy__(self, memo):
        raise AssertionError
