"""From an inferred cell to the function that a task runs.

Law: `CellTask` in, function out; submits nothing. The function's code stands where the cell's code stands, so that
its tracebacks show the notebook's cell.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any, Final

from .inference import CellTask
from .unassigned import Unassigned

_SHOWN: Final = "__treadle_shown__"
_UNASSIGNED: Final = "__treadle_unassigned__"


def build(
    cell: CellTask, namespace: dict[str, Any], filename: str, name: str, flags: int = 0
) -> Callable[..., Any]:
    """Make the function of a cell.

    Parameters
    ----------
    namespace
        becomes the globals of the function: modules, functions and classes are found there.
    filename
        what the notebook calls the cell's code; lines are those of the trees in `cell`.
    name
        how people see the task, e.g. `cell[5]`.
    flags
        of the compiler, for `from __future__ import ...` in earlier cells.

    Returns
    -------
    callable
        takes `cell.inputs` and `cell.inout` as keywords; returns the value the cell displays (None if none), followed
        by the values of `cell.returned` if there are any; these alone for a `silent` cell.
    """
    first, last = (cell.body[0].lineno, cell.body[-1].lineno) if cell.body else (1, 1)
    body = _function_body(cell, first, last)
    parameters = [*cell.inputs, *cell.inout]
    if cell.awaits:
        body = _in_loop(body, parameters, first)
    inner = _def("cell", parameters, body, first)
    tree = ast.Module([_def("make", [_UNASSIGNED], [inner, *_lines("return cell", first)], first)], [])
    made: dict[str, Any] = {}
    exec(compile(tree, filename, "exec", flags=flags, dont_inherit=True), namespace, made)  # noqa: S102
    function = made["make"](Unassigned)
    assert isinstance(function, FunctionType)
    function.__name__ = function.__qualname__ = name
    # the notebook shows frames of this name as it shows those of a plain cell
    function.__code__ = function.__code__.replace(co_name="<module>", co_qualname="<module>")
    return function


def run_now(cell: CellTask, namespace: dict[str, Any], filename: str, flags: int = 0) -> None:
    """Run the imports and definitions of the cell in the notebook."""
    if cell.now:
        code = compile(ast.Module(cell.now, []), filename, "exec", flags=flags, dont_inherit=True)
        exec(code, namespace)  # noqa: S102


def _function_body(cell: CellTask, first: int, last: int) -> list[ast.stmt]:
    parameters = {*cell.inputs, *cell.inout}
    nested = _Globals(parameters | cell.local)
    body: list[ast.stmt] = [nested.visit(statement) for statement in cell.body]
    declared = [f"{name} = None" for name in cell.hidden]
    declared += [
        f"{name} = None; del {name}" for name in sorted(nested.found - parameters)
    ]  # nonlocal needs a binding
    shown = "None"
    if cell.shows:
        shown = _SHOWN
        value = body.pop()
        assert isinstance(value, ast.Expr)
        target = ast.copy_location(ast.Name(_SHOWN, ast.Store()), value)
        body.append(ast.copy_location(ast.Assign([target], value.value), value))
    where = cell.name or "its cell"
    for name in cell.returned:
        if name in cell.maybe:  # told when it is used, as in sequential code
            body += _lines(
                f"try: {name}\nexcept NameError: {name} = {_UNASSIGNED}({name!r}, {where!r})", last
            )
    values = cell.returned if cell.silent and cell.returned else (shown, *cell.returned)
    given = f"return {', '.join(values)}"
    return [*_lines("\n".join(declared), first), *body, *_lines(given, last)]


def _in_loop(body: list[ast.stmt], parameters: list[str], line: int) -> list[ast.stmt]:
    """Give the coroutine of a body that awaits: a task runs it to its end."""
    main = _def("main", parameters, body, line, "async ")
    return [main, *_lines(f"return main({', '.join(parameters)})", line)]


def _def(name: str, parameters: Iterable[str], body: list[ast.stmt], line: int, prefix: str = "") -> ast.stmt:
    (made,) = _lines(f"{prefix}def {name}({', '.join(parameters)}): pass", line)
    assert isinstance(made, (ast.FunctionDef, ast.AsyncFunctionDef))
    made.body = body
    return made


def _lines(code: str, line: int) -> list[ast.stmt]:
    """Return statements of ours, all placed at one line of the cell."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, (ast.stmt, ast.expr, ast.arg, ast.ExceptHandler)):
            node.lineno = node.end_lineno = line
            node.col_offset = node.end_col_offset = 0
    return tree.body


class _Globals(ast.NodeTransformer):
    """Turns `global x` in nested functions into `nonlocal x` where x is a name of the cell, now a local one."""

    def __init__(self, names: set[str] | frozenset[str]) -> None:
        self._names = names
        self.found: set[str] = set()

    def visit_Global(self, node: ast.Global) -> ast.stmt | list[ast.stmt]:
        ours = [name for name in node.names if name in self._names]
        others = [name for name in node.names if name not in self._names]
        self.found.update(ours)
        made: list[ast.stmt] = []
        if ours:
            made.append(ast.copy_location(ast.Nonlocal(ours), node))
        if others:
            made.append(ast.copy_location(ast.Global(others), node))
        return made
