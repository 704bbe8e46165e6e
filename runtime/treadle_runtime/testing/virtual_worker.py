"""A simulated worker.

Law: holds what a worker holds, and does nothing; the cluster moves it.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from ..core.model import Kind, Number, Vid


class VirtualWorker:
    """A simulated worker: a queue, and the values it made."""

    def __init__(self, worker: int) -> None:
        self.worker = worker
        self.queue: deque[tuple[Number, int, tuple[tuple[Vid, Kind], ...]]] = deque()
        self.made: dict[Vid, bytes] = {}
        self.functions: dict[int, Any] = {}
