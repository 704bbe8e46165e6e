"""A cell that the Stop button ends while it awaits something else than Treadle (`asyncio.gather`, a task group): shown as KeyboardInterrupt.

Law: knows the shell and how it shows errors; nothing of presses and tasks. Changes nothing but from a press to the end of the cell.

Such a cell is ended as ipykernel does it, by cancelling its coroutine, so that what it awaits is cancelled in good order.
What comes out is asyncio.CancelledError: that the person pressed Stop has to be said by the shell.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any

from treadle_runtime.client.remote_traceback import is_library, is_own


class Interrupted:
    """What one shell makes of a CancelledError after a press."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._before: tuple[tuple[type[BaseException], ...], Any] | None = None

    def expect(self) -> None:
        """The coroutine of the cell that runs is about to be cancelled by the Stop button."""
        if self._before is None:
            shell = self._shell
            self._before = shell.custom_exceptions, shell.CustomTB
            shell.set_custom_exc((asyncio.CancelledError, *shell.custom_exceptions), self._show)

    def on_end(self, result: Any) -> None:
        """The cell has ended: its error is what the person meant, and the shell is as it was."""
        if self._before is None:
            return
        self._shell.custom_exceptions, self._shell.CustomTB = self._before
        self._before = None
        error = getattr(result, "error_in_exec", None)
        if isinstance(error, asyncio.CancelledError):
            result.error_in_exec = _said(error.__traceback__)

    def _show(
        self,
        shell: Any,
        kind: type[BaseException],
        error: BaseException,
        trace: TracebackType | None,
        tb_offset: int | None = None,
    ) -> None:
        if isinstance(error, asyncio.CancelledError):
            said = _said(trace)
            shell.showtraceback((KeyboardInterrupt, said, said.__traceback__))
        elif self._before is not None:
            self._before[1](kind, error, trace, tb_offset)


def _said(trace: TracebackType | None) -> KeyboardInterrupt:
    """Return what the person meant, with frames down to the last line of their own."""
    last = part = trace
    while part is not None:
        file = part.tb_frame.f_code.co_filename
        if not is_own(file) and not is_library(file):
            last = part
        part = part.tb_next
    if last is not None:
        last.tb_next = None
    return KeyboardInterrupt().with_traceback(trace)
