"""Tracebacks that tell of the user's code alone, wherever it ran.

Law: knows frames as (file, line, function) and traceback objects; nothing of tasks, IPython or the wire. No hook is
installed anywhere: the traceback of an exception is made right before it leaves Treadle, so that notebooks, plain
Python, loggers and debuggers all show the same. What makes that possible is that a bare `raise` in an `except`
block adds no entry for its own frame (CPython 3.11 and later):

    def wait_on(x):
        try:
            return ...
        except BaseException as error:
            strip(error)
            raise
"""

from __future__ import annotations

import ast
import functools
import linecache
import os
import sys
import sysconfig
from collections.abc import Callable, Sequence
from types import CodeType, TracebackType
from typing import Any, Final, TypeAlias, TypeVar, cast

from ..errors import InternalError, TreadleError

Frame: TypeAlias = tuple[str, int, str]
"""(file as its code object names it, line, function)"""
Names: TypeAlias = dict[str, Any]
"""What names stand for in a frame."""

E = TypeVar("E", bound=BaseException)
F = TypeVar("F", bound=Callable[..., Any])

_FRAMES: Final = "__treadle_frames__"


class _Here(Exception):  # noqa: N818 - never leaves this module
    """Raised and caught here to get hold of a frame."""


_STUB: Final[CodeType] = compile("raise here", "<task>", "exec")
_PACKAGE: Final = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_LIBRARIES: Final = tuple({sysconfig.get_path(name) + os.sep for name in ("stdlib", "purelib", "platlib")})
_own: list[str] = [_PACKAGE]


def add_own(folder: str) -> None:
    """Count the code under `folder` as Treadle's own."""
    path = os.path.abspath(folder) + os.sep
    if path not in _own:
        _own.append(path)


def rebuild_traceback(error: E, frames: Sequence[Frame], names: Sequence[Names] = ()) -> E:
    """Give an exception that came from another process the traceback it had there.

    Parameters
    ----------
    error
        the user's own exception object.
    frames
        outermost first; only the user's (and libraries') frames.
    names
        for each frame what a debugger shall find in it.

    Returns
    -------
    BaseException
        `error`, whose traceback consists of `frames` and which remembers them: every later `strip` gives it
        these and nothing of earlier waits. Any thread, never blocks.

    Examples
    --------
    >>> import traceback
    >>> error = rebuild_traceback(ValueError("no"), [("cell.py", 3, "f")])
    >>> traceback.extract_tb(error.__traceback__)
    [<FrameSummary file cell.py, line 3 in f>]
    """
    full = tuple(zip(frames, names or ({},) * len(frames), strict=True))
    try:
        setattr(error, _FRAMES, full)
    except (AttributeError, TypeError):
        return error.with_traceback(_traceback_of(full))  # its class refuses attributes: waits add up
    return error.with_traceback(_traceback_of(full))


def has_frames(error: BaseException) -> bool:
    """Tell whether the exception remembers where it came from."""
    return hasattr(error, _FRAMES)


def strip(error: BaseException) -> None:
    """Take Treadle's frames out of an exception that is about to leave Treadle (see the module's first lines).

    An exception of a task gets exactly the task's frames; of any other, Treadle's own frames and those of
    libraries called by them go. What it names as cause and context lose theirs as well. A mistake of Treadle itself
    keeps all its frames: somebody has to find it.
    """
    if not _is_expected(error):
        return
    seen: set[int] = set()
    waiting: list[tuple[BaseException | None, bool]] = [(error, True)]
    while waiting:
        one, ours = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        frames = getattr(one, _FRAMES, None) if ours else None
        one.with_traceback(_without_own(one.__traceback__) if frames is None else _traceback_of(frames))
        waiting += ((one.__cause__, ours), (one.__context__, False))


