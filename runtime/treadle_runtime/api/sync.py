"""wait_on, barrier and what else waits for or asks about tasks.

Law: reads futures and live objects; submits nothing.
"""

from __future__ import annotations

from types import GeneratorType
from typing import Any, Final, TypeVar, overload

import numpy as np

from .. import place
from ..client import groups
from ..client.calls import Call, look_at
from ..client.client import Client
from ..client.futures import Future
from ..client.remote_traceback import leaves_no_trace
from ..errors import UsageError
from ..store.members import root_of
from ..store.packing import pack
from .grouping import Group
from .put import Put
from .session import clients, current, peek
from .task import Task

T = TypeVar("T")
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
K = TypeVar("K")
_UNSEEN: Final[tuple[type, ...]] = (
    *(Task, GeneratorType, map, filter, zip),
    *(type({}.keys()), type({}.values()), type({}.items())),
)
"""What people write in place of a future or a list, and what would come back unnoticed."""


@overload
def wait_on(obj: Future[T], /) -> T: ...
@overload
def wait_on(obj: list[Future[T]], /) -> list[T]: ...
@overload
def wait_on(obj: list[list[Future[T]]], /) -> list[list[T]]: ...
@overload
def wait_on(obj: dict[K, Future[T]], /) -> dict[K, T]: ...
@overload
def wait_on(obj: dict[K, list[Future[T]]], /) -> dict[K, list[T]]: ...
@overload
def wait_on(obj: tuple[Future[A], Future[B]], /) -> tuple[A, B]: ...
@overload
def wait_on(obj: tuple[Future[A], Future[B], Future[C]], /) -> tuple[A, B, C]: ...
@overload
def wait_on(obj: tuple[Future[T], ...], /) -> tuple[T, ...]: ...
@overload
def wait_on(obj: A, /) -> A: ...
@overload
def wait_on(first: Future[T], second: Future[T], /, *more: Future[T]) -> list[T]: ...
@overload
def wait_on(first: Any, second: Any, /, *more: Any) -> list[Any]: ...


@leaves_no_trace
def wait_on(*objs: Any) -> Any:
    """Wait for futures and for objects that tasks write; return the values.

    Parameters
    ----------
    *objs
        futures, live objects, or lists, tuples, dicts and sets of them at any depth.

    Returns
    -------
    object
        For one argument its value, for several a list. A live object is brought up to date in place and returned;
        write `x = wait_on(x)`, which is right for every type.

    Raises
    ------
    Exception
        what the task raised; `UpstreamFailed`, `TaskCancelled`, `WorkerLost`; `ChangedWhilePending`.

    Notes
    -----
    Any thread; blocks until all are there or the first has failed. Stopping it (Ctrl-C) leaves the tasks running.

    Examples
    --------
    >>> import treadle
    >>> with treadle.start(engine="inline"):
    ...     f = treadle.task(abs)
    ...     treadle.wait_on([f(-1), (f(-2), 3)])
    [1, (2, 3)]
    """
    if not objs:
        raise UsageError("wait_on() needs something to wait for. Use barrier() to wait for everything.")
    for obj in objs:
        if isinstance(obj, _UNSEEN):
            raise _unseen(obj)
    with_pending = clients()
    calls: list[Call] = []
    seen: set[int] = set()
    for obj in objs:
        collect(with_pending, obj, calls, seen)
    if calls:
        calls[0].client.wait_for(
            [call for call in calls if call.client is calls[0].client], first_failure=True
        )
    values = [_resolve(with_pending, obj, {}) for obj in objs]
    return values[0] if len(values) == 1 else values


def _unseen(obj: Any) -> UsageError:
    if isinstance(obj, Task):
        return UsageError(f"{obj!r} is a function, not a call of it: wait for what its call gives, as in wait_on(f(1)).")
    return UsageError(
        f"wait_on can't look into a {type(obj).__name__}: give it a list, as in wait_on([f(x) for x in xs])."
    )


def written(client: Client, obj: Any) -> groups.Group | None:
    """Return what tasks make of a live object, or of the array it is a view of; None if no task writes it."""
    live = client.current(obj)
    found = client.pending.get(root_of(live) if isinstance(live, np.ndarray) else live)
    return None if found is None else found[0]


