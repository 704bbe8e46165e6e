"""`%%task`: a cell becomes one task, its names futures.

Law: the order of the steps; what the cell needs is `inference`, its function `cell_function`, its display
`cell_card`. Main thread; waits for nothing.
"""

from __future__ import annotations
import __future__

import builtins
import re
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any, Final

from treadle_runtime.api import INOUT, Future, Task
from treadle_runtime.core.states import TASK_FINAL, TaskState
from treadle_runtime.errors import UsageError

from .cell_card import CellCard
from .cell_function import build, run_now
from .inference import CellTask, infer

if TYPE_CHECKING:
    from .extension import Extension

_OPTION: Final = re.compile(
    r"""\s*(?:(?P<names>-i|-o|--in|--out|--inout)(?:\s+|=)(?P<value>[^\W\d]\w*(?:\s*,\s*[^\W\d]\w*)*)
        |--name(?:\s+|=)(?P<name>"[^"]*"|'[^']*'|\S+))(?:\s+|$)""",
    re.VERBOSE,
)
_NOT_DATA: Final = frozenset(
    {"exit", "quit", "get_ipython", "open"}
)  # what IPython itself puts into the namespace
_FUTURE_FLAGS: Final = reduce(
    lambda flags, name: flags | getattr(__future__, name).compiler_flag, __future__.all_feature_names, 0
)


@dataclass
class CellOptions:
    """What stands behind the magic's name."""

    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    inout: tuple[str, ...] = ()
    name: str | None = None


def read_options(line: str) -> tuple[CellOptions, str]:
    """Return the options at the beginning of a line, and the rest of it."""
    options = CellOptions()
    fields = {"-i": "inputs", "--in": "inputs", "-o": "outputs", "--out": "outputs", "--inout": "inout"}
    while match := _OPTION.match(line):
        line = line[match.end() :]
        if match["names"]:
            field = fields[match["names"]]
            given = tuple(name.strip() for name in match["value"].split(","))
            setattr(options, field, getattr(options, field) + given)
        else:
            options.name = match["name"].strip("\"'")
    return options, line.strip()


def run_cell(extension: Extension, line: str, body: str) -> None:
    """Serve `%%task`."""
    options, rest = read_options(line)
    if rest:
        raise UsageError(
            f"%%task does not know {rest!r}. Its options: -i a,b  -o a,b  --inout a,b  --name NAME."
        )
    filename, first_line = _place_of(extension, body, whole=True)
    submitted = _submit(extension, options, body, filename, first_line)
    if submitted is not None:
        cell, future = submitted
        CellCard(extension, cell, future).show()


def run_statement(extension: Extension, line: str) -> Future[Any] | None:
    """Serve `%task STATEMENT`: of an expression the future is returned, as `%time` returns the value."""
    options, statement = read_options(line)
    if not statement:
        raise UsageError(
            "%task needs a statement, as in `%task y = f(x)`. For a whole cell begin it with %%task."
        )
    filename, first_line = _place_of(extension, statement, whole=False)
    submitted = _submit(extension, options, statement, filename, first_line)
    if submitted is None or not submitted[0].shows:
        return None
    return submitted[1]


def _submit(
    extension: Extension, options: CellOptions, body: str, filename: str, first_line: int
) -> tuple[CellTask, Future[Any]] | None:
    space = extension.shell.user_ns
    flags = extension.shell.compile.flags & _FUTURE_FLAGS
    cell = infer(
        body,
        {name: value for name, value in space.items() if name not in _NOT_DATA},
        inputs=options.inputs,
        outputs=options.outputs,
        inout=options.inout,
        name=options.name,
        failed=[name for name, value in space.items() if _has_failed(value)],
        filename=filename,
        first_line=first_line,
    )
    run_now(cell, space, filename, flags)
    if not cell.body:
        return None
    function = build(cell, space, filename, f"cell[{extension.cells.current.number}]", flags)
    settings: dict[str, Any] = {"returns": 1 + len(cell.returned), "name": options.name}
    directions: dict[str, Any] = dict.fromkeys(cell.renewed, INOUT)
    given = {
        name: space[name] if name in space else getattr(builtins, name)
        for name in (*cell.inputs, *cell.inout)
    }
    result: Any = Task(function, settings, directions)(**given)
    shown, *values = result if cell.returned else (result,)
    extension.cells.current.returned.update(cell.returned)
    for name in cell.deletes:
        space.pop(name, None)
    for name, value in zip(cell.returned, values, strict=True):
        extension.autosync.bind(name, value)
    extension.autosync.wrote |= bool(cell.renewed)
    return cell, shown


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