def leaves_no_trace(function: F) -> F:
    """Decorate a function that people call: what it raises has no frame of Treadle."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except BaseException as error:
            if type(error) is TypeError and error.__traceback__ and error.__traceback__.tb_next is None:
                error.__traceback__ = None  # the arguments do not fit: it was raised by the call above
            else:
                strip(error)
            raise

    return cast(F, call)


def _is_expected(error: BaseException) -> bool:
    if isinstance(error, InternalError):
        return False
    if isinstance(error, (TreadleError, KeyboardInterrupt, TimeoutError)) or hasattr(error, _FRAMES):
        return True
    entry = error.__traceback__
    while entry is not None and entry.tb_next is not None:
        entry = entry.tb_next
    return entry is None or not is_own(entry.tb_frame.f_code.co_filename)  # raised by code that Treadle called


def is_own(file: str) -> bool:
    """Tell whether code of this file belongs to Treadle."""
    return file.startswith(tuple(_own))


def _without_own(trace: TracebackType | None) -> TracebackType | None:
    kept: list[TracebackType] = []
    inside = False  # in Treadle, or in what it called
    entry = trace
    while entry is not None:
        file = entry.tb_frame.f_code.co_filename
        inside = is_own(file) or (inside and is_library(file))
        if not inside:
            kept.append(entry)
        entry = entry.tb_next
    result: TracebackType | None = None
    for entry in reversed(kept):
        result = TracebackType(result, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return result


def is_library(file: str) -> bool:
    """Tell whether code of this file is Python's or an installed package's."""
    compiled = os.sep in file and not os.path.isabs(file)  # Cython names its files relative to its build folder
    return compiled or file.startswith((*_LIBRARIES, "<frozen "))


def _traceback_of(frames: Sequence[tuple[Frame, Names]]) -> TracebackType | None:
    result: TracebackType | None = None
    for (file, line, function), names in reversed(frames):
        here = _entry_at(file, line, function, names)
        result = TracebackType(result, here.tb_frame, here.tb_lasti, line)
    return result


def _entry_at(file: str, line: int, function: str, names: Names) -> TracebackType:
    first = _first_line(file, line, function)
    code = _STUB.replace(
        co_filename=sys.intern(file),  # Python tells what repeats itself by identity
        co_name=sys.intern(function),
        co_qualname=function,
        co_firstlineno=first,
        co_linetable=_line_table(len(_STUB.co_code) // 2, line - first),
    )
    inside = {**names, "here": _Here}
    try:
        exec(code, _globals(file), inside)  # noqa: S102 - our own two words
    except _Here:
        del inside["here"]
        inside.update(names)
        trace = sys.exc_info()[2]
        assert trace is not None
        assert trace.tb_next is not None
        return trace.tb_next
    raise AssertionError("the stub raises")


def _globals(file: str) -> dict[str, Any]:
    """Return what code of a file finds outside its frames: of a cell the notebook's own names, as they are now."""
    if os.path.exists(file):
        return {"__name__": "__main__", "__file__": file}
    return vars(sys.modules["__main__"])


def _line_table(units: int, ahead: int) -> bytes:
    """Return the location table of code that stands on one line, `ahead` of its first (CPython 3.11 and later).

    It is made of runs of up to 8 code units, of kind 13: a line and no columns. The stub's own columns would draw
    carets under some other part of the user's line.
    """
    delta = bytearray()
    ahead <<= 1  # signed, but never negative here
    while ahead > 63:
        delta.append(64 | ahead & 63)
        ahead >>= 6
    delta.append(ahead)
    table = bytearray()
    for start in range(0, units, 8):
        table += bytes((0x80 | 13 << 3 | min(8, units - start) - 1,))
        table += b"\0" if start else delta
    return bytes(table)


def _first_line(file: str, line: int, function: str) -> int:
    """Return where a function of a cell begins: IPython counts the lines it shows from there.

    Files on disk are shown by other means, and parsing a large one would take too long.
    """
    if function == "<module>":
        return 1
    anonymous = function.startswith("<")  # a comprehension or lambda: shown as part of what it stands in
    if os.path.exists(file):
        return line
    try:
        tree = ast.parse("".join(linecache.getlines(file)))
    except (SyntaxError, ValueError):
        return line
    first = 1 if anonymous else line
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and (anonymous or node.name == function):
            begins = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            if begins <= line <= (node.end_lineno or 0):
                first = node.lineno if anonymous else begins  # the innermost comes last
        elif isinstance(node, ast.Lambda) and anonymous and node.lineno <= line <= (node.end_lineno or 0):
            first = node.lineno
    return first
