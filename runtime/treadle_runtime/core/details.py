"""One task as a person who clicks on it sees it: what it is, what it reads and makes, how it got here.

Law: reads the books, changes nothing; bounded, whatever a task reads. Times are the scheduler's own.
"""

from __future__ import annotations

from itertools import islice
from typing import Any, Final

from .books import Books
from .explain import label
from .model import Kind, Number, is_put, maker_of
from .records import Task, Version
from .search import row
from .states import TASK_FINAL, DatumState, TaskState

NAMED: Final = 50
"""Inputs, outputs and readers that are named one by one."""
_PLACES: Final = {Kind.INLINE: "memory", Kind.FILE: "store", Kind.HELD: "worker", Kind.NONE: ""}
_WORDS: Final = {TaskState.PLACED: "queued", TaskState.UPSTREAM: "not run, what it needs failed"}


def details(books: Books, task: Task) -> dict[str, Any]:
    """Return what is known of a task.

    Returns
    -------
    dict
        number, label, state, cell, worker (of `search.row`), function, attempt, born, began, ended (times, None if not
        yet), run_s (seconds from its last start to its end or now; 0 if it never ran), depth, priority, reads and
        makes (at most NAMED: maker, label, nbytes, state, place), reads_total, makes_total, readers (who waits for it:
        number and label), open (it has not ended), retriable.
    """
    log = task.log
    began = next((fact[4] for fact in reversed(log[1:]) if fact[2] == TaskState.RUNNING), None)
    ended = log[-1][4] if task.state in TASK_FINAL else None
    if ended is not None and began is None and task.attempt:  # too short to be seen to run
        began = next((fact[4] for fact in reversed(log[1:]) if fact[2] == TaskState.PLACED), None)
    reads = list(dict.fromkeys(task.reads))
    readers = {
        reader.number: reader
        for version in task.outputs[:NAMED]
        for reader in islice((version.readers or {}).values(), NAMED)
    }
    found = row(task)
    found.update(
        function=task.function.name,
        attempt=task.attempt,
        born=log[0][8],
        began=began,
        ended=ended,
        run_s=0.0 if began is None else (books.now if ended is None else ended) - began,
        depth=task.depth,
        priority=task.lane.priority,
        reads=[_datum(books, version) for version in reads[:NAMED]],
        reads_total=len(reads) or len(log[0][6]),
        makes=[_datum(books, version) for version in task.outputs[:NAMED]],
        makes_total=len(task.outputs),
        readers=[[reader.number, label(reader)] for reader in list(readers.values())[:NAMED]],
        open=task.state not in TASK_FINAL,
        retriable=task.number in books.recorded,
    )
    return found


def _datum(books: Books, version: Version) -> dict[str, Any]:
    number = maker_of(version.vid)
    maker = version.maker or books.tasks.get(number)
    name = "stored by the notebook" if is_put(version.vid) else label(maker) if maker else f"#{number}"
    return {
        "maker": 0 if is_put(version.vid) else number,
        "label": name,
        "nbytes": version.nbytes,
        "state": str(version.state),
        "place": _PLACES[Kind(version.kind)] if version.state == DatumState.READY else "",
    }


def story(task: Task) -> list[str]:
    """Return how a task got here, one line for each thing that happened."""
    born = task.log[0]
    cell = f" by cell [{born[4]}]" if born[4] else ""
    reads = f", reads what {_named(born[6])} made" if born[6] else ""
    lines = [f"{label(task)}: submitted{cell}{reads}"]
    last = born[8]
    for _kind, _number, state, worker, at, *cause in task.log[1:]:
        where = f" on worker {worker}" if worker else ""
        because = f" ({cause[0]})" if cause else ""
        after = f", after {at - last:.1f} s" if at - last >= 1 else ""
        lines.append(f"{at - born[8]:+10.3f} s  {_WORDS.get(state, state)}{where}{because}{after}")
        last = at
    return lines


def _named(makers: tuple[Number, ...]) -> str:
    more = f" and {len(makers) - NAMED} more" if len(makers) > NAMED else ""
    return ", ".join(f"#{number}" for number in makers[:NAMED]) + more
