"""How the shell shows what ends the cell that runs, where its own way would not say what the person did.

Law: knows the shell and how it shows errors; nothing of presses, tasks and magics. Changes nothing but from what is expected to the
end of the cell.

A cell that the Stop button ends while it awaits something else than Treadle (`asyncio.gather`, a task group) is ended as
ipykernel does it, by cancelling its coroutine, so that what it awaits is cancelled in good order: asyncio.CancelledError comes
out, and KeyboardInterrupt is shown. The text of a `%%task` cell that is no Python is shown as that of any cell, the line
alone: for an error of code that runs the shell adds all frames, its own and ours.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any

from treadle_runtime.client.remote_traceback import is_library, is_own


class CellError:
    """How one shell shows the error of the cell that runs."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._before: tuple[tuple[type[BaseException], ...], Any] | None = None
        self._no_python: SyntaxError | None = None

    def expect_interrupt(self) -> None:
        """The coroutine of the cell that runs is about to be cancelled by the Stop button."""
        self._expect(asyncio.CancelledError)

    def expect_no_python(self, error: SyntaxError) -> None:
        """The text of the cell that runs is no Python, which this error says."""
        self._no_python = error
        self._expect(type(error))

    def _expect(self, kind: type[BaseException]) -> None:
        shell = self._shell
        if self._before is None:
            self._before = shell.custom_exceptions, shell.CustomTB
        shell.set_custom_exc((kind, *shell.custom_exceptions), self._show)

    def on_end(self, result: Any) -> None:
        """The cell has ended: its error is what the person meant, and the shell is as it was."""
        if self._before is None:
            return
        self._shell.custom_exceptions, self._shell.CustomTB = self._before
        self._before = self._no_python = None
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
        elif error is self._no_python:
            shell.showsyntaxerror()
        elif self._before is not None and isinstance(error, self._before[0]):
            self._before[1](kind, error, trace, tb_offset)
        else:  # one of the kind that was expected, but another
            shell.showtraceback(running_compiled_code=True)


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
