"""The mutable objects that can be reached from a value: what an INOUT may change.

Law: reads objects, changes nothing, knows no task. The order is canonical (the root first, then depth first in
the order of items and attributes), so the same structure gives the same list wherever it is walked.
"""

from __future__ import annotations

import array
import collections
import datetime
import decimal
import enum
import fractions
import pathlib
import re
import types
import uuid
from collections.abc import Callable, Iterable
from typing import Any, Final

import numpy as np

from .tensors import own_parts

ATOMS: Final[frozenset[type]] = frozenset(
    {
        type(None), bool, int, float, complex, str, bytes, range, slice, type(...), type(NotImplemented),
        types.FunctionType, types.BuiltinFunctionType, types.ModuleType, types.CodeType, types.MappingProxyType,
        datetime.date, datetime.datetime, datetime.time, datetime.timedelta, datetime.timezone,
        decimal.Decimal, fractions.Fraction, uuid.UUID, re.Pattern,
        pathlib.PurePosixPath, pathlib.PureWindowsPath, pathlib.PosixPath,
    }
)  # fmt: skip
"""Types whose instances never change (functions: their attributes are not tracked)."""

Known = Callable[[Any], "Iterable[Any] | None"]


def is_atom(value: Any) -> bool:
    """Tell whether `value` can't be changed in place (a tuple is no atom: it may hold what can)."""
    kind = type(value)
    return kind in ATOMS or isinstance(value, (type, enum.Enum, np.generic, np.dtype))


def root_of(value: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the array whose memory `value` looks at (itself, if it is no view, or pickles itself: masked arrays)."""
    if not is_memory(value):
        return value
    while isinstance(value.base, np.ndarray):
        value = value.base
    return value


def is_memory(value: np.ndarray[Any, Any]) -> bool:
    """Tell whether an array (of a subclass, too) is pickled as its memory and nothing else."""
    kind = type(value)
    return kind is np.ndarray or kind.__reduce__ is np.ndarray.__reduce__


def members_of(root: Any, known: Known | None = None) -> list[Any]:
    """List every mutable object that can be reached from `root`, each once; a view comes before its base.

    Parameters
    ----------
    known
        asked for each object first: None means "walk it", anything else is taken in its place, unwalked.
    """
    found: list[Any] = []
    seen: set[int] = set()
    keep: list[Any] = []  # what is made on the way must live as long as its id is in `seen`
    stack: list[Any] = [root]
    while stack:
        value = stack.pop()
        if type(value) in ATOMS or id(value) in seen:
            continue
        seen.add(id(value))
        if known is not None and (instead := known(value)) is not None:
            for member in instead:
                if member is value or id(member) not in seen:
                    seen.add(id(member))
                    found.append(member)
            continue
        if is_atom(value):
            continue
        if isinstance(value, np.ndarray) and (base := root_of(value)) is not value:
            found.append(value)
            stack.append(base)
            continue
        if type(value) not in (tuple, frozenset):
            found.append(value)
        parts = parts_of(value)
        keep.append(parts)
        stack.extend(reversed(parts))
    return found


def parts_of(value: Any) -> list[Any]:
    """Return what `value` holds directly and a task could change through it."""
    parts: list[Any] = []
    if isinstance(value, (list, tuple, set, frozenset, collections.deque)):
        parts.extend(value)
    elif isinstance(value, dict):
        for key, item in value.items():
            parts.append(key)
            parts.append(item)
        if isinstance(value, collections.defaultdict):
            parts.append(value.default_factory)
    elif isinstance(value, np.ndarray):
        if value.dtype.hasobject and value.dtype.names is None:
            parts.extend(value.ravel().tolist())
    elif isinstance(value, types.MethodType):
        parts.append(value.__self__)
    if not isinstance(value, (bytearray, array.array, np.ndarray)) and has_plain_state(value):
        parts.extend(state_of(value).values())
    else:
        parts.extend(own_parts(value))
    return parts


def has_plain_state(value: Any) -> bool:
    """Tell whether an instance is its `__dict__` and `__slots__` (and items), with no pickling of its own."""
    kind = type(value)
    if kind.__module__ == "builtins" or kind is types.SimpleNamespace:
        return kind is types.SimpleNamespace
    own = (collections.deque, collections.OrderedDict, collections.defaultdict, array.array)
    if kind in own:
        return False
    base: Any = object
    return (
        (kind.__reduce_ex__ is base.__reduce_ex__ or issubclass(kind, (list, dict, set)))
        and (kind.__reduce__ is base.__reduce__ or issubclass(kind, (set, *own)))
        and getattr(kind, "__getstate__", None) is getattr(base, "__getstate__", None)
        and not hasattr(kind, "__setstate__")
        and (hasattr(value, "__dict__") or hasattr(kind, "__slots__"))
    )


def state_of(value: Any) -> dict[str, Any]:
    """Return attributes by name, from `__dict__` and every `__slots__` of its classes."""
    state = dict(getattr(value, "__dict__", {}))
    for kind in type(value).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            attribute = f"_{kind.__name__.lstrip('_')}{name}" if name[:2] == "__" and name[-2:] != "__" else name
            if attribute not in ("__dict__", "__weakref__") and hasattr(value, attribute):
                state[attribute] = getattr(value, attribute)
    return state
