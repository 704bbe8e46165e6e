"""A future on any output of a call, as it was when the task was called.

Law: one handle for each future; the runtime has counted it already.
"""

from __future__ import annotations

from typing import Any

from ..client.calls import Call, Version
from ..client.futures import Future
from ..core.model import PUT_BASE
from .put import Put


def future_of(call: Call, output: int) -> Future[Any]:
    """Return a future on an output that a handle of this client was just taken on."""
    version = Version(call, output)
    return Put(version) if call.number > PUT_BASE else Future(version)
