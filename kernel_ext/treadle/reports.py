"""What the verbs `failures` and `summary` print.

Law: text of what the client and the runtime know; changes nothing and waits for no task.
"""

from __future__ import annotations

from typing import Any, Final

from treadle_runtime.client.failed import grouped
from treadle_runtime.core.states import TaskState

_NUMBERS: Final = 5


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
