"""What can be done with tasks that a person names, before it is wished for.

Law: reads the books, changes nothing; the answer holds until the next event.
"""

from __future__ import annotations

from collections.abc import Iterable

from .books import Books
from .model import Number
from .retry import refusal
from .states import TASK_FINAL


def open_ones(books: Books, numbers: Iterable[Number]) -> list[Number]:
    """Return those of these tasks that can be cancelled."""
    found = (books.tasks.get(number) for number in numbers)
    return [task.number for task in found if task is not None and task.state not in TASK_FINAL]


def to_retry(books: Books, numbers: Iterable[Number]) -> tuple[list[Number], list[tuple[Number, str]]]:
    """Return which of these tasks can be tried again, and why the others can't."""
    can: list[Number] = []
    refused: list[tuple[Number, str]] = []
    for number in numbers:
        why = refusal(books, number)
        if why:
            refused.append((number, why))
        else:
            can.append(number)
    return can, refused
