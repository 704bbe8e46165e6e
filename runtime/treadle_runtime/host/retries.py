"""Wishes to retry: what is to be called instead is kept until the scheduler has said which tasks are open again.

Law: exchanges rows of tasks; decides nothing. A wish becomes an event as it stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.events import Event, RetryWanted
from ..core.instructions import Rearm
from ..core.model import ClientId, vid_of
from ..core.states import DatumState
from ..wire import messages as m
from ..worker.instead import Instead, exchange

if TYPE_CHECKING:
    from .loop import Host


class Retries:
    """The wishes of this turn."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._instead: dict[tuple[ClientId, int], list[Instead]] = {}

    def on_retry(self, client: ClientId, message: m.Retry, now: float, events: list[Event]) -> None:
        """A client wants tasks retried."""
        self._instead[client, message.id] = message.instead
        instead = {old: (new, vids) for old, new, _data, vids in message.instead}
        events.append(RetryWanted(now, client, message.id, message.numbers, instead))

    def on_rearm(self, instruction: Rearm, _: list[Event]) -> None:
        """Tasks are open again: exchange what they call, free what an attempt may have left, and tell their client."""
        host = self._host
        rows = host.crew.tasks
        instead = self._instead.pop((instruction.client, instruction.id), [])
        for number in instruction.numbers:
            row = rows[number] = exchange(rows[number], instead)
            outputs = [vid_of(number, k) for k in range(row[4])]
            host.sweep(host.values.drop([vid for vid in outputs if self._is_open(vid)]))
        host.feed.on_rearm(instruction.numbers)
        told = m.Rearmed(instruction.id, instruction.numbers, instruction.refused)
        host.clients.tell(instruction.client, told)

    def _is_open(self, vid: int) -> bool:
        version = self._host.scheduler.version(vid)
        return version is not None and version.state == DatumState.PENDING
