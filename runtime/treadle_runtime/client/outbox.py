"""What waits to be sent: rows and messages in program order, turned into few frames.

Law: appending is one list append (any thread, inside any lock, in `__del__`); everything else is done by the
thread that owns the socket.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from ..core.model import TaskRow, Vid
from ..wire.codec import encode
from ..wire.messages import FromClient, Release, Submit
from .handles import Handle, Handles

ROWS_IN_FRAME: Final = 1000
"""Longer submits are cut, so that the runtime starts on the first rows while the last are still packed."""
FRAME_NBYTES: Final = 64 << 20
"""Larger ones, too."""
HELD_BACK: Final = 64
"""No more releases than this wait behind a task that somebody waits for."""


class Outbox:
    """A queue of task rows, messages, and handles whose versions have died."""

    __slots__ = ("handles", "queue")

    def __init__(self) -> None:
        self.queue: list[TaskRow | FromClient | Handle] = []
        self.handles = Handles(self.queue.append)

    def __bool__(self) -> bool:
        return bool(self.queue)

    def flush(self, send: Callable[[list[bytes]], Any]) -> None:
        """Give all there is to `send`, packed. Only the owner of the socket."""
        count = len(self.queue)
        if count:  # others may append meanwhile
            frames = pack(self.queue[:count], self.handles.living.discard)
            del self.queue[:count]
            send(frames)

    def flush_rows(self, send: Callable[[list[bytes]], Any]) -> None:
        """Do as `flush`, but let a few releases wait for the next one: nobody waits for them."""
        count = len(self.queue)
        rows = [item for item in self.queue[:count] if type(item) is tuple]
        released = [item for item in self.queue[:count] if type(item) is Handle]
        if len(rows) + len(released) < count or len(released) > HELD_BACK:
            self.flush(send)
        elif rows:
            frames = pack(rows, self.handles.living.discard)
            self.queue[:count] = released
            send(frames)

    def clear(self) -> None:
        """Forget everything."""
        self.handles.clear()
        self.queue.clear()


def pack(batch: Sequence[TaskRow | FromClient | Handle], forget: Callable[[Handle], Any]) -> list[bytes]:
    """Return the frames of a batch: neighbouring rows in one Submit, releases behind the rows they stand among.

    A release may always come later, except behind a Take of the same version; so it stays before other messages.
    """
    frames: list[bytes] = []
    rows: list[TaskRow] = []
    released: list[Vid] = []
    for item in batch:
        if type(item) is tuple:
            rows.append(item)
        elif type(item) is Handle:
            released.append(item.vid)
            forget(item)
        elif type(item) is Release:
            released += item.vids
        else:
            _close(frames, rows, released)
            rows, released = [], []
            frames.append(encode(item))  # type: ignore[arg-type]  # not a tuple, so a message
    _close(frames, rows, released)
    return frames


def _close(frames: list[bytes], rows: list[TaskRow], released: list[Vid]) -> None:
    if len(rows) > ROWS_IN_FRAME:
        for start in range(0, len(rows), ROWS_IN_FRAME):
            _close(frames, rows[start : start + ROWS_IN_FRAME], [])
    elif rows:
        frame = encode(Submit(rows))
        if len(frame) <= FRAME_NBYTES or len(rows) == 1:
            frames.append(frame)
        else:
            half = len(rows) // 2
            _close(frames, rows[:half], [])
            _close(frames, rows[half:], [])
    if released:
        frames.append(encode(Release(released)))
