"""Fingerprints: equal for equal content, in every process and under every PYTHONHASHSEED.

Law: reads objects, never changes them; knows no files, versions or tasks. A walk of its own rather than a hash
over a pickle, because pickles differ in what is the same: the order of sets, which equal strings happen to be one
object, addresses in the code of functions. Two different values never feed the hash the same bytes: each part
goes in with its kind and its length.

Part of the content: types, order in dicts, which mutable objects occur more than once (`[a, a]` is not
`[a, copy(a)]`). Not part of it: memory order of arrays, what `functools.cached_property` has cached.
"""

from __future__ import annotations

import array
import enum
import functools
import pickle
import struct
import sys
import types
from collections.abc import Callable, Iterable
from typing import Any, Final

import cloudpickle
import xxhash

from ..errors import NotSerializable, TreadleError
from . import arrays

Code = Callable[[Any], "bytes | None"]
_BLOCK: Final = 16 << 20
_dispatch: Final[dict[type, Callable[[Any], Any]]] = cloudpickle.Pickler.dispatch_table


def buffer_hash(buffer: bytes | bytearray | memoryview) -> int:
    """Return the 128-bit hash of memory, at memory speed; equal in every process. The GIL is released."""
    return xxhash.xxh3_128_intdigest(buffer)


def fingerprint(obj: Any, *, code: Code | None = None) -> bytes:
    """Return 16 bytes that are equal for equal values in every process.

    Parameters
    ----------
    obj
        anything that can be pickled; arrays are read at memory speed, other parts cost about 1 us each.
    code
        asked for each function and class met: its fingerprint, or None for the usual: the name of what can be
        imported; for others bytecode, constants, names, defaults and closure (not the globals it uses).

    Raises
    ------
    NotSerializable
        some part has no content to speak of (an open file, a generator).

    Examples
    --------
    >>> fingerprint({"a": {1, 2}}) == fingerprint({"a": {2, 1}})
    True
    """
    arrays.learn()
    walk = _Walk(code)
    try:
        walk.one(obj)
    except (TreadleError, MemoryError):
        raise
    except Exception as error:
        raise NotSerializable(
            f"A {type(obj).__name__} cannot be compared by content ({error}). Make the part in question inside the task."
        ) from error
    return walk.hash.digest()


