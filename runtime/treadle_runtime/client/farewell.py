"""The end of a runtime: what is taken home before it, and what counts as ended with it.

Law: reads and finishes the records of one client; decides nothing about when a runtime ends.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from ..core.model import PUT_BASE, Kind, Vid, maker_of, output_of
from ..core.states import TaskState
from ..errors import TreadleError
from .calls import Call

if TYPE_CHECKING:
    from .client import Client


def keep_results(client: Client) -> None:
    """Take home what handles held here still name, and bring live objects up to date; blocks until that is done."""
    if client.lost is not None:
        return
    for group in list(client.pending):
        if group.newest.call.state == TaskState.DONE:
            with contextlib.suppress(TreadleError):  # changed here meanwhile: the next wait says so
                client.settle(group)
    held = {
        vid: _call_of(client, vid)
        for vid in client.link.ask("handles", {"client": client.cid})
        if vid not in client.kept
    }
    client.kept.update(
        client.fetch({vid: call for vid, call in held.items() if call.state == TaskState.DONE})
    )


def _call_of(client: Client, vid: Vid) -> Call:
    """Return the call that made a version; of puts and forgotten calls, one that stands for it."""
    number = maker_of(vid)
    call = client.calls.get(number)
    if call is None:
        call = Call(client, number, "put" if number > PUT_BASE else "a task", 0, None)
        call.state, call.outputs = TaskState.DONE, ((Kind.FILE, 0, None),) * (output_of(vid) + 1)
    return call


def end_open(client: Client, state: str) -> None:
    """Note that what has not ended never will: it counts as cancelled, or failed if its runtime was lost."""
    for call in list(client.calls.values()):
        if not call.final:
            client.finish((call.number, state, (), None, call.number, (0, 0, 0.0), None))
