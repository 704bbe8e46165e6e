"""In plain cells the names that `%%task` cells made behave like their values.

Law: knows the namespace, which of its names `%%task` made, and syntax trees. What a cell reads is `reads`; waiting is
the api's. Does nothing at all while no such name is there.

A wait is put at the top of the cell, on the line that reads the name first (a hook before the cell could not stop
it). Names that the person has rebound or deleted are the person's.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from treadle_runtime.api import Future, wait_on
from treadle_runtime.api.session import clients
from treadle_runtime.api.sync import collect, written
from treadle_runtime.client.calls import Call
from treadle_runtime.client.remote_traceback import leaves_no_trace, strip

from ..shell.waiting import Waiting, suspend
from .inference import awaits
from .outs import Outs
from .reads import reads

_OF_OUT: Final = re.compile(r"_{1,3}|_\d+")
_ALL_OF_OUT: Final = frozenset({"Out", "_oh"})
_active: Autosync | None = None


class Autosync:
    """An AST transformer of one shell."""

    def __init__(self, shell: Any, on_settled: Callable[[str, object, object], object]) -> None:
        self._shell = shell
        self.on_settled = on_settled  # name, what it was bound to, its value
        self.outs = Outs(shell)
        self.on = True
        self.wrote = False  # whether a %%task cell may have a write pending on an object
        self._made: dict[str, Any] = {}  # name -> the future (list of futures) that %%task bound it to

    def install(self) -> Any:
        """Take part in the shell's cells; the returned function ends that."""
        global _active
        _active = self
        transformers = self._shell.ast_transformers
        transformers.append(self)

        def remove() -> None:
            global _active
            _active = None
            if self in transformers:
                transformers.remove(self)

        return remove

    def bind(self, name: str, made: Any) -> None:
        """Give a name of the notebook what a `%%task` cell makes under it."""
        self._shell.user_ns[name] = self._made[name] = made

    # ------------------------------------------------------------ before a cell runs
    def visit(self, tree: Any) -> Any:
        """Put the wait into a cell's tree, if it needs one."""
        if self.on and isinstance(tree, ast.Module) and self._any():
            found = reads(tree, self._shell.user_ns)
            waiting = {name: line for name, line in found.items() if self._is_waiting(name)}
            if waiting:
                _insert(tree, waiting)
        return tree

    def _any(self) -> bool:
        space = self._shell.user_ns
        for name in [name for name, made in self._made.items() if space.get(name) is not made]:
            del self._made[name]
        self.wrote = self.wrote and any(map(_by_cell, clients()))
        return bool(self._made or self.outs or self.wrote)

    def _is_waiting(self, name: str) -> bool:
        space = self._shell.user_ns
        if name in _ALL_OF_OUT:
            return bool(self.outs.coming())
        if _OF_OUT.fullmatch(name) and self.outs.future_of(name) is not None:
            return True
        return name in space and (self._made.get(name) is space[name] or _is_written(space[name]))

    def settle_read(self, tree: ast.Module) -> None:
        """Have what this code reads be values, whether plain cells wait or not."""
        self.settle(name for name in reads(tree, self._shell.user_ns) if self._is_waiting(name))

    # ------------------------------------------------------------ inside the cell
    def calls(self, names: Iterable[str]) -> list[Call]:
        """Return the calls that these names wait for."""
        found: list[Call] = []
        for name in names:
            if name not in _ALL_OF_OUT:
                collect(clients(), self._thing(name), found, set())
        return found

    def calls_of_out(self, names: Iterable[str]) -> list[Call]:
        """Return the calls that these names wait for whether or not they fail: those of all of `Out`, if it is read."""
        if _ALL_OF_OUT.isdisjoint(names):
            return []
        return [future._call_now() for future in self.outs.coming()]

    def settle(self, names: Iterable[str]) -> None:
        """Wait for the names and put their values into the namespace; raises what their tasks raised."""
        names = list(names)
        things = {
            name: self._thing(name)
            for name in names
            if name not in _ALL_OF_OUT and (name in self._shell.user_ns or self._is_waiting(name))
        }
        wait_on(list(things.values()))
        for name, thing in things.items():
            value = wait_on(thing)
            if isinstance(thing, Future) and _OF_OUT.fullmatch(name):
                self.outs.settle(thing, value)
            if self._shell.user_ns.get(name) is thing:
                self._shell.user_ns[name] = value
                self.on_settled(name, thing, value)
            self._made.pop(name, None)
        if calls := self.calls_of_out(names):
            Waiting(calls, self.outs.settle_all, raises=False).begin(awaited=False)

    def settle_made(self, names: Iterable[str]) -> None:
        """Bring up to date what these names stand for; of futures only those that `%%task` made become values."""
        wait_on([self._thing(name) for name in names])
        if self.on:
            self.settle([name for name in names if self._is_waiting(name)])

    def _thing(self, name: str) -> Any:
        future = self.outs.future_of(name) if _OF_OUT.fullmatch(name) else None
        return self._shell.user_ns.get(name) if future is None else future


@leaves_no_trace
def settle(*names: str) -> None:
    """Stand at the top of a cell that reads these names."""
    if _active is not None:
        _active.settle(names)


class Settling:
    """The same in a cell that awaits: the event loop goes on."""

    def __init__(self, *names: str) -> None:
        self._names = names

    def __await__(self) -> Iterator[Any]:
        try:
            if _active is not None:
                yield from suspend(_active.calls(self._names))
                yield from suspend(_active.calls_of_out(self._names), first_failure=False)
                _active.settle(self._names)
        except BaseException as error:
            strip(error)
            raise


def _insert(tree: ast.Module, waiting: dict[str, int]) -> None:
    names = ", ".join(map(repr, waiting))
    own = "__import__('treadle.cells.autosync', fromlist=['settle'])"
    asynchronous = any(map(awaits, tree.body))
    statement = ast.parse(
        f"await {own}.Settling({names})" if asynchronous else f"{own}.settle({names})"
    ).body[0]
    line = min(waiting.values())
    for node in ast.walk(statement):
        if isinstance(node, (ast.stmt, ast.expr)):
            node.lineno = node.end_lineno = line
            node.col_offset = node.end_col_offset = 0
    place = 0
    while place < len(tree.body) and _must_be_first(tree.body[place]):
        place += 1
    tree.body.insert(place, statement)


def _must_be_first(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and statement.module == "__future__"


def _is_written(value: Any) -> bool:
    """Tell whether a live object's newest version comes from a `%%task` cell."""
    if isinstance(value, Future):
        return False
    groups = [written(client, value) for client in clients()]
    return any(group is not None and is_cell_task(group.newest.call) for group in groups)


def _by_cell(client: Any) -> bool:
    return any(is_cell_task(group.newest.call) for group in client.pending)


def is_cell_task(call: Call) -> bool:
    """Tell whether a call is a `%%task` cell: no function has such a name."""
    return call.function.startswith("cell[")
