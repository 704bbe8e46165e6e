"""Functions as this worker knows them: code by value, unpickled when first needed.

Law: knows definitions and what their code mentions; runs nothing but what unpickling runs. `define` may be called
by the control thread, everything else by the main thread.
"""

from __future__ import annotations

import contextlib
import functools
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any, Final

from ..core.model import FunctionId
from .code import Code, load_code

_TOUCHY: Final = frozenset(
    {
        "chdir",
        "fchdir",
        "umask",
        "signal",
        "alarm",
        "setitimer",
        "siginterrupt",
        "system",
        "write",
        "writev",
        "dup2",
    }
)
"""Names in code that may change what the next task would see, or print behind Python's back."""
_RANDOM: Final = frozenset({"random", "numpy.random", "torch"})
_RANDOM_MODULES: Final = ("random", "numpy.random", "torch")
_WALK_LIMIT: Final = 400
_LIBRARY_LIMIT: Final = 100
_UNKNOWN_S: Final = float("inf")


class Function:
    """One version of one function."""

    __slots__ = ("_code", "draws", "id", "loaded", "name", "options", "slowest_s", "value", "watched")

    def __init__(self, id: int, name: str, code: bytes, options: dict[str, Any]) -> None:
        self.id = id
        self.name = name
        self.options = options
        self.value: Callable[..., Any] | Code | None = None
        """What to call at once; None: something is to be done before (`loaded`, `draws`)."""
        self.loaded: Callable[..., Any] | Code | None = None
        self.draws = False  # its code mentions shared random generators
        self.watched = True
        self.slowest_s = _UNKNOWN_S  # unknown counts as long: nothing that is done waits behind it
        self._code = code

    def took(self, run_s: float) -> None:
        """Note how long a run took."""
        known = self.slowest_s
        self.slowest_s = run_s if run_s > known or known == _UNKNOWN_S else known * 0.9

    def load(self) -> Callable[..., Any] | Code:
        """Unpickle the function, in the world of the task that needs it. Raises what unpickling raises."""
        value = load_code(self._code)
        self.watched = bool(self.options.get("touches")) or mentions(
            value.call if isinstance(value, Code) else value, _TOUCHY
        )
        self.draws = draws(value)
        self.loaded = value
        self.value = None if self.draws else value
        return value


class Functions(dict[FunctionId, Function]):
    """All functions this worker was told of, by id."""

    def define(self, rows: list[tuple[FunctionId, str, bytes, dict[str, Any]]]) -> None:
        """Learn functions; the same id again replaces it."""
        for id, name, code, options in rows:
            self[id] = Function(id, name, code, options)


def draws(function: Callable[..., Any] | Code) -> bool:
    """Tell whether code mentions the shared generators of random, numpy.random or torch.

    The person's own code is followed completely, that of libraries as far as it can be in some milliseconds, once.
    """
    waiting, seen = [function.call if isinstance(function, Code) else function], set[int]()
    while waiting:
        value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if _is_random(value) or len(seen) > _WALK_LIMIT:
            return True
        for inner in _functions_of(value):
            used = set(_names(inner.__code__))
            if not used.isdisjoint(_RANDOM) or any(map(_is_random, _values(inner, used))):
                return True
            for callee in _callees(inner, used):
                if not _is_of_library(callee):
                    waiting.append(callee)
                elif _library_draws(callee):
                    return True
    return False


def _is_random(value: Any) -> bool:
    """Tell whether a value is a module of random numbers, or one of its functions: `from random import randint`."""
    if isinstance(value, types.ModuleType):
        return value.__name__.startswith(_RANDOM_MODULES)
    if isinstance(value, types.FunctionType):
        return str(value.__module__).startswith(_RANDOM_MODULES)
    if isinstance(value, types.BuiltinFunctionType | types.MethodType):
        return type(value.__self__).__module__.startswith(_RANDOM_MODULES)
    return False


def _is_of_library(value: Any) -> bool:
    module = sys.modules.get(str(getattr(value, "__module__", None)))
    name = getattr(value, "__name__", None)
    return module is not None and isinstance(name, str) and vars(module).get(name) is value


@functools.lru_cache(10_000)
def _library_draws(value: Any) -> bool:
    return mentions(value, _RANDOM, _LIBRARY_LIMIT)


def mentions(function: Any, names: frozenset[str], limit: int = _WALK_LIMIT) -> bool:
    """Tell whether the code of `function`, or Python code it can be seen to call, uses one of these names.

    Followed are functions among globals, closures, defaults, attributes of modules and methods of classes. When
    there is too much to follow the answer is yes: that costs some time and loses nothing.
    """
    waiting, seen = [function], set[int]()
    keep = []  # so that ids stay unique
    while waiting:
        value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        keep.append(value)
        if len(seen) > limit:
            return True
        for inner in _functions_of(value):
            used = set(_names(inner.__code__))
            if not used.isdisjoint(names):
                return True
            waiting.extend(_callees(inner, used))
    return False


def _functions_of(value: Any) -> Iterator[types.FunctionType]:
    while isinstance(value, functools.partial):
        value = value.func
    value = getattr(value, "__func__", value)  # a method
    value = getattr(value, "__wrapped__", value) if not isinstance(value, types.FunctionType) else value
    if isinstance(value, types.FunctionType):
        yield value
    elif not isinstance(value, (types.BuiltinFunctionType, types.ModuleType)):
        kind = value if isinstance(value, type) else type(value)
        for member in vars(kind).values():
            inner = getattr(member, "__func__", getattr(member, "fget", member))
            if isinstance(inner, types.FunctionType):
                yield inner


def _names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)


def _values(function: types.FunctionType, used: set[str]) -> Iterator[Any]:
    """Yield what code names: globals, and what closures hold."""
    for name in used:
        if name in function.__globals__:
            yield function.__globals__[name]
    for cell in function.__closure__ or ():
        with contextlib.suppress(ValueError):  # not filled yet
            yield cell.cell_contents


def _callees(function: types.FunctionType, used: set[str]) -> Iterator[Any]:
    for name in used:
        value = function.__globals__.get(name)
        if isinstance(value, types.ModuleType):
            yield from (part for other in used if _is_code(part := vars(value).get(other)))
        elif _is_code(value):
            yield value
    for cell in function.__closure__ or ():
        try:
            value = cell.cell_contents
        except ValueError:  # not filled yet
            continue
        if _is_code(value):
            yield value


def _is_code(value: Any) -> bool:
    return isinstance(value, (types.FunctionType, types.MethodType, functools.partial)) or (
        isinstance(value, type) and value.__module__ != "builtins"
    )
