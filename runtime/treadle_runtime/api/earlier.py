"""Futures of runtimes that have ended, used with the one that runs.

Law: numbers of tasks begin anew with each runtime, so what is of an earlier one must never be named by its number here:
its value is all there is. Every way on which a future enters a call or a question passes one of these.
"""

from __future__ import annotations

from typing import Any

from ..client.calls import Call
from ..client.client import Client
from ..client.futures import Future
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


def own_call(client: Client, future: Future[Any]) -> Call:
    """Return the call behind a future, for questions about it. Raises UsageError if it is of an earlier runtime."""
    call = future._call_now()
    if call.client is not client:
        raise UsageError(f"{call.label} belongs to a runtime that has ended. Call the task again.")
    return call
