"""One worker as the runtime sees it.

Law: what has been told to it and heard of it; nothing happens here.
"""

from __future__ import annotations

from ..core.model import FunctionId, WorkerId
from .lines import Line


class Worker:
    """What is known of one worker."""

    __slots__ = (
        "control",
        "functions",
        "killed",
        "leaving",
        "line",
        "pid",
        "queued",
        "ready",
        "started_at",
        "wid",
        "worlds",
    )

    def __init__(self, wid: WorkerId, pid: int, line: Line, now: float) -> None:
        self.wid = wid
        self.pid = pid
        self.line = line  # tasks go out by it, results come in
        self.control = b"w%d.c" % wid  # who it is where it listens while it computes
        self.ready = False
        self.killed: float | None = None  # the scheduler has it ended, for this timeout (0: for a cancel)
        self.leaving = False  # it is to end when what runs there has ended
        self.queued = 0  # tasks sent and not returned
        self.started_at = now
        self.functions: set[FunctionId] = set()  # it knows these
        self.worlds: set[int] = {0}
