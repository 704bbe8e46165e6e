"""`%%task`: a cell becomes one task, its names futures.

Law: the order of the steps; what the cell needs is `inference`, its function `cell_function`, its display
`cell_card`. Main thread; waits for nothing but with `--wait`, and for the items of `--for`.
"""

from __future__ import annotations
import __future__

import ast
import builtins
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from treadle_runtime.api import INOUT, Future, Task
from treadle_runtime.core.states import TASK_FINAL, TaskState
from treadle_runtime.errors import UsageError

from ..shell.headless import allows_failures
from ..shell.waiting import Waiting
from .cell_card import CellCard
from .cell_function import build, run_now
from .cell_items import items_of, refuse, settle_names, submit_all
from .cell_options import USAGE, CellOptions, read_options
from .flow import trace
from .inference import CellTask, infer, parse

if TYPE_CHECKING:
    from ..extension import Extension

T = TypeVar("T")
_NOT_DATA: Final = frozenset(
    {"exit", "quit", "get_ipython", "open"}
)  # what IPython itself puts into the namespace
_FUTURE_FLAGS: Final = reduce(
    lambda flags, name: flags | getattr(__future__, name).compiler_flag, __future__.all_feature_names, 0
)


@dataclass
class Prepared:
    """A cell whose definitions have taken effect, ready to be called."""

    cell: CellTask
    call: Callable[..., Any]  # its task, which looks whether it changes an input
    quick: Callable[..., Any]  # the same without looking: for all items but the first
    given: dict[str, Any]  # its arguments
    before: dict[str, int]  # identities of what its names were bound to


def run_cell(extension: Extension, line: str, body: str) -> Any:
    """Serve `%%task`; with `--await` what the cell awaits is returned."""
    options, rest = read_options(line)
    if rest:
        raise UsageError(f"%%task does not know {rest!r}. Its options: {USAGE}.")
    place = _place_of(extension, body, whole=True)
    if allows_failures(body):
        body = "\n" + body.partition("\n")[2]
    shown = (
        _submit_items(extension, options, body, place)
        if options.items
        else _submit_one(extension, options, body, place)
    )
    if shown is None:
        return None
    card, futures = shown
    card.show(raises=options.wait)
    return (
        Waiting([future._call_now() for future in futures]).begin(options.awaited) if options.wait else None
    )


def run_statement(extension: Extension, line: str) -> Future[Any] | None:
    """Serve `%task STATEMENT`: of an expression the future is returned, as `%time` returns the value."""
    options, statement = read_options(line)
    if options.items is not None:
        raise UsageError("--for is for whole cells: begin the cell with `%%task --for ...`.")
    if not statement:
        raise UsageError(
            "%task needs a statement, as in `%task y = f(x)`. For a whole cell begin it with %%task."
        )
    prepared = _prepare(extension, options, statement, _place_of(extension, statement, whole=False))
    if prepared is None:
        return None
    shown = _call(extension, prepared)
    _remember(extension, prepared, None)
    if options.wait:
        Waiting([shown._call_now()]).begin(awaited=False)
    return shown if prepared.cell.shows else None


def _submit_one(
    extension: Extension, options: CellOptions, body: str, place: tuple[str, int]
) -> tuple[CellCard, list[Future[Any]]] | None:
    prepared = _prepare(extension, options, body, place)
    if prepared is None:
        return None
    future = _call(extension, prepared)
    card = CellCard(extension, prepared.cell, [future])
    _remember(extension, prepared, card)
    return card, [future]


def _submit_items(
    extension: Extension, options: CellOptions, body: str, place: tuple[str, int]
) -> tuple[CellCard, list[Future[Any]]] | None:
    assert options.items is not None
    space, autosync = extension.shell.user_ns, extension.autosync
    flow = trace(_reading(extension, parse, body, *place).body)
    carried = settle_names(options, flow, space)
    if not options.chain:
        refuse(carried)
    autosync.settle_read(ast.Module([ast.Expr(options.items.iter)], []))
    items = items_of(options, space)
    prepared = _prepare(
        extension, options, body, place, items[0] if items else dict.fromkeys(options.targets)
    )
    if prepared is None:
        return None
    cell = prepared.cell
    if not options.chain and cell.renewed:
        refuse(cell.renewed)
    handed = carried if options.chain else ()
    found, tasks = submit_all(cell, items, prepared.given, (prepared.call, prepared.quick), handed)
    for name in cell.returned:
        if name in options.collect:
            autosync.bind(name, found[name])
        elif found[name]:
            autosync.bind(name, found[name][-1])
    autosync.wrote |= bool(cell.renewed)
    card = CellCard(extension, cell, tasks, items=True)
    _remember(extension, prepared, card)
    return card, tasks


