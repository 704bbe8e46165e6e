"""Workers as processes of this machine, children of the runtime process.

Law: starts `python -m treadle_runtime.worker FOLDER N`, never forks, never `multiprocessing` (it would import the
user's `__main__` again). Descriptors 1 and 2 are log files opened for appending, so last words survive a death. Its end
of the line for tasks is inherited: whoever holds it was given it by us.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from typing import Final, cast

from ..config import thread_variables
from ..core.model import WorkerId
from ..errors import EngineError
from ..wire.process import Watch
from ..wire.session import RuntimeOptions, Session
from .protocol import Ended, Started

NICE: Final = 5
_APPEND: Final = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC


class LocalEngine:
    """The engine behind `engine="local"`."""

    def __init__(self, session: Session, options: RuntimeOptions, environ: dict[str, str]) -> None:
        self._session = session
        own = os.getpriority(os.PRIO_PROCESS, 0)
        self._nice = max(NICE, own) if options.interactive else own  # never before those of the notebook itself
        self._own = environ
        self.set_threads(options.threads)
        self._children: dict[WorkerId, subprocess.Popen[bytes]] = {}
        self._stillborn: list[WorkerId] = []  # ended before they could be watched
        self._watch = Watch()

    def set_threads(self, threads: int) -> None:
        """Have workers that are started from now on use so many threads each."""
        self._environ = {**os.environ, **thread_variables(threads, os.environ), **self._own}

    def start(self, worker: WorkerId) -> Started:
        """Start a worker."""
        out = err = -1
        ours = theirs = None
        try:
            ours, theirs = socket.socketpair()
            out = os.open(self._session.log(worker, "out"), _APPEND, 0o600)
            err = os.open(self._session.log(worker, "err"), _APPEND, 0o600)
            child = subprocess.Popen(
                [
                    sys.executable,
                    "-P",
                    "-m",
                    "treadle_runtime.worker",
                    str(self._session.folder),
                    str(worker),
                    str(theirs.fileno()),
                ],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env=self._environ,
                pass_fds=(theirs.fileno(),),
                process_group=0,  # so that what a task started ends with it
            )
        except OSError as error:
            if ours is not None:
                ours.close()
            raise EngineError(
                f"The system refuses to start a worker ({error}). Use fewer workers, or free processes and memory."
            ) from error
        finally:
            for descriptor in (out, err):
                if descriptor >= 0:
                    os.close(descriptor)
            if theirs is not None:
                theirs.close()
        if self._nice != os.getpriority(os.PRIO_PROCESS, 0):
            with contextlib.suppress(OSError):  # it has ended already, which `ended` will tell
                os.setpriority(os.PRIO_PROCESS, child.pid, self._nice)
        self._children[worker] = child
        if not self._watch.add(worker, child.pid):
            self._stillborn.append(worker)
        return Started(child.pid, ours)

    def kill(self, worker: WorkerId) -> None:
        """End a worker's process group at once."""
        child = self._children.get(worker)
        if child is not None and child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)

    def fileno(self) -> int | None:
        """Return what is readable when a worker has ended; None: ask now and then."""
        return self._watch.fileno()

    def ended(self) -> list[Ended]:
        """Return the workers that have ended since the last call."""
        found = []
        for worker in [*self._stillborn, *self._watch.ended()]:
            child = self._children.pop(cast(WorkerId, worker))
            self._end_group(child.pid)  # while the zombie still holds its id
            _, status, used = os.wait4(child.pid, 0)
            code = child.returncode = os.waitstatus_to_exitcode(status)
            peak_kib = used.ru_maxrss // (1024 if sys.platform == "darwin" else 1)
            killed = code < 0
            found.append(
                Ended(cast(WorkerId, worker), -code if killed else None, None if killed else code, peak_kib)
            )
        self._stillborn.clear()
        return found

    def close(self) -> None:
        """Kill what is left, wait for it, give descriptors back."""
        for worker in self._children:
            self.kill(worker)
        for child in self._children.values():
            child.wait()
        self._children.clear()
        self._watch.close()

    @staticmethod
    def _end_group(group: int) -> None:
        """End what a dead worker's tasks left running."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
