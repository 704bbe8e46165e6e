"""The tasks of a group, page by page: what a person sees who opens one of its boxes.

Law: asked for, never sent by itself; one answer is bounded (PAGE tasks, MAKERS edges each) and smaller than a delta.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from ..core.model import Number
from .delta import NAME_CHARS, Record, clip
from .ledger import Ledger

PAGE: Final = 400
MAKERS: Final = 12
Born = Callable[[Number], Sequence[Any] | None]


def members(ledger: Ledger, group: str, offset: int, limit: int = PAGE, born: Born | None = None) -> Record:
    """Return some tasks of a group, oldest first.

    Parameters
    ----------
    ledger : Ledger
        Whose group.
    group : str
        Its key in the feed, as "g3"; one that was merged into another means that one.
    offset, limit : int
        Which of its tasks; never more than PAGE at once.
    born : callable, optional
        Number -> the task's BORN fact, None if that is no longer known: its title and what it reads from.

    Returns
    -------
    dict
        "group", "offset", "total" (tasks that are still remembered), "counts" (all, per state) and "tasks":
        {number: {"fn", "cell", "state", "worker", "in", "title"}} like records of the feed, but "in" names tasks only.

    Raises
    ------
    LookupError
        There is no such group.

    Notes
    -----
    One thread, the projection's. Takes about 10 ms per 100,000 tasks that are remembered.

    Examples
    --------
    >>> projection.members("g1", 0)["total"]  # doctest: +SKIP
    9998
    """
    found = ledger.group(group)
    if found is None:
        raise LookupError(f"There is no group {group!r} (any more). Look at the graph again.")
    numbers = ledger.numbers_in(found)
    begin = max(0, offset)
    tasks: dict[str, Record] = {}
    for number in numbers[begin : begin + max(0, min(limit, PAGE))]:
        record = ledger.bare_record(number)
        if record is None:
            continue
        fact = born(number) if born else None
        if fact is not None:
            if fact[6]:
                record["in"] = list(dict.fromkeys(fact[6]))[:MAKERS]
            if fact[7]:
                record["title"] = clip(fact[7], NAME_CHARS)
        tasks[str(number)] = record
    counts = {state: n for state, n in found.counts.items() if n}
    return {"group": found.key, "offset": begin, "total": len(numbers), "counts": counts, "tasks": tasks}