def _prepare(
    extension: Extension,
    options: CellOptions,
    body: str,
    place: tuple[str, int],
    item: dict[str, Any] | None = None,
) -> Prepared | None:
    """Take the cell apart and run its definitions; None if nothing is left for a task."""
    filename, first_line = place
    space = extension.shell.user_ns
    flags = extension.shell.compile.flags & _FUTURE_FLAGS
    known = {name: value for name, value in space.items() if name not in _NOT_DATA} | (item or {})
    cell = _reading(
        extension,
        infer,
        body,
        known,
        inputs=options.inputs,
        outputs=options.outputs,
        inout=options.inout,
        name=options.name,
        failed=[name for name, value in space.items() if _has_failed(value)],
        filename=filename,
        first_line=first_line,
    )
    if item is not None:
        kept = {*options.collect, *(cell.inout if options.chain else ())}
        cell.returned = tuple(name for name in cell.returned if name in kept)
        cell.shows, cell.silent = False, bool(cell.returned)
    run_now(cell, space, filename, flags)
    if not cell.body:
        return None
    function = build(cell, space, filename, f"cell[{extension.cells.current.number}]", flags)
    settings: dict[str, Any] = {
        "returns": len(cell.returned) + (not cell.silent),
        "name": options.name,
    }
    directions: dict[str, Any] = dict.fromkeys(cell.renewed, INOUT)
    given = {
        name: known[name] if name in known else getattr(builtins, name)
        for name in (*cell.inputs, *cell.inout)
    }
    extension.cells.current.returned.update(cell.returned)
    before = {name: id(value) for name, value in given.items() if name in space}
    checked, quick = (Task(function, {**settings, "check": check}, directions) for check in (True, False))
    return Prepared(cell, checked, quick, given, before)


def _reading(extension: Extension, read: Callable[..., T], *args: Any, **options: Any) -> T:
    """Read the text of a cell; where it is no Python the shell shows that line, and nothing of how it was read."""
    try:
        return read(*args, **options)
    except SyntaxError as error:
        extension.cell_error.expect_no_python(error)
        raise


def _call(extension: Extension, prepared: Prepared) -> Future[Any]:
    """Submit the cell and bind what it makes; return the future of what it shows."""
    cell, space = prepared.cell, extension.shell.user_ns
    result: Any = prepared.call(**prepared.given)
    shown, *values = result if cell.returned else (result,)
    for name in cell.deletes:
        space.pop(name, None)
    for name, value in zip(cell.returned, values, strict=True):
        extension.autosync.bind(name, value)
    extension.autosync.wrote |= bool(cell.renewed)
    return cast(Future[Any], shown)


def _remember(extension: Extension, prepared: Prepared, card: CellCard | None) -> None:
    """Note what the cell was made from and what it makes."""
    cell, space = prepared.cell, extension.shell.user_ns
    makes = [name for name in (*cell.returned, *cell.renewed) if name in space]
    extension.ancestry.submitted((*cell.inputs, *cell.inout), makes, prepared.before, card)
    for name in makes:
        extension.ancestry.bound(name, space[name])


def _has_failed(value: object) -> bool:
    if not isinstance(value, Future):
        return False
    state = value._call_now().state
    return state in TASK_FINAL and state != TaskState.DONE


def _place_of(extension: Extension, body: str, whole: bool) -> tuple[str, int]:
    """Return the file name and first line under which tracebacks find the code in the notebook's cell."""
    compiler, raw, number = extension.shell.compile, extension.cells.raw, extension.cells.current.number
    lines = raw.splitlines()
    for index, line in enumerate(lines):
        if whole and line.startswith("%%task") and "\n".join(lines[index + 1 :]).rstrip() == body.rstrip():
            return compiler.cache(raw, number, raw_code=raw), index + 2
        if not whole and "%task" in line and line.rstrip().endswith(body):
            return compiler.cache(raw, number, raw_code=raw), index + 1
    return compiler.cache(body, number, raw_code=body), 1
