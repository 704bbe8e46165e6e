"""What a function does, as one hash: equal in every process, under every PYTHONHASHSEED, for the same Python.

Law: reads functions and values, runs and pickles nothing. Part of it: instructions with what they refer to,
constants, names, defaults, closures, and in the same way all code of the person's own that is reached; data by
`store.fingerprint`; foreign code by name and version. Not part of it: files, line numbers, docstrings,
annotations, decorators that only `functools.wraps`.
"""

from __future__ import annotations

import dis
import enum
import functools
import sys
import types
from collections.abc import Callable, Iterable
from types import CodeType, FunctionType, ModuleType
from typing import Any, Final

import xxhash

from ..store.fingerprint import fingerprint
from ..store.locality import is_local
from ..worker.code import Absent
from .bytecode import Chain, Names, names_of
from .reach import contents, is_constant, own

_CONSTANT_OPS: Final = frozenset(dis.hasconst) | {
    dis.opmap[name] for name in ("KW_NAMES",) if name in dis.opmap
}
_NO_MEANING: Final = frozenset({"EXTENDED_ARG", "NOP", "CACHE"})
_HAS_DOCSTRING: Final = 0x4000000  # flag of Python 3.13
_ABOUT_SOURCE: Final = (
    "__firstlineno__",
    "__static_attributes__",
    "__doc__",
)  # assigned by the body of a class
_WRAPPERS: Final = (staticmethod, classmethod, functools.cached_property, functools.partialmethod)


def code_hash(
    function: Any, *, value: Callable[[Any], bytes | None] | None = None, content: bool = True
) -> str:
    """Return 32 hexadecimal digits that are equal for functions that do the same.

    Parameters
    ----------
    function
        any callable.
    value
        asked first for each piece of data that is reached: what stands for it (of a future, say), or None for its
        fingerprint.
    content
        whether what data holds counts; if not, only values do (see `is_value`), of the rest its type.

    Raises
    ------
    NotSerializable
        it reads data that has no content to speak of (an open file, a lock).

    Notes
    -----
    Costs about 0.1 ms per function reached, plus the time to read the data. Any thread.

    Examples
    --------
    >>> code_hash(lambda x: x + 1) == code_hash(lambda x: x + 1)
    True
    """
    return _Hasher(value, {}, content).of(function).hex()


def is_value(thing: Any) -> bool:
    """Tell whether a thing is equal to others by what it holds, and never changes: a number, a text, a path, a date."""
    by: Any = type(thing).__hash__
    return thing is Absent or is_constant(thing) or not (by is None or by is object.__hash__)