class _Walk:
    """Feeds one value to one hash."""

    __slots__ = ("code", "hash", "keep", "seen")

    def __init__(self, code: Code | None) -> None:
        self.hash = xxhash.xxh3_128()
        self.code = code
        self.seen: dict[int, int] = {}  # id -> order of the first meeting, for what has an identity
        self.keep: list[Any] = []  # what pickling made for the walk must live while its id is in `seen`

    def one(self, obj: Any) -> None:
        kind = type(obj)
        step = _STEPS.get(kind)
        if step is not None:
            step(self, obj)
        else:
            self.other(obj, kind)

    def put(self, tag: bytes, content: bytes = b"") -> None:
        self.hash.update(b"%b%d:" % (tag, len(content)))
        self.hash.update(content)

    def met(self, obj: Any) -> bool:
        """Tell whether this very object was met before, and feed which one it is then."""
        order = self.seen.get(id(obj))
        if order is None:
            self.seen[id(obj)] = len(self.seen)
            self.keep.append(obj)
            return False
        self.put(b"again", b"%d" % order)
        return True

    def several(self, tag: bytes, parts: Iterable[Any], count: int) -> None:
        self.put(tag, b"%d" % count)
        for part in parts:
            self.one(part)

    # ------------------------------------------------------------ builtins
    def feed_list(self, obj: list[Any]) -> None:
        if self.met(obj):
            return
        if len(obj) > 16:
            kinds = set(map(type, obj))
            if kinds == {float} or (kinds == {int} and max(max(obj), ~min(obj)) < 1 << 63):
                self.put(b"numbers", array.array("d" if kinds == {float} else "q", obj).tobytes())
                self.put(b"d" if kinds == {float} else b"q")
                return
        self.several(b"list", obj, len(obj))

    def feed_dict(self, obj: dict[Any, Any]) -> None:
        if not self.met(obj):
            self.put(b"dict", b"%d" % len(obj))
            for key, value in obj.items():
                self.one(key)
                self.one(value)

    def feed_set(self, obj: Any) -> None:
        """Elements each for themselves, in the order of their fingerprints."""
        marks = []
        for element in obj:
            inner = _Walk(self.code)
            inner.one(element)
            marks.append(inner.hash.digest())
        if type(obj) is frozenset or not self.met(obj):
            self.put(type(obj).__name__.encode(), b"".join(sorted(marks)))

    def feed_bytearray(self, obj: bytearray) -> None:
        if not self.met(obj):
            self.put(b"bytearray")
            self.memory(memoryview(obj))

    def memory(self, view: memoryview) -> None:
        self.hash.update(b"%d:" % view.nbytes)
        self.hash.update(view)

    def function(self, obj: types.FunctionType) -> None:
        if self.named(obj) or self.met(obj):
            return
        cells = [_content_of(cell) for cell in obj.__closure__ or ()]
        self.several(b"function", (obj.__name__, obj.__code__, obj.__defaults__, obj.__kwdefaults__, *cells), 4 + len(cells))

    def bytecode(self, obj: types.CodeType) -> None:
        counts = (obj.co_argcount, obj.co_posonlyargcount, obj.co_kwonlyargcount, obj.co_flags)
        names = (obj.co_names, obj.co_varnames, obj.co_freevars, obj.co_cellvars)
        self.several(b"code", (obj.co_code, obj.co_consts, counts, names), 4)

    def klass(self, obj: type) -> None:
        """A class nobody can import: its bases, the code of its methods, its plain constants."""
        if self.named(obj) or self.met(obj):
            return
        self.put(b"class", obj.__qualname__.encode())
        self.several(b"bases", obj.__bases__, len(obj.__bases__))
        for name, value in vars(obj).items():
            inner = getattr(value, "__func__", None) or getattr(value, "fget", None) or value
            if isinstance(inner, types.FunctionType) or (type(value) in _PLAIN and not name.startswith("__")):
                self.put(b"member", name.encode())
                self.one(inner)

    def named(self, obj: Any) -> bool:
        """Feed what stands for a function or class: what `code` says, or where it can be imported."""
        told = self.code(obj) if self.code is not None else None
        if told is not None:
            self.put(b"told", told)
            return True
        module, name = getattr(obj, "__module__", None), obj.__qualname__
        found: Any = sys.modules.get(module) if module and module != "__main__" else None
        for part in name.split("."):
            found = getattr(found, part, None)
        if found is obj:
            self.put(b"name", f"{module}:{name}".encode())
        return found is obj

    # ------------------------------------------------------------ everything else
    def other(self, obj: Any, kind: type) -> None:
        numpy = sys.modules.get("numpy")
        if numpy is not None and kind is getattr(numpy, "ndarray", None):
            self.ndarray(obj, numpy)
        elif isinstance(obj, type):
            self.klass(obj)
        elif isinstance(obj, enum.Enum) and obj.name is not None and not isinstance(obj, enum.Flag):
            self.one(kind)
            self.put(b"member", obj.name.encode())
        elif isinstance(obj, pickle.PickleBuffer):
            self.put(b"buffer")
            self.memory(obj.raw())
        elif not _has_identity(kind) or not self.met(obj):
            self.reduced(obj, kind)

    def ndarray(self, obj: Any, numpy: Any) -> None:
        if self.met(obj):
            return
        plain = obj.dtype.names is None and obj.dtype.type.__module__ == "numpy"
        self.put(b"array", repr(obj.shape).encode())
        self.one(obj.dtype.str if plain else obj.dtype)
        if obj.dtype.hasobject:
            self.several(b"objects", obj.ravel().tolist(), obj.size)
        elif obj.flags.c_contiguous or obj.nbytes <= _BLOCK:
            self.hash.update(_flat(obj, numpy))
        else:  # a large strided one is not copied whole
            step = max(1, len(obj) * _BLOCK // obj.nbytes)
            for start in range(0, len(obj), step):
                self.hash.update(_flat(obj[start : start + step], numpy))

    def reduced(self, obj: Any, kind: type) -> None:
        """Feed what pickle would build the object from."""
        reduce = arrays.REDUCERS.get(kind) or _dispatch.get(kind)
        parts = reduce(obj) if reduce is not None else NotImplemented
        if parts is NotImplemented:
            parts = obj.__reduce_ex__(5)
        if isinstance(parts, str):
            self.put(b"global", f"{getattr(obj, '__module__', '')}:{parts}".encode())
            return
        make, args, state, items, pairs = (*parts[:5], None, None, None)[:5]
        self.put(b"object")
        self.one(make)
        self.one(args)
        self.one(_without_caches(kind, state))
        for tag, more in ((b"items", items), (b"pairs", pairs)):
            content = [] if more is None else [*more]
            self.several(tag, content, len(content))


def _flat(block: Any, numpy: Any) -> Any:
    """Return the content of an array in C order, as bytes."""
    return numpy.ascontiguousarray(block).reshape(-1).view(numpy.uint8) if block.nbytes else b""


def _has_identity(kind: Any) -> bool:
    """Tell whether objects of this type are more than what they are equal to: it may matter which one it is."""
    return kind.__hash__ is None or kind.__hash__ is object.__hash__


def _without_caches(kind: type, state: Any) -> Any:
    """Return the state of an instance less what it only remembers: reading an object must not change what it is."""
    if type(state) is not dict:
        return state
    sparse = kind.__module__.startswith("scipy.sparse")
    content = {
        name: value
        for name, value in state.items()
        if not (sparse and str(name).startswith("_has_"))
        and not (isinstance(name, str) and isinstance(getattr(kind, name, None), functools.cached_property))
    }
    return content or None  # pickle says None for an instance without attributes


def _content_of(cell: types.CellType) -> Any:
    try:
        return (cell.cell_contents,)
    except ValueError:
        return ()  # not bound yet


def _none(walk: _Walk, _: None) -> None:
    walk.put(b"None")


def _bool(walk: _Walk, obj: bool) -> None:
    walk.put(b"True" if obj else b"False")


def _int(walk: _Walk, obj: int) -> None:
    walk.put(b"int", obj.to_bytes(obj.bit_length() // 8 + 1, "little", signed=True))


def _float(walk: _Walk, obj: float) -> None:
    walk.put(b"float", struct.pack("<d", obj))


def _complex(walk: _Walk, obj: complex) -> None:
    walk.put(b"complex", struct.pack("<dd", obj.real, obj.imag))


def _str(walk: _Walk, obj: str) -> None:
    walk.put(b"str", obj.encode("utf-8", "surrogatepass"))


def _bytes(walk: _Walk, obj: bytes) -> None:
    walk.put(b"bytes", obj)


def _tuple(walk: _Walk, obj: tuple[Any, ...]) -> None:
    walk.several(b"tuple", obj, len(obj))


def _module(walk: _Walk, obj: types.ModuleType) -> None:
    walk.put(b"module", obj.__name__.encode())


_PLAIN: Final = frozenset({type(None), bool, int, float, complex, str, bytes, tuple, frozenset})
_STEPS: Final[dict[type, Callable[[_Walk, Any], None]]] = {
    type(None): _none,
    bool: _bool,
    int: _int,
    float: _float,
    complex: _complex,
    str: _str,
    bytes: _bytes,
    tuple: _tuple,
    list: _Walk.feed_list,
    dict: _Walk.feed_dict,
    set: _Walk.feed_set,
    frozenset: _Walk.feed_set,
    bytearray: _Walk.feed_bytearray,
    type: _Walk.klass,
    types.FunctionType: _Walk.function,
    types.CodeType: _Walk.bytecode,
    types.ModuleType: _module,
}
