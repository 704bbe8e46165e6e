"""Order of the suites: browser tests come last. And an interrupt is one, however the run was started; and `soon`.

The driver of browsers keeps an event loop alive in the main thread to the end of the run, and tests that start one of
their own cannot run beside it.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

LIMIT_S = 20.0


def soon(true: Callable[[], Any], limit_s: float = LIMIT_S) -> Any:
    """Wait until `true()`, and return what it gave; fail after the limit."""
    end = time.monotonic() + limit_s
    while not (found := true()):
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.005)
    return found


def pytest_configure() -> None:
    """Undo what a shell does to commands in the background: they, and all they start, would ignore SIGINT."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Move the browser's tests to the end; everything else keeps its order."""
    items.sort(key=lambda item: "browser" in item.path.parts)
