"""`python -m treadle_runtime.host FOLDER`: started by a client, never by people."""

from __future__ import annotations

import contextlib
import os
import resource
import sys
import traceback

from ..wire.messages import Refused
from ..wire.session import Session
from .loop import Host


def main(folder: str) -> int:
    """Run the runtime of a session folder to its end and return the exit code."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        with contextlib.suppress(ValueError, OSError):  # macOS has a lower limit than it says
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    print(f"runtime process {os.getpid()}", flush=True)
    host = Host(Session(folder))
    try:
        host.run()
    except Exception as error:  # noqa: BLE001 - a bug: nobody may be left waiting for a runtime that has lost its mind
        text = traceback.format_exc()
        print(text, flush=True)
        host.fall(Refused(f"Treadle's runtime met a bug of its own ({error!r}) and had to end. Please report:\n{text}"))
        return 70
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
