"""sys.stdout, sys.stderr and sys.stdin of a worker: descriptors 1 and 2 are append-only logs, there is no input.

Law: knows files and offsets, nothing of tasks. The runtime reads the logs; here only `said` does, for a task that failed.

What Python code prints is noticed by the streams themselves, so the system is asked for offsets only then, after
longer tasks (C code and child processes write behind our back), and before results are sent.
"""

from __future__ import annotations

import builtins
import io
import os
import sys
from typing import Any, Final, NoReturn

from ..errors import UsageError

_REMEDY: Final = (
    'Look with %treadle debug, or start with engine="inline", where tasks run in the notebook itself.'
)


class LogStream(io.TextIOWrapper):
    """Text over a log's descriptor: handed on at each line end, and at the end of the task."""

    def __init__(self, descriptor: int, streams: Streams) -> None:
        self._streams = streams
        raw = io.FileIO(descriptor, "w", closefd=False)
        # No buffer of bytes in between: what is written to `.buffer` is in the file at once.
        super().__init__(raw, "utf-8", "backslashreplace", "\n", line_buffering=True)

    def write(self, text: str, /) -> int:
        """Write text; as for any text stream."""
        self._streams.fresh = True
        return super().write(text)

    def close(self) -> None:
        """Flush only: a task that closes sys.stdout must not take it from the next one."""
        self.flush()


class NoInput(io.TextIOBase):
    """What sys.stdin is in a task."""

    def readable(self) -> bool:
        """Return False: there is nobody to ask."""
        return False

    def read(self, _size: int | None = -1, /) -> str:
        """Raise EOFError: there is nobody to ask."""
        raise EOFError("A task has no standard input. Pass what it needs as an argument.")

    def readline(self, _size: int = -1, /) -> str:  # type: ignore[override]
        """Raise EOFError: there is nobody to ask."""
        return self.read()

    def close(self) -> None:
        """Do nothing: a task that closes sys.stdin must not take it from the next one."""

    def fileno(self) -> int:
        """Return descriptor 0, which is at its end from the start (child processes inherit it)."""
        return 0


def refuse_input(*_: Any) -> NoReturn:
    """Stand in for `input`."""
    raise UsageError(f"input() can't ask anybody from within a task. {_REMEDY}")


def refuse_breakpoint(*_: Any, **__: Any) -> NoReturn:
    """Stand in for `breakpoint`."""
    raise UsageError(f"breakpoint() can't stop inside a task: nobody would see it. {_REMEDY}")


class Streams:
    """The three streams of this process, and where in the logs the tasks' output lies."""

    __slots__ = ("_aside_told", "aside_end", "err", "err_end", "fresh", "input", "out", "out_end")

    def __init__(self, out: int = 1, err: int = 2) -> None:
        self.fresh = False
        """Something was written since the last look."""
        self.out = LogStream(out, self)
        self.err = LogStream(err, self)
        self.input = NoInput()
        self.out_end = _size(out)
        self.err_end = _size(err)
        self.aside_end = self._aside_told = 0  # of the file of asides, and what of it `moved` has told

    def install(self) -> None:
        """Make them the process' own; `input` and `breakpoint` raise from now on."""
        sys.stdin = sys.__stdin__ = self.input  # type: ignore[assignment,misc]
        sys.stdout = sys.__stdout__ = self.out  # type: ignore[misc]
        sys.stderr = sys.__stderr__ = self.err  # type: ignore[misc]
        builtins.input = refuse_input
        sys.breakpointhook = refuse_breakpoint

    def restore(self) -> None:
        """Put the streams back where a task replaced them."""
        sys.stdin, sys.stdout, sys.stderr = self.input, self.out, self.err

    def reopen(self) -> bool:
        """Open descriptor 0 again where a task closed it (`open(0).read()` does); True if it was closed."""
        try:
            os.fstat(0)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDONLY), True)  # it gets the lowest number: 0
            return True
        return False

    def ends(self) -> tuple[int, int]:
        """Hand on what is pending; return where the logs end now. Any thread."""
        self.out.flush()
        self.err.flush()
        self.fresh = True  # `moved` is to be asked after the task
        return _size(self.out.fileno()), _size(self.err.fileno())

    def moved(self) -> dict[str, int | float | str | bool] | None:
        """Hand on what is pending; return the new ends of the logs (and asides) that have grown, None if none has."""
        if self.fresh:
            self.fresh = False
            self.out.flush()
            self.err.flush()
        out, err, aside = _size(self.out.fileno()), _size(self.err.fileno()), self.aside_end
        if out == self.out_end and err == self.err_end and aside == self._aside_told:
            return None
        notes: dict[str, int | float | str | bool] = {}
        if aside != self._aside_told:
            notes["aside"] = self._aside_told = aside
        if out != self.out_end:
            notes["out"] = self.out_end = out
        if err != self.err_end:
            notes["err"] = self.err_end = err
        return notes

    def said(self, out_at: int, err_at: int, most: int) -> str:
        """Return what stands in the logs from these offsets to where `moved` last saw their ends, or the last of it."""
        return "".join(
            _part(stream.fileno(), max(at, end - most), end)
            for stream, at, end in ((self.out, out_at, self.out_end), (self.err, err_at, self.err_end))
        )[-most:]


def _part(descriptor: int, start: int, end: int) -> str:
    try:
        return os.pread(descriptor, max(0, end - start), start).decode("utf-8", "replace")
    except OSError:  # a terminal or a pipe, when started by hand: it has been read there
        return ""


def _size(descriptor: int) -> int:
    try:
        return os.lseek(descriptor, 0, os.SEEK_END)
    except OSError:  # not a file (a terminal, when started by hand), or closed by a task
        return 0
