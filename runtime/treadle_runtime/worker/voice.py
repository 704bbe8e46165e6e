"""What makes tasks of a worker heard: everything that says asides, put together.

Law: the one place that knows all of them; called once, before the first task.
"""

from __future__ import annotations

from pathlib import Path

from . import displays, logs, progress
from .asides import Asides, speak
from .context import TaskContext
from .status import StatusPage
from .streams import Streams


def give_voice(path: Path, streams: Streams, task: TaskContext, status: StatusPage) -> None:
    """Have what tasks of this process display and log go to the file at `path`. Main thread of a worker."""
    speak(Asides(path, streams, task, status))
    displays.install(task)
    logs.install(task)
    progress.install(task, status)