class _Hasher:
    """Feeds what it meets to one hash; what was met before goes in as the order of the first meeting."""

    def __init__(
        self,
        value: Callable[[Any], bytes | None] | None,
        seen: dict[Any, tuple[int, Any]],
        content: bool = True,
    ) -> None:
        self._content = content
        self._value = value
        self._seen = seen
        self._open: list[Any] = list(seen)  # functions and classes whose parts are being fed
        self._hash = xxhash.xxh3_128()

    def of(self, thing: Any) -> bytes:
        self.any(thing)
        return self._hash.digest()

    def put(self, *parts: object) -> None:
        text = "\0".join(map(str, parts)).encode("utf-8", "surrogatepass")
        self._hash.update(b"%d:" % len(text))
        self._hash.update(text)

    def met(self, key: Any, thing: Any) -> bool:
        """Tell whether this was met before, and feed as the how manyth."""
        known = self._seen.get(key)
        if known is None:
            self._seen[key] = (len(self._seen), thing)  # the thing keeps its id
            return False
        self.put("again", known[0])
        return True

    # ------------------------------------------------------------ anything
    def any(self, thing: Any) -> None:
        kind = type(thing)
        if kind is FunctionType or isinstance(thing, type):
            self.code(thing)
        elif kind is ModuleType:
            self.put("module", thing.__name__, _version(thing.__name__))
        elif thing is Absent:
            self.put("absent")
        elif kind is functools.partial:
            self.put("partial", len(thing.args), *sorted(thing.keywords))
            self.all((thing.func, *thing.args, *(thing.keywords[name] for name in sorted(thing.keywords))))
        elif kind is types.MethodType:
            self.put("method")
            self.all((thing.__func__, thing.__self__))
        elif kind is functools._lru_cache_wrapper or kind.__module__.startswith("treadle_runtime.api."):
            self.any(thing.__wrapped__)  # neither changes what the function does
        elif kind in _WRAPPERS:
            self.put(kind.__name__)
            self.any(getattr(thing, "__func__", None) or thing.func)
        elif kind is property:
            self.put("property")
            self.all((thing.fget, thing.fset, thing.fdel))
        elif not self._content and kind is not tuple and not is_value(thing):
            self.put("data", kind.__module__, kind.__qualname__)
        elif kind in (tuple, list) and not is_constant(thing):
            if not self.met(id(thing), thing):
                self.put(kind.__name__, len(thing))
                self.all(thing)
        else:
            self.data(thing)

    def all(self, things: Iterable[Any]) -> None:
        for thing in things:
            self.any(thing)

    def data(self, thing: Any) -> None:
        told = self._value(thing) if self._value is not None else None
        self.put("data", (told if told is not None else fingerprint(thing, code=self.nested)).hex())

    def nested(self, thing: Any) -> bytes | None:
        """Return what stands for a function or class inside data; for `fingerprint`.

        It may ask in any order (of a set), so only what this one is a part of counts as met.
        """
        if not own(thing):
            return None
        return _Hasher(self._value, {key: self._seen[key] for key in self._open}).of(thing)

    def code(self, thing: Any) -> None:
        if not own(thing):
            self.put("named", thing.__module__, thing.__qualname__, _version(thing.__module__ or ""))
        elif not self.met(id(thing), thing):
            self._open.append(id(thing))
            if isinstance(thing, type):
                self.class_(thing)
            else:
                self.function(thing)
            self._open.pop()

    # ------------------------------------------------------------ the person's own code
    def function(self, function: FunctionType) -> None:
        names = names_of(function.__code__)
        self.put("function", function.__name__)
        self.bytecode(function.__code__)
        self.all(function.__defaults__ or ())
        for name, value in sorted((function.__kwdefaults__ or {}).items()):
            self.put(name)
            self.any(value)
        for name, chains in names.read.items():
            self.used(function.__globals__, name, chains, names)
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            self.put("cell", name)
            self.value_in(contents(cell), names.cells.get(name, {()}), names)

    def used(self, space: dict[str, Any], name: str, chains: set[Chain], names: Names) -> None:
        self.put("global", name)
        if name != "__name__":
            self.value_in(space.get(name, Absent), chains, names)

    def value_in(self, value: Any, chains: set[Chain], names: Names) -> None:
        if type(value) is not ModuleType or not is_local(value):
            self.any(value)
            return
        self.put("own module", value.__name__)
        for chain in sorted(chains):
            for name in [chain[0]] if chain else names.mentioned:
                if (chain or name in vars(value)) and not self.met((id(value), name, chain), value):
                    self.used(vars(value), name, {chain[1:]}, names)

    def class_(self, cls: type) -> None:
        self.put("class", cls.__name__)
        self.all((type(cls), *cls.__bases__))
        if issubclass(cls, enum.Enum):
            for name, member in cls.__members__.items():
                self.put("member", name)
                self.data(member.value)
        for name, value in sorted(vars(cls).items()):
            inner = getattr(value, "__func__", value)
            code = isinstance(inner, (FunctionType, type, property, *_WRAPPERS))
            if not code and (name[:2] == "__" or hasattr(type(value), "__get__") or name in _PRIVATE):
                continue
            if isinstance(value, cls) or (name[:1] == "_" == name[-1:] and issubclass(cls, enum.Enum)):
                continue  # members of an enum, and what enum keeps about them
            self.put("attribute", name)
            self.any(value)

    def bytecode(self, code: CodeType) -> None:
        counts = (
            code.co_argcount,
            code.co_posonlyargcount,
            code.co_kwonlyargcount,
            code.co_flags & ~_HAS_DOCSTRING,
        )
        self.put("code", *counts, *code.co_varnames[: sum(counts[:1]) + counts[2]])
        steps = [step for step in dis.get_instructions(code) if step.opname not in _NO_MEANING]
        places = {step.offset: i for i, step in enumerate(steps)}
        after = [step.argval for step in steps[1:]] + [None]
        for step, following in zip(steps, after, strict=True):
            if step.opcode in _CONSTANT_OPS and following in _ABOUT_SOURCE:
                continue
            if step.opcode in _CONSTANT_OPS:
                self.put(step.opname)
                self.constant(code.co_consts[step.arg or 0])
            elif step.opcode in dis.hasjrel or step.opcode in dis.hasjabs:
                self.put(step.opname, places.get(step.argval, step.argval))
            elif step.opcode in dis.hasname or step.opcode in dis.haslocal or step.opcode in dis.hasfree:
                self.put(
                    step.opname, step.argval, (step.arg or 0) & 1 if step.opname == "LOAD_GLOBAL" else ""
                )
            else:
                self.put(step.opname, step.arg)
        self.put("handlers", code.co_exceptiontable.hex())

    def constant(self, value: Any) -> None:
        if isinstance(value, CodeType):
            self.bytecode(value)
        else:
            self.put("constant", fingerprint(value).hex())


_PRIVATE: Final = frozenset({"_abc_impl"})


@functools.cache
def _version(module: str) -> str:
    """Return the version of the package a module belongs to, as far as it says so itself."""
    top = module.partition(".")[0]
    if top in sys.builtin_module_names or top in sys.stdlib_module_names:
        return f"{sys.version_info[0]}.{sys.version_info[1]}"
    version = getattr(sys.modules.get(top), "__version__", "")
    return version if isinstance(version, str) else ""
