"""Which part of an object cannot be pickled, and what to do about it.

Law: runs only after pickling failed; never raises, bounded in time; changes nothing it looks at. It pickles parts
of the object into the void and follows those that fail, so what it names is really the part that failed.
"""

from __future__ import annotations

import functools
import reprlib
import time
import types
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Final

from ..errors import NotSerializable
from .arrays import ReducingPickler

Part = tuple[str, Any]
"""What to append to the path, and the object there."""

_LIMIT_S: Final = 2.0
_DEPTH: Final = 60
_REMEDIES: Final = (  # beginnings of "module.Class" of any base; what it is; what to do
    (("h5py.", "netCDF4.", "tables.", "zarr."), "part of an open data file", "Pass its path and open it inside the task"),
    (("zipfile.", "tarfile."), "an open archive", "Pass its path and open it inside the task"),
    (("io.", "_io.", "tempfile."), "an open file", "Pass its path and open it inside the task"),
    (
        ("sqlite3.", "psycopg", "pymysql.", "MySQLdb.", "sqlalchemy.engine", "sqlalchemy.orm", "pymongo.", "redis.", "duckdb."),
        "a database connection",
        "Open it inside the task",
    ),
    (("socket.", "_socket.", "ssl.", "_ssl.", "zmq.", "requests.", "http.client.", "paramiko."), "a connection", "Open it inside the task"),
    (
        ("_thread.", "threading.", "multiprocessing.synchronize.", "asyncio."),
        "a lock or thread, which means nothing in another process",
        "Make it inside the task, or leave it out in __getstate__",
    ),
    (("subprocess.", "multiprocessing.", "concurrent.futures."), "tied to this process", "Start it inside the task"),
    (("builtins.generator", "builtins.coroutine", "builtins.async_generator"), "a generator", "Pass list(...) of it"),
    (("torch.Tensor", "torch.nn.parameter.", "cupy."), "in the memory of a device", "Pass x.cpu() (cupy: x.get()), or make it inside the task"),
    (("matplotlib.",), "part of a drawing", "Draw inside the task and return the data or the picture's bytes"),
    (("builtins.frame", "builtins.traceback"), "a stack frame", "Pass the text of the traceback"),
    (("weakref.", "builtins.weakref"), "a weak reference", "Pass the object itself"),
    (("_ctypes.", "ctypes."), "memory of another language", "Make it inside the task"),
)


def explain_pickling(
    obj: Any, root: str, error: BaseException, *, attempt: Callable[[Any], Any] | None = None
) -> NotSerializable:
    """Return the error to raise for an object whose pickling failed. Takes up to 2 s.

    Parameters
    ----------
    obj
        what was pickled.
    root
        what to call it: "args[0]", "result".
    error
        what pickling it raised; becomes the `__cause__`.
    attempt
        pickles an object the way it was tried, for picklers that know more; what it returns is ignored.

    Returns
    -------
    NotSerializable
        its `path` names the part, e.g. `args[0].handle`, `result['x'][3]`, `f.__globals__['lock']`.
    """
    if isinstance(error, RecursionError) or isinstance(error.__cause__, RecursionError):
        path, culprit, what, remedy = root, obj, "nested too deeply", "Pass it as a flat list or an array"
    else:
        path, culprit, error = _Search(attempt or _into_the_void).follow(obj, root, error)
        what, remedy = _about(type(culprit), error)
    told = NotSerializable(f"{path} cannot be pickled: it is {what} ({_name(type(culprit))}). {remedy}.")
    told.path = path
    told.__cause__ = error
    return told


