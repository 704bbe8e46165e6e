"""What tests of whole sessions share."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

LIMIT_S = 20.0


def soon(true: Callable[[], Any], limit_s: float = LIMIT_S) -> Any:
    """Wait until `true()`, and return what it gave; fail after the limit."""
    end = time.monotonic() + limit_s
    while not (found := true()):
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.005)
    return found
