"""`@task(reuse=True)`: a call that equals an earlier one joins it, running or done, instead of running again.

Law: calls are equal if their code hash, their arguments, the data their function reads and the world they would run
in are equal; calls that write arguments never are. Knows no scheduler: a joined call is the earlier future.

Results are kept for it: the last calls up to a number and an amount of data, whichever is reached first.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from ..client.calls import Call
from ..client.futures import Future
from ..core.states import TaskState
from ..errors import NotSerializable
from .codehash import code_hash

KEPT: Final = 10_000
Key: TypeAlias = tuple[Any, ...]


class Reuse:
    """The calls of one session that may be joined. Any thread.

    Parameters
    ----------
    limit : int
        Bytes of results that are kept for it.
    """

    def __init__(self, limit: int) -> None:
        self.on = False  # for all tasks, `%treadle reuse on`
        self._limit = limit
        self._lock = threading.Lock()
        self._calls: OrderedDict[Key, Any] = OrderedDict()
        self._hashes: dict[int, str | None] = {}

    def key(self, function: Callable[..., Any], version: int, *what: Any) -> Key | None:
        """Return what a call is known by; None if its function has no content to speak of (it reads an open file)."""
        if version not in self._hashes:
            try:
                self._hashes[version] = code_hash(function, value=_of_future)
            except NotSerializable:
                self._hashes[version] = None
        code = self._hashes[version]
        return None if code is None else (code, *what)

    def find(self, key: Key) -> Any:
        """Return the future (or futures) of an equal call that is done or on its way, else None."""
        with self._lock:
            found = self._calls.get(key)
            if found is None:
                return None
            if _call(found).state in (TaskState.FAILED, TaskState.UPSTREAM, TaskState.CANCELLED):
                del self._calls[key]
                return None
            self._calls.move_to_end(key)
            return found

    def keep(self, key: Key, futures: Any) -> None:
        """Let later calls join this one, and let go of the oldest ones if that is too much."""
        with self._lock:
            self._calls[key] = futures
            self._shrink()

    def forget(self) -> None:
        """Let go of all."""
        with self._lock:
            self._calls.clear()

    def _shrink(self) -> None:
        if len(self._calls) > KEPT:
            self._calls.popitem(last=False)
        if len(self._calls) % 100 == 1:  # sizes are known when calls have ended, so they are looked at now and then
            held = sum(_nbytes(_call(each)) for each in self._calls.values())
            while held > self._limit:
                _, oldest = self._calls.popitem(last=False)
                held -= _nbytes(_call(oldest))


def _call(futures: Any) -> Call:
    first: Future[Any] = futures[0] if isinstance(futures, tuple) else futures
    return first._call


def _nbytes(call: Call) -> int:
    return sum(row[1] for row in call.outputs)


def _of_future(value: Any) -> bytes | None:
    """Futures that a function reads travel with its call, so they are in the call's payload."""
    return b"future" if isinstance(value, Future) else None
