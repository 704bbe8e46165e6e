"""A simulated worker.

Law: holds what a worker holds; the cluster moves it.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from ..core.model import Kind, Number, Outcome, Vid
from ..worker.execute import Ran, execute
from ..worker.failure import pack_exception


class VirtualWorker:
    """A simulated worker: a queue, and the values it made."""

    def __init__(self, worker: int) -> None:
        self.worker = worker
        self.queue: deque[tuple[Number, int, tuple[tuple[Vid, Kind], ...]]] = deque()
        self.made: dict[Vid, bytes] = {}
        self.functions: dict[int, Any] = {}


def run(number: Number, *call: Any) -> Ran:
    """Do as `execute` does; an interrupt, which nobody sends here, is what the user's code raised."""
    ran = execute(number, *call)
    if ran.outcome == Outcome.INTERRUPTED:
        return Ran(Outcome.RAISED, failure=pack_exception(number, KeyboardInterrupt()))
    return ran
