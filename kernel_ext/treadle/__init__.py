"""Treadle: sequential code, parallel execution, live in the notebook.

Law: names only. What runs tasks is `treadle_runtime`; what belongs to a notebook is imported when IPython loads
this package as an extension or a view is asked for, so a plain script gets neither IPython nor widgets.
"""

from __future__ import annotations

from typing import Any

from treadle_runtime import __version__, errors
from treadle_runtime.api import (
    IN,
    INOUT,
    OUT,
    Future,
    Group,
    Put,
    Session,
    Task,
    TreadleWarning,
    as_code,
    as_completed,
    barrier,
    cancel,
    future,
    futures,
    get,
    group,
    inputs,
    map,
    per_worker,
    progress,
    publish,
    put,
    retry,
    rng,
    start,
    stop,
    task,
    unpublish,
    wait_on,
)
from treadle_runtime.errors import (
    ChangedWhilePending,
    DataError,
    DataLost,
    EngineError,
    FutureAttribute,
    FutureUsedAsValue,
    InTask,
    InternalError,
    NotSerializable,
    RuntimeLost,
    StoreFull,
    TaskCancelled,
    TaskError,
    TaskFailed,
    TaskTimeout,
    TreadleError,
    UpstreamFailed,
    UsageError,
    WorkerLost,
)
from treadle_runtime.interop.executor import Executor
from treadle_runtime.interop.joblib_backend import register_with_joblib

__all__ = [
    "IN",
    "INOUT",
    "OUT",
    "ChangedWhilePending",
    "DataError",
    "DataLost",
    "EngineError",
    "Executor",
    "Future",
    "FutureAttribute",
    "FutureUsedAsValue",
    "Group",
    "InTask",
    "InternalError",
    "NotSerializable",
    "Put",
    "RuntimeLost",
    "Session",
    "StoreFull",
    "Task",
    "TaskCancelled",
    "TaskError",
    "TaskFailed",
    "TaskTimeout",
    "TreadleError",
    "TreadleWarning",
    "UpstreamFailed",
    "UsageError",
    "WorkerLost",
    "__version__",
    "as_code",
    "as_completed",
    "barrier",
    "cancel",
    "dashboard",
    "errors",
    "future",
    "futures",
    "get",
    "group",
    "inputs",
    "map",
    "per_worker",
    "progress",
    "publish",
    "put",
    "retry",
    "rng",
    "start",
    "stop",
    "task",
    "unpublish",
    "wait_on",
]

register_with_joblib()


def dashboard() -> Any:
    """Show the live view: graph, workers, counts and failures, refreshed while cells run.

    Returns
    -------
    Dashboard
        its display is the view; in a plain Python its text is printed by `print`.

    Notes
    -----
    Main thread; starts the runtime if none runs. Does not block.

    Examples
    --------
    >>> import treadle
    >>> view = treadle.dashboard()  # doctest: +SKIP
    """
    from .view.dashboards import open_dashboard

    return open_dashboard()


def load_ipython_extension(shell: Any) -> None:
    """Serve `%load_ext treadle`: the magics and names, nothing started."""
    from .extension import load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Serve `%unload_ext treadle`: take back what is still ours; what runs goes on."""
    from .extension import unload

    unload(shell)
