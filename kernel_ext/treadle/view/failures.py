"""A failed task as text and HTML: its own lines of code, what it was given, where it ran.

Law: pure formatting of what the client knows of a call; never blocks, never unpickles anything.
"""

from __future__ import annotations

from typing import Any

from treadle_runtime.core.states import TaskState

from .escaped import CODE, escape
from .frames import traceback_text

_BETWEEN = {
    "cause": "The above exception was the direct cause of the following exception:",
    "context": "During handling of the above exception, another exception occurred:",
}


def footer(call: Any) -> str:
    """Return the line below a printed traceback: what one can do now. Nothing, if the runtime that knows the task has gone."""
    client = call.client
    if call.state not in (TaskState.FAILED, TaskState.UPSTREAM) or client.closed or client.lost is not None:
        return ""
    if call.root and call.root not in client.calls:  # a task of a runtime that has gone
        return ""
    return f"`%treadle debug {call.root or call.number}` to look; edit the function and `%treadle retry` to go on"


def failure_text(call: Any, root: Any = None) -> str:
    """Return why a call has no result, as a person reads it below a cell.

    Parameters
    ----------
    call
        a call that is failed, cancelled or was not run.
    root
        the call whose failure or cancelling took this one with it, if it is known.
    """
    if call.state == TaskState.CANCELLED:
        return f"{call.label} was cancelled."
    if call.state == TaskState.UPSTREAM and root is not None and root is not call and root.failure is not None:
        return f"{call.label} was not run because {root.label}, which it needs, failed:\n{failure_text(root)}"
    failure = call.failure
    if failure is None:
        return f"{call.label} has no result."
    if failure.lost is not None:
        return f"WorkerLost: {call.label} has no result: {failure.lost.reason}"
    parts: list[str] = []
    for raised in reversed(failure.raised):
        parts.append(traceback_text(raised.frames, raised.type_name, raised.message))
        if raised.relation in _BETWEEN:
            parts.append(f"\n{_BETWEEN[raised.relation]}\n")
    given = f"; called with ({failure.arguments})" if failure.arguments else ""
    parts.append(f"in task {call.label}{call.where}, on worker {call.worker}, attempt {call.attempt}{given}")
    if line := footer(call):
        parts.append(line)
    return "\n".join(parts)


def failure_html(call: Any, root: Any = None) -> str:
    """Return the same as HTML: inline styles, nothing that an untrusted notebook loses."""
    style = f"{CODE};margin:4px 0 0;padding:6px 10px;border-left:3px solid #c8242e;white-space:pre-wrap;background:none"
    return f'<pre style="{style}">{escape(failure_text(call, root))}</pre>'