def collect(with_pending: list[Client], obj: Any, calls: list[Call], seen: set[int]) -> None:
    if isinstance(obj, Future):
        calls.append(obj._call_now())
        return
    if id(obj) in seen:
        return
    seen.add(id(obj))
    calls += [group.newest.call for client in with_pending if (group := written(client, obj)) is not None]
    if isinstance(obj, (list, tuple, set, frozenset)):
        for part in obj:
            collect(with_pending, part, calls, seen)
    elif isinstance(obj, dict):
        for part in obj.values():
            collect(with_pending, part, calls, seen)


def _resolve(with_pending: list[Client], obj: Any, made: dict[int, Any]) -> Any:
    """Return `obj` with values in place of futures; containers are made anew only where something changes."""
    if isinstance(obj, Future):
        return obj._call.client.value_of(obj)
    if id(obj) in made:
        return made[id(obj)]
    given = obj
    for client in with_pending:
        obj = client.current(obj)
        if len(client.pending):
            client.settle_reachable(obj)
            obj = client.current(obj)
    made[id(given)] = made[id(obj)] = obj
    kind = list if type(obj) is Group else type(obj)
    if kind in (list, tuple, set, frozenset):
        parts = [_resolve(with_pending, part, made) for part in obj]
        if any(new is not old for new, old in zip(parts, obj, strict=True)):
            made[id(obj)] = kind(parts)
    elif isinstance(obj, tuple) and hasattr(obj, "_make"):
        made[id(obj)] = obj._make(_resolve(with_pending, part, made) for part in obj)
    elif kind is dict:
        items = {key: _resolve(with_pending, part, made) for key, part in obj.items()}
        if any(items[key] is not obj[key] for key in obj):
            made[id(obj)] = items
    return made[id(obj)]


@leaves_no_trace
def barrier() -> None:
    """Wait for every task submitted here; raise the first failure that nobody has looked at.

    Raises
    ------
    Exception
        what that task raised, with a note of how many more failed.

    Notes
    -----
    Any thread; blocks. Does nothing if no runtime runs, or inside a task. Objects that tasks write are brought up to
    date by `wait_on`, not by this.

    Examples
    --------
    >>> import treadle
    >>> with treadle.start(engine="inline"):
    ...     x = treadle.task(abs)(-3)
    ...     treadle.barrier()
    ...     x.done()
    True
    """
    session = peek()
    if session is None or place.inside_task():
        return
    client = session.client
    client.wait_for([call for call in list(client.calls.values()) if not call.final])
    failures = client.unlooked_failures()
    if failures:
        raise first_failure(failures)


def first_failure(failures: list[Call]) -> BaseException:
    """Return what the first of these failed calls raises, naming the others; all of them are looked at by that."""
    error = failures[0].client.error_of(failures[0])
    look_at(failures)
    if len(failures) > 1:
        error.add_note(f"{len(failures) - 1} more tasks failed: {_names(failures[1:])}")
    return error


def _names(calls: list[Call]) -> str:
    names = ", ".join(call.label for call in calls[:5])
    return names + (", ..." if len(calls) > 5 else "")


@leaves_no_trace
def put(value: T) -> Put[T]:
    """Store a value once for many tasks to read, as a constant.

    Parameters
    ----------
    value
        anything that can be pickled; futures in it are waited for first.

    Returns
    -------
    Put
        to be passed to tasks like the value itself; as INOUT it is an error at the call.

    Raises
    ------
    NotSerializable
        part of the value cannot be pickled; the text names it.
    StoreFull
        there is no room, and no running task will make any.

    Notes
    -----
    Any thread; blocks while the value is written, and while the store is full. What is done to the value afterwards,
    here or to what `wait_on` gave for the put, is not seen by tasks.

    Examples
    --------
    >>> import treadle
    >>> with treadle.start(engine="inline"):
    ...     table = treadle.put({"a": 1})
    ...     treadle.wait_on(treadle.task(len)(table))
    1
    """
    session = current()
    return Put(session.client.put(pack(wait_on(value), root="put")))
