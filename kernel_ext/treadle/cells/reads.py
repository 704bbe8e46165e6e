"""Which names of the notebook a plain cell reads: its own code, the functions it calls, and what its magics run.

Law: syntax trees and a namespace in, names and lines out; looks at functions, runs nothing, changes nothing.

Explicit waits and cancels (`wait_on(x)`, `cancel(x)`) take futures, so what is only named there is not read; a name
that the cell awaits stays a future in all of it. Tasks are not followed: a future in a global is an argument of theirs like any other.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from types import FunctionType
from typing import Any, Final

from treadle_runtime.api.bytecode import names_of

from .flow import trace
from .scopes import global_names

TAKES_FUTURES: Final = frozenset({"wait_on", "cancel", "as_completed", "retry", "debug", "publish"})
_RUNS_PYTHON: Final = frozenset({"time", "timeit", "prun", "memit", "mprun", "lprun", "debug"})
_IN_TEXT: Final = re.compile(r"\$\{?([^\W\d]\w*)|\{([^{}]+)\}")
_OUT: Final = frozenset({"Out", "_oh"})
_DEFINITION = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def reads(tree: ast.Module, space: Mapping[str, Any]) -> dict[str, int]:
    """Return the names that running a cell reads from the notebook, each with the line that mentions it first.

    `Out[3]` and `_oh[3]` count as `_3`.

    Examples
    --------
    >>> reads(ast.parse("a = 1\\nprint(a, b)\\nc = [d for d in Out[3]]"), {})
    {'print': 2, 'b': 2, '_3': 3}
    """
    reader = _Reader(space)
    body = [statement for node in tree.body for statement in reader.at_once(_copy(node))]
    flow = trace(body)
    found = {name: reader.lines.get(name, 1) for name in flow.order if name in flow.exposed}
    for name, line in reader.hidden.items():
        found.setdefault(name, line)
    reader.follow(found, flow.bound)
    return {name: line for name, line in found.items() if name not in reader.awaited}


class _Reader(ast.NodeTransformer):
    """Makes of a statement what it reads at once; notes what magics read, and what definitions read when they run."""

    def __init__(self, space: Mapping[str, Any]) -> None:
        self._space = space
        self._later: dict[str, set[str]] = {}  # definition of the cell -> globals that it reads when it runs
        self._mentioned: set[str] = set()
        self.lines: dict[str, int] = {}
        self.awaited: set[str] = set()
        self.hidden: dict[str, int] = {}  # what is read by text: magics, Out[3]

    def at_once(self, node: ast.stmt) -> list[ast.stmt]:
        if not isinstance(node, _DEFINITION):
            made = self.visit(node)
            return [made]
        now, later, _binds = global_names(node)
        self._later[node.name] = set() if any(map(self._is_ours, node.decorator_list)) else later
        for name in later:
            self.lines.setdefault(name, node.lineno)
        used = [ast.Name(name, ast.Load()) for name in sorted(now)]
        bound = ast.Assign([ast.Name(node.name, ast.Store())], ast.Constant(None))
        made = ast.copy_location(ast.Expr(ast.Tuple([*used], ast.Load())), node)
        for each in used:
            self.lines.setdefault(each.id, node.lineno)
        return [made, ast.copy_location(bound, node)]

    def follow(self, found: dict[str, int], bound: set[str]) -> None:
        """Add what the functions that are mentioned read, and those that they mention."""
        waiting = [*found, *(name for name in self._later if name in self._mentioned)]
        seen = set(waiting)
        while waiting:
            name = waiting.pop()
            for inner in self._read_by(name, bound):
                if inner not in seen:
                    seen.add(inner)
                    waiting.append(inner)
                    if inner not in bound:
                        found[inner] = found.get(name, self.lines.get(name, 1))

    def _read_by(self, name: str, bound: set[str]) -> set[str]:
        if name in self._later:
            return self._later[name]
        value = None if name in bound else self._space.get(name)
        if isinstance(value, FunctionType) and value.__globals__ is self._space:
            return set(names_of(value.__code__).read)
        return set()

    # ------------------------------------------------------------ nodes
    def visit_Name(self, node: ast.Name) -> ast.expr:
        if isinstance(node.ctx, ast.Load):
            self._mentioned.add(node.id)
            self.lines.setdefault(node.id, node.lineno)
        return node

    def visit_Await(self, node: ast.Await) -> ast.expr:
        if not isinstance(node.value, ast.Name):
            return self._inside(node)
        self.awaited.add(node.value.id)  # in the whole cell: its value could not be awaited
        return ast.copy_location(ast.Constant(None), node)

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        root, index = node.value, node.slice
        if (
            isinstance(root, ast.Name)
            and root.id in _OUT
            and isinstance(index, ast.Constant)
            and isinstance(index.value, int)
        ):
            self.hidden.setdefault(f"_{index.value}", node.lineno)
            return ast.copy_location(ast.Constant(None), node)
        return self._inside(node)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        function = node.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        if name in TAKES_FUTURES and self._is_ours(function):
            node.args = [_taken(each) for each in node.args]
        elif _is_shell(getattr(function, "value", None)):
            self._magic(name, node)
        return self._inside(node)

    def _inside(self, node: ast.expr) -> ast.expr:
        made = self.generic_visit(node)
        assert isinstance(made, ast.expr)
        return made

    def _magic(self, method: str, node: ast.Call) -> None:
        texts = [
            each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)
        ]
        magic = texts.pop(0) if method in ("run_line_magic", "run_cell_magic") and texts else ""
        if magic in ("task", "treadle"):
            return
        if magic in _RUNS_PYTHON:
            found = [name for text in texts for name in self._of_text(text)]
        else:
            pairs = [pair for text in texts[:1] for pair in _IN_TEXT.findall(text)]
            found = [
                name for dollar, braces in pairs for name in ([dollar] if dollar else self._of_text(braces))
            ]
        for name in found:
            self.hidden.setdefault(name, node.lineno)

    def _of_text(self, text: str) -> list[str]:
        """Return what code reads that may begin with options, as in `%timeit -n 10 f(x)`."""
        while text := text.strip():
            try:
                return list(reads(ast.parse(text), self._space))
            except SyntaxError:
                text = text.partition(" ")[2]
        return []

    def _is_ours(self, node: ast.expr) -> bool:
        """Tell whether an expression is something of Treadle's: its module, or a function of it."""
        if isinstance(node, ast.Call):
            node = node.func
        while isinstance(node, ast.Attribute):
            node = node.value
        value = self._space.get(node.id) if isinstance(node, ast.Name) else None
        module = getattr(value, "__module__", None) or getattr(value, "__name__", "")
        return isinstance(module, str) and module.partition(".")[0] in ("treadle", "treadle_runtime")


def _is_shell(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") == "get_ipython"


def _copy(node: Any) -> Any:
    """Copy a tree by its fields alone: tools for tracebacks hang whole trees on what trees share (`ast.Load()`)."""
    if isinstance(node, list):
        return [_copy(each) for each in node]
    if not isinstance(node, ast.AST) or isinstance(node, ast.expr_context):
        return node
    made = type(node)(**{name: _copy(value) for name, value in ast.iter_fields(node)})
    return ast.copy_location(made, node)


def _taken(node: ast.expr) -> ast.expr:
    """Return an argument without the names whose futures are taken themselves, in lists, tuples, sets and dicts as well."""
    if isinstance(node, ast.Name):
        return ast.copy_location(ast.Constant(None), node)
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        node.elts = [_taken(each) for each in node.elts]
    elif isinstance(node, ast.Dict):
        node.values = [_taken(each) for each in node.values]
    elif isinstance(node, ast.Starred):
        node.value = _taken(node.value)
    return node
