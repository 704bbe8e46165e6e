"""retry: tasks that did not end well, tried again with the code as it is now and the inputs as they were.

Law: says which tasks and what they call; what becomes of them is the runtime's affair.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from types import FunctionType
from typing import Any

from ..client.calls import Call
from ..client.client import Client
from ..client.futures import Future
from ..client.remote_traceback import leaves_no_trace
from ..core.states import TASK_FINAL, TaskState
from ..errors import UsageError
from ..worker.instead import Instead
from .capture import Capture
from .earlier import own_call
from .functions import FunctionVersion
from .named import find
from .session import Session, peek
from .sync import written
from .task import Task

_NAMED = 3


@leaves_no_trace
def retry(*objs: Any, cell: int | None = None) -> int:
    """Try tasks again that failed or were cancelled, with all that needs them.

    The same futures stand for the new attempt: `done()` is False again, and whoever waits from now on waits for it.
    Each task calls its function as it is now (edited in the notebook or in a module) with the arguments as they were.
    What had succeeded is not computed again.

    Parameters
    ----------
    *objs
        futures, numbers of tasks, objects that tasks were to write, or lists, tuples, sets and dicts of them; what
        did not fail among them is passed over. Without any (and without `cell`): all tasks that failed.
    cell
        the tasks that this cell submitted.

    Returns
    -------
    int
        how many tasks are open again, those that were taken along by a failure included.

    Raises
    ------
    UsageError
        nothing of this has failed, or it can't be tried again: its inputs are no longer kept.

    Notes
    -----
    Any thread; blocks until the runtime has answered, not until the tasks have ended. Callbacks that were called
    are not called again.

    Examples
    --------
    >>> import treadle
    >>> with treadle.start(engine="inline"):
    ...     x = treadle.task(int)("no number")
    ...     x.exception() is None, treadle.retry(x), x.done()
    (False, 1, True)
    """
    return len(open_again(objs, cell))


def open_again(objs: Iterable[Any], cell: int | None = None) -> list[int]:
    """Do as `retry`; return the numbers of the tasks that are open again."""
    session = peek()
    if session is None:
        raise UsageError("Nothing runs, so there is nothing to retry. A runtime takes its failed tasks with it.")
    client = session.client
    calls = _chosen(client, objs, cell)
    left = [call.number for call in calls if call.final and call.state != TaskState.DONE]
    if not left:
        raise UsageError(_nothing(calls, objs, cell))
    keep: list[Any] = []
    instead = list(_instead(session, keep))
    asked: set[int] = set()
    opened: dict[int, None] = {}
    refused: dict[int, str] = {}
    while left:
        answer = client.retries.retry(left, instead)
        asked.update(left, answer.numbers)
        opened.update(dict.fromkeys(answer.numbers))
        refused.update(answer.refused)
        # what failed before the answer came, and was not known here when the wish was uttered
        late = [] if objs else [call.number for call in _chosen(client, objs, cell) if call.state == TaskState.FAILED]
        left = [number for number in late if number not in asked]
    if refused:
        named = list(refused.items())
        told = "; ".join(f"{_label(client, number)}: {why}" for number, why in named[:_NAMED])
        more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
        text = f"can't be retried: {told}{more}. Call the task again."
        if not opened:
            raise UsageError(text[0].upper() + text[1:])
        client.notify("warning", text)
    return list(opened)


def _chosen(client: Client, objs: Iterable[Any], cell: int | None) -> list[Call]:
    calls = list(client.calls.values())
    if not objs:
        return [
            call
            for call in calls
            if (call.state == TaskState.FAILED if cell is None else call.cell == cell)
        ]
    found: dict[int, Call] = {}
    work = list(reversed(list(objs)))
    while work:
        obj = work.pop()
        call = _call_of(client, obj)
        if call is not None:
            found[call.number] = call
        elif isinstance(obj, (list, tuple, set, frozenset)):
            work += reversed(list(obj))
        elif isinstance(obj, dict):
            work += reversed(list(obj.values()))
    return [call for call in found.values() if cell is None or call.cell == cell]


def _call_of(client: Client, obj: Any) -> Call | None:
    if isinstance(obj, Future) or type(obj) is int:
        return own_call(client, obj)
    group = written(client, obj)
    return group.newest.call if group is not None else client.retries.call_of(obj)


def _nothing(calls: list[Call], objs: Any, cell: int | None) -> str:
    if calls:
        call = calls[0]
        state = f"has not ended yet ({call.state})" if call.state not in TASK_FINAL else "is done"
        return f"{call.label} {state}, so there is nothing to retry."
    if cell is not None:
        return f"No task of cell [{cell}] is known here, so there is nothing to retry."
    return "No task has failed." if not objs else "None of this comes from a task, so there is nothing to retry."


def _label(client: Client, number: int) -> str:
    call = client.calls.get(number)
    return f"#{number}" if call is None else call.label


# ---------------------------------------------------------------- the code as it is now
def _instead(session: Session, keep: list[Any]) -> Iterable[Instead]:
    """Yield what tasks that did not end well call now, by function; what they read is alive while `keep` is."""
    for id in session.client.link.ask("recorded", {}):
        found = _now(session, id)
        if found is None:
            continue
        version, captured = found
        if version.id == id and not captured:
            continue
        capture = Capture(session.client, session.shelf)
        data = capture.payload((), {}, (), captured or (None,))
        keep.append(capture)
        yield id, version.id, data, tuple(capture.reads)


def _now(session: Session, id: int) -> tuple[FunctionVersion, tuple[Any, ...]] | None:
    """Return the version of a function that a call of it would use now, None if the recorded one is all there is."""
    module, name, watch = session.functions.origin(id)
    found = find(sys.modules[module], name) if module in sys.modules else None
    if isinstance(found, Task):
        watch = found.watch(session.functions)
    elif type(found) is FunctionType:
        return session.functions.version_of(found)  # defined again without @task
    return None if watch is None else watch.look()
