"""How the code of a function becomes callable: what `api.shipping` wrote is read here.

Law: knows pickles of functions; nothing of messages, payloads or the caller. A shipped function brings its own
copy of the namespaces it reads. What is data in there (globals, closure cells, defaults, attributes of classes)
does not come with it but with each call: `enter` puts it in place, `leave` takes it away, so no task sees what
another one did to it and nothing large stays behind.
"""

from __future__ import annotations

import builtins
import importlib
import importlib.util
import os
import sys
from collections.abc import Callable, Sequence
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any, Final, TypeAlias

from .. import place
from ..store.travel import Outfit, dress, load_with_outfits

GLOBAL: Final = 0  # owner is a namespace, key a name
CELL: Final = 1  # owner is a cell
DEFAULT: Final = 2  # owner is a function, key the position of a default
KEYWORD: Final = 3  # owner is a function, key the name of a keyword-only default
ATTRIBUTE: Final = 4  # owner is a class or function, key a name

Place: TypeAlias = tuple[int, Any, Any]
"""(kind, owner, key) of something that comes with each call."""


_followed: dict[str, tuple[str, tuple[int, int] | None]] = {}
"""Module -> (file, its state when loaded), of packages that are imported inside tasks only."""


class Absent:
    """Stands (as the class itself) for a name that has no value at the time of the call."""


class Code:
    """A function whose data comes with each call.

    Attributes
    ----------
    call : callable
        To be called between `enter` and `leave`.
    """

    __slots__ = ("__weakref__", "_before", "_globals", "_loose", "_modules", "_others", "_outfits", "call")

    def __init__(
        self,
        call: Callable[..., Any],
        places: list[Place],
        modules: list[ModuleType],
        outfits: list[Outfit],
        loose: frozenset[str],
    ) -> None:
        self.call = call
        self._globals = [(owner, key, i) for i, (kind, owner, key) in enumerate(places) if kind == GLOBAL]
        self._others = [
            (kind, owner, key, i) for i, (kind, owner, key) in enumerate(places) if kind != GLOBAL
        ]
        self._modules = {module.__name__: module for module in modules}
        self._outfits = outfits
        self._loose = loose
        self._before: dict[str, ModuleType | None] = {}

    def enter(self, values: Sequence[Any]) -> Callable[..., Any]:
        """Put the data of one call in place and return what to call. Main thread of a worker; not reentrant."""
        for namespace, name, i in self._globals:
            if values[i] is not Absent:
                namespace[name] = values[i]
        for kind, owner, key, i in self._others:
            _put(kind, owner, key, values[i])
        if self._outfits:
            dress(self._outfits, self)
        if self._loose and place.in_worker():
            _forget_edited(self._loose)
        if self._modules and place.in_worker():
            self._before = {name: sys.modules.get(name) for name in self._modules}
            sys.modules.update(self._modules)
        return self.call

    def named(self, values: Sequence[Any]) -> list[tuple[str, Any]]:
        """Return the data of one call that globals and closure cells hold, by the names they have in the code."""
        named = [(name, values[i]) for _namespace, name, i in self._globals]
        inner = getattr(self.call, "__code__", None)
        if inner is not None:
            names = {
                id(cell): name
                for name, cell in zip(inner.co_freevars, self.call.__closure__ or (), strict=True)
            }
            named += [
                (names[id(owner)], values[i]) for _kind, owner, _key, i in self._others if id(owner) in names
            ]
        return named

    def leave(self) -> None:
        """Take away what `enter` put in place and what the task made of it."""
        for namespace, name, _i in self._globals:
            namespace.pop(name, None)
        for kind, owner, key, _i in self._others:
            if kind == CELL:
                _put(CELL, owner, key, Absent)
            elif kind != ATTRIBUTE:
                _put(kind, owner, key, None)
        for name, module in self._before.items():
            if module is None:
                sys.modules.pop(name, None)
            else:
                sys.modules[name] = module
        self._before = {}
        if self._loose and place.in_worker():
            _note_loaded(self._loose)


