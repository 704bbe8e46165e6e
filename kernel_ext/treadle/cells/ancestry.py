"""Which run of which cell made a name, and who used it: cells made from an older version carry a mark.

Law: knows names, cells and their numbers; nothing of tasks and nothing of how a mark looks. Runs nothing again. Keeps
no value alive. Main thread.

A cell is known by the notebook's id for it, else by its source. What `%%task` cells make is followed by name; what
plain cells make is known by the identity of the object a `%%task` cell was given.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from .flow import trace

KEPT: Final = 500
CELLS: Final = 5_000


class Card(Protocol):
    """What a run shows."""

    def mark(self, text: str) -> None:
        """Show a quiet line; "" takes it away."""


@dataclass(eq=False)
class Run:
    """One run of a `%%task` cell, or what a plain cell gave it."""

    number: int
    cell_id: str = ""
    card: Card | None = None
    made: frozenset[str] = frozenset()
    made_from: dict[str, Run] = field(default_factory=dict)
    outdated: set[str] = field(default_factory=set)  # names of which the same cell has made a newer version
    thing: int = 0  # of a plain cell: the identity of the object

    def older(self) -> dict[str, int]:
        """Return the names of which this was made from an older version, and the cells that made that."""
        found: dict[str, int] = {}
        waiting, seen = [self], {id(self)}
        while waiting:
            for name, source in waiting.pop().made_from.items():
                if name in source.outdated:
                    found.setdefault(name, source.number)
                elif id(source) not in seen:
                    seen.add(id(source))
                    waiting.append(source)
        return found


class Ancestry:
    """The runs of one notebook."""

    def __init__(self) -> None:
        self._runs: list[Run] = []  # of %%task cells, oldest first
        self._maker: dict[
            str, tuple[Run, int]
        ] = {}  # name -> who made it, and the identity of what it is bound to
        self._ran: dict[str, int] = {}  # cell -> number of its newest run
        self._cell_id, self._number = "", 0
        self._before = 0  # number of the run before this one of the cell that runs

    def begin(self, cell_id: str, source: str, number: int) -> None:
        """A cell begins to run."""
        self._cell_id, self._number = cell_id or source, number
        self._before = self._ran.pop(self._cell_id, 0)
        self._ran[self._cell_id] = number
        if len(self._ran) > CELLS:
            del self._ran[next(iter(self._ran))]

    def submitted(
        self, reads: Iterable[str], makes: Iterable[str], before: Mapping[str, int], card: Card | None
    ) -> None:
        """The cell that runs has become a task.

        Parameters
        ----------
        reads, makes
            names of the notebook: what it was given; what it binds or changes in place.
        before
            identities of what the names it read were bound to.
        """
        run = Run(self._number, self._cell_id, card, frozenset(makes))
        for name in reads:
            maker = self._maker.get(name)
            if maker is not None and maker[1] == before.get(name):
                if (
                    maker[0].cell_id != run.cell_id
                ):  # else it goes on from its own last run, as sequential code would
                    run.made_from[name] = maker[0]
            elif name in before:
                run.made_from[name] = Run(0, thing=before[name])
        newer = False
        for earlier in self._runs:
            if earlier.cell_id == run.cell_id:
                both = earlier.made & run.made - earlier.outdated
                newer = newer or bool(both)
                earlier.outdated |= both
                if earlier.number != run.number:
                    earlier.card = None  # its output has gone
        self._runs.append(run)
        del self._runs[:-KEPT]
        if newer:
            self._show()

    def bound(self, name: str, thing: object) -> None:
        """What the newest run made stands under this name now."""
        if self._runs and name in self._runs[-1].made:
            self._maker[name] = (self._runs[-1], id(thing))

    def settled(self, name: str, future: object, value: object) -> None:
        """The value took the place of the future."""
        maker = self._maker.get(name)
        if maker is not None and maker[1] == id(future):
            self._maker[name] = (maker[0], id(value))

    def end(self, source: str, space: Mapping[str, Any]) -> None:
        """A cell has ended: if it was a plain one that had run before, what it binds is newer than what it bound then."""
        if not self._before:
            return
        changed: list[tuple[str, Run]] = []
        for run in self._runs:
            for name, given in run.made_from.items():
                plain = given.thing and name not in given.outdated and run.number > self._before
                if plain and name in space and id(space[name]) != given.thing:
                    changed.append((name, given))
        if not changed:
            return
        try:
            bound = trace(ast.parse(source).body).bound
        except SyntaxError:  # magics: %%task cells have told by themselves
            return
        for name, given in changed:
            if name in bound:
                given.outdated.add(name)
                given.number = self._before
        self._show()

    def _show(self) -> None:
        for run in self._runs:
            if run.card is not None:
                told = ", ".join(f"an older `{name}` ([{number}])" for name, number in run.older().items())
                run.card.mark(f"made from {told}" if told else "")
