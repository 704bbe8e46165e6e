"""A descriptor that wakes a poll.

Law: `ring` is one write: safe in any thread, inside any lock, in `__del__` and in signal handlers.
"""

from __future__ import annotations

import os


class Bell:
    """An eventfd, or a pipe where there is none."""

    __slots__ = ("_read", "_write")

    def __init__(self) -> None:
        if hasattr(os, "eventfd"):
            self._read = self._write = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        else:
            self._read, self._write = os.pipe()
            os.set_blocking(self._read, False)
            os.set_blocking(self._write, False)

    def fileno(self) -> int:
        """Return the descriptor to poll for reading."""
        return self._read

    def ring(self) -> None:
        """Make the descriptor readable; a bell that rings already, or has been closed, stays as it is."""
        try:
            os.write(self._write, b"\x01\0\0\0\0\0\0\0")
        except OSError:
            return

    def hush(self) -> None:
        """Take back what rang."""
        try:
            os.read(self._read, 4096)
        except BlockingIOError:
            return

    def close(self) -> None:
        """Give the descriptors back."""
        read, write, self._read, self._write = self._read, self._write, -1, -1
        os.close(read)
        if write != read:
            os.close(write)
