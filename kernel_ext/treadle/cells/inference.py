"""What a cell needs and makes, read from its source.

Law: source and namespace in, `CellTask` out; runs nothing, changes nothing, imports nothing of IPython. The flow of
the cell's own scope is in `flow.py`, this module decides what it means.
"""

from __future__ import annotations

import ast
import builtins
import concurrent.futures
import difflib
import re
import types
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from treadle_runtime.errors import UsageError

from .flow import Flow, trace
from .scopes import global_names, mutations

CONSTANT_TYPES: Final = (int, float, complex, str, bytes, bool, tuple, frozenset, range, type(None))
"""Values that nothing changes in place."""

_MAGIC: Final = re.compile(r"\s*(?:[\w\s,.]+=\s*)?(?:%%?[A-Za-z_]|!|\?)|.*[\w)\]]\?{1,2}\s*$")
_IN_PLACE: Final = {
    ast.Add: "__iadd__", ast.Sub: "__isub__", ast.Mult: "__imul__", ast.MatMult: "__imatmul__",
    ast.Div: "__itruediv__", ast.FloorDiv: "__ifloordiv__", ast.Mod: "__imod__", ast.Pow: "__ipow__",
    ast.LShift: "__ilshift__", ast.RShift: "__irshift__", ast.BitAnd: "__iand__", ast.BitOr: "__ior__",
    ast.BitXor: "__ixor__",
}  # fmt: skip


@dataclass(slots=True)
class CellTask:
    """A cell as a task. Names are in the order in which running the cell first meets them.

    `inputs`, `outputs` and `inout` are what people are told. For the task itself: `inputs` and `inout` are its
    parameters, `renewed` those of them whose object is changed in place, `returned` what it gives back.
    """

    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    inout: tuple[str, ...] = ()
    renewed: tuple[str, ...] = ()
    returned: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()  # modules, functions and classes it reads
    maybe: frozenset[str] = frozenset()  # returned names that some paths leave unassigned
    deletes: tuple[str, ...] = ()  # names of the notebook that the cell deletes
    hidden: tuple[str, ...] = ()  # only deleted, so that the task needs no value for them
    local: frozenset[str] = frozenset()  # bound in any way at the top level of the body
    name: str | None = None
    now: list[ast.stmt] = field(default_factory=list)  # imports, defs, classes: run in the notebook at once
    body: list[ast.stmt] = field(default_factory=list)
    shows: bool = False  # the last statement of the body is an expression whose value the cell displays
    silent: bool = False  # nothing is displayed: it gives back `returned` alone, if there is any
    awaits: bool = False  # the body has `await` at its top level


def infer(
    source: str,
    namespace: Mapping[str, Any],
    *,
    inputs: Sequence[str] = (),
    outputs: Sequence[str] = (),
    inout: Sequence[str] = (),
    name: str | None = None,
    failed: Collection[str] = (),
    filename: str = "<cell>",
    first_line: int = 1,
) -> CellTask:
    """Read from a cell's source which names of the namespace it needs, changes and makes.

    Parameters
    ----------
    source
        the cell's body, without the line of the magic.
    namespace
        the notebook's names and values; only their existence and types are looked at.
    inputs, outputs, inout
        names that the person put into that class; what is inferred holds for all others.
    failed
        names whose value will never exist: not taken along only because the cell might leave them as they are.
    filename, first_line
        where the source stands, for errors and tracebacks.

    Raises
    ------
    UsageError
        a magic or `!` line in the body, a name in an option that does not exist, a definition that is made in
        the notebook at once but needs what the cell computes.
    SyntaxError
        as the cell would raise without the magic.

    Examples
    --------
    >>> infer("total += x\\ny = total ** 2", {"total": 0, "x": 1})  # doctest: +ELLIPSIS
    CellTask(inputs=('x',), outputs=('y',), inout=('total',), renewed=(), returned=('total', 'y'), ...)
    """
    tree = parse(source, filename, first_line)
    now, body = _split(tree)
    code_names = {bound for statement in now for bound in _bound_by(statement)}
    flow = trace(body)
    if kept := _needing_the_body(now, flow, code_names):
        body = sorted([*kept, *body], key=lambda statement: statement.lineno)
        flow = trace(body, {name for one in kept for name in _bound_by(one)})
    reader = _Reader(flow, namespace, code_names, frozenset(failed))
    reader.force(tuple(inputs), tuple(outputs), tuple(inout))
    cell = reader.decide()
    cell.name = name
    cell.now, cell.body = now, body
    cell.shows = bool(body) and isinstance(body[-1], ast.Expr) and not source.rstrip().endswith(";")
    cell.awaits = any(awaits(statement) for statement in body)
    return cell


