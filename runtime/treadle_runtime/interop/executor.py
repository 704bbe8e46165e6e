"""The standard library's `Executor` on Treadle's workers.

Law: what `concurrent.futures` says, and nothing more; an executor owns no workers, only the futures it gave.
"""

from __future__ import annotations

import concurrent.futures
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import Any, ParamSpec, TypeVar, cast

from .. import place
from ..api.cancelling import cancel
from ..api.task import Task, task
from ..client.futures import Future, wait_for_end
from ..client.remote_traceback import leaves_no_trace, strip
from ..errors import UsageError

P = ParamSpec("P")
T = TypeVar("T")


class Executor(concurrent.futures.Executor):
    """Run plain functions as tasks, for code that was written for an executor of the standard library.

    Notes
    -----
    Any thread. The workers are those of the session (`treadle.start`); leaving the `with` block waits for what was
    submitted here and ends no worker. Unlike a process pool it takes lambdas and closures, and its futures may be
    arguments of further calls.

    Source of the semantics: `concurrent.futures.Executor` of the Python documentation.

    Examples
    --------
    >>> import treadle
    >>> with treadle.start(engine="inline"), treadle.Executor() as executor:
    ...     executor.submit(pow, 2, 5).result(), list(executor.map(abs, [-1, 2]))
    (32, [1, 2])
    """

    def __init__(self, max_workers: None = None) -> None:
        if max_workers is not None:
            raise UsageError(
                "An Executor has the workers of the session and none of its own. "
                f"Say treadle.start(workers={max_workers}), then Executor()."
            )
        self._lock = threading.Lock()
        self._shut = False
        self._futures: weakref.WeakSet[Future[Any]] = weakref.WeakSet()
        self._tasks: dict[int, Task[..., Any]] = {}  # by the identity of the function, which the task keeps alive

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Call `fn(*args, **kwargs)` in a worker; return its future at once. Inside a task it is called here and now.

        Raises
        ------
        RuntimeError
            after `shutdown`.
        """
        with self._lock:
            if self._shut:
                raise RuntimeError("cannot schedule new futures after shutdown")
            made = self._tasks.get(id(fn))
            if made is None:
                made = self._tasks[id(fn)] = fn if isinstance(fn, Task) else task(fn)
        if place.inside_task():
            return cast("Future[T]", _ended(made, args, kwargs))
        future: Future[T] = made(*args, **kwargs)
        with self._lock:
            self._futures.add(future)
        return future

    def map(
        self, fn: Callable[..., T], *iterables: Iterable[Any], timeout: float | None = None, chunksize: int = 1
    ) -> Iterator[T]:
        """Call `fn` for each item; return an iterator over the results in order.

        Parameters
        ----------
        timeout
            seconds from this call on after which the iterator raises TimeoutError.
        chunksize
            how many items one task takes.

        Raises
        ------
        ValueError
            a `chunksize` below 1.
        """
        if chunksize < 1:
            raise ValueError("chunksize must be >= 1.")
        end = None if timeout is None else time.monotonic() + timeout
        items = list(zip(*iterables, strict=False))
        if chunksize == 1:
            return _results([self.submit(fn, *item) for item in items], end)
        chunks = [items[at : at + chunksize] for at in range(0, len(items), chunksize)]
        parts = _results([self.submit(_each, fn, chunk) for chunk in chunks], end)
        return _joined(parts)

    @leaves_no_trace
    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take nothing new; with `wait` return when all that was submitted here has ended.

        Parameters
        ----------
        cancel_futures
            cancel what has not begun; what runs ends by itself.
        """
        with self._lock:
            self._shut = True
            left = [future for future in self._futures if not future.done()]
        if cancel_futures:
            cancel([future for future in left if not future.running()])
        if wait:
            for future in left:
                wait_for_end(future)


def _ended(fn: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> concurrent.futures.Future[T]:
    """Call a function here; return what a future of it would be once it has ended."""
    future: concurrent.futures.Future[T] = concurrent.futures.Future()
    try:
        future.set_result(fn(*args, **kwargs))
    except Exception as error:  # noqa: BLE001 - whoever asks for the result gets it; an interrupt is the task's own
        future.set_exception(error)
    return future


def _results(futures: list[Future[T]], end: float | None) -> Iterator[T]:
    """Yield results in order; an error or an iterator that is dropped cancels the rest, as the standard library does."""
    try:
        for future in futures:
            yield future.result(None if end is None else max(0.0, end - time.monotonic()))
    except BaseException as error:
        strip(error)  # `leaves_no_trace` sees the making of a generator, not its steps
        raise
    finally:
        if left := [future for future in futures if not future.done()]:
            cancel(left)


def _joined(parts: Iterator[list[T]]) -> Iterator[T]:
    try:
        for part in parts:
            yield from part
    except BaseException as error:
        strip(error)
        raise


def _each(fn: Callable[..., T], items: list[tuple[Any, ...]]) -> list[T]:
    return [fn(*item) for item in items]