class _Search:
    """Follows the part that fails from the root to where none of its parts fails."""

    def __init__(self, attempt: Callable[[Any], Any]) -> None:
        self._attempt = attempt
        self._deadline = time.monotonic() + _LIMIT_S
        self._seen: dict[int, Any] = {}

    def follow(self, obj: Any, path: str, error: BaseException) -> tuple[str, Any, BaseException]:
        for _ in range(_DEPTH):
            if _known(type(obj)) is not None:
                break  # what is inside a known kind (the lock of a connection) says less than the kind
            self._seen[id(obj)] = obj
            parts = [part for part in _parts(obj) if id(part[1]) not in self._seen]
            found = self._first_bad(parts)
            if found is None:
                break
            (step, obj), error = found
            path += step
        return path, obj, error

    def _first_bad(self, parts: list[Part]) -> tuple[Part, BaseException] | None:
        """Halve the parts until one is left: about as much pickling as all of them twice."""
        error = self._failure([obj for _, obj in parts]) if parts else None
        while error is not None and len(parts) > 1:
            left = parts[: len(parts) // 2]
            in_left = self._failure([obj for _, obj in left])
            parts, error = (left, in_left) if in_left is not None else (parts[len(left) :], error)
        if error is None or time.monotonic() > self._deadline:
            return None
        error = self._failure(parts[0][1])
        return None if error is None else (parts[0], error)

    def _failure(self, obj: Any) -> BaseException | None:
        if time.monotonic() > self._deadline:
            return None
        try:
            self._attempt(obj)
        except Exception as error:  # noqa: BLE001 - anything can be raised by the methods of the user's classes
            return error
        return None


def _parts(obj: Any) -> list[Part]:
    try:
        return list(_parts_of(obj))
    except Exception:  # noqa: BLE001 - an object that can't even be taken apart is itself the culprit
        return []


def _parts_of(obj: Any) -> Iterator[Part]:
    if isinstance(obj, dict):
        for key, value in obj.items():
            yield f"[{reprlib.repr(key)}]", value
            yield f".keys()[{reprlib.repr(key)}]", key
    if isinstance(obj, (list, tuple, deque)):
        yield from ((f"[{i}]", part) for i, part in enumerate(obj))
    elif isinstance(obj, (set, frozenset)):
        yield from ((f".{{{reprlib.repr(part)}}}", part) for part in obj)
    elif isinstance(obj, types.FunctionType):
        yield from _parts_of_function(obj)
    elif isinstance(obj, types.MethodType):
        yield from ((".__func__", obj.__func__), (".__self__", obj.__self__))
    elif isinstance(obj, functools.partial):
        yield from ((".func", obj.func), (".args", obj.args), (".keywords", obj.keywords))
    elif isinstance(obj, type):
        yield from ((f".{name}", part) for name, part in vars(obj).items())
    elif _library(obj) == "pandas" and hasattr(obj, "columns"):
        yield from ((f"[{reprlib.repr(name)}]", obj[name].tolist()) for name in obj.columns)
    elif _library(obj) in ("pandas", "numpy") and hasattr(obj, "tolist"):
        yield from _parts_of(obj.tolist())
    elif type(obj).__module__ != "builtins":
        yield from _parts_of_instance(obj)


def _library(obj: Any) -> str:
    return type(obj).__module__.partition(".")[0]


def _parts_of_function(function: types.FunctionType) -> Iterator[Part]:
    code = function.__code__
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
        if _bound(cell):
            yield f".__closure__[{name!r}]", cell.cell_contents
    for at, default in enumerate(function.__defaults__ or ()):
        yield f".__defaults__[{at}]", default
    for name, default in (function.__kwdefaults__ or {}).items():
        yield f".__kwdefaults__[{name!r}]", default
    for name in _names(code):
        if name in function.__globals__:
            yield f".__globals__[{name!r}]", function.__globals__[name]
    yield from ((f".{name}", part) for name, part in vars(function).items())


def _bound(cell: types.CellType) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False


def _names(code: types.CodeType) -> list[str]:
    inner = [name for part in code.co_consts if isinstance(part, types.CodeType) for name in _names(part)]
    return list(dict.fromkeys([*code.co_names, *inner]))


def _parts_of_instance(obj: Any) -> Iterator[Part]:
    """What pickle would take from it: its state, under the names of attributes where it has such."""
    _, args, state, items, pairs = (*obj.__reduce_ex__(5)[:5], None, None, None)[:5]
    for layer in state if isinstance(state, tuple) and len(state) == 2 else (state,):
        if isinstance(layer, dict):
            yield from ((f".{name}", part) for name, part in layer.items())
        elif layer is not None:
            yield ".__getstate__()", layer
    yield from ((f"[{i}]", part) for i, part in enumerate(items or ()))
    yield from ((f"[{reprlib.repr(key)}]", part) for key, part in pairs or ())
    yield from ((f".__reduce__()[1][{i}]", part) for i, part in enumerate(args))


def _about(kind: type, error: BaseException) -> tuple[str, str]:
    said = " ".join(str(error).split()) or type(error).__name__
    return _known(kind) or (
        f"of a type that refuses, saying '{said[:200]}'",
        "Make it inside the task, or pass what it is made from",
    )


def _known(kind: type) -> tuple[str, str] | None:
    bases = [f"{base.__module__}.{base.__qualname__}" for base in kind.__mro__]
    for beginnings, what, remedy in _REMEDIES:
        if any(base.startswith(beginnings) for base in bases):
            return what, remedy
    return None


def _name(kind: type) -> str:
    return kind.__qualname__ if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}.{kind.__qualname__}"


class _Void:
    def write(self, part: bytes) -> int:
        return len(part)


def _into_the_void(obj: Any) -> None:
    ReducingPickler(_Void(), 5, buffer_callback=lambda _: False).dump(obj)
