"""Treadle: sequential code, parallel execution, live in the notebook.

Law: names only. What runs tasks is `treadle_runtime`, imported at the first use of a name of it, so that `treadle.server` brings
no numpy into a Jupyter server; what belongs to a notebook is imported when IPython loads this package as an extension or
a view is asked for, so a plain script gets neither IPython nor widgets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from treadle_runtime import __version__, errors
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
from treadle_runtime.interop.joblib_hook import register_with_joblib

if TYPE_CHECKING:
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
    from treadle_runtime.interop.executor import Executor

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

if not TYPE_CHECKING:  # which sees the names above, and would take any other for one of ours as well

    def __getattr__(name: str) -> Any:
        if name not in __all__:
            raise AttributeError(f"module 'treadle' has no attribute {name!r}")
        from treadle_runtime import api
        from treadle_runtime.interop.executor import Executor

        found = globals()
        found["Executor"] = Executor
        for each in __all__:
            if each not in found:
                found[each] = getattr(api, each)
        return found[name]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


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
