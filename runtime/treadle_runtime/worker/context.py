"""What code in a task can ask about the task it runs in: its number, its options, its own random generator.

Law: knows one task; `place.current_task()` says which. Shared by worker processes and the inline link.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from .. import place

if TYPE_CHECKING:
    import numpy as np

_STREAM: Final = 1  # of the task's own generator, apart from what `seeding.seed` gives to random and numpy


class TaskContext:
    """The running task as code in it sees it. A worker has one, which it re-uses for every task."""

    __slots__ = (
        "_rng",
        "attempt",
        "ended",
        "function",
        "notes",
        "number",
        "options",
        "report",
        "tidy",
        "worker",
    )

    def __init__(self, worker: int = 0) -> None:
        self.worker = worker
        self.number = 0
        self.attempt = 0
        self.function = ""
        self.options: dict[str, Any] = {}
        self.notes: dict[str, int | float | str | bool] | None = None
        self._rng: np.random.Generator | None = None
        self.report: Callable[[int, float, str], None] | None = None
        """Takes (number, fraction or NaN, text) if anybody can hear how far the task is."""
        self.ended: Callable[[Any], None] | None = None
        """Called with what a task returned, before that is packed."""
        self.tidy: list[Callable[[], None]] = []
        """Called after each task, however it ended; not changed but replaced."""

    def begin(self, number: int, attempt: int, function: str, options: dict[str, Any] | None) -> None:
        """Stand for this task from now on."""
        self.number = number
        self.attempt = attempt
        self.function = function
        self.options = options or {}
        self.notes = None
        self._rng = None

    def seed(self) -> int:
        """Return what the task's random numbers begin with: its seed, else entropy, which is noted as `seed`."""
        seed = self.options.get("seed")
        if seed is None:
            notes = self.notes or {}
            seed = notes.get("seed")
            if seed is None:
                seed = int.from_bytes(os.urandom(7), "little")
                self.notes = {**notes, "seed": seed}
        return int(seed)

    def rng(self) -> np.random.Generator:
        """Return the task's own generator."""
        if self._rng is None:
            import numpy as np  # late: most tasks never ask

            self._rng = np.random.default_rng(np.random.SeedSequence(self.seed(), spawn_key=(_STREAM,)))
        return self._rng

    def __repr__(self) -> str:
        return f"<{self.function} #{self.number}, attempt {self.attempt}, worker {self.worker}>"


_of_process: TaskContext | None = None


def stand_for_threads(task: TaskContext) -> None:
    """Let threads that tasks start know their task, too: a worker runs one task at a time."""
    global _of_process
    _of_process = task


def current_task() -> TaskContext | None:
    """Return the task that the calling thread runs or was started by, None outside tasks.

    Returns
    -------
    TaskContext or None
        `number`, `attempt`, `function` (display name), `options`, `worker`. It stands for this task only until
        the task ends.

    Example
    -------
    >>> current_task() is None
    True
    """
    task = place.current_task()
    return task if isinstance(task, TaskContext) else _of_process


def rng() -> np.random.Generator:
    """Return the numpy Generator of the running task; the same one at each call within the task.

    With a seed (`start(seed=)`) what it draws depends on the seed, the function and how often it was called, not
    on worker, order or attempt. Without, its entropy is recorded with the task. Outside tasks: a fresh generator.

    Example
    -------
    >>> rng().random() < 1
    True
    """
    task = current_task()
    return (task if task is not None else TaskContext()).rng()
