"""What a function reaches: the code that travels with it, and the data it reads besides its arguments.

Law: walks functions, classes and modules; decides what is code and what is data; changes and pickles nothing.
Code = the person's own functions, classes and modules, with the constants among their globals. It travels once per
version. Data = everything else a global, a closure cell, a default or a class attribute holds. It travels with
each call, exactly like an argument.
"""

from __future__ import annotations

import enum
import functools
import importlib.util
import logging
import sys
import types
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import CellType, FunctionType, ModuleType
from typing import Any, Final

from ..store.locality import by_value, is_local, is_local_name
from ..store.members import is_atom
from ..store.travel import home_of_method
from ..worker.code import ATTRIBUTE, CELL, DEFAULT, GLOBAL, KEYWORD, Absent
from .bytecode import Chain, Names, names_of

_NAMED: Final = (
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.ClassMethodDescriptorType,
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
    logging.Logger,
)
"""Types whose instances pickle by name and never change."""
_SPECIAL: Final = frozenset({"_abc_impl", "_field_defaults"})
"""Attributes of classes that the library which made the class keeps for itself."""
_INTERNAL: Final = frozenset({"typing", "types", "dataclasses"})
"""Modules whose objects describe types (or a field of one) and never change."""


@dataclass(slots=True, frozen=True)
class Slot:
    """A place where data is: what `worker.code.Place` names, with how people call it."""

    kind: int
    owner: Any  # namespace, cell, function or class
    key: Any
    label: str  # "the global df"
    reader: str  # "f"

    @property
    def mark(self) -> tuple[int, Any]:
        """What identifies the place while it lives."""
        return id(self.owner), self.key


@dataclass(slots=True)
class Reach:
    """Everything a root callable reaches."""

    root: Callable[..., Any]
    functions: list[FunctionType] = field(default_factory=list)
    classes: list[type] = field(default_factory=list)
    modules: dict[int, ModuleType] = field(default_factory=dict)
    fixed: dict[int, tuple[dict[str, Any], dict[str, Any]]] = field(default_factory=dict)
    """id of a namespace -> (namespace, name -> the code or constant it holds, Absent for none)."""
    cells: list[tuple[CellType, Any]] = field(default_factory=list)
    slots: list[Slot] = field(default_factory=list)
    imports: dict[int, list[str]] = field(default_factory=dict)  # id of a function -> submodules it needs imported
    names: dict[int, Names] = field(default_factory=dict)  # id of a function -> names in its code
    loose: dict[str, None] = field(default_factory=dict)  # own packages that are imported by the worker only
    elsewhere: frozenset[tuple[int, Any]] = frozenset()  # marks of places that the worker fills from the file


def importable(thing: Any) -> bool:
    """Tell whether a function or class is what its module holds under its name."""
    module = sys.modules.get(getattr(thing, "__module__", None) or "")
    found: Any = module
    for name in thing.__qualname__.split("."):
        found = getattr(found, name, None)
    return module is not None and found is thing


def own(thing: Any) -> bool:
    """Tell whether a function or class travels by value."""
    return by_value(thing) or not importable(thing)


def reach(
    root: Callable[..., Any],
    volatile: Iterable[tuple[int, Any]] = (),
    elsewhere: Iterable[tuple[int, Any]] = (),
) -> Reach:
    """Walk from `root`.

    Parameters
    ----------
    volatile
        marks of places whose constant is to be taken as data, because it changes.
    elsewhere
        marks of places in local modules whose object cannot travel: the worker makes its own.
    """
    walk = _Walk(Reach(root, elsewhere=frozenset(elsewhere)), frozenset(volatile))
    walk.code(root)
    while walk.todo:
        walk.todo.pop()()
    return walk.found


def is_data(value: Any) -> bool:
    """Tell whether a value is neither code nor a constant."""
    return not _Walk(Reach(value), frozenset()).code(value)


