"""What a future or a number means with the runtime that is here; futures of earlier ones hold no more than a value.

Law: numbers of tasks begin anew with each runtime, so what is of an earlier one must never be named by its number here:
its value is all there is. Every way on which a future enters a call or a question passes one of these.
"""

from __future__ import annotations

from typing import Any

from ..client.calls import Call
from ..client.client import Client
from ..client.futures import Future
from ..core.model import Number
from ..core.states import TaskState
from ..errors import UsageError


def bring(client: Client, future: Future[Any]) -> None:
    """Have a future of an earlier runtime hold its value; does nothing to one of this client.

    Raises UsageError if its task did not end well, DataLost if the value went with the runtime.
    """
    theirs = future._call.client
    if theirs is client:
        return
    call = future._call_now()
    if call.state != TaskState.DONE:
        raise UsageError(f"{call.label} has no result ({call.state}), and its runtime has ended. Call the task again.")
    theirs.value_of(future)


def own_call(client: Client, task: Future[Any] | Number) -> Call:
    """Return the call that a future or a number means, for questions about it.

    Raises UsageError if it is of an earlier runtime, or not known.
    """
    if not isinstance(task, Future):
        found = client.calls.get(task)
        if found is None:
            raise unknown(task)
        return found
    call = task._call_now()
    if call.client is not client:
        raise UsageError(f"{call.label} belongs to a runtime that has ended. Call the task again.")
    return call


def unknown(number: Number) -> UsageError:
    """Return the error that says that there is no such task."""
    return UsageError(f"No task #{number} is known here: the last 20,000 that ended and all others are kept.")
