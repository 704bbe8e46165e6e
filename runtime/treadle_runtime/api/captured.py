"""Data a function reads besides its arguments, on its way into one call.

Law: light values go along as they are. Heavy ones are stored once, as by `put`, and again only when their content
has changed: looked at completely up to 32 MB, beyond that by identity and a sample, and then the person is told.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from types import ModuleType
from typing import Any, Final

import xxhash

from ..errors import TreadleError
from ..store.diagnose import explain_pickling
from ..store.locality import is_local
from ..store.packing import Packed, Pickler, pack
from ..worker.code import CELL, DEFAULT, GLOBAL, KEYWORD, Absent
from .reach import Slot, contents

LIGHT: Final = 4 * 1024
"""Values up to this many bytes travel inside each call."""
COMPLETE: Final = 32 * 1024 * 1024
"""Values up to this many bytes are compared completely, ..."""
COMPLETE_STREAM: Final = 1024 * 1024
"""... if no more than this much of them is outside large flat buffers: 5 ms either way."""
_BLOCK: Final = 4096
_BLOCKS: Final = 64
_NUMBERS: Final = frozenset({int, float, bool, complex, type(None)})
_SIZED: Final = frozenset({list, dict, set, bytearray})


@dataclass(slots=True, frozen=True)
class Surroundings:
    """What captured data needs to know of the rest.

    Parameters
    ----------
    handles : tuple of type
        Futures and puts: they go into a call as they are.
    keep : callable
        Stores a value and returns a handle on it, as `put` does.
    pending : callable
        Tells whether a value may be, or hold, an object with writes pending: then it goes as it is.
    notify : callable
        Shows one line to the person: `notify(level, text)`.
    """

    handles: tuple[type, ...]
    keep: Callable[[Any], Any]
    pending: Callable[[Any], bool]
    notify: Callable[[str, str], None]


class CannotTravel(Exception):  # noqa: N818 - never leaves the book
    """The object exists once per process, and its module can be imported by a worker: let it make its own."""


class Captured:
    """One slot of a function, and what is known of the value in it."""

    __slots__ = ("_as_is", "_handle", "_limit", "_mark", "_sampled", "_told", "_value", "slot")

    def __init__(self, slot: Slot) -> None:
        self.slot = slot
        self._value: Any = Captured  # nothing a slot could hold
        self._as_is = True
        self._limit = -1
        self._sampled = False
        self._mark: Any = None
        self._handle: Any = None
        self._told = False

    def current(self, surroundings: Surroundings, as_is: bool = False) -> Any:
        """Return what goes into a call made now: the value, or a handle on it.

        Raises
        ------
        NotSerializable
            The value cannot be pickled.
        CannotTravel
            It cannot, but workers can make their own.
        """
        value = read(self.slot)
        kind = type(value)
        if kind in _NUMBERS or value is Absent:
            return value
        if value is not self._value or (kind in _SIZED and len(value) > self._limit):
            self._weigh(value, surroundings)
        if as_is or self._as_is or surroundings.pending(value):
            return value
        mark = _sample(value) if self._sampled else _digest(pack(value), whole=True)
        if self._handle is None or mark != self._mark:
            self._handle = surroundings.keep(value)
            self._mark = mark
        return self._handle

    def _weigh(self, value: Any, surroundings: Surroundings) -> None:
        self._limit = 2 * len(value) + 16 if type(value) in _SIZED else -1
        if isinstance(value, surroundings.handles):
            self._value, self._as_is = value, True
            return
        scale = _Scale(surroundings.handles)
        try:
            packed = scale.pack(value)
        except TreadleError:
            raise
        except Exception as error:  # whatever the value raises while it is pickled
            if self._made_by_import():
                raise CannotTravel from error
            raise explain_pickling(value, f"{self.slot.label} that {self.slot.reader} reads", error) from error
        self._as_is = scale.found or packed.nbytes <= LIGHT
        self._sampled = packed.nbytes > COMPLETE or len(packed.stream) > COMPLETE_STREAM
        self._value = value
        if self._as_is:
            self._handle = None
        elif self._sampled and not self._told:
            self._told = True
            name = self.slot.label.rpartition(" ")[2]
            surroundings.notify(
                "warning",
                f"{self.slot.reader} reads {self.slot.label} ({_size(packed.nbytes)}): pass it as an argument, or "
                f"{name} = put({name}); changes inside it may be missed.",
            )

    def _made_by_import(self) -> bool:
        if self.slot.kind != GLOBAL or self.slot.owner.get("__name__") == "__main__":
            return False
        module = sys.modules.get(self.slot.owner.get("__name__", ""))
        return type(module) is ModuleType and vars(module) is self.slot.owner and is_local(module)


def read(slot: Slot) -> Any:
    """Return what is in a place now, Absent for nothing."""
    if slot.kind == GLOBAL:
        return slot.owner.get(slot.key, Absent)
    if slot.kind == CELL:
        return contents(slot.owner)
    if slot.kind == DEFAULT:
        return slot.owner.__defaults__[slot.key]
    if slot.kind == KEYWORD:
        return slot.owner.__kwdefaults__[slot.key]
    return vars(slot.owner).get(slot.key, Absent)


class _Scale(Pickler):
    """Weighs a value; sees whether handles are in it."""

    def __init__(self, handles: tuple[type, ...]) -> None:
        super().__init__()
        self._handles = handles
        self.found = False

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, self._handles):
            self.found = True
            return int, ()
        return super().reducer_override(obj)


def _sample(value: Any) -> Any:
    """Return something that shows most changes of a large value, in well under 5 ms."""
    kind = type(value)
    if kind in (list, tuple):
        step = max(1, len(value) // _BLOCKS)
        return id(value), len(value), [_part(part) for part in islice(value, 0, None, step)]
    if kind is dict:
        return id(value), len(value), [_part(part) for item in islice(value.items(), _BLOCKS) for part in item]
    if hasattr(value, "__len__") and kind in (set, frozenset):
        return id(value), len(value)
    if _is_flat(value):
        return id(value), _digest(pack(value), whole=False)
    return id(value), [(name, id(part)) for name, part in getattr(value, "__dict__", {}).items()]


def _part(value: Any) -> Any:
    if type(value) in _NUMBERS or type(value) in (str, bytes):
        return value
    return _sample(value)


def _is_flat(value: Any) -> bool:
    """Tell whether taking a value apart costs little whatever its size: its memory is in few large buffers."""
    return hasattr(value, "__array__") or hasattr(value, "nbytes") or isinstance(value, (str, bytes, bytearray))


def _digest(packed: Packed, whole: bool) -> int:
    """Hash a value as pickled: good for comparing within one process, and quicker than a fingerprint."""
    digest = xxhash.xxh3_64(packed.stream)
    for buffer in [memoryview(memory) for memory in packed.buffers]:
        step = max(_BLOCK, buffer.nbytes // _BLOCKS)
        if whole or step == _BLOCK:
            digest.update(buffer)
            continue
        for start in range(0, buffer.nbytes, step):
            digest.update(buffer[start : start + _BLOCK])
    return digest.intdigest()


def _size(nbytes: int) -> str:
    return f"{nbytes / 1e9:.1f} GB" if nbytes >= 1e9 else f"{nbytes / 1e6:.{int(nbytes < 1e7)}f} MB"
