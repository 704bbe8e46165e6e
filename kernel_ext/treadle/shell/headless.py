"""Cells that a runner without a person sends (nbclient, papermill, nbconvert): each ends with its tasks.

Law: what a runner stores and reports is decided when a cell ends, so all that is to come has to come before. A
runner is known by its asking for no input; which cell is the last one, no kernel is told.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from treadle_runtime.api import peek
from treadle_runtime.api.sync import first_failure
from treadle_runtime.client.calls import Call
from treadle_runtime.client.remote_traceback import strip
from treadle_runtime.core.states import TaskState

from .cells import Cells

OVERLAP: Final = "TREADLE_OVERLAP"
"""Set by `treadle run notebook.ipynb`: cells do not wait for their tasks, and `Headless.finish` looks at all of them."""
EXPECTED: Final = re.compile(r"\s*(%%task[^\n]*\n\s*)?%treadle expect-failures\b")


def allows_failures(source: str) -> bool:
    """Tell whether a cell says by its first line (of a `%%task` cell: its body's first) that tasks of it will fail."""
    return EXPECTED.match(source) is not None


class Headless:
    """What a shell does for cells that nobody looks at."""

    def __init__(self, cells: Cells, shell: Any, on_last: Callable[[], object] = lambda: None) -> None:
        self._cells = cells
        self._shell = shell
        self._on_last = on_last  # the cell's last task has ended, and nothing is said of it yet
        self._allowing: set[int] = set()  # numbers of cells whose failures are expected

    def on_end(self, result: Any) -> None:
        """Have the cell that runs end when its tasks have ended, and fail if one of them failed unseen.

        Called behind the cell's own code, in its thread; what is raised here becomes the cell's failure.
        """
        cells = self._cells
        if allows_failures(cells.raw):
            self._allowing.add(cells.current.number)
        if not cells.headless or os.environ.get(OVERLAP):
            return
        end_with(self._shell, cells.calls(), result, result.success, self._allowing, self._on_last)

    def finish(self, result: Any) -> None:
        """Have the cell that runs end with all tasks there are: the last words of a runner whose cells overlap."""
        end_with(self._shell, all_calls(), result, True, self._allowing)


def all_calls() -> list[Call]:
    """Return all that this kernel has called, as far as it is known."""
    session = peek()
    return [] if session is None else list(session.client.calls.values())


def end_with(
    shell: Any,
    calls: list[Call],
    result: Any,
    judges: bool,
    allowing: Iterable[int] = (),
    on_last: Callable[[], object] = lambda: None,
) -> None:
    """Wait for these, tell `on_last`; if one has failed and nobody has looked, that is how the cell has failed, and is shown so."""
    try:
        if left := [call for call in calls if not call.final]:
            left[0].client.wait_for(left)
        on_last()
        unseen = [call for call in calls if call.state == TaskState.FAILED and not call.looked]
        unseen = [call for call in unseen if call.cell not in allowing]
        if unseen and judges:
            raise first_failure(unseen)
    except BaseException as error:  # noqa: BLE001 - it is handed on: the runner sees a failed cell
        strip(error)
        result.error_in_exec = error
        shell.showtraceback((type(error), error, error.__traceback__))
