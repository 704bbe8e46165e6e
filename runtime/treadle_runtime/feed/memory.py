"""The memory of each worker over the last minutes, as few numbers.

Law: knows samples that come about once a second, never a clock; bounded for any number of workers.
"""

from __future__ import annotations

from ..core.model import WorkerId

STEP = 5
"""Of so many samples one is kept."""
POINTS = 60
"""Kept of one worker: five minutes, ..."""
ALL_POINTS = 2048
"""... and of all together."""


class Memory:
    """The series of all workers, oldest sample first, in MiB."""

    def __init__(self) -> None:
        self._series: dict[WorkerId, list[int]] = {}
        self._seen: dict[WorkerId, int] = {}

    def add(self, worker: WorkerId, nbytes: int) -> list[int]:
        """Take in a sample and return the worker's series: a new list if it has changed."""
        seen = self._seen.get(worker, 0)
        self._seen[worker] = seen + 1
        series = self._series.get(worker, [])
        if seen % STEP == 0:
            points = max(8, min(POINTS, ALL_POINTS // (len(self._series) + 1)))
            series = self._series[worker] = [*series, nbytes >> 20][-points:]
        return series

    def remove(self, worker: WorkerId) -> None:
        """Forget a worker that has ended."""
        self._series.pop(worker, None)
        self._seen.pop(worker, None)
