"""How classes and functions that exist in one process only travel to another, and come back as themselves.

Law: extends cloudpickle, knows no task. cloudpickle gives each such class an id for life; here three things are
added. A class that comes back to the process where it was defined is that class, untouched (cloudpickle would
replace its methods by copies that see other globals). Elsewhere the word of the defining process counts, not
what a third one passes on. And the person's own modules go like `__main__`.
"""

from __future__ import annotations

import functools
import importlib
import io
import pickle
import sys
import types
import weakref
import zlib
from collections.abc import Callable
from threading import local
from types import FunctionType, ModuleType
from typing import Any, Final, TypeAlias

import cloudpickle

from .locality import by_value, is_local

Outfit: TypeAlias = tuple[type, "str | None", Callable[[], Any]]
"""(class, stamp of its attributes, what sets them). Equal stamps: equal attributes; None: those of one owner."""

_ids = cloudpickle.cloudpickle._DYNAMIC_CLASS_TRACKER_BY_ID
_received: weakref.WeakSet[type] = weakref.WeakSet()  # classes made here from a pickle: at home elsewhere
_bare: weakref.WeakSet[type] = weakref.WeakSet()  # just made, without attributes yet
_wears: weakref.WeakKeyDictionary[type, object] = weakref.WeakKeyDictionary()  # class -> stamp or owner
_sealed: weakref.WeakKeyDictionary[type, tuple[str, str, bytes]] = weakref.WeakKeyDictionary()  # (id, stamp, blob)
_TYPE_ARGS: Final = 6
_METHODS: Final = (types.MethodType, types.BuiltinFunctionType)


class _Loading(local):
    outfits: list[Outfit] | None = None


_loading = _Loading()


class TravelPickler(cloudpickle.Pickler):  # type: ignore[misc]
    """cloudpickle's pickler with the additions above; base of every pickler of the house."""

    def reducer_override(self, obj: Any) -> Any:
        """Return how a class, function or module is taken apart, NotImplemented for anything else."""
        kind = type(obj)
        if kind is ModuleType:
            return self.reduce_module(obj)
        if kind is FunctionType:
            follow(obj)
            return super().reducer_override(obj)
        if issubclass(kind, type):
            return self.reduce_class(obj)
        if kind in _METHODS and (home := home_of_method(obj)) is not None:
            return getattr, home
        if kind is functools._lru_cache_wrapper and by_value(obj):
            parameters = obj.cache_parameters()
            return remembering, (obj.__wrapped__, parameters["maxsize"], parameters["typed"])
        return NotImplemented

    def reduce_module(self, module: ModuleType) -> Any:
        """Modules go by name, the person's own too, unless a function is shipped that uses them."""
        return (importlib.import_module, (module.__name__,)) if module.__name__ in sys.modules else NotImplemented

    def reduce_class(self, cls: type) -> Any:
        """Classes that can't be imported by name go by value; one that came sealed goes on like that."""
        sealed = _sealed.get(cls)
        if sealed is not None:
            name, stamp, blob = sealed
            return open_class, (name, stamp, False, blob)
        return self.take_apart(cls, None)

    def take_apart(self, cls: type, stamp: str | None) -> Any:
        """Return how a class is made anew."""
        follow(cls)
        reduced = super().reducer_override(cls)
        if not isinstance(reduced, tuple) or len(reduced) != _TYPE_ARGS:
            return reduced
        make, args, state, _items, _pairs, set_state = reduced
        if make is cloudpickle.cloudpickle._make_skeleton_class and vars(cls).get("__slots__"):
            kind, name, bases, names, *rest = args  # without its slots, instances would have a __dict__ elsewhere
            args = (kind, name, bases, {**names, "__slots__": _names_of(vars(cls)["__slots__"])}, *rest)
        carried = (cls not in _received, stamp, set_state, state)
        return revive_class, (make, *args), carried, None, None, set_class_state


def _names_of(slots: Any) -> Any:
    return slots if isinstance(slots, (str, dict)) else tuple(slots)


def home_of_method(method: Any) -> tuple[ModuleType, str] | None:
    """Return where a method of a library's shared generator is found (`random.random`), None for any other.

    Each process has such generators of its own: taken by value, every task would draw the same numbers.
    """
    for name in ("random", "numpy.random"):
        module = sys.modules.get(name)
        if module is not None and getattr(module, method.__name__, None) == method:
            return module, method.__name__
    return None


