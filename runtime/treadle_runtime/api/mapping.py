"""map: one function over many items.

Law: built on tasks like anybody could. The items of one chunk are one task: they run, fail and are cancelled together.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

from ..client.futures import Future
from ..errors import UsageError
from ..worker.execute import name_of
from .task import Task, task


def submit_map(f: Any, iterables: tuple[Iterable[Any], ...], chunk: int | str) -> list[Future[Any]]:
    """Submit the calls; see `treadle.map`."""
    if not iterables:
        raise UsageError("map needs at least one iterable: map(f, items).")
    if chunk != "auto" and (not isinstance(chunk, int) or isinstance(chunk, bool) or chunk < 1):
        raise UsageError(f'chunk={chunk!r} is not possible: give "auto" or how many items one task takes, at least 1.')
    single = f if isinstance(f, Task) else task(f)
    items = list(zip(*iterables, strict=False))
    if chunk == "auto" or chunk == 1:
        return [single(*item) for item in items]
    plain = single.function
    result: list[Future[Any]] = []
    for part in itertools.batched(items, int(chunk)) if hasattr(itertools, "batched") else _batched(items, int(chunk)):
        several = task(returns=len(part), name=f"{name_of(plain)} x{len(part)}")(_each)
        futures = several(plain, list(part))
        result.extend([futures] if isinstance(futures, Future) else futures)
    return result


def _batched(items: list[Any], size: int) -> Iterable[tuple[Any, ...]]:
    for start in range(0, len(items), size):
        yield tuple(items[start : start + size])


def _each(function: Any, items: list[tuple[Any, ...]]) -> Any:
    values = [function(*item) for item in items]
    return values[0] if len(values) == 1 else values
