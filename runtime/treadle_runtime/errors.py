"""Every error a person can meet, each with what is wrong and what to do.

Law: knows nothing; imported by everybody. A message is one sentence that says what is wrong and one that says
what to do; its class name ends it, so that it can be looked up wherever it is shown.
"""

from __future__ import annotations

import concurrent.futures
from typing import Any


class TreadleError(Exception):
    """Base of all errors of Treadle. Its text ends with the name of the class; `message` is without."""

    @property
    def message(self) -> str:
        """What is wrong and what to do."""
        return super().__str__()

    def __str__(self) -> str:
        return f"{self.message} ({type(self).__name__})"


class UsageError(TreadleError, ValueError):
    """The call is wrong; raised at the call, never later."""


class FutureUsedAsValue(TreadleError, TypeError):  # noqa: N818 - the name is what the person reads
    """A future was used where its value was meant."""


class FutureAttribute(FutureUsedAsValue, AttributeError):  # noqa: N818
    """A future was asked for an attribute of its value."""


class ChangedWhilePending(UsageError):  # noqa: N818
    """An object was changed here while a task still writes it."""


class TaskError(TreadleError):
    """What a future raises when it has no value. `task`, `cell`, `worker`, `attempt`, `output` tell of the task."""

    task: int = 0
    cell: str | None = None
    worker: int = 0
    attempt: int = 0
    output: str = ""


class InTask(TaskError):  # noqa: N818 - a place, not an error of its own
    """Where the exception of a task was raised: the `__cause__` of the user's own exception. Never raised itself.

    It counts as false, which IPython takes for "no cause": there the place stands below the traceback, as a note.
    """

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        return self.message


class TaskFailed(TaskError):  # noqa: N818
    """User code raised and its exception could not be rebuilt here; the text holds type, message and traceback."""


class UpstreamFailed(TaskError):  # noqa: N818
    """A task that this one needs failed. `root` is the number of the first failure, `__cause__` its exception."""

    root: int = 0


class TaskCancelled(TaskError, concurrent.futures.CancelledError):  # noqa: N818
    """The task, or one that it needs, was cancelled."""


class TaskTimeout(TaskError, TimeoutError):  # noqa: N818
    """An attempt of the task ran longer than its `timeout=`, which is `limit` (seconds)."""

    limit: float = 0.0


class WorkerLost(TaskError):  # noqa: N818
    """The task's worker died (too often). `signal`, `exitcode`, `peak_kib`, `output` say how."""

    signal: int | None = None
    exitcode: int | None = None
    peak_kib: int = 0


class DataError(TreadleError):
    """Something about a value, not about code."""


class NotSerializable(DataError, TypeError):  # noqa: N818
    """An argument or result cannot be pickled. `path` names the part, e.g. `args[0].handle`."""

    path: str = ""


class DataLost(DataError):  # noqa: N818
    """A value is gone: its runtime has ended or it was dropped."""


class StoreFull(DataError, OSError):  # noqa: N818
    """The store's folder has no room left (or its limit is reached and nothing that runs can free any)."""


class EngineError(TreadleError):
    """Workers could not be started or reached."""


class RuntimeLost(EngineError, ConnectionError):  # noqa: N818
    """The runtime process has gone."""


class InternalError(TreadleError):
    """A bug of Treadle. The message carries the story of the task."""


def headline(error: BaseException) -> str:
    """Return class and message of any error, the class named once.

    Examples
    --------
    >>> headline(ValueError("no such case")), headline(UsageError("Say which."))
    ('ValueError: no such case', 'UsageError: Say which.')
    """
    return f"{type(error).__name__}: {error.message if isinstance(error, TreadleError) else error}"


def about(error: BaseException, **attributes: Any) -> BaseException:
    """Hang attributes on an error and return it; what refuses them (slots) stays without."""
    for name, value in attributes.items():
        try:
            setattr(error, name, value)
        except (AttributeError, TypeError):
            continue
    return error
