"""What clients have published under a name, for others to get; it lives as long as the runtime, or until it is taken back.

Law: knows names and versions, not what they mean. The handles of what is published are held by a client of their own.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from ..core.events import HandlesDropped, HandlesTaken, TasksFollowed
from ..core.model import ClientId, Vid, is_put
from .notebooks import numbers_of, row_of

if TYPE_CHECKING:
    from .loop import Host

PUBLIC: Final[ClientId] = 0
"""The client that holds what is published; real ones count from 1."""


class Published:
    """One name: what it holds (api.bindings), the versions in there, whether they stand for a plain value."""

    __slots__ = ("at", "held", "value", "vids")

    def __init__(self, held: Any, vids: list[Vid], value: bool) -> None:
        self.held = held
        self.vids = vids
        self.value = value
        self.at = time.time()


def share(host: Host, name: str, held: Any, vids: list[Vid], value: bool) -> bool:
    """Publish what a client holds; what had the name before is let go of."""
    unshare(host, name)
    host.published[name] = Published(held, vids, value)
    host.wishes.append(HandlesTaken(time.monotonic(), PUBLIC, vids))
    return True


def unshare(host: Host, name: str) -> bool:
    """Take a name back; False if there is none."""
    found = host.published.pop(name, None)
    if found is not None:
        host.wishes.append(HandlesDropped(time.monotonic(), PUBLIC, found.vids))
    return found is not None


def shared(host: Host) -> dict[str, float]:
    """The names that are published, and since when (seconds of the epoch)."""
    return {name: found.at for name, found in host.published.items()}


def follow(host: Host, client: ClientId, vids: list[Vid]) -> bool:
    """A client takes handles on what others made, and wants to know how the tasks behind them end."""
    now = time.monotonic()
    host.wishes += [HandlesTaken(now, client, vids), TasksFollowed(now, client, numbers_of(vids))]
    return True


def get(host: Host, name: str) -> dict[str, Any] | None:
    """What is published under a name, and the tasks and stored values behind it; None if there is none."""
    found = host.published.get(name)
    if found is None:
        return None
    offset, numbers = time.time() - time.monotonic(), numbers_of(found.vids)
    tasks = [row_of(task, offset) for number in numbers if (task := host.scheduler.task(number)) is not None]
    stored = [(vid, host.scheduler.version(vid)) for vid in found.vids if is_put(vid)]
    puts = [[vid, int(version.kind), version.nbytes] for vid, version in stored if version is not None]
    return {"held": found.held, "value": found.value, "tasks": tasks, "puts": puts}
