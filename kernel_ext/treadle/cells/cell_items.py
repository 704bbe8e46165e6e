"""`%%task --for NAME in ITEMS`: one task per item, made of the same cell.

Law: decides what goes from item to item and what is collected; how a cell becomes a function is `inference` and
`cell_function`.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from treadle_runtime.api import Future
from treadle_runtime.errors import UsageError

from .cell_options import CellOptions
from .flow import Flow
from .inference import CellTask, is_code


def items_of(options: CellOptions, space: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what the names of `--for` are in each item, in order. Runs the person's expression."""
    assert options.items is not None
    names = ", ".join(options.targets)
    code = f"[({names},) for {ast.unparse(options.items.target)} in {ast.unparse(options.items.iter)}]"
    rows = eval(compile(code, "<--for>", "eval"), space)
    return [dict(zip(options.targets, row, strict=True)) for row in rows]


def settle_names(options: CellOptions, flow: Flow, known: Mapping[str, Any]) -> tuple[str, ...]:
    """Check `--collect` and add to the options what follows from it; return the names carried from item to item.

    Raises
    ------
    UsageError
        a collected name that the cell never assigns.
    """
    for name in options.collect:
        if name not in flow.bound and name not in flow.mutated:
            close = difflib.get_close_matches(name, flow.bound, 1)
            meant = f"Did you mean `{close[0]}`?" if close else "Check its spelling."
            raise UsageError(f"--collect names `{name}`, but the cell never assigns it. {meant}")
    used = {name for name in flow.mutated if is_code(known.get(name))}  # `time.sleep(1)` changes no module
    changed = flow.assigned | (flow.mutated - used) | set(options.inout)
    given = {*options.inputs, *options.targets}
    handed = {name for name in flow.exposed & changed if not name.startswith("_") or name in options.outputs}
    carried = [name for name in flow.order if name in handed - given]
    if not options.chain:
        carried = [name for name in carried if name not in options.collect]
        options.inputs += tuple(name for name in options.collect if name in flow.exposed and name in known)
    options.inputs += tuple(name for name in options.targets if name not in options.inputs)
    options.outputs += options.collect
    return tuple(carried)


def refuse(carried: Iterable[str]) -> None:
    """Raise for names that one item would hand to the next: without an order there is no next."""
    for name in carried:
        raise UsageError(f"{name} is carried from item to item: use --collect, or --chain if you mean it.")


def submit_all(
    cell: CellTask,
    items: Iterable[Mapping[str, Any]],
    given: dict[str, Any],
    calls: tuple[Callable[..., Any], Callable[..., Any]],
    carried: Iterable[str] = (),
) -> tuple[dict[str, list[Future[Any]]], list[Future[Any]]]:
    """Call the cell's task once for each item: the first of `calls` for the first one, the second for all others.

    Returns
    -------
    tuple
        the futures of each returned name in order, and one future of each task.
    """
    found: dict[str, list[Future[Any]]] = {name: [] for name in cell.returned}
    tasks: list[Future[Any]] = []
    handed = [name for name in carried if name in cell.returned]
    for item in items:
        arguments = {**given, **{name: value for name, value in item.items() if name in cell.inputs}}
        result = calls[bool(tasks)](**arguments)
        values = result if isinstance(result, tuple) else (result,)
        for name, value in zip(cell.returned, values if cell.silent else (), strict=True):
            found[name].append(value)
        for name in handed:
            if name in given:
                given[name] = found[name][-1]
        tasks.append(values[0])
    return found, tasks
