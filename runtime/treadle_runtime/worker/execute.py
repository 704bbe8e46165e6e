"""Run one task: payload and inputs in, packed outputs or a failure out.

Law: the one body shared by worker processes, the inline link and the virtual cluster. Knows nothing of
sockets, queues or clocks other than measuring the user's own code.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import Any, Final

import numpy as np

from ..core.model import Outcome
from ..errors import NotSerializable, TaskTimeout, UsageError
from ..store.fingerprint import fingerprint
from ..store.members import members_of, root_of
from ..store.packing import Packed, pack
from ..store.references import Inputs, decode_payload
from ..store.views import pack_group
from .brief import arguments_text
from .code import Code
from .failure import pack_exception
from .limit import limited

Notes = dict[str, int | float | str | bool]

TINY_S: Final = 100e-6
"""Below this a task is taken to compute all the time: asking for its CPU time costs 0.3 us before and after."""
MARK_S: Final = 2e-3
_OK: Final = int(Outcome.OK)
_RAISED: Final = int(Outcome.RAISED)
_TIMED_OUT: Final = int(Outcome.TIMED_OUT)
_clock = time.perf_counter
_cpu_mark = (float("-inf"), 0.0)  # when CPU time was asked for last, and what it was

CHECK_LIMIT: Final = 64 * 1024 * 1024
"""Arguments up to this many bytes in all are compared before and after a checked call."""


@dataclass(slots=True)
class Ran:
    """How an attempt ended."""

    outcome: int
    outputs: Sequence[Packed] = ()
    failure: bytes | None = None
    run_s: float = 0.0
    cpu_s: float = 0.0
    notes: Notes | None = None


def execute(
    number: int,
    function: Callable[..., Any] | Code,
    payload: bytes,
    sources: Sequence[Callable[[], Packed]],
    outputs: int,
    options: dict[str, Any] | None = None,
    task: Any = None,
) -> Ran:
    """Run `function` on what `payload` and `sources` hold; never raises for what user code does.

    Where not every thread is a task's, the caller says so with `place.running(task)`. Blocks for as long as that runs. KeyboardInterrupt gives `INTERRUPTED`, a call that took too long `TIMED_OUT`.

    Parameters
    ----------
    sources
        one per read, each gives the packed value when called (at most once per task).
    outputs
        how many versions the task makes: what it returns, then one per group.
    options
        `check`: compare IN arguments before and after; `timeout`: seconds the call may take.
    task
        the running task, as `place.current_task()` gives it.
    """
    args, kwargs, code = (), {}, None  # type: tuple[Any, ...], dict[str, Any], Code | None
    run_s = cpu_s = 0.0
    try:
        args, kwargs, groups, *captured = decode_payload(payload, Inputs(sources) if sources else None)
        checked = options and options.get("check")
        watch = _Watch(function, args, kwargs, groups, *captured) if checked else None
        if isinstance(function, Code):
            code, function = function, function.enter(captured[0] if captured else ())
        if options and (limit_s := options.get("timeout")):
            function = _limited(function, limit_s, number, task)
        start = _clock()
        cpu_at, cpu = _cpu_mark if start - _cpu_mark[0] < MARK_S else _mark_cpu(start)
        try:
            if type(result := function(*args, **kwargs)) is CoroutineType:
                result = _run_coroutine(result)
        finally:
            end = _clock()
            run_s = end - start
            # What was used between the mark and the start is ours, and nobody waits in between.
            cpu_s = run_s if run_s < TINY_S else max(0.0, _mark_cpu(end)[1] - cpu - (start - cpu_at))
        if task is not None and task.ended is not None:
            task.ended(result)
        packed = _pack_outputs(function, result, groups, outputs)
        return Ran(_OK, packed, None, run_s, cpu_s, None if watch is None else watch.changes())
    except KeyboardInterrupt:
        return Ran(Outcome.INTERRUPTED, run_s=run_s, cpu_s=cpu_s)
    except BaseException as error:  # noqa: BLE001 - SystemExit too: it ends the task, not the worker
        failure = pack_exception(number, error, arguments_text(args, kwargs))
        return Ran(_TIMED_OUT if isinstance(error, TaskTimeout) else _RAISED, (), failure, run_s, cpu_s)
    finally:
        if code is not None:
            code.leave()


def _limited(function: Callable[..., Any], limit_s: float, number: int, task: Any) -> Callable[..., Any]:
    name = name_of(function)

    def call(*args: Any, **kwargs: Any) -> Any:
        result = function(*args, **kwargs)
        return _run_coroutine(result) if type(result) is CoroutineType else result

    return limited(call, name, f"{name if task is None else task.function} #{number}", limit_s)


def _run_coroutine(coroutine: CoroutineType[Any, Any, Any]) -> Any:
    from .coroutines import run  # late: asyncio takes 50 ms, and most tasks never need it

    return run(coroutine)


def _mark_cpu(now: float) -> tuple[float, float]:
    global _cpu_mark
    _cpu_mark = (now, time.process_time())
    return _cpu_mark


def _pack_outputs(function: Any, result: Any, groups: list[list[Any]], outputs: int) -> list[Packed]:
    returns = outputs - len(groups)
    if isinstance(result, (GeneratorType, AsyncGeneratorType)):
        kind, remedy = "an async generator", "[x async for x in ...]"
        if isinstance(result, GeneratorType):
            kind, remedy = "a generator", "list(...) of it"
            result.close()
        raise UsageError(f"{name_of(function)} returned {kind}. Return {remedy} instead.")
    if returns == 1:
        packed = [pack(result, root="result")]
    else:
        packed = [
            pack(value, root=f"result[{i}]") for i, value in enumerate(_split(function, result, returns))
        ]
    if groups:
        packed.extend(pack_group(group) for group in groups)
    return packed


def _split(function: Any, result: Any, returns: int) -> list[Any]:
    if isinstance(result, (tuple, list)) and len(result) == returns:
        return list(result)
    got = f"{len(result)} values" if isinstance(result, (tuple, list)) else f"one {type(result).__name__}"
    raise UsageError(
        f"{name_of(function)} is declared with returns={returns} but gave {got}. "
        f"Return a tuple of {returns} values or correct returns."
    )


def name_of(function: Any) -> str:
    """Return the name people know a callable by."""
    inner = getattr(function, "func", function)
    return str(getattr(inner, "__name__", type(inner).__name__))


class _Watch:
    """Compares what the call is only to read before and after it: IN arguments, and data of globals and closures."""

    def __init__(
        self,
        function: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        groups: list[list[Any]],
        captured: Sequence[Any] = (),
    ) -> None:
        written = [member for group in groups for member in group]
        call = function.call if isinstance(function, Code) else function
        given = {"changed": _named(call, args, kwargs)}
        if isinstance(function, Code):
            given["changed_outside"] = [
                (name, value) for name, value in function.named(captured) if members_of(value)
            ]
        self._watched = [
            (note, name, value, _content(value))
            for note, values in given.items()
            for name, value in values
            if not _overlap(members_of(value), written) and _size_of(value) <= CHECK_LIMIT
        ]

    def changes(self) -> Notes | None:
        found: dict[str, list[str]] = {}
        for note, name, value, mark in self._watched:
            if _content(value) != mark:
                found.setdefault(note, []).append(name)
        return {note: ", ".join(names) for note, names in found.items()} or None


def _content(value: Any) -> bytes | None:
    """Return what tells one content from another; None for what can't be compared (a task may put a lock into a list)."""
    try:
        return fingerprint(value)
    except NotSerializable:
        return None


def _overlap(parts: list[Any], written: list[Any]) -> bool:
    """Tell whether an argument shares an object, or memory, with what the task may write."""
    if not written:
        return False
    ids = set(map(id, written))
    arrays = [member for member in written if isinstance(member, np.ndarray)]
    return any(
        id(part) in ids
        or (isinstance(part, np.ndarray) and any(np.may_share_memory(part, one) for one in arrays))
        for part in parts
    )


def _size_of(value: Any) -> int:
    parts = members_of(value)
    return sum(
        int(getattr(part, "nbytes", 0) or 0)
        for part in parts
        if not isinstance(part, np.ndarray) or root_of(part) is part  # a view's base is there, too
    )


def _named(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[tuple[str, Any]]:
    try:
        bound = inspect.signature(function).bind(*args, **kwargs)
    except (TypeError, ValueError):
        return []
    return [(name, value) for name, value in bound.arguments.items() if members_of(value)]
