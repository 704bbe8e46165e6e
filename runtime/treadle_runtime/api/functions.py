"""Which version of a function a call uses: looked at afresh at every call.

Law: one book per client. Notices that a function, or anything it reaches, has changed since the last call, and
then makes a new version of its code; hands out the data it reads besides its arguments. Sends nothing itself.
"""

from __future__ import annotations

import functools
import threading
import weakref
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from types import MethodType
from typing import Any, Final

from ..worker.code import Absent
from .captured import CannotTravel, Captured, Surroundings
from .reach import Reach, contents, is_constant, is_data, reach
from .seen import Seen
from .shipping import ship
from .signature import by_place, display_name

_NAMELESS: Final = 20
"""How many functions that no module names are kept for retries."""
_REMEMBERED: Final = 1000
"""How many undecorated functions a book remembers."""


@dataclass(slots=True, frozen=True)
class FunctionVersion:
    """The code of a function as it was at some call."""

    id: int
    name: str
    code: bytes
    options: dict[str, Any]  # `signature.by_place`
    labels: tuple[str, ...]  # of what is captured: "the global df"

    @property
    def row(self) -> tuple[int, str, bytes, dict[str, Any]]:
        """What a `Define` message carries."""
        return self.id, self.name, self.code, self.options


class Watch:
    """One function as its calls see it. Made by `FunctionBook.watch`; any thread."""

    __slots__ = ("__weakref__", "_book", "_captured", "_elsewhere", "_lock", "_root", "_seen", "_volatile", "_without", "function", "name", "version")

    def __init__(self, book: FunctionBook, function: Callable[..., Any], name: str) -> None:
        self.function = function
        self.name = name
        self.version: FunctionVersion | None = None
        self._without: tuple[FunctionVersion, tuple[Any, ...]]
        self._book = book
        self._root = plain(function)
        self._lock = threading.RLock()
        self._seen: Seen | None = None
        self._captured: list[Captured] = []
        self._volatile: set[tuple[int, Any]] = set()
        self._elsewhere: set[tuple[int, Any]] = set()

    def look(self, as_is: bool = False) -> tuple[FunctionVersion, tuple[Any, ...]]:
        """Return the version to call now, and the data that goes with this call.

        The data travels like arguments: it is the fourth part of the payload, `(args, kwargs, groups, captured)`,
        whenever it is not empty.

        Parameters
        ----------
        as_is : bool
            Give the objects themselves, never handles on stored copies: for a call that writes arguments, since
            one of them may be among the data.

        Raises
        ------
        NotSerializable
            The code, or data it reads, cannot travel; the message names it.
        """
        seen = self._seen
        if seen is None or seen.changed():
            self._renew()
        return self._with_data(as_is) if self._captured else self._without

    def _with_data(self, as_is: bool) -> tuple[FunctionVersion, tuple[Any, ...]]:
        surroundings = self._book.surroundings
        with self._lock:
            while True:
                version, values = self.version, []
                for captured in self._captured:
                    try:
                        values.append(captured.current(surroundings, as_is))
                    except CannotTravel:
                        self._elsewhere.add(captured.slot.mark)
                        version = None
                if version is not None:
                    return version, tuple(values)
                self._renew()

    def _renew(self) -> None:
        with self._lock:
            if self._seen is not None:
                self._note_rebound(self._seen.reached)
            reached = reach(self._root, self._volatile, self._elsewhere)
            seen = Seen.of(reached)
            code = ship(reached, self.name)
            labels = tuple(slot.label for slot in reached.slots)
            old = {(c.slot.kind, *c.slot.mark): c for c in self._captured}
            self._captured = [old.get((s.kind, *s.mark)) or Captured(s) for s in reached.slots]
            if self.version is None or self.version.code != code or self.version.labels != labels:
                version = FunctionVersion(self._book.next_id(), self.name, code, by_place(self.function), labels)
                self._book.note_origin(version.id, self)
                self._book.define(version)
                self.version, self._without = version, (version, ())
            self._seen = seen

    def _note_rebound(self, reached: Reach) -> None:
        """Take constants that have another value now as data from here on: they may change at every call."""
        for space, names in reached.fixed.values():
            for name, value in names.items():
                now = space.get(name, Absent)
                if now is not value and _differs(value, now):
                    self._volatile.add((id(space), name))
        for cell, value in reached.cells:
            now = contents(cell)
            if now is not value and _differs(value, now):
                self._volatile.add((id(cell), None))


def _differs(before: Any, now: Any) -> bool:
    return is_constant(before) and is_constant(now) and (type(before) is not type(now) or before != now)


class FunctionBook:
    """The versions of all functions one client calls.

    Parameters
    ----------
    next_id : callable
        Gives the id of a new version.
    define : callable
        Gets each new version before it is handed out: sends its `row`.
    surroundings : Surroundings
        What the book needs to know of futures, stored values and the person.
    """

    def __init__(
        self, next_id: Callable[[], int], define: Callable[[FunctionVersion], None], surroundings: Surroundings
    ) -> None:
        self.next_id = next_id
        self.define = define
        self.surroundings = surroundings
        self._watches: dict[int, Watch] = {}
        self._origins: dict[int, tuple[str, str, weakref.ref[Watch]]] = {}
        self._nameless: deque[Watch] = deque(maxlen=_NAMELESS)

    def watch(self, function: Callable[..., Any], name: str | None = None) -> Watch:
        """Return a new watch on a function; a task keeps its own, one per book.

        `book.watch(f).look()` gives the version to call now, and the data that goes with the call.
        """
        return Watch(self, function, name or display_name(function))

    def note_origin(self, id: int, watch: Watch) -> None:
        """Note where the function of a version stands in its module."""
        module, name = getattr(watch.function, "__module__", None), getattr(watch.function, "__qualname__", "")
        self._origins[id] = module or "", name, weakref.ref(watch)
        if not all(part.isidentifier() for part in name.split(".")):
            self._nameless.append(watch)  # a cell or local function: nobody else may keep it

    def origin(self, id: int) -> tuple[str, str, Watch | None]:
        """Return module and name of the function of a version, and what watches it, if that is still there."""
        module, name, watch = self._origins.get(id, ("", "", None))
        return module, name, None if watch is None else watch()

    def version_of(self, function: Callable[..., Any]) -> tuple[FunctionVersion, tuple[Any, ...]]:
        """Look at a function that no task object stands for; the last thousand are remembered."""
        watch = self._watches.get(id(function))
        if watch is None or watch.function is not function:
            watch = self._watches[id(function)] = self.watch(function)
            while len(self._watches) > _REMEMBERED:
                self._watches.pop(next(iter(self._watches)), None)
        return watch.look()


def plain(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a callable as a function whose cells hold what it is made of, if it is made of parts."""
    if isinstance(function, functools.partial):
        inner, args, keywords = plain(function.func), function.args, function.keywords
        return lambda *rest, **named: inner(*args, *rest, **{**keywords, **named})
    if type(function) is MethodType and is_data(function):
        method, self = function.__func__, function.__self__
        return lambda *args, **kwargs: method(self, *args, **kwargs)
    return (lambda *args, **kwargs: function(*args, **kwargs)) if is_data(function) else function
