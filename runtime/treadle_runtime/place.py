"""Where this code runs: in a client, inside a task, or in a forked child of either.

Law: a few flags per thread and process; knows nothing else.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from typing import Any

_forked = False
_is_worker = False


class _Local(threading.local):
    running: tuple[Any] | None = None  # what the innermost task was entered with


_local = _Local()


@contextlib.contextmanager
def running(task: Any = None) -> Iterator[None]:
    """Note that user code of a task runs in this thread, within the block."""
    before, _local.running = _local.running, (task,)
    try:
        yield
    finally:
        _local.running = before


def inside_task() -> bool:
    """Tell whether the calling thread runs user code of a task (in a worker: every thread does)."""
    return _local.running is not None or _is_worker


def mark_worker() -> None:
    """Note that this process is a worker: tasks called in it run inline, in whichever thread."""
    global _is_worker
    _is_worker = True


def in_worker() -> bool:
    """Tell whether this process is a worker."""
    return _is_worker


def current_task() -> Any:
    """Return what `running` was given for the innermost task of this thread, or None."""
    running = _local.running
    return None if running is None else running[0]


def in_forked_child() -> bool:
    """Tell whether this process was forked from the one that imported Treadle."""
    return _forked


def _note_fork() -> None:
    global _forked
    _forked = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_fork)