def dumps(obj: Any) -> bytes:
    """Pickle in one piece, with the additions above."""
    sink = io.BytesIO()
    TravelPickler(sink, 5).dump(obj)
    return sink.getvalue()


def follow(thing: Any) -> None:
    """See to it that cloudpickle takes a function or class of a local module by value."""
    module = sys.modules.get(getattr(thing, "__module__", None) or "")
    if type(module) is ModuleType and is_local(module):
        cloudpickle.register_pickle_by_value(module)


def remembering(function: Callable[..., Any], maxsize: int | None, typed: bool) -> Any:
    """Return a function with `functools.lru_cache` around it, empty; called by name from pickles."""
    return functools.lru_cache(maxsize, typed)(function)


def revive_class(make: Callable[..., type], *args: Any) -> type:
    """Return the class with this id (the last argument but one), making it if it is new here."""
    known: type | None = _ids.get(args[-2])
    if known is not None:
        return known
    made = _make_quietly(make, args)
    _received.add(made)
    _bare.add(made)
    return made


def _make_quietly(make: Callable[..., type], args: tuple[Any, ...]) -> type:
    """Make a class without running `__init_subclass__` of its own kind: it ran where the class was defined."""
    bases = types.resolve_bases(args[0] if isinstance(args[0], tuple) else args[2])
    homes = (cls for base in bases for cls in base.__mro__ if "__init_subclass__" in vars(cls))
    loud = next(homes, object)
    if loud not in _received:
        return make(*args)
    hook = vars(loud)["__init_subclass__"]
    type.__setattr__(loud, "__init_subclass__", classmethod(lambda _cls, **_named: None))
    try:
        return make(*args)
    finally:
        type.__setattr__(loud, "__init_subclass__", hook)


def set_class_state(cls: type, carried: tuple[bool, str | None, Callable[[type, Any], Any], Any]) -> type:
    """Give a class its attributes, unless it is at home here, only passed on, or has them already."""
    from_home, stamp, set_state, state = carried
    if cls in _bare:
        _bare.discard(cls)
    elif not from_home or cls not in _received:
        return cls
    outfit = cls, stamp, functools.partial(set_state, cls, state)
    if stamp is None or _wears.get(cls) != stamp:
        outfit[2]()
        _wears[cls] = stamp
    if _loading.outfits is not None:
        _loading.outfits.append(outfit)
    return cls


def is_at_home(cls: type) -> bool:
    """Tell whether a class was defined in this process."""
    return cls not in _received


def seal(cls: type, stamp: str, code: bytes) -> tuple[Any, ...]:
    """Return how a class of this process is pickled whose code (first of a pickled tuple) is at hand.

    The receiver reads the code only if it does not know the class, or knows another state of it.
    """
    name = cloudpickle.cloudpickle._get_or_create_tracker_id(cls)
    return open_class, (name, stamp, True, zlib.compress(code, 1))


def open_class(name: str, stamp: str, from_home: bool, blob: bytes) -> type:
    """Return the class that was sealed; called by name from pickles."""
    cls: type | None = _ids.get(name)
    if cls is not None and cls not in _received:
        return cls
    if cls is None or (from_home and _wears.get(cls) != stamp):
        cls = _open(blob)
    assert cls is not None
    if from_home or cls not in _sealed:
        _sealed[cls] = name, stamp, blob
    if _loading.outfits is not None:
        _loading.outfits.append((cls, stamp, functools.partial(_open, blob)))
    return cls


def _open(blob: bytes) -> type:
    cls: type = pickle.loads(zlib.decompress(blob))[0]
    return cls


def load_with_outfits(data: bytes) -> tuple[Any, list[Outfit]]:
    """Unpickle `data`; also return what it set on classes, for `dress`."""
    before, _loading.outfits = _loading.outfits, []
    try:
        return pickle.loads(data), _loading.outfits
    finally:
        _loading.outfits = before


def dress(outfits: list[Outfit], owner: object) -> None:
    """Give classes the attributes that code of `owner` came with, where other code has set them since."""
    for cls, stamp, put_on in outfits:
        wanted = owner if stamp is None else stamp
        if _wears.get(cls) != wanted:
            put_on()
            _wears[cls] = wanted
