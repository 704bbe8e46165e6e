"""What waits to be sent: rows and messages in program order, turned into few frames.

Law: appending is one list append (any thread, inside any lock, in `__del__`); everything else is done by the
thread that owns the socket.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final

from ..core.model import TaskRow, Vid
from ..wire.codec import encode
from ..wire.messages import FromClient, Release, Submit

ROWS_IN_FRAME: Final = 1000
"""Longer submits are cut, so that the runtime starts on the first rows while the last are still packed."""


class Outbox:
    """A queue of task rows and messages."""

    __slots__ = ("_frames", "queue")

    def __init__(self) -> None:
        self.queue: list[TaskRow | FromClient] = []
        self._frames: deque[bytes] = deque()  # packed, not yet sent

    def __bool__(self) -> bool:
        return bool(self.queue or self._frames)

    def flush(self, send: Callable[[bytes], Any]) -> None:
        """Send all there is; `send` must not block. Only the owner of the socket."""
        count = len(self.queue)
        if count:  # others may append meanwhile
            batch = self.queue[:count]
            del self.queue[:count]
            self._frames += pack(batch)
        frames = self._frames
        while frames:
            send(frames[0])
            del frames[0]

    def clear(self) -> None:
        """Forget everything."""
        self.queue.clear()
        self._frames.clear()


def pack(batch: Sequence[TaskRow | FromClient]) -> list[bytes]:
    """Return the frames of a batch: neighbouring rows in one Submit, releases behind the rows they stand among.

    A release may always come later, except behind a Take of the same version; so it stays before other messages.
    """
    frames: list[bytes] = []
    rows: list[TaskRow] = []
    released: list[Vid] = []
    for item in batch:
        if type(item) is tuple:
            rows.append(item)
        elif type(item) is Release:
            released += item.vids
        else:
            _close(frames, rows, released)
            rows, released = [], []
            frames.append(encode(item))  # type: ignore[arg-type]  # not a tuple, so a message
    _close(frames, rows, released)
    return frames


def _close(frames: list[bytes], rows: list[TaskRow], released: list[Vid]) -> None:
    frames += [encode(Submit(rows[i : i + ROWS_IN_FRAME])) for i in range(0, len(rows), ROWS_IN_FRAME)]
    if released:
        frames.append(encode(Release(released)))
