"""What tasks print, shown below the cell that submitted them while they run.

Law: rows (task, stream, text) in, text for the screen out; nothing waits, any thread.

When a cell has more than one task each line starts with its task, `f#17 `. A carriage return rewrites the line of
its task as long as that stands last.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from treadle_runtime.wire.asides import Aside, Shown, unpack_aside

from .cells import Cell, Cells
from .screen import Screen


class Printer:
    """Writes output rows to the screen."""

    def __init__(self, cells: Cells, screen: Screen, name_of: Callable[[int], str]) -> None:
        self._cells = cells
        self._screen = screen
        self._name_of = name_of  # task number -> function
        self._lock = threading.Lock()

    def on_output(self, number: int, stream: str, text: str | bytes) -> None:
        """Show what a task printed or displayed."""
        cell = self._cells.of(number)
        with self._lock:
            if isinstance(text, bytes):
                self._show(cell, unpack_aside(text))
                return
            if self._cells.has_many(cell):
                text = self._with_names(cell, number, text)
            if text:
                self._screen.write(cell.parent, stream, text)

    def _show(self, cell: Cell, aside: Aside) -> None:
        if isinstance(aside, Shown):
            if aside.update:
                self._screen.update(aside.data, aside.metadata, aside.display_id)
            else:
                self._screen.display(cell.parent, aside.data, aside.metadata, aside.display_id)

    def _with_names(self, cell: Cell, number: int, text: str) -> str:
        name = f"{self._name_of(number)}#{number} "
        made: list[str] = []
        lines = text.split("\n")
        if lines[-1] == "":
            lines.pop()
        for index, line in enumerate(lines):
            unfinished = line.endswith("\r") and index == len(lines) - 1
            shown = name + line.rstrip("\r").rpartition("\r")[2]
            made.append(self._over(cell, number, shown))
            if unfinished:
                cell.rewriting = (number, len(shown))
            else:
                made.append("\n")
        return "".join(made)

    @staticmethod
    def _over(cell: Cell, number: int, shown: str) -> str:
        """Return what puts the line over the unfinished one of the same task, or below that of another."""
        if cell.rewriting is None:
            return shown
        task, length = cell.rewriting
        cell.rewriting = None
        return f"\r{shown.ljust(length)}" if task == number else f"\n{shown}"
