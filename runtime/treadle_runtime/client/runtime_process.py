"""The runtime process as its client sees it: how it ended, and, if this process started it, waiting for its end.

Law: knows a process id and perhaps a child; no sockets, no messages.
"""

from __future__ import annotations

import subprocess
from typing import Final

END_LIMIT_S: Final = 15.0
_left_running: list[subprocess.Popen[bytes]] = []


class RuntimeProcess:
    """A runtime process.

    Parameters
    ----------
    pid, started : int, float or None
        Which process it is (`wire.process.start_time`).
    child : subprocess.Popen, optional
        It, if this process started it.
    follows : bool
        It ends when this client leaves.
    """

    __slots__ = ("_child", "follows", "pid", "started")

    def __init__(
        self,
        pid: int,
        started: float | None,
        child: subprocess.Popen[bytes] | None = None,
        follows: bool = False,
    ) -> None:
        self.pid = pid
        self.started = started
        self._child = child
        self.follows = follows

    def obituary(self) -> str:
        """Say how it ended."""
        how = ""
        if self._child is not None and self._child.poll() is not None:
            code = self._child.returncode
            how = f", killed by signal {-code}" if code < 0 else f" with exit code {code}"
        return (
            f"The runtime process (pid {self.pid}) has ended{how}; what was not fetched from it is lost. "
            "The next call of a task starts a new one."
        )

    def kill(self) -> None:
        """End it the hard way, if it is a child of this process."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()

    def leave(self, ends: bool) -> None:
        """Wait for its end if it `ends` now (bounded); else it goes on, and `reap` asks for it later."""
        if self._child is not None:
            try:
                self._child.wait(END_LIMIT_S if ends or self.follows else 0)
            except subprocess.TimeoutExpired:
                _left_running.append(self._child)


def reap() -> None:
    """Take note of runtimes that this process started and left running, and that have ended since."""
    _left_running[:] = [child for child in _left_running if child.poll() is None]
