"""per_worker: what is expensive to make is made once in each worker, and every task there gets the same object.

Law: keeps objects of this process by name, version of the code and arguments; knows no tasks and no runtime. Copies
of one function come with each task that uses it: what they have in common is the hash of their code.
"""

from __future__ import annotations

import functools
import inspect
import sys
import threading
from collections.abc import Callable, Hashable
from typing import Any, Final, Generic, ParamSpec, TypeVar, cast

from ..client.remote_traceback import leaves_no_trace, strip
from ..errors import NotSerializable, UsageError
from ..store.fingerprint import fingerprint
from ..store.locality import by_value
from .captured import read
from .codehash import code_hash, is_value
from .named import find, imported
from .reach import Slot, contents, reach
from .seen import Seen
from .signature import display_name

P = ParamSpec("P")
R = TypeVar("R")


class _Made:
    """What one version of a function has made, by arguments."""

    __slots__ = ("lock", "objects", "version")

    def __init__(self, version: str) -> None:
        self.version = version
        self.lock = threading.RLock()  # two threads of a task: the second one waits for the object
        self.objects: dict[Hashable, Any] = {}


_made: Final[dict[Hashable, _Made]] = {}
_making: Final = threading.Lock()


class PerWorker(Generic[P, R]):
    """A function that runs at most once per worker. Made by `per_worker`."""

    def __init__(self, function: Callable[P, R]) -> None:
        self.__wrapped__: Any = function
        self._name = (str(getattr(function, "__module__", "")), display_name(function))
        self._version = ""
        self._place: Hashable = (
            self._name
        )  # with what its closure holds: one `def` may make several functions
        self._seen: Seen | None = None  # what that version is of, ...
        self._marks: list[tuple[Slot, Any]] = []  # ... and the data it reads
        functools.update_wrapper(self, function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Return what the function made from these arguments here, making it if it is the first time."""
        made = self._made_by_version()
        key = (args, tuple(sorted(kwargs.items()))) if kwargs else args
        try:
            known = key in made.objects
        except TypeError as error:
            strip(error)
            raise UsageError(
                f"{self._name[1]} is per_worker, so its arguments must be hashable ({error}): numbers, texts, tuples."
            ) from None
        if not known:
            with made.lock:
                if key not in made.objects:
                    made.objects[key] = self.__wrapped__(*args, **kwargs)
        return cast(R, made.objects[key])

    def _made_by_version(self) -> _Made:
        if (
            self._seen is None
            or self._seen.changed()
            or any(_mark(slot) != mark for slot, mark in self._marks)
        ):
            found = reach(self.__wrapped__)
            # Of lists, arrays and alike the content does not count: they come with each call of a task, and may be large.
            self._version = code_hash(self.__wrapped__, value=_content, content=False)
            self._marks = [(slot, _mark(slot)) for slot in found.slots]
            self._place = (*self._name, *map(_kind_of, map(contents, self.__wrapped__.__closure__ or ())))
            self._seen = Seen.of(found)
        version, place = self._version, self._place
        made = _made.get(place)
        if made is None or made.version != version:
            with _making:
                made = _made.get(place)
                if made is None or made.version != version:
                    made = _made[place] = _Made(version)  # what an older version made goes
        return made

    def __repr__(self) -> str:
        return f"<per_worker {self._name[1]}>"

    def __reduce__(self) -> Any:
        function = self.__wrapped__
        module = sys.modules.get(self._name[0])
        if module is not None and not by_value(function) and find(module, self._name[1]) is self:
            return imported, self._name
        return PerWorker, (function,)


@leaves_no_trace
def per_worker(function: Callable[P, R], /) -> PerWorker[P, R]:
    """Make a function run at most once in each worker, and give every task there the same object.

    Parameters
    ----------
    function
        makes what is expensive to make and stays the same: a model, a connection, a table. It may have arguments if
        they are hashable; then it runs once for each of them.

    Raises
    ------
    UsageError
        it is no plain function; at a call: an argument is not hashable.

    Notes
    -----
    To be called in tasks; in the kernel itself, and with `engine="inline"`, it runs once there. A new version of its
    code, or another value (number, text, path, ...) that it reads, runs again, and what the older one made goes; other data it reads
    (lists, arrays) is taken as it is when it runs. An exception is not kept. What it returns does not travel.

    Examples
    --------
    >>> import treadle
    >>> @treadle.per_worker
    ... def table():
    ...     return {n: n * n for n in range(1000)}
    >>> @treadle.task
    ... def look_up(n):
    ...     return table()[n]
    >>> with treadle.start(engine="inline"):
    ...     treadle.wait_on([look_up(n) for n in (2, 3)])
    [4, 9]
    """
    if not inspect.isfunction(function):
        raise UsageError(
            f"per_worker needs a function, not {type(function).__name__}: write @per_worker above a def"
        )
    for kind, told in (
        (inspect.iscoroutinefunction, "an async function"),
        (inspect.isgeneratorfunction, "a generator function"),
        (inspect.isasyncgenfunction, "an async generator function"),
    ):
        if kind(function):
            raise UsageError(
                f"{display_name(function)} is {told}, and per_worker keeps what a plain def returns"
            )
    return PerWorker(function)


def _mark(slot: Slot) -> Any:
    """Return what tells whether other data is there now: the value itself, or its type if it may change."""
    return _kind_of(read(slot))


def _kind_of(value: Any) -> Any:
    return value if is_value(value) else type(value)


def _content(value: Any) -> bytes:
    try:
        return fingerprint(value)
    except NotSerializable:  # equal to itself alone
        return type(value).__qualname__.encode()
