"""A task that calls another function than when it was submitted: the same arguments, other code.

Law: rows in, rows out; knows neither why nor when. Shared by the runtime, the inline link and the virtual cluster.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from ..core.model import FunctionId, TaskRow, Vid

Instead: TypeAlias = tuple[FunctionId, FunctionId, bytes, tuple[Vid, ...]]
"""(function, function that is called now, the data it reads besides its arguments as a payload, what that reads)"""


def exchange(row: TaskRow, instead: Iterable[Instead]) -> TaskRow:
    """Return the row of a task after the exchange of its function, if there is one for it."""
    for old, new, data, vids in instead:
        if row[1] == old:
            from ..store.references import exchange_data  # late: the runtime starts without numpy

            payload, own = exchange_data(row[2], len(row[3]), data)
            return (row[0], new, payload, row[3][:own] + vids, *row[4:])
    return row
