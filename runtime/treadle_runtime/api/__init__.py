"""The programming interface: what `import treadle` re-exports. Free of IPython.

Law: names only; each is defined in exactly one module below.
"""

import logging

from ..client.futures import Future
from ..worker.context import rng
from .cancelling import cancel
from .completed import as_completed
from .directions import IN, INOUT, OUT
from .finding import future, futures
from .grouping import Group, group
from .inputs import as_code, inputs
from .mapping import map
from .per_worker import per_worker
from .progress import progress
from .put import Put
from .retry import retry
from .session import Session, TreadleWarning, current, peek, set_face, start, stop
from .sharing import get, publish, unpublish
from .sync import barrier, put, wait_on
from .task import Task, task

__all__ = [
    "IN",
    "INOUT",
    "OUT",
    "Future",
    "Group",
    "Put",
    "Session",
    "Task",
    "TreadleWarning",
    "as_code",
    "as_completed",
    "barrier",
    "cancel",
    "current",
    "future",
    "futures",
    "get",
    "group",
    "inputs",
    "map",
    "peek",
    "per_worker",
    "progress",
    "publish",
    "put",
    "retry",
    "rng",
    "set_face",
    "start",
    "stop",
    "task",
    "unpublish",
    "wait_on",
]

logging.getLogger("treadle").addHandler(logging.NullHandler())
