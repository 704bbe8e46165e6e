"""Calls that did not end well, open again: the same futures, the same live objects, a new attempt.

Law: changes records of one client as the runtime says; decides nothing. What is called instead is made by api.
"""

from __future__ import annotations

import itertools
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

from ..core.model import Number, Vid
from ..core.states import TaskState
from ..errors import RuntimeLost
from ..wire import messages as m
from ..worker.instead import Instead
from .calls import Call
from .groups import Group
from .naming import name_here

if TYPE_CHECKING:
    from .client import Client

REMEMBERED: Final = 100
"""Live objects whose last task failed, and which would be changed by its retry."""


class Retries:
    """What of one client can be tried again besides its futures, and the wishes under way."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._ids = itertools.count(1)
        self._answers: dict[int, m.Rearmed] = {}
        self._groups: OrderedDict[Vid, Group] = OrderedDict()

    def remember(self, group: Group) -> None:
        """A wait for these live objects has failed: they are ordinary ones with their last good value, until a retry."""
        group.mark()
        self._groups[group.newest.vid] = group
        if len(self._groups) > REMEMBERED:
            self._groups.popitem(last=False)

    def call_of(self, live: Any) -> Call | None:
        """Return the call whose failure left a live object at its last good value."""
        for group in reversed(self._groups.values()):
            if any(member is live for member in group.members()):
                return group.newest.call
        return None

    def retry(self, numbers: list[Number], instead: list[Instead]) -> m.Rearmed:
        """Have tasks tried again; blocks until it is known which are. Raises RuntimeLost."""
        client, wish = self._client, next(self._ids)
        client.link.send(m.Retry(wish, numbers, instead))
        client.link.flush()
        client.link.wait(lambda: wish in self._answers or client.lost is not None, None)
        answer = self._answers.pop(wish, None)
        if answer is None:
            raise RuntimeLost(client.lost)
        return answer

    def on_rearmed(self, message: m.Rearmed) -> None:
        """Take in which tasks are open again."""
        client = self._client
        opened = []
        for number in message.numbers:
            call = client.calls.get(number)
            if call is not None and call.final and call.state != TaskState.DONE:
                call.rearm()
                client.open += 1
                opened.append(call)
        if client.on_opened is not None and opened:
            client.on_opened(opened)
        for vid, group in list(self._groups.items()):
            if not group.newest.call.final:
                del self._groups[vid]
                self._restore(group)
        if message.id:
            self._answers[message.id] = message

    def on_looked(self, message: m.Looked) -> None:
        """A person has looked at these calls, in a page."""
        for number in message.numbers:
            if (call := self._client.calls.get(number)) is not None:
                call.looked = True

    def _restore(self, group: Group) -> None:
        """Live objects wait for their task again, unless they have gone on without it."""
        client = self._client
        members = [member for member in group.members() if member is not None]
        if all(client.pending.get(member) is None for member in members) and group.unchanged():
            client.pending.add(group)
            return
        name = name_here(members[0]) or f"a {type(members[0]).__name__}"
        label = group.newest.call.label
        client.notify(
            "warning", f"{name} was changed or used since {label} failed: the retry does not change it."
        )

    def clear(self) -> None:
        """Let go of everything."""
        self._groups.clear()
