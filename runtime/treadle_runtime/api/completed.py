"""as_completed: futures in the order in which they end.

Law: built on what calls tell when they are final; each future costs one callback, however often one looks.
"""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

from ..client.calls import Call
from ..client.futures import Future
from ..client.remote_traceback import leaves_no_trace, strip
from ..errors import RuntimeLost, UsageError

T = TypeVar("T")


@leaves_no_trace
def as_completed(futures: Iterable[Future[T]], timeout: float | None = None) -> Completed[T]:
    """Iterate over futures as they end, well or not; each once.

    Parameters
    ----------
    futures
        of tasks; one given twice is yielded once.
    timeout : float
        Seconds that may pass without any of them ending.

    Returns
    -------
    Completed
        for `for` (which blocks its thread) and for `async for` (which lets the event loop go on).

    Raises
    ------
    TimeoutError
        while iterating; the tasks go on, and so may the iteration.

    Notes
    -----
    Any thread; blocks it, while iterating with `for`, until one has ended.

    Examples
    --------
    >>> import treadle
    >>> with treadle.start(engine="inline"):
    ...     sorted(treadle.wait_on(f) for f in treadle.as_completed(treadle.map(abs, [-1, 2])))
    [1, 2]
    """
    left = list(dict.fromkeys(futures))
    for future in left:
        if not isinstance(future, Future):
            raise UsageError(
                f"as_completed was given {future!r}, which is no future. Give it the futures of tasks."
            )
    return Completed(left, timeout)


class Completed(Iterator[Future[T]], AsyncIterator[Future[T]], Generic[T]):
    """Futures as they end. Made by `as_completed`."""

    def __init__(self, futures: list[Future[T]], timeout: float | None) -> None:
        self._timeout = timeout
        self._left = len(futures)
        self._calls = [future._call_now() for future in futures]
        self._ended: deque[Future[T]] = deque()
        self._wake: Callable[[], None] | None = None
        for call, future in zip(self._calls, futures, strict=True):
            call.watch(functools.partial(self._note, future))

    def __iter__(self) -> Completed[T]:
        return self

    def __aiter__(self) -> Completed[T]:
        return self

    def __next__(self) -> Future[T]:
        if not self._left:
            raise StopIteration
        try:
            if not self._ended:
                self._block()
        except BaseException as error:
            strip(error)
            raise
        return self._take()

    async def __anext__(self) -> Future[T]:
        if not self._left:
            raise StopAsyncIteration
        try:
            if not self._ended:
                await self._suspend()
        except BaseException as error:
            strip(error)
            raise
        return self._take()

    def __repr__(self) -> str:
        return f"<as_completed: {self._left} of {len(self._calls)} to come>"

    def _take(self) -> Future[T]:
        self._left -= 1
        return self._ended.popleft()

    def _note(self, future: Future[T], _call: Call) -> None:
        self._ended.append(future)
        if (wake := self._wake) is not None:
            wake()

    def _client(self) -> Any:
        return next(call.client for call in self._calls if not call.final)

    def _block(self) -> None:
        client = self._client()
        if not client.wait(lambda: bool(self._ended) or client.lost is not None, self._timeout, self._calls):
            raise self._too_late()
        if not self._ended:
            raise RuntimeLost(client.lost)

    async def _suspend(self) -> None:
        import asyncio

        try:
            async with asyncio.timeout(self._timeout):
                await _Rest(self, self._client())
        except TimeoutError:
            raise self._too_late() from None
        finally:
            self._wake = None

    def _too_late(self) -> TimeoutError:
        return TimeoutError(f"None of {self._left} tasks has ended in {self._timeout} s. They go on.")

    def _arm(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        if self._ended:  # it ended since we looked
            wake()


class _Rest:
    """Suspends a coroutine until one more has ended."""

    def __init__(self, completed: Completed[Any], client: Any) -> None:
        self._completed, self._client = completed, client

    def __await__(self) -> Any:
        return self._client.rest(self._completed._arm, self._completed._calls)
