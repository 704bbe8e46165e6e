"""Writes the code of a function as `worker.code.load_code` reads it.

Law: pickles what `reach` found, by value, without the data. A class that reaches no data is pickled once and kept
sealed as long as nothing it reaches has changed (classes are of the process, so is what is kept here).
"""

from __future__ import annotations

import io
import itertools
import uuid
from types import CellType, FunctionType, ModuleType
from typing import Any, Final

from ..errors import TreadleError
from ..store.diagnose import explain_pickling
from ..store.travel import TravelPickler, is_at_home, seal
from ..worker import code as worker
from .reach import Reach, contents, own, reach
from .seen import Seen

_KEPT: Final = 1000
_home: Final = uuid.uuid4().hex[:12]
_stamps = itertools.count(1)
_classes: dict[int, _Kept] = {}
_ABOUT_SELF: Final = ("__name__", "__package__", "__file__", "__path__")


class _Kept:
    """A class in the state it was last pickled in."""

    __slots__ = ("cls", "reduced", "seen", "stamp")

    def __init__(self, cls: type) -> None:
        found = reach(cls)
        self.cls = cls
        self.seen = Seen.of(found)
        self.reduced: tuple[Any, ...] | None = None
        self.stamp = None if found.slots else f"{_home}.{next(_stamps)}"


def sealed(cls: type) -> tuple[Any, ...] | None:
    """Return how a class of the person's own goes into a pickle cheaply; None if it has to be taken apart.

    That is when it reaches data, which is not the same in each call, or is being taken apart just now.
    """
    kept = _classes.get(id(cls))
    if kept is None or kept.cls is not cls or kept.seen.changed():
        if not own(cls) or not is_at_home(cls):
            return None
        kept = _classes[id(cls)] = _Kept(cls)
        while len(_classes) > _KEPT:
            _classes.pop(next(iter(_classes)), None)
        if kept.stamp is not None:
            kept.reduced = seal(cls, kept.stamp, ship(kept.seen.reached, cls.__qualname__))
    return kept.reduced


def ship(found: Reach, name: str) -> bytes:
    """Return the code of `found.root`.

    Raises
    ------
    NotSerializable
        Something that belongs to the code (an attribute of a class, an annotation) cannot be pickled.
    """
    sink = io.BytesIO()
    pickler = _ShippingPickler(sink, found)
    places = [(slot.kind, pickler.owner(slot.kind, slot.owner), slot.key) for slot in found.slots]
    try:
        pickler.dump((found.root, places, list(found.modules.values()), list(found.loose)))
    except TreadleError:
        raise
    except Exception as error:  # whatever a part raises while it is pickled
        raise explain_pickling(found.root, f"the code of {name}", error) from error
    return sink.getvalue()


class _Namespace:
    """Stands for the globals of functions that come together."""

    def __init__(self, names: dict[str, Any], module: ModuleType | None) -> None:
        self.names = names
        self.module = module

    def __reduce__(self) -> Any:
        if self.module is not None:
            return vars, (self.module,)
        return worker.new_namespace, ({key: self.names[key] for key in _ABOUT_SELF if key in self.names},)


class _FromFile:
    """Stands for what a worker takes from its own import of a local module."""

    def __init__(self, module: str, name: str) -> None:
        self.place = (module, name)

    def __reduce__(self) -> Any:
        return worker.from_file, self.place


class _ShippingPickler(TravelPickler):
    def __init__(self, sink: io.BytesIO, found: Reach) -> None:
        super().__init__(sink, 5)
        self.found = found
        self.data = {(slot.kind, *slot.mark) for slot in found.slots}
        self.spaces: dict[int, _Namespace] = {}
        self.modules = {id(vars(module)): module for module in found.modules.values()}

    def owner(self, kind: int, owner: Any) -> Any:
        """Return what stands in the pickle for the owner of a place."""
        return self.space(owner) if kind == worker.GLOBAL else owner

    def space(self, names: dict[str, Any]) -> _Namespace:
        if id(names) not in self.spaces:
            self.spaces[id(names)] = _Namespace(names, self.modules.get(id(names)))
        return self.spaces[id(names)]

    def reducer_override(self, obj: Any) -> Any:
        kind = type(obj)
        if kind is CellType:
            return CellType, ()  # filled by the functions that close over it
        if kind is FunctionType and id(obj) in self.found.names:
            return self.function(obj)
        return super().reducer_override(obj)

    def function(self, function: FunctionType) -> Any:
        """Take a function apart so that it can refer to itself, shares cells and namespace, and leaves data out."""
        defaults, keywords = function.__defaults__, function.__kwdefaults__
        special = {
            "__defaults__": defaults and tuple(self._kept(worker.DEFAULT, function, i, v) for i, v in enumerate(defaults)),
            "__kwdefaults__": keywords and {k: self._kept(worker.KEYWORD, function, k, v) for k, v in keywords.items()},
            "__annotations__": function.__annotations__,
            "__doc__": function.__doc__,
            "__module__": function.__module__,
            "__qualname__": function.__qualname__,
        }
        attributes = {k: v for k, v in vars(function).items() if (worker.ATTRIBUTE, id(function), k) not in self.data}
        used = self.found.names[id(function)].read
        names = {k: v for k, v in self._names(function.__globals__).items() if k in used}
        cells = [
            (cell, value)
            for cell in function.__closure__ or ()
            if (worker.CELL, id(cell), None) not in self.data and (value := contents(cell)) is not worker.Absent
        ]
        args = (function.__code__, self.space(function.__globals__), function.__name__, function.__closure__)
        state = (special, attributes, names, cells, self.found.imports[id(function)])
        return worker.make_function, args, state, None, None, worker.set_function

    def _kept(self, kind: int, function: FunctionType, key: Any, value: Any) -> Any:
        return None if (kind, id(function), key) in self.data else value

    def _names(self, space: dict[str, Any]) -> dict[str, Any]:
        """Return the code and constants in a namespace by name."""
        found = self.found.fixed.get(id(space))
        fixed = {} if found is None else found[1]
        return {
            name: _FromFile(space["__name__"], name) if (id(space), name) in self.found.elsewhere else value
            for name, value in fixed.items()
            if value is not worker.Absent
        }

    def reduce_module(self, module: ModuleType) -> Any:
        if id(module) not in self.found.modules:
            return super().reduce_module(module)
        path = list(module.__path__) if hasattr(module, "__path__") else None
        args = (module.__name__, getattr(module, "__file__", None), module.__package__, path)
        return worker.make_module, args, self._names(vars(module)), None, None, worker.set_names

    def reduce_class(self, cls: type) -> Any:
        reduced = sealed(cls) if cls is not self.found.root else None
        if reduced is not None:
            return reduced
        kept = _classes.get(id(cls))
        reduced = self.take_apart(cls, kept.stamp if kept is not None and kept.cls is cls else None)
        if isinstance(reduced, tuple) and len(reduced) > 2:
            names = reduced[2][3][0]
            for name in [name for name in names if (worker.ATTRIBUTE, id(cls), name) in self.data]:
                del names[name]
        return reduced