def load_code(data: bytes) -> Callable[..., Any] | Code:
    """Return what `data` (the code of a `Define` row) holds: a `Code` if something comes with its calls, else the callable.

    An ordinary pickle of a callable is taken as well.

    Raises
    ------
    Exception
        Whatever importing the modules it names raises.
    """
    loaded, outfits = load_with_outfits(data)
    call, places, modules, loose = loaded if type(loaded) is tuple else (loaded, [], [], [])
    if places or modules or outfits or loose:
        return Code(call, places, modules, outfits, frozenset(loose))
    return call  # type: ignore[no-any-return]


def _put(kind: int, owner: Any, key: Any, value: Any) -> None:
    if kind == CELL:
        if value is not Absent:
            owner.cell_contents = value
        else:
            del owner.cell_contents  # an empty cell may be emptied again
    elif kind == DEFAULT:
        owner.__defaults__ = (*owner.__defaults__[:key], value, *owner.__defaults__[key + 1 :])
    elif kind == KEYWORD:
        owner.__kwdefaults__[key] = value
    elif value is not Absent:
        setattr(owner, key, value)


def _note_loaded(packages: frozenset[str]) -> None:
    """Remember from which state of its file each module of these packages was loaded."""
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if name not in _followed and name.partition(".")[0] in packages and file is not None:
            _followed[name] = file, _state_of(file)


def _forget_edited(packages: frozenset[str]) -> None:
    """Have packages imported again whose files were edited since this process imported them."""
    edited = {name.partition(".")[0] for name, (file, state) in _followed.items() if _state_of(file) != state}
    if not edited.isdisjoint(packages):
        for name in [name for name in sys.modules if name.partition(".")[0] in edited]:
            del sys.modules[name]
            _followed.pop(name, None)
        importlib.invalidate_caches()


def _state_of(file: str) -> tuple[int, int] | None:
    try:
        found = os.stat(file)
    except OSError:  # gone: that is a state, too
        return None
    return found.st_mtime_ns, found.st_size


# ---------------------------------------------------------------- called by the pickles of api.shipping
def new_namespace(names: dict[str, Any]) -> dict[str, Any]:
    """Return the namespace of functions that come together."""
    return {"__builtins__": builtins, **names}


def make_function(
    code: CodeType, namespace: dict[str, Any], name: str, cells: tuple[CellType, ...] | None
) -> FunctionType:
    """Return a function without its defaults and attributes, so that it can refer to itself."""
    return FunctionType(code, namespace, name, None, cells)


def set_function(
    function: FunctionType,
    state: tuple[dict[str, Any], dict[str, Any], dict[str, Any], list[tuple[CellType, Any]], list[str]],
) -> None:
    """Give a function its special attributes, its own ones, globals, contents of cells and imported submodules."""
    special, own, names, cells, imports = state
    for name, value in special.items():
        setattr(function, name, value)
    function.__dict__.update(own)
    function.__globals__.update(names)
    for cell, value in cells:
        cell.cell_contents = value
    for name in imports:
        importlib.import_module(name)


def set_names(module: ModuleType, names: dict[str, Any]) -> None:
    """Give a module its attributes."""
    vars(module).update(names)


class ShippedModule(ModuleType):
    """A module of the person's own, with those attributes that a shipped function mentions.

    Anything else is taken from the file, which is read when that happens first.
    """

    def __getattr__(self, name: str) -> Any:
        file = self.__dict__.get("__file__")
        if name[:2] == "__" or file is None or not os.path.exists(file):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        whole = self.__dict__.get("_treadle_whole")
        if whole is None:
            spec = importlib.util.spec_from_file_location(self.__name__, file)
            if spec is None or spec.loader is None:
                raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
            whole = self.__dict__["_treadle_whole"] = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(whole)
        return getattr(whole, name)


def make_module(name: str, file: str | None, package: str | None, path: list[str] | None) -> ModuleType:
    """Return a module that is still empty."""
    module = ShippedModule(name)
    if file is not None:
        module.__file__ = file
        module.__spec__ = importlib.util.spec_from_file_location(name, file, submodule_search_locations=path)
    if path is not None:
        module.__path__ = path
    module.__package__ = package
    module.__dict__["__builtins__"] = builtins
    return module


def from_file(module: str, name: str) -> Any:
    """Return what this process finds under `name` in a module: for what exists once per process (locks, ...)."""
    return getattr(importlib.import_module(module), name)
