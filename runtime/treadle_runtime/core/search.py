"""Tasks that a person looks for, beyond those that a screen shows.

Law: reads the books, changes nothing; one call looks at a bounded number of tasks and says where the next one goes on.
"""

from __future__ import annotations

from itertools import islice
from typing import Any, Final

from .books import Books
from .explain import label
from .model import Number
from .records import Task
from .states import TASK_FINAL

LOOKED_AT: Final = 50_000
"""Tasks looked at in one call: about 20 ms."""
FOUND: Final = 200
"""Tasks in one answer."""


def find(books: Books, text: str = "", state: str = "", offset: int = 0) -> dict[str, Any]:
    """Return the newest tasks whose name, number or cell has `text` in it.

    Parameters
    ----------
    books : Books
        Where to look.
    text : str
        Part of what a task is called (`solve #17`), in any case; `#17` and `[5]` mean that number or cell alone.
    state : str
        Only tasks in this state; "" for any.
    offset : int
        How many of the newest tasks are passed over: 0, or `next` of the answer before.

    Returns
    -------
    dict
        "tasks": [{number, label, state, cell, worker}], newest first; "next": where to go on, None at the end.
    """
    wanted = text.strip().lower()
    number, cell = _number_in(wanted, "#", ""), _number_in(wanted, "[", "]")
    found: list[dict[str, Any]] = []
    passed = offset = min(offset, len(books.tasks))
    for task in islice(reversed(books.tasks.values()), offset, offset + LOOKED_AT):
        passed += 1
        if state and task.state != state:
            continue
        if not _is_meant(task, wanted, number, cell):
            continue
        found.append(row(task))
        if len(found) == FOUND:
            break
    return {"tasks": found, "next": passed if passed < len(books.tasks) else None}


def row(task: Task) -> dict[str, Any]:
    """Return a task in one line of a list."""
    worker = 0 if task.worker is None else task.worker.wid
    return {
        "number": task.number,
        "label": label(task),
        "state": str(task.state),
        "cell": task.log[0][4],
        "worker": worker or task.log[-1][3],
    }


def of_cell(books: Books, cell: int) -> list[Number]:
    """Return the tasks of a cell that have not ended, whichever client submitted them."""
    return [
        task.number
        for task in books.tasks.values()
        if task.log[0][4] == cell and task.state not in TASK_FINAL
    ]


def _is_meant(task: Task, wanted: str, number: int | None, cell: int | None) -> bool:
    if cell is not None:
        return bool(task.log[0][4] == cell)
    if number is not None:
        return task.number == number
    return not wanted or wanted in label(task).lower()


def _number_in(wanted: str, begin: str, end: str) -> int | None:
    """Return the number in `#17` or `[5]`."""
    digits = wanted.removeprefix(begin).removesuffix(end)
    whole = wanted == f"{begin}{digits}{end}" and digits.isascii() and digits.isdigit()
    return int(digits) if whole else None
