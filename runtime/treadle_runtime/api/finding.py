"""Tasks found again: by number, or by function, cell, state and group.

Law: reads what is kept of calls, and asks the runtime for what only it knows: where those are that have not ended.
"""

from __future__ import annotations

from typing import Any, Final

from ..client.calls import Call
from ..client.client import Client
from ..client.futures import Future
from ..client.remote_traceback import leaves_no_trace
from ..core.states import TASK_FINAL, TaskState
from ..errors import UsageError
from .earlier import own_call, unknown
from .grouping import numbers_in
from .session import peek

_STATES: Final = tuple(value for name, value in vars(TaskState).items() if name.isupper())


def states_now(client: Client) -> dict[int, str]:
    """Return the state of each task that has not ended, as the runtime knows it: waiting, ready, placed or running."""
    if client.closed or client.lost is not None or not client.open:
        return {}
    return {number: state for number, state in client.link.ask("states", {}) if number in client.calls}


def state_of(call: Call, now: dict[int, str]) -> str:
    """Return the state of a call, more exactly than its client knows it."""
    return call.state if call.state in TASK_FINAL else now.get(call.number, call.state)


@leaves_no_trace
def future(number: int) -> Future[Any]:
    """Return a future of task `number`, as shown in the view (`f #17`).

    Raises
    ------
    UsageError
        no such task is known here: all that have not ended and the last 20,000 that have are.

    Notes
    -----
    Any thread; never blocks.

    Examples
    --------
    >>> import treadle
    >>> with treadle.start(engine="inline"):
    ...     _ = treadle.task(abs)(-3)
    ...     treadle.wait_on(treadle.future(1))
    3
    """
    session = peek()
    if session is None:
        raise unknown(number)
    return Future(session.client.handle_on(own_call(session.client, number)))


@leaves_no_trace
def futures(
    *,
    function: str | None = None,
    cell: int | None = None,
    state: str | None = None,
    group: str | None = None,
) -> list[Future[Any]]:
    """Return futures of the tasks known here, oldest first, by function name, cell, state and group.

    Parameters
    ----------
    function, cell, state
        only tasks of this function, of this cell (`[12]` is 12), in this state: "waiting" (for inputs), "ready" (for a
        worker), "placed" (queued on one), "running", "done", "failed", "upstream" (what it needs failed), "cancelled".
    group
        only tasks of the newest `group` of this name.

    Raises
    ------
    UsageError
        there is no such state.

    Notes
    -----
    Any thread. Asks the runtime, for milliseconds, if `state` is one of those before the end.

    Examples
    --------
    >>> import treadle
    >>> with treadle.start(engine="inline"):
    ...     _ = treadle.map(abs, [-1, 2])
    ...     treadle.futures(function="abs", state="done")
    [<Future abs #1 done>, <Future abs #2 done>]
    """
    if state is not None and state not in _STATES:
        raise UsageError(f"state={state!r} is no state of a task. Use one of {', '.join(_STATES)}.")
    session = peek()
    if session is None:
        return []
    now = {} if state is None or state in TASK_FINAL else states_now(session.client)
    members = None if group is None else numbers_in(session.client, group)
    return [
        Future(call.client.handle_on(call))
        for call in list(session.client.calls.values())
        if (function is None or call.function == function)
        and (cell is None or call.cell == cell)
        and (members is None or call.number in members)
        and (state is None or state_of(call, now) == state)
    ]
