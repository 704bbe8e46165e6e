"""Calls of tasks that another process submitted: taken over from a dead kernel of this notebook, or got by name.

Law: makes records from what the runtime says of tasks; how they end comes as for any other call, since the client
follows them. What is taken over is this client's own from then on; what is got stays somebody else's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..core.model import Kind, OutputRow, Vid, maker_of
from ..core.states import TaskState
from .calls import Call

if TYPE_CHECKING:
    from .client import Client

_STATES = {"running": TaskState.RUNNING}


def take_over(client: Client, row: dict[str, Any], own: bool) -> Call:
    """Return the call of a task as the runtime describes it (host.notebooks.row_of), a new one if it is not known here."""
    number = row["number"]
    known = client.calls.get(number) or client.followed.get(number)
    if known is not None:
        return known
    call = Call(client, number, row["function"], row["cell"], row["title"])
    call.state = _STATES.get(row["state"], TaskState.WAITING)
    if own:
        client.calls[number] = call
        client.open += 1
    else:
        client.followed[number] = call
    return call


def stored(client: Client, vid: Vid, kind: int, nbytes: int) -> Call:
    """Return what stands for the call of a value that another client has put."""
    outputs: tuple[OutputRow, ...] = ((Kind(kind), nbytes, None),)
    call = Call(client, maker_of(vid), "put", 0, None)
    call.state, call.outputs = TaskState.DONE, outputs
    return call
