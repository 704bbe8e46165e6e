"""What stands behind `%%task`."""

from __future__ import annotations

import ast

import pytest

from treadle.cells.cell_options import read_options
from treadle.shell.waiting import awaiting
from treadle_runtime.errors import UsageError


def loop(line: str) -> str:
    options, rest = read_options(line)
    assert rest == ""
    assert options.items is not None
    return f"{ast.unparse(options.items.target)} in {ast.unparse(options.items.iter)}"


def test_names_and_flags():
    options, rest = read_options("-i a,b --inout=c -o d , e --name 'case {x}' --wait y = f(x)")
    assert (options.inputs, options.inout, options.outputs) == (("a", "b"), ("c",), ("d", "e"))
    assert (options.name, options.wait, rest) == ("case {x}", True, "y = f(x)")


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("--for seed in range(100) --collect score", "seed in range(100)"),
        ("--for seed in range(100) --chain", "seed in range(100)"),
        ("--collect a,b --for i in [1, 2]", "i in [1, 2]"),
        ("--for i in range(n) -i n", "i in range(n)"),
        ("--for i in range(n -i)", "i in range(n - i)"),
        ("--for (a, b) in zip(x, 'a --chain b') --wait", "(a, b) in zip(x, 'a --chain b')"),
        ("--for a, (b, *c) in rows", "(a, (b, *c)) in rows"),
        ("--for x in [y for y in range(3) if y]", "x in [y for y in range(3) if y]"),
    ],
)
def test_items_end_where_the_next_option_begins(line, meant):
    assert loop(line) == meant


@pytest.mark.parametrize(
    "line", ["--for", "--for seed", "--for 3 in x", "--for x.a in y", "--for in range(3)"]
)
def test_items_that_make_no_sense(line):
    with pytest.raises(UsageError, match="--for needs names and items"):
        read_options(line)


@pytest.mark.parametrize("line", ["--collect x", "--chain"])
def test_what_belongs_to_for(line):
    with pytest.raises(UsageError, match="belong to --for"):
        read_options(line)


def test_waits_at_the_top_level_are_awaited():
    line, cell = (
        "get_ipython().run_line_magic('treadle', 'wait x')",
        "get_ipython().run_cell_magic('task', '--wait -i ä', 'y = ä\\n')",
    )
    assert awaiting(line) == "await get_ipython().run_line_magic('treadle', 'await x')"
    assert awaiting(cell) == "await get_ipython().run_cell_magic('task', '--await -i ä', 'y = ä\\n')"
    assert awaiting(f"ä = 1; {line}\nif x:\n    {line}\n") == (
        f"ä = 1; {awaiting(line)}\nif x:\n    {awaiting(line)}\n"
    )
    for other in (
        f"def f():\n    {line}\n",
        f"lambda: {line}",
        line.replace("wait x", "status"),
        "x = = 1",
        "wait",
    ):
        assert awaiting(other) == other
