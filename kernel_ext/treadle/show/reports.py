"""What the verbs `failures` and `summary` print.

Law: text of what the client and the runtime know; changes nothing and waits for no task.
"""

from __future__ import annotations

from typing import Any, Final

from treadle_runtime.client.failed import grouped
from treadle_runtime.client.review import Ran, review, sentences
from treadle_runtime.core.states import TASK_FINAL, TaskState
from treadle_runtime.errors import UsageError

from ..view.escaped import escape
from .anchors import STYLE

_NUMBERS: Final = 5
_NEARBY: Final = 1000  # so many tasks before and after a cell's own may have had its workers meanwhile
_CELL: Final = "padding:1px 16px 1px 0;text-align:left;vertical-align:top;border:none;background:none"


def failures_text(session: Any) -> str:
    """Return the failures of a session, those that are alike as one, newest last.

    Listing them is not looking at them: that is opening one, or waiting for it.
    """
    calls = [call for call in list(session.client.calls.values()) if call.state == TaskState.FAILED]
    if not calls:
        return "no task has failed"
    unseen = {call.number for call in calls if not call.looked}
    lines = []
    for group in grouped(calls):
        shown = ", ".join(f"#{number}" for number in group.numbers[:_NUMBERS])
        more = f" and {len(group.numbers) - _NUMBERS} more" if len(group.numbers) > _NUMBERS else ""
        new = "" if unseen.isdisjoint(group.numbers) else " (not looked at yet)"
        lines += [str(group), f"    {shown}{more}{new}: %treadle log {group.numbers[0]}"]
    return "\n".join(lines)


def _others(client: Any, first: int, last: int) -> list[tuple[float, float]]:
    """Return from when to when the tasks around [first, last) ran, as far as they have ended."""
    spans = []
    for since, to in ((first - _NEARBY, first), (last, last + _NEARBY)):
        for number, _, at, _ in client.link.ask("timeline", {"first": since, "last": to}):
            if (call := client.calls.get(number)) is not None and call.run_s:
                spans.append((at - call.run_s, at))
    return spans


def summary_bundle(session: Any, cell: int | None = None) -> dict[str, str]:
    """Return what held the tasks of a cell back as text and HTML: the newest with tasks unless one is named.

    Raises UsageError if the cell has none that are known.
    """
    client = session.client
    calls = list(client.calls.values())
    if cell is None and calls:
        cell = calls[-1].cell
    mine = {call.number: call for call in calls if call.cell == cell}
    ended = [call for call in mine.values() if call.state in TASK_FINAL]
    if not ended:
        known = "has no tasks that have ended" if mine else "has no tasks"
        raise UsageError(f"Cell [{cell}] {known}, so there is nothing to sum up.")
    first, last = min(mine), max(mine) + 1
    timeline = client.link.ask("timeline", {"first": first, "last": last})
    rows = [
        Ran(
            number,
            call.function,
            born,
            at,
            call.run_s,
            sum(output[1] for output in call.outputs),
            tuple(makers),
        )
        for number, born, at, makers in timeline
        if (call := mine.get(number)) is not None and call.run_s
    ]
    if not rows:
        raise UsageError(f"The runtime no longer knows when the tasks of cell [{cell}] ran: sum up sooner.")
    stored = sum(nbytes for number, nbytes in client.stored if number in mine)
    forgotten = max(0, len(ended) - len(timeline))
    head, *lines = sentences(
        review(rows, session.plan.workers, stored, len(rows) + forgotten, _others(client, first, last))
    )
    left = len(mine) - len(ended)
    going = f" ({left} more go on)" if left else ""
    head = f"[{cell}] {head}{going}"
    rows_html = "".join(
        f'<tr style="background:none"><td style="{_CELL};white-space:nowrap">{escape(what)}</td>'
        f'<td style="{_CELL};white-space:normal">{escape(told)}</td></tr>'
        for what, _, told in (line.partition(": ") for line in lines)
    )
    table = f'<table style="border:none;border-collapse:collapse;margin:2px 0;font-size:inherit">{rows_html}</table>'
    return {
        "text/plain": "\n".join([head, *(f"  {line}" for line in lines)]),
        "text/html": f'<div style="{STYLE}"><b>{escape(head)}</b>{table}</div>',
    }
