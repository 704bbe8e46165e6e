"""Directions that a signature gives: `c: Annotated[ndarray, INOUT]`.

Law: reads annotations, evaluates none. Text (all of them, under `from __future__ import annotations`) is read as a
syntax tree, and only names in it are looked up: what cannot be found says nothing, and never breaks a task.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import types
from collections.abc import Callable, Mapping
from inspect import Parameter
from typing import Annotated, Any, Final, Union, get_args, get_origin

from .directions import Direction

_UNIONS: Final = (Union, types.UnionType)


class Unresolved(Exception):  # noqa: N818 - never leaves the package
    """A name in an annotation has no value yet."""


def directions_in(
    function: Callable[..., Any], parameters: Mapping[str, Parameter]
) -> tuple[dict[str, Direction], bool]:
    """Return the directions that annotations give, and whether some name in them has no value yet.

    Examples
    --------
    >>> from treadle_runtime.api.directions import INOUT
    >>> def add(c: Annotated[list, INOUT], x: int): ...
    >>> directions_in(add, inspect.signature(add).parameters)
    ({'c': INOUT}, False)
    """
    names = _namespace(function)
    found: dict[str, Direction] = {}
    open_ends = False
    for name, parameter in parameters.items():
        annotation = parameter.annotation
        if annotation is Parameter.empty or type(annotation) is type:
            continue  # nearly all
        try:
            direction = _of(annotation, names)
        except Unresolved:
            open_ends = True
        else:
            if direction is not None:
                found[name] = direction
    return found, open_ends


def _namespace(function: Callable[..., Any]) -> Mapping[str, Any]:
    inner = inspect.unwrap(function)
    cells: dict[str, Any] = {}
    code = getattr(inner, "__code__", None)
    if code is not None:
        for name, cell in zip(code.co_freevars, getattr(inner, "__closure__", None) or (), strict=True):
            try:
                cells[name] = cell.cell_contents
            except ValueError:  # not filled yet
                continue
    return {**vars(builtins), **getattr(inner, "__globals__", {}), **cells}


def _of(annotation: Any, names: Mapping[str, Any]) -> Direction | None:
    """Return the direction in an annotation, None if there is none."""
    if isinstance(annotation, str):
        try:
            tree = ast.parse(annotation.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):  # text of any kind
            return None
        return _of_tree(tree, names)
    if get_origin(annotation) is Annotated:
        given = [part for part in annotation.__metadata__ if isinstance(part, Direction)]
        return given[0] if given else _of(get_args(annotation)[0], names)
    if get_origin(annotation) in _UNIONS:
        return _first(get_args(annotation), _of, names)
    return None


def _of_tree(node: ast.expr, names: Mapping[str, Any]) -> Direction | None:
    if isinstance(node, ast.Constant):
        return _of(node.value, names) if isinstance(node.value, str) else None
    if isinstance(node, ast.BinOp):
        return _first((node.left, node.right), _of_tree, names)
    if isinstance(node, ast.Name | ast.Attribute):
        return _of(_value(node, names), names)
    if not isinstance(node, ast.Subscript):
        return None
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    head = _spelled(node.value)
    if head == "Annotated":
        given = [found for part in parts[1:] if (found := _direction(part, names)) is not None]
        return given[0] if given else _first(parts[:1], _of_tree, names)
    return _first(parts, _of_tree, names) if head in ("Optional", "Union") else None


def _first(
    parts: Any, look: Callable[[Any, Mapping[str, Any]], Direction | None], names: Mapping[str, Any]
) -> Direction | None:
    """Return the first direction in these parts; one that is found counts more than a name that is not."""
    missing: Unresolved | None = None
    for part in parts:
        try:
            if (found := look(part, names)) is not None:
                return found
        except Unresolved as error:
            missing = error
    if missing is not None:
        raise missing
    return None


def _direction(node: ast.expr, names: Mapping[str, Any]) -> Direction | None:
    if not isinstance(node, ast.Name | ast.Attribute):
        return None
    try:
        value = _value(node, names)
    except Unresolved:
        # A name that only the function around knows: what it is called says what it is.
        return Direction.__members__.get(_spelled(node))
    return value if isinstance(value, Direction) else None


def _value(node: ast.expr, names: Mapping[str, Any]) -> Any:
    """Return what a name or a dotted name stands for. Raises Unresolved."""
    if isinstance(node, ast.Name):
        if node.id not in names:
            raise Unresolved(node.id)
        return names[node.id]
    if isinstance(node, ast.Attribute):
        holder = _value(node.value, names)
        if isinstance(holder, types.ModuleType | type) and node.attr in vars(
            holder
        ):  # runs no code of anybody's
            return vars(holder)[node.attr]
        raise Unresolved(node.attr)
    raise Unresolved(ast.dump(node))


def _spelled(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
