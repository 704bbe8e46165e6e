"""What tasks say, in a script or a terminal: text to this process' streams, records to its loggers.

Law: rows of output in; nothing waits, any thread. When more than one task was called each line starts with its task. A
display is its text; what a page would take away or exchange stays.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..core.model import Number
from ..wire.asides import Aside, Bar, Logged, Shown, Warned, unpack_aside
from .heard import Warnings, log, place_in_file
from .lines import Lines, bar_text

if TYPE_CHECKING:
    from .client import Client


class Printer:
    """Prints what the tasks of one client say."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._lines = Lines(self._is_over)
        self._warnings = Warnings(place_in_file)
        self._lock = threading.RLock()

    def on_output(self, number: Number, stream: str, text: str | bytes) -> None:
        """Take in one row of output."""
        call = self._client.calls.get(number)
        name = call.function if call is not None else "task"
        with self._lock:
            if isinstance(text, bytes):
                self._aside(number, name, unpack_aside(text))
            else:
                self._text(number, name, stream, text)

    def settle(self) -> None:
        """Print what was held back or counted: nothing runs any more."""
        with self._lock:
            self._client.on_quiet = None
            _write(self._lines.flush())
            self._warnings.tell(lambda line: _write([("stderr", line)]))

    def _text(self, number: Number, name: str, stream: str, text: str) -> None:
        if len(self._client.calls) > 1:
            _write(self._lines.add(number, name, stream, text))
            if self._lines.holds:
                self._client.on_quiet = self.settle
        else:
            _write([(stream, text)])

    def _aside(self, number: Number, name: str, aside: Aside) -> None:
        if isinstance(aside, Logged):
            log(number, name, aside)
        elif isinstance(aside, Warned):
            self._warnings.add(name, aside)
            self._client.on_quiet = self.settle
        elif isinstance(aside, Bar):
            self._text(number, name, "stderr", bar_text(aside))
        elif isinstance(aside, Shown):
            text = f"{aside.data.get('text/plain', '')}\n"
            self._text(number, name, "stdout", text)

    def _is_over(self, number: Number) -> bool:
        call = self._client.calls.get(number)
        return call is None or call.final


def _write(written: Sequence[tuple[str, str]]) -> None:
    for stream, text in written:
        out = sys.stdout if stream == "stdout" else sys.stderr
        if out is not None:  # a process without a terminal may have none
            with contextlib.suppress(ValueError, OSError):  # closed at the other end: there is nobody to tell
                out.write(text)
                out.flush()
