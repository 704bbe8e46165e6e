"""The cells of a notebook as tasks know them: which one runs, which task belongs to which.

Law: knows cells, task numbers and where a cell's output goes; nothing of what tasks do. `begin` runs in the thread
of the cell, everything else in any thread.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any, Final

from treadle_runtime.client.calls import Call

from .screen import Parent, Screen

KEPT: Final = 5_000


class Cell:
    """One run of a cell."""

    __slots__ = ("adopted", "first", "last", "number", "page", "parent", "returned")

    def __init__(self, number: int, parent: Parent, first: int) -> None:
        self.number = number  # as in `In [5]`; 0 for code that has none
        self.parent = parent
        self.first = first  # the task numbers first..last-1 are its own; last is 0 while it may submit more
        self.last = 0
        self.adopted: list[int] = []  # tasks of an earlier kernel that it has recovered
        self.returned: set[str] = set()  # names that tasks made of the cell give back
        self.page: Any = None  # what tasks have said below it (`output.Page`), once they have


class Cells:
    """The runs of cells, the newest being the one that submits."""

    def __init__(self, shell: Any, screen: Screen) -> None:
        self._shell = shell
        self._screen = screen
        self._client: Any = None
        self._cells: OrderedDict[int, Cell] = OrderedDict()
        self._adopted: dict[int, Cell] = {}
        self.session: Any = None
        self.code = ""  # the same without magics, as far as the shell tells
        self.raw = ""  # the source of the cell that runs, as the person wrote it
        self.current = Cell(0, screen.parent(), 1)
        self._cells[0] = self.current

    @property
    def headless(self) -> bool:
        """Whether a runner without a person sent the cell: nbclient, nbconvert and papermill take no input."""
        parent = self.current.parent
        return isinstance(parent, dict) and not parent.get("content", {}).get("allow_stdin", True)

    def begin(self, info: Any) -> None:
        """Take note that a cell begins to run."""
        following = self._client.next_number if self._client is not None else 1
        self.current.last = following
        # what `Out` counts with: shells differ in when they count execution_count up
        number = self._shell.displayhook.prompt_count if info.store_history else 0
        self.current = Cell(number, self._screen.parent(), following)
        self.raw = info.raw_cell
        self.code = getattr(info, "transformed_cell", None) or info.raw_cell
        self._cells.pop(number, None)
        self._cells[number] = self.current
        if len(self._cells) > KEPT:
            self._cells.popitem(last=False)
        if self.session is not None:
            self.session.cell = number

    def follow(self, session: Any) -> None:
        """Have the cell that runs own what this session submits."""
        self.session, self._client = session, session.client
        session.cell = self.current.number
        self.current.first = session.client.next_number

    def of(self, number: int) -> Cell:
        """Return the cell a task belongs to; the newest one if that is not known."""
        if (found := self._adopted.get(number)) is not None:
            return found
        call = self._client.calls.get(number) if self._client is not None else None
        return self.current if call is None else self._cells.get(call.cell, self.current)

    def adopt(self, numbers: Iterable[int]) -> None:
        """Have tasks of an earlier kernel, whose cells no longer run, belong to the cell that runs."""
        for number in numbers:
            self._adopted[number] = self.current
            self.current.adopted.append(number)

    def calls(self) -> list[Call]:
        """Return what the cell that runs has submitted so far."""
        if self._client is None:
            return []
        mine = range(self.current.first, self._client.next_number)
        return [call for number in mine if (call := self._client.calls.get(number)) is not None]

    def tasks_of(self, cell: Cell) -> Sequence[int]:
        """Return the numbers of the tasks that a cell has submitted (or recovered) so far."""
        own = range(
            cell.first, cell.last or (self._client.next_number if self._client is not None else cell.first)
        )
        return [*cell.adopted, *own] if cell.adopted else own

    def has_many(self, cell: Cell) -> bool:
        """Tell whether more than one task was submitted by the cell so far."""
        return len(self.tasks_of(cell)) > 1
