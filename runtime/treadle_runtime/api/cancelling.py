"""cancel: ask for tasks to end before their time.

Law: finds the calls that are meant; how they are ended is the runtime's.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..client.calls import Call
from ..client.remote_traceback import leaves_no_trace
from ..errors import UsageError
from .session import clients, peek
from .sync import collect


@leaves_no_trace
def cancel(*objs: Any, cell: int | None = None) -> int:
    """Cancel tasks, and with them what needs their results.

    Parameters
    ----------
    *objs
        futures, objects that tasks write, groups, or lists, tuples, sets and dicts of them.
    cell : int
        All tasks that this cell submitted (`[12]` is 12).

    Returns
    -------
    int
        how many of them had not ended: their cancelling is under way.

    Raises
    ------
    UsageError
        for a number: `future(17)` gives the future of task 17.

    Notes
    -----
    Any thread; never waits.

    Examples
    --------
    >>> import treadle
    >>> with treadle.start(engine="inline"):
    ...     treadle.cancel(treadle.task(abs)(-3))  # inline it has ended when the call returns
    0
    """
    calls: list[Call] = [] if cell is None else calls_of(cell)
    seen: set[int] = set()
    with_pending = clients()
    for obj in objs:
        if isinstance(obj, int):
            raise UsageError(
                f"cancel({obj!r}) names no task. Use cancel(future({obj!r})) for the task of this number."
            )
        collect(with_pending, obj, calls, seen)
    return cancel_calls(calls)


def calls_of(cell: int) -> list[Call]:
    """Return what a cell submitted, as far as it is known."""
    session = peek()
    return (
        [] if session is None else [call for call in list(session.client.calls.values()) if call.cell == cell]
    )


def cancel_calls(calls: Iterable[Call]) -> int:
    """Cancel those that have not ended; return how many they are."""
    alive = {call.number: call for call in calls if not call.final}
    if alive:
        next(iter(alive.values())).client.cancel(list(alive))
    return len(alive)
