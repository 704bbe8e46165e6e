"""A wait at a terminal: one line on stderr that says how far it is, while it lasts, and is gone afterwards.

Law: shows what a tally counts; costs nothing before a wait has lasted a second. Where stderr is no terminal there is
no ticker, so logs stay clean. Everything happens in the thread that waits.
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, TextIO

from ..core.model import Number
from ..core.states import TaskState
from .calls import Call
from .estimate import Countdown, may_tell, progress_words, seconds_left
from .tally import Tally

if TYPE_CHECKING:
    from .client import Client

AFTER_S: Final = 1.0
EVERY_S: Final = 0.2


def ticker_for(client: Client, workers: int) -> Ticker | None:
    """Return what shows the waits of a client, None where nobody would see it or `TREADLE_PROGRESS=0` says no."""
    stream = sys.stderr
    if os.environ.get("TREADLE_PROGRESS") == "0" or stream is None or not stream.isatty():
        return None
    return Ticker(client, workers, stream)


class Ticker:
    """The line of one client. `begin`, `tick` and `end` come in turn from a thread that waits."""

    def __init__(self, client: Client, workers: int, stream: TextIO) -> None:
        self._client = client
        self._workers = workers
        self._stream = stream
        self._first: Number = client.next_number  # tasks before it had all ended when an earlier wait did
        self._began = 0.0
        self._due: float | None = None  # None: nobody waits
        self._tally: Tally | None = None
        self._shown = ""  # what stands there
        self.line_is_open = False  # what a task has printed is not at its end: a bar, which this must not overwrite
        self._countdown = Countdown()

    def begin(self) -> bool:
        """A wait begins; tell whether it is to be shown (not one within another, nor one of another thread)."""
        if self._due is not None or threading.current_thread() is not threading.main_thread():
            return False
        self._began = time.monotonic()
        self._due = self._began + AFTER_S
        self.line_is_open = False
        return True

    def tick(self) -> None:
        """Bring the line up to date if it is time."""
        now = time.monotonic()
        if self._due is None or now < self._due or self.line_is_open:
            return
        self._due = now + EVERY_S
        if self._tally is None:
            self._start()
        words = self._words(now)
        room = shutil.get_terminal_size().columns - 1
        if words[:room] != self._shown:
            self._write(words[:room])

    def end(self) -> None:
        """The wait is over: nothing is left of the line."""
        self._due = None
        self.clear()
        if self._tally is not None:
            self._client.on_finished, self._tally = None, None
        if self._client.open == 0:
            self._first = self._client.next_number

    def make_room(self, rows: Sequence[tuple[Number, str, str | bytes]]) -> None:
        """Take the line away for what tasks say, and keep it away while that is not at the end of a line."""
        self.clear()
        for _number, _stream, text in rows:
            if isinstance(text, str):
                self.line_is_open = not text.endswith("\n")

    def clear(self) -> None:
        """Take the line away, for something else to be printed."""
        if self._shown:
            self._write("")

    def _start(self) -> None:
        """Count from here on by events, what was before by looking once."""
        client = self._client
        self._tally = Tally(client.calls, self._first, self._began)
        self._tally.look(client.next_number)
        self._tally.recount()
        self._countdown = Countdown()
        client.on_finished = self._on_finished

    def _on_finished(self, call: Call) -> None:
        if self._tally is not None and call.number >= self._tally.first:
            self._tally.on_finished(call)

    def _words(self, now: float) -> str:
        tally = self._tally
        assert tally is not None
        tally.look(self._client.next_number)
        left_s = None
        if may_tell(now - self._began, tally.ended, tally.submitted):
            left_s = seconds_left(tally.left_by_function(), self._workers)
        shown = None if left_s is None else self._countdown.next(left_s, now)
        return f"treadle: {progress_words({TaskState.WAITING: tally.left, **tally.states}, shown, 'to go')}"

    def _write(self, words: str) -> None:
        try:
            self._stream.write(f"\r{' ' * len(self._shown)}\r{words}")
            self._stream.flush()
        except (
            OSError,
            ValueError,
        ):  # the terminal is gone, or stderr was closed: a wait must not fail for that
            self._due = float("inf")
        self._shown = words