def parse(source: str, filename: str = "<cell>", first_line: int = 1) -> ast.Module:
    """Return the syntax tree, with line numbers as in the notebook's cell; names the line of a magic."""
    padded = "\n" * (first_line - 1) + source
    try:
        tree = ast.parse(padded, filename)
        # what only the compiler finds: return outside a function, two uses of a name, ...
        compile(tree, filename, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except SyntaxError as error:
        lines = padded.splitlines()
        line = lines[error.lineno - 1] if error.lineno and error.lineno <= len(lines) else ""
        if _MAGIC.match(line):
            raise UsageError(
                f"line {error.lineno} `{line.strip()}` is a magic or a `!` line, which cannot run in a task. "
                "Put it into a cell of its own."
            ) from None
        raise
    return tree


# ---------------------------------------------------------------- definitions take effect at once
_DEFINITIONS: Final = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _split(tree: ast.Module) -> tuple[list[ast.stmt], list[ast.stmt]]:
    now: list[ast.stmt] = [statement for statement in tree.body if isinstance(statement, _DEFINITIONS)]
    return now, [
        statement for statement in tree.body if not isinstance(statement, (*_DEFINITIONS, ast.Global))
    ]


def _bound_by(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.Import):
        return [alias.asname or alias.name.split(".")[0] for alias in statement.names]
    if isinstance(statement, ast.ImportFrom):
        return [alias.asname or alias.name for alias in statement.names if alias.name != "*"]
    assert isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
    return [statement.name]


def _needing_the_body(now: list[ast.stmt], flow: Flow, code_names: set[str]) -> list[ast.stmt]:
    """Return the definitions that must stand in the body as well: they need what it computes, or change data."""
    computed = flow.bound - code_names
    reading: dict[str, ast.stmt] = {}  # what it computes, at first hand or by way of another definition
    changing: list[ast.stmt] = []
    definitions = [one for one in now if not isinstance(one, (ast.Import, ast.ImportFrom))]
    for statement in definitions:
        at_once, later, binds = global_names(statement)
        name = _bound_by(statement)[0]
        if early := sorted(at_once & computed):
            raise UsageError(
                f"line {statement.lineno}: `{early[0]}` is computed by this cell, but the definition of `{name}`, "
                f"which takes effect in the notebook at once, needs its value. Compute `{early[0]}` in a cell before."
            )
        if later & computed:
            reading[name] = statement
        elif name in flow.exposed and (binds or mutations(statement, later)):
            changing.append(statement)
    found = bool(reading)
    while found:
        more = {_bound_by(one)[0]: one for one in definitions if one not in reading.values() and _uses(one, reading)}
        reading |= more
        found = bool(more)
    return [one for one in definitions if one in reading.values() or one in changing]


def _uses(definition: ast.stmt, names: Collection[str]) -> bool:
    at_once, later, _binds = global_names(definition)
    return not (at_once | later).isdisjoint(names)


def awaits(node: ast.AST) -> bool:
    """Tell whether code of a cell awaits at its top level."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
        return False
    if isinstance(node, (ast.Await, ast.AsyncFor, ast.AsyncWith)):
        return True
    if isinstance(node, ast.comprehension) and node.is_async:
        return True
    return any(awaits(child) for child in ast.iter_child_nodes(node))


# ---------------------------------------------------------------- what the flow means
class _Reader:
    """Puts every name of a cell into its class."""

    def __init__(
        self, flow: Flow, namespace: Mapping[str, Any], code_names: set[str], failed: frozenset[str]
    ) -> None:
        self.flow = flow
        self.namespace = namespace
        self.code_names = code_names
        self.failed = failed
        self.as_input: tuple[str, ...] = ()
        self.as_output: tuple[str, ...] = ()
        self.as_inout: tuple[str, ...] = ()

    def force(self, inputs: tuple[str, ...], outputs: tuple[str, ...], inout: tuple[str, ...]) -> None:
        """Take in what the person said, and refuse what cannot be."""
        for name in (*inputs, *inout):
            if name not in self.namespace:
                raise UsageError(f"`{name}` is no name of the notebook. {_meant(name, self.namespace)}")
        for name in inout:
            if name in inputs:
                raise UsageError(f"`{name}` is both in -i and in --inout. Name it in one of them.")
            if is_code(self.namespace[name]):
                raise UsageError(f"`{name}` is a {type(self.namespace[name]).__name__}, which is always IN.")
        for name in outputs:
            if name not in self.flow.bound and not (name in self.flow.mutated and name in inputs):
                raise UsageError(
                    f"-o names `{name}`, but the cell never assigns it. {_meant(name, self.flow.bound)}"
                )
        self.as_input, self.as_output, self.as_inout = inputs, outputs, inout

    def decide(self) -> CellTask:
        flow = self.flow
        renewed = [*self.as_inout, *(name for name in flow.order if self._is_renewed(name))]
        returned = [
            name for name in flow.order if self._is_returned(name) and not self._is_only_in_place(name)
        ]
        kept = {name for name in returned if name in flow.maybe and name not in self.failed}
        read = [name for name in flow.order if name in flow.exposed or name in kept]
        read += [name for name in (*self.as_input, *self.as_inout) if name not in read]
        params = [name for name in dict.fromkeys(read) if self._is_parameter(name)]
        both = [name for name in params if name in renewed or name in returned]
        unnamed = flow.bound - flow.rebound - flow.augmented.keys() - flow.nested - set(params)
        return CellTask(
            inputs=tuple(name for name in params if name not in both),
            outputs=tuple(name for name in returned if name not in params),
            inout=tuple(both),
            renewed=tuple(name for name in both if name in renewed),
            returned=tuple(returned),
            uses=tuple(
                name
                for name in read
                if name not in params and (name in self.namespace or name in self.code_names)
            ),
            maybe=frozenset(name for name in returned if name in flow.maybe and name not in params),
            deletes=tuple(name for name in flow.order if name in flow.deleted and name in self.namespace),
            hidden=tuple(name for name in flow.order if name in unnamed),
            local=frozenset(flow.bound),
        )

    def _is_returned(self, name: str) -> bool:
        flow = self.flow
        if name in self.as_output:
            return True
        if name not in flow.assigned or name.startswith("_") or name in flow.deleted:
            return False
        return name not in flow.nested or name in self.namespace

    def _is_renewed(self, name: str) -> bool:
        """Tell whether the object that the name stands for now is changed in place."""
        if name in self.as_input or name in self.as_inout or name not in self.namespace:
            return False
        value = self.namespace[name]
        if is_code(value) or isinstance(value, CONSTANT_TYPES):
            return False
        return name in self.flow.mutated or any(map(_in_place(value), self.flow.augmented.get(name, ())))

    def _is_only_in_place(self, name: str) -> bool:
        """Tell whether the only bindings are augmented assignments that leave the name with its object."""
        operators = self.flow.augmented.get(name)
        if not operators or name in self.flow.rebound or name in self.as_output or name in self.as_input:
            return False
        return name in self.namespace and all(map(_in_place(self.namespace[name]), operators))

    def _is_parameter(self, name: str) -> bool:
        if name in self.as_input or name in self.as_inout:
            return True
        if (
            name in self.flow.bound
        ):  # a local name of the task: its old value, whatever it is, must come from outside
            return name in self.namespace or name in self.code_names or hasattr(builtins, name)
        return name in self.namespace and name not in self.code_names and not is_code(self.namespace[name])


def is_code(value: object) -> bool:
    """Tell whether a value is part of the cell's code (modules, classes, functions): captured with it, always IN."""
    if isinstance(value, (types.ModuleType, type)):
        return True
    return callable(value) and hasattr(value, "__name__")


def _in_place(value: object) -> Callable[[type[ast.operator]], bool]:
    """Return what tells whether an augmented assignment changes this value instead of making another one."""
    if isinstance(value, concurrent.futures.Future):
        return lambda _operator: False  # what it will be is not known: the name gets a new future
    return lambda operator: hasattr(type(value), _IN_PLACE[operator])


def _meant(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), 1)
    return f"Did you mean `{close[0]}`?" if close else "Check its spelling."
