"""What an engine is: a set of workers that can be started, ended, and seen to end.

Law: processes and where they run, nothing of tasks. A worker is born with one end of the line its tasks travel by;
to the session's ZeroMQ socket it connects by itself.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import Protocol

from ..core.model import WorkerId


@dataclass(frozen=True, slots=True)
class Ended:
    """How a worker's process ended: by a signal, or with an exit code; the most memory it had, 0 if not known."""

    worker: WorkerId
    signal: int | None
    exitcode: int | None
    peak_kib: int = 0


@dataclass(frozen=True, slots=True)
class Started:
    """A worker's process, and our end of the line to it."""

    pid: int
    line: socket.socket


class Engine(Protocol):
    """Starts and ends workers. One thread; nothing blocks for long."""

    def set_threads(self, threads: int) -> None:
        """Have workers that are started from now on use so many threads each."""

    def start(self, worker: WorkerId) -> Started:
        """Start a worker. Raises EngineError if the system refuses."""

    def kill(self, worker: WorkerId) -> None:
        """End a worker's process and its children at once; `ended` tells when it is gone."""

    def fileno(self) -> int | None:
        """Return what is readable when a worker has ended; None: ask `ended` now and then."""

    def ended(self) -> list[Ended]:
        """Return the workers that have ended since the last call."""

    def close(self) -> None:
        """End all workers that are left and give descriptors back."""
