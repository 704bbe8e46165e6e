"""From a failed call to the exception it raises here.

Law: the user's own exception object where it can be rebuilt; what Treadle knows hangs on it as attributes.
"""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any, Final

from ..core.states import TaskState
from ..errors import (
    DataError,
    InTask,
    RuntimeLost,
    TaskCancelled,
    TaskError,
    TaskFailed,
    UpstreamFailed,
    WorkerLost,
    about,
    headline,
)
from ..store.packing import Packed, unpack, unpack_bytes
from ..worker.failure import Failure, Raised
from ..worker.frame_names import unpack_names
from .remote_traceback import has_frames, rebuild_traceback

if TYPE_CHECKING:
    from .calls import Call


_HOW: Final = {
    "interrupted": " while it ran (KeyboardInterrupt ended it)",
    "killed": " while it ran (it did not react, so its worker was ended)",
}


def error_from(call: Call, root: Call | None) -> BaseException:
    """Return the exception that waiting for `call` raises; the same object every time."""
    if call.error is None:
        call.error = _make(call, root)
    return call.error


def rebuild(data: bytes | Packed, call: Call) -> Any:
    """Return the value a call made. Raises DataError if its own type can't be rebuilt here."""
    try:
        return unpack(data) if isinstance(data, Packed) else unpack_bytes(data)
    except Exception as error:  # whatever a type's own __setstate__ does
        raise DataError(
            f"What {call.label} made can't be rebuilt here ({headline(error)}). "
            "Correct how its type is pickled, or return parts of it."
        ) from error


def _make(call: Call, root: Call | None) -> BaseException:
    error: BaseException
    if call.state == TaskState.CANCELLED:
        because = (
            "" if call.root in (0, call.number) else f" because {_name(root, call.root)}, which it needs, was"
        )
        how = _HOW.get(str((call.notes or {}).get("cancelled")), "")
        error = TaskCancelled(
            f"{call.label} was cancelled{because}{how}. Call it again if you want its result."
        )
    elif call.state == TaskState.UPSTREAM:
        error = _upstream(call, root)
    else:
        failure = call.failure
        error = (
            _own(call, failure)
            if failure is not None
            else RuntimeLost(f"{call.label} has no result. {call.client.lost}")
        )
    return _tell(error, call)


def _upstream(call: Call, root: Call | None) -> BaseException:
    cause = error_from(root, None) if root is not None and root.state == TaskState.FAILED else None
    if cause is None and call.failure is not None:
        cause = _own(call, call.failure)
    why = f": {headline(cause)}" if cause is not None else ""
    error = UpstreamFailed(
        f"{call.label} was not run because {_name(root, call.root)}, which it needs, failed{why}"
    )
    error.root = call.root
    error.__cause__ = cause
    return error


def _own(call: Call, failure: Failure) -> BaseException:
    if failure.lost is not None:
        lost = failure.lost
        error = WorkerLost(f"{call.label} has no result: {lost.reason}")
        error.signal, error.exitcode, error.peak_kib = lost.signal, lost.exitcode, lost.peak_kib
        error.output = failure.output
        return error
    errors = [_rebuild(raised) for raised in failure.raised]
    for outer, inner, raised in zip(errors, errors[1:], failure.raised[1:], strict=False):
        if raised.relation == "cause":
            outer.__cause__ = inner
        else:
            outer.__context__ = inner
    return errors[0]


_REMEDY = "It holds something that can't travel: keep text and numbers in exceptions."


def _ends_the_caller(error: BaseException) -> bool:
    """Tell whether raising this here would end the caller's process, generator or asyncio task."""
    if isinstance(error, (KeyboardInterrupt, SystemExit, GeneratorExit)):
        return True
    return (
        not isinstance(error, Exception) and type(error).__module__ == "asyncio.exceptions"
    )  # its CancelledError


def _rebuild(raised: Raised) -> BaseException:
    error: BaseException | None = None
    if raised.pickled is not None:
        try:
            error = pickle.loads(raised.pickled)
        except Exception:  # noqa: BLE001 - a class that can't be rebuilt here is told as text instead
            error = None
    if not isinstance(error, BaseException) or _ends_the_caller(error):
        told = f"{raised.type_name}: {raised.message}"
        known = isinstance(error, BaseException)
        remedy = "It ends the task and nothing else: return, or raise an Exception." if known else _REMEDY
        error = TaskFailed(f"{told.rstrip('.: ')}. {remedy}")
    return rebuild_traceback(error, raised.frames, [unpack_names(names) for names in raised.names])


def _tell(error: BaseException, call: Call) -> BaseException:
    failure = call.failure
    told = _hang(error, call)
    if not has_frames(error):
        rebuild_traceback(error, ())  # so that waiting twice doesn't show the first wait
    place = None
    if failure is not None and not isinstance(error, TaskError):
        place = _name_the_place(error, call, failure)
    if call.client.footer is not None:  # a shell, which does not show the place as a cause
        for line in ("" if place is None else str(place), call.client.footer(call)):
            if line:
                error.add_note(line)
    return told


def _hang(error: BaseException, call: Call) -> BaseException:
    """Hang on an error where it was raised; attributes that its own class gave it stay (`CalledProcessError.output`)."""
    attributes: dict[str, object] = {"task": call.number, "cell": call.cell, "worker": call.worker, "attempt": call.attempt}
    if call.failure is not None:
        attributes["output"] = call.failure.output
    if not isinstance(error, TaskError):
        attributes = {name: value for name, value in attributes.items() if not hasattr(error, name)}
    return about(error, **attributes)


def _name_the_place(error: BaseException, call: Call, failure: Failure) -> InTask:
    """Say where the exception comes from: behind all that the task's code gave as causes."""
    first = error
    while (below := first.__context__ if first.__cause__ is None else first.__cause__) is not None:
        first = below
    given = f"; called with ({failure.arguments})" if failure.arguments else ""
    tries = (call.notes or {}).get("attempts")
    attempt = f"attempt {call.attempt}" if tries is None else f"the last of {tries} attempts"
    place = InTask(f"in task {call.label}{call.where}, on worker {call.worker}, {attempt}{given}")
    first.__cause__ = about(place, task=call.number, cell=call.cell, worker=call.worker, attempt=call.attempt)
    place.output = failure.output
    return place


def _name(root: Call | None, number: int) -> str:
    return root.label if root is not None else f"task #{number}"
