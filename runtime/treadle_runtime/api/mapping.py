"""map: one function over many items.

Law: built on tasks like anybody could. The items of one chunk are one task: they run, fail and are cancelled together.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from typing import Any, TypeVar, overload

from ..client.futures import Future
from ..client.remote_traceback import leaves_no_trace
from ..errors import UsageError
from ..worker.execute import name_of
from .task import Task, task

R = TypeVar("R")


@overload
def map(f: Task[..., R], *iterables: Iterable[Any], chunk: int | str = "auto") -> list[Future[R]]: ...
@overload
def map(
    f: Callable[..., Coroutine[Any, Any, R]], *iterables: Iterable[Any], chunk: int | str = "auto"
) -> list[Future[R]]: ...
@overload
def map(f: Callable[..., R], *iterables: Iterable[Any], chunk: int | str = "auto") -> list[Future[R]]: ...


@leaves_no_trace
def map(f: Any, *iterables: Iterable[Any], chunk: int | str = "auto") -> list[Future[Any]]:
    """Call a function or task for each item; return the futures in order, at once.

    Parameters
    ----------
    f
        a function or a task.
    *iterables
        as for the builtin `map`: the shortest ends it.
    chunk
        how many items one task takes; "auto" lets each item be a task of its own, which is right from about
        100 us per item on.

    Raises
    ------
    UsageError
        no iterable, or a `chunk` that makes no sense.

    Notes
    -----
    Any thread; returns before the tasks run. The items of one chunk run, fail and are cancelled together.

    Examples
    --------
    >>> import treadle
    >>> with treadle.start(engine="inline"):
    ...     treadle.wait_on(treadle.map(pow, [2, 3], [5, 2]))
    [32, 9]
    """
    if not iterables:
        raise UsageError("map needs at least one iterable: map(f, items).")
    if chunk != "auto" and (not isinstance(chunk, int) or isinstance(chunk, bool) or chunk < 1):
        raise UsageError(
            f'chunk={chunk!r} is not possible: give "auto" or how many items one task takes, at least 1.'
        )
    single = f if isinstance(f, Task) else task(f)
    items = list(zip(*iterables, strict=False))
    if chunk == "auto" or chunk == 1:
        return [single(*item) for item in items]
    if single.writes:
        raise UsageError(
            f"{single!r} writes arguments, which a chunk of calls can't give back. Leave chunk out."
        )
    plain = single.function
    several: dict[int, Any] = {}  # one task per length, so that its code is sent once
    result: list[Future[Any]] = []
    for start in range(0, len(items), int(chunk)):
        part = items[start : start + int(chunk)]
        size = len(part)
        if size not in several:
            several[size] = task(returns=size, name=f"{name_of(plain)} x{size}")(_each)
        futures = several[size](plain, part)
        result.extend([futures] if isinstance(futures, Future) else futures)
    return result


def _each(function: Any, items: list[tuple[Any, ...]]) -> Any:
    values = [function(*item) for item in items]
    return values[0] if len(values) == 1 else values
