"""`python -m treadle_runtime.host FOLDER`: started by a client, never by people."""

from __future__ import annotations

import contextlib
import os
import resource
import socket
import sys

from ..errors import TreadleError, headline
from ..wire.session import Session
from .loop import Host


def main(folder: str) -> None:
    """Run the runtime of a session folder to its end.

    Its standard input is the listening socket for clients: they can connect before the process is up.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        with contextlib.suppress(ValueError, OSError):  # macOS has a lower limit than it says
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    print(f"runtime process {os.getpid()}", flush=True)
    session = Session(folder)
    door = socket.socket(fileno=os.dup(sys.stdin.fileno()))
    try:
        host = Host(session, door)
    except TreadleError as error:
        session.refuse(error)
        sys.exit(headline(error))
    host.run()


if __name__ == "__main__":
    main(sys.argv[1])
