"""Failures as values: what an exception in a task was, in a form that outlives the worker.

Law: the runtime passes these bytes on unread; only the client unpickles the exception inside.
"""

from __future__ import annotations

import os
import pickle
import traceback
from collections.abc import Iterator
from types import FrameType, TracebackType
from typing import Any, Final

import cloudpickle
import msgspec

from ..errors import TreadleError
from ..store.travel import dumps
from ..wire.codec import encode_words
from .frame_names import pack_names

_OWN = (os.path.dirname(os.path.dirname(os.path.abspath(__file__))), os.path.dirname(cloudpickle.__file__))


class Raised(msgspec.Struct, array_like=True):
    """One exception of a chain. `relation` says how it hangs on the one before it: "cause" or "context"."""

    relation: str
    type_name: str
    message: str
    pickled: bytes | None
    frames: list[tuple[str, int, str]]  # (file, line, function) of the user's code, outermost first
    names: list[bytes] = []  # what names stood for in each of these frames (see frame_names)


class Lost(msgspec.Struct, array_like=True):
    """How a worker died."""

    signal: int | None
    exitcode: int | None
    peak_kib: int
    reason: str


class Failure(msgspec.Struct, array_like=True):
    """Why a task has no result."""

    number: int
    worker: int
    attempt: int
    raised: list[Raised]
    arguments: str = ""
    output: str = ""
    lost: Lost | None = None


OUTPUT: Final = 2000
"""Characters of what a task has printed that its failure carries: the last ones."""
_encoder = msgspec.msgpack.Encoder(enc_hook=str)  # what a __str__ gives may be a str of a kind of its own, as numpy's
_decoder = msgspec.msgpack.Decoder(Failure)


def pack_exception(number: int, error: BaseException, arguments: str = "", worker: int = 0, attempt: int = 1) -> bytes:
    """Describe an exception that user code raised, with its causes."""
    chain: list[Raised] = []
    relation, current = "", error
    while current is not None and len(chain) < 20:
        chain.append(_raised(current, relation))
        if current.__cause__ is not None:
            relation, current = "cause", current.__cause__
        elif current.__context__ is not None and not current.__suppress_context__:
            relation, current = "context", current.__context__
        else:
            break
    return encode_words(_encoder, Failure(number, worker, attempt, chain, arguments))


def pack_lost(
    number: int,
    worker: int,
    signal: int | None,
    exitcode: int | None,
    peak_kib: int,
    output: str,
    attempts: int,
    reason: str,
) -> bytes:
    """Describe the death of the worker that ran a task; `reason` is one sentence for people."""
    lost = Lost(signal, exitcode, peak_kib, reason)
    return _encoder.encode(Failure(number, worker, attempts, [], "", output, lost))


def with_output(data: bytes, text: str) -> bytes:
    """Add to a description what the task had printed."""
    failure = _decoder.decode(data)
    failure.output = text
    return _encoder.encode(failure)


def unpack_failure(data: bytes) -> Failure:
    """Return the description; unpickles nothing."""
    return _decoder.decode(data)


def user_frames(tb: TracebackType | None) -> list[tuple[str, int, str]]:
    """Return (file, line, function) of the frames that are not Treadle's own, outermost first."""
    return [
        (frame.filename, frame.lineno or 0, frame.name)
        for frame in traceback.extract_tb(tb)
        if not frame.filename.startswith(_OWN)
    ]


def _raised(error: BaseException, relation: str) -> Raised:
    pickled = _pickled(error)
    if pickled is None and isinstance(error, (Exception, BaseExceptionGroup)):
        pickled = _pickled(_Parts(error))
    try:
        message = error.message if isinstance(error, TreadleError) else str(error)
    except Exception as broken:  # noqa: BLE001 - a __str__ that raises must not hide the failure
        message = f"<its __str__ raised {type(broken).__name__}>"
    cls = type(error)
    name = cls.__qualname__ if cls.__module__ in ("builtins", "__main__", TreadleError.__module__) else f"{cls.__module__}.{cls.__qualname__}"
    names = pack_names(_frames(error.__traceback__)) if not relation else []
    return Raised(relation, name, message, pickled, user_frames(error.__traceback__), names)


def _pickled(error: Any) -> bytes | None:
    """Return the pickle of an exception if it can be read again."""
    try:
        pickled = dumps(error)
        pickle.loads(pickled)
    except Exception:  # noqa: BLE001 - whatever a user's exception does while pickled, its text must arrive
        return None
    return pickled


class _Parts:
    """An exception whose `__init__` wants other arguments than it hands on, the usual reason why pickle can't make it."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def __reduce__(self) -> Any:
        args: Any = _builtin(type(self._error)).__reduce__(self._error)[1]
        if isinstance(self._error, BaseExceptionGroup):
            args = args[0], [part if _pickled(part) is not None else _Parts(part) for part in self._error.exceptions]
        return put_together, (type(self._error), args, vars(self._error))


def _builtin(kind: type[BaseException]) -> type[BaseException]:
    return next(base for base in kind.__mro__ if base.__module__ == "builtins")


def put_together(kind: type[BaseException], args: tuple[Any, ...], attributes: dict[str, Any]) -> BaseException:
    """Return an exception made without an `__init__` of its own; called by name from pickles."""
    error = kind.__new__(kind, *args)
    _builtin(kind).__init__(error, *args)
    vars(error).update(attributes)
    return error


def _frames(tb: TracebackType | None) -> Iterator[FrameType]:
    while tb is not None:
        if not tb.tb_frame.f_code.co_filename.startswith(_OWN):
            yield tb.tb_frame
        tb = tb.tb_next
