"""Order of the suites: browser tests come last.

Their driver keeps an event loop alive in the main thread to the end of the run, and tests that start one of their own
cannot run beside it.
"""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Move the browser's tests to the end; everything else keeps its order."""
    items.sort(key=lambda item: "browser" in item.path.parts)
