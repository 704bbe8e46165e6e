"""Runs the coroutine that an `async def` task gives, to its end.

Law: one event loop for each task, closed behind it, so nothing of it goes on into the next; knows no tasks. Where a
loop runs already in this thread (a notebook's, with the inline engine) a thread of its own takes the coroutine.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Coroutine
from typing import Any

from .. import place


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Return what a coroutine returns. Blocks; a KeyboardInterrupt cancels it, its `finally` blocks run.

    Examples
    --------
    >>> async def double(x):
    ...     await asyncio.sleep(0)
    ...     return 2 * x
    >>> run(double(4))
    8
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(coroutine)
    return _Beside(coroutine).result()


class _Beside:
    """A coroutine in a loop and thread of its own."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        self._coroutine = coroutine
        self._task = place.current_task()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._main: asyncio.Task[Any] | None = None
        self._value: Any = None
        self._error: BaseException | None = None

    def result(self) -> Any:
        """Run it while this thread waits."""
        context = contextvars.copy_context()
        thread = threading.Thread(target=context.run, args=(self._run,), name="treadle-async", daemon=True)
        thread.start()
        try:
            thread.join()
        except KeyboardInterrupt:
            self._cancel()
            thread.join()
            raise
        if self._error is not None:
            raise self._error
        return self._value

    def _run(self) -> None:
        try:
            with place.running(self._task):
                self._value = asyncio.run(self._begin())
        except BaseException as error:  # noqa: BLE001 - raised again by who waits
            self._error = error

    async def _begin(self) -> Any:
        self._loop, self._main = asyncio.get_running_loop(), asyncio.current_task()
        return await self._coroutine

    def _cancel(self) -> None:
        if self._loop is not None and self._main is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._main.cancel)