class _Walk:
    def __init__(self, found: Reach, volatile: frozenset[tuple[int, Any]]) -> None:
        self.found = found
        self.volatile = volatile
        self.todo: list[Callable[[], None]] = []
        self.seen: dict[int, Any] = {}  # id -> object, which keeps the id its own
        self.slots: set[tuple[int, int, Any]] = set()
        self.used: set[tuple[int, str, Chain]] = set()

    # ------------------------------------------------------------ one value
    def code(self, value: Any) -> bool:
        """Visit `value` if it is code or constant and return True; False if it is data."""
        kind = type(value)
        if kind is FunctionType:
            return self._visit(value, self.function) if own(value) else True
        if isinstance(value, type):
            return self._visit(value, self.class_) if own(value) else True
        if isinstance(value, enum.Enum):
            return self.code(kind)
        if is_atom(value) or isinstance(value, _NAMED) or str(kind.__module__) in _INTERNAL or value is Absent:
            return kind not in (types.SimpleNamespace, types.MethodType)
        if kind in (types.MethodType, types.BuiltinFunctionType) and home_of_method(value) is not None:
            return True
        if kind in (tuple, frozenset):
            return all(self.code(part) for part in value)
        if kind is types.BuiltinFunctionType:
            return value.__self__ is None or isinstance(value.__self__, (ModuleType, type))
        if kind.__name__ == "ufunc" and kind.__module__ == "numpy":
            return True
        return self._wrapper(value)

    def _wrapper(self, value: Any) -> bool:
        """Visit what a callable object wraps, if wrapping is all it does."""
        kind = type(value)
        if kind is functools.partial:
            parts = (value.func, *value.args, *value.keywords.values())
            return not vars(value) and all(self.code(part) for part in parts)
        if kind is functools._lru_cache_wrapper or str(kind.__module__).startswith("treadle_runtime.api."):
            wrapped = getattr(value, "__wrapped__", None)
            return wrapped is not None and self.code(wrapped)
        if kind in (staticmethod, classmethod):
            return self.code(value.__func__)
        if kind is property:
            return all(self.code(part) for part in (value.fget, value.fset, value.fdel))
        if kind in (functools.cached_property, functools.partialmethod, functools.singledispatchmethod):
            return self.code(value.func)
        return False

    def _visit(self, thing: Any, visit: Callable[[Any], None]) -> bool:
        if id(thing) not in self.seen:
            self.seen[id(thing)] = thing
            self.todo.append(lambda: visit(thing))
        return True

    # ------------------------------------------------------------ functions, classes, modules
    def function(self, function: FunctionType) -> None:
        self.found.functions.append(function)
        names = self.found.names[id(function)] = names_of(function.__code__)
        imports = self.found.imports[id(function)] = []
        reader = function.__qualname__.rpartition("<locals>.")[2]
        for name, chains in names.read.items():
            self.name(function.__globals__, name, chains, names, imports, reader)
        for name in names.stored:
            if name not in names.read:
                self.slot(Slot(GLOBAL, function.__globals__, name, f"the global {name}", reader))
        module = sys.modules.get(str(function.__globals__.get("__name__")))
        made_by_library = module is not None and module.__name__ != "__main__" and not is_local(module)
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            if made_by_library and type(contents(cell)) in (set, dict, list) and not contents(cell):
                continue  # bookkeeping of a decorator (the running reprs of a dataclass): goes as it is
            self.cell(cell, name, names, imports, reader)
        for level, name in names.imports:
            self.imported(level, name, function, names, reader)
        for i, value in enumerate(function.__defaults__ or ()):
            if not self.code(value):
                self.slot(Slot(DEFAULT, function, i, f"a default of {reader}", reader))
        for name, value in (function.__kwdefaults__ or {}).items():
            if not self.code(value):
                self.slot(Slot(KEYWORD, function, name, f"the default of {name}", reader))
        for name, value in vars(function).items():
            self.fix(vars(function), name, value)
            if not self.code(value):
                self.slot(Slot(ATTRIBUTE, function, name, f"the attribute {reader}.{name}", reader))
        self.owner(function)

    def imported(self, level: int, name: str, function: FunctionType, names: Names, reader: str) -> None:
        """Visit a module that a function imports in its body, or note that only the worker will have it."""
        package = function.__globals__.get("__package__")
        if level and not package:
            return  # fails when called, too
        full = importlib.util.resolve_name("." * level + name, package) if level else name
        module = sys.modules.get(full)
        if type(module) is ModuleType and is_local(module):
            self.module(module, {()}, names, self.found.imports[id(function)], reader)
        elif module is None and is_local_name(full.partition(".")[0]):
            self.found.loose[full.partition(".")[0]] = None

    def owner(self, function: FunctionType) -> None:
        """Visit the class that a method was defined in: its objects come as arguments."""
        name, _, _method = function.__qualname__.rpartition("<locals>.")[2].rpartition(".")
        cls = function.__globals__.get(name)
        if isinstance(cls, type) and cls.__module__ == function.__module__:
            self.code(cls)

    def name(
        self, space: dict[str, Any], name: str, chains: set[Chain], names: Names, imports: list[str], reader: str
    ) -> None:
        """Visit what a namespace holds under a name."""
        value = space.get(name, Absent)
        mark = (id(space), name)
        if mark in self.found.elsewhere:
            self.fix(space, name, value)
        elif type(value) is ModuleType:
            self.fix(space, name, value)
            self.module(value, chains, names, imports, reader)
        elif name in names.stored or (mark in self.volatile and is_constant(value)) or not self.code(value):
            self.slot(Slot(GLOBAL, space, name, f"the global {name}", reader))
        else:
            self.fix(space, name, value)

    def cell(self, cell: CellType, name: str, names: Names, imports: list[str], reader: str) -> None:
        value = contents(cell)
        if type(value) is ModuleType:
            self.module(value, names.cells.get(name, {()}), names, imports, reader)
        elif name in names.rebound or ((id(cell), None) in self.volatile and is_constant(value)) or not self.code(value):
            self.slot(Slot(CELL, cell, None, f"the variable {name}", reader))
            return
        self.found.cells.append((cell, value))

    def module(self, module: ModuleType, chains: set[Chain], names: Names, imports: list[str], reader: str) -> None:
        """Visit what is used of a module."""
        for chain in sorted(chains):
            used = list(names.mentioned) if not chain else [chain[0]]
            rest = {chain[1:]}
            if not is_local(module):
                for name in used:
                    part = sys.modules.get(f"{module.__name__}.{name}")
                    if type(part) is ModuleType and part.__name__ not in imports:
                        imports.append(part.__name__)
                        self.module(part, rest, names, imports, reader)
                continue
            space = vars(module)
            self.found.modules[id(module)] = module
            for name in used:
                if (chain or name in space) and (id(module), name, chain) not in self.used:
                    self.used.add((id(module), name, chain))
                    self.name(space, name, rest, names, imports, reader)

    def class_(self, cls: type) -> None:
        self.found.classes.append(cls)
        for base in (*cls.__bases__, type(cls)):
            self.code(base)
        plain = type(cls).__module__ in ("builtins", "abc")
        for name, value in vars(cls).items():
            if name in _SPECIAL or self.code(value) or not plain:
                continue
            if name[:2] != "__" and not hasattr(type(value), "__get__"):
                self.slot(Slot(ATTRIBUTE, cls, name, f"the attribute {cls.__name__}.{name}", cls.__name__))

    # ------------------------------------------------------------ what is found
    def fix(self, space: dict[str, Any], name: str, value: Any) -> None:
        self.found.fixed.setdefault(id(space), (space, {}))[1][name] = value

    def slot(self, slot: Slot) -> None:
        mark = (slot.kind, *slot.mark)
        if mark not in self.slots:
            self.slots.add(mark)
            self.found.slots.append(slot)


def contents(cell: CellType) -> Any:
    """Return what a cell holds, Absent if it is empty."""
    try:
        return cell.cell_contents
    except ValueError:
        return Absent


def is_constant(value: Any) -> bool:
    """Tell whether a value is a number, a text or alike: never changed in place, and no code."""
    if type(value) in (tuple, frozenset):
        return all(map(is_constant, value))
    return is_atom(value) and not isinstance(value, (type, ModuleType, FunctionType, types.BuiltinFunctionType))
