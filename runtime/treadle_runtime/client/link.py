"""What the caller's side talks to: a link to something that runs tasks.

Law: a handful of methods. `client.connection` (a runtime process), `client.inline` (the caller itself) and
`testing.virtual` (the scheduler with simulated workers) implement it; nobody above knows which it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from ..core.model import TaskRow
from ..wire.messages import FromClient, ToClient
from .handles import Handles

Receive = Callable[[ToClient], None]


class Link(Protocol):
    """A way to have tasks run. Calls `receive` (given at construction) for each message that comes in."""

    handles: Handles
    """What lives of the versions that came of it; their ends go to the runtime by themselves."""

    def submit(self, row: TaskRow) -> None:
        """Queue one task; never blocks on the runtime. Any thread."""

    def send(self, message: FromClient) -> None:
        """Queue a message behind what was queued before. Any thread, inside any lock, also from `__del__`."""

    def wait(self, until: Callable[[], bool], timeout: float | None) -> bool:
        """Block until `until()` (asked after each batch of messages) or the timeout; return `until()`. Any thread."""

    def hurry(self) -> None:
        """Take note that the next wait is for the only task under way, which may be done within a moment. Any thread."""

    def ask(self, question: str, args: dict[str, Any], timeout: float | None = 10.0) -> Any:
        """Put a question and wait for its answer. Raises RuntimeLost if the runtime is gone."""

    def flush(self) -> None:
        """Hand everything queued to the transport now."""

    def attend(self, until: Callable[[], bool]) -> None:
        """Somebody waits for `until()` by other means than `wait`: only a simulation has to do something for that."""

    def close(self) -> None:
        """Give everything back: threads, sockets, mappings. Idempotent."""
