"""What a task must not leave behind: working directory, sys.path, environment, umask, signal handlers, limits.

Law: knows the process' own state before the task, compares, and puts back what differs. Main thread only.

Comparing all of it costs 4 us, a small task may cost 6. So there are two looks. The quick one (0.3 us) follows
every task: environment (its mapping notes changes), sys.path, recursion limit, the handler of SIGINT, the three
streams. The full one adds what only the system knows: directory, umask, the other handlers, timers, descriptor 0. It follows
the first run of each version of a function, each run of 100 us and more, each run of a function whose code
mentions such a thing (functions.mentions), and in any case what ran since the last time results were sent.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
from _signal import getsignal  # type: ignore[import-not-found]  # signal.getsignal makes enums: 3 us each
from collections.abc import Callable
from typing import Any, Final

from . import logs, manners
from .streams import Streams
from .world import World, apply, current_folder, enter, environment, set_environ, set_path

_SIGNALS: Final = tuple(
    int(number)
    for number in sorted(signal.valid_signals())
    if number < 32 and number not in (signal.SIGKILL, signal.SIGSTOP)
)


class _Noted(dict[bytes, bytes]):
    """The environment's mapping; notes that it was changed."""

    __slots__ = ("changed",)
    changed: bool


def _noting(name: str) -> Callable[..., Any]:
    plain = getattr(dict, name)

    def method(self: _Noted, *args: Any, **kwargs: Any) -> Any:
        self.changed = True
        return plain(self, *args, **kwargs)

    return method


for _name in ("__setitem__", "__delitem__", "__ior__", "clear", "pop", "popitem", "setdefault", "update"):
    setattr(_Noted, _name, _noting(_name))


class Guards:
    """The state that every task finds."""

    __slots__ = (
        "_environ", "_handlers", "_home", "_interrupt", "_noted", "_path", "_recursion", "_streams", "_umask", "world",
        "world_id",
    )  # fmt: skip

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._recursion = sys.getrecursionlimit()
        self._umask = os.umask(0o077)
        os.umask(self._umask)
        self._handlers = [getsignal(number) for number in _SIGNALS]
        self._interrupt = getsignal(signal.SIGINT)
        self._environ = os.environ
        self._noted = _Noted(environment())
        self._noted.changed = False
        if isinstance(getattr(os.environ, "_data", None), dict):
            vars(os.environ)["_data"] = vars(os.environb)["_data"] = self._noted
        self.world_id = 0
        """Which world the process has; -1 if none."""
        self.world = World.current()
        self._path = list(sys.path)
        self._home = current_folder()

    def enter(self, world_id: int, world: World) -> None:
        """Give the process the world of the next task. Raises OSError if its directory can't be entered."""
        self.world_id = -1  # until all of it has been applied
        apply(world)
        manners.apply(world.manners)
        self.world = world
        self._path = list(sys.path)
        self._home = current_folder()
        self._noted.changed = False
        self.world_id = world_id

    def quick(self) -> bool:
        """Put back what a task left behind, as far as it can be seen at once; True if there was anything."""
        streams = self._streams
        if (
            not self._noted.changed
            and os.environ is self._environ
            and sys.path == self._path
            and getsignal(signal.SIGINT) is self._interrupt
            and sys.getrecursionlimit() == self._recursion
            and sys.stdout is streams.out
            and sys.stderr is streams.err
            and sys.stdin is streams.input
        ):
            return False
        self._put_back()
        return True

    def full(self) -> bool:
        """Put back what tasks left behind, all of it; True if there was anything."""
        changed = self.quick()
        if os.umask(self._umask) != self._umask:
            changed = True
        if [getsignal(number) for number in _SIGNALS] != self._handlers:
            self._put_back_handlers()
            changed = True
        if signal.setitimer(signal.ITIMER_REAL, 0)[0]:
            changed = True
        changed = self._streams.reopen() or changed
        logs.keep()
        if not faulthandler.is_enabled():
            faulthandler.enable(self._streams.err.fileno())
            changed = True
        if current_folder() != self._home:
            self._move_home()
            changed = True
        return changed

    def _move_home(self) -> None:
        try:
            enter(self.world.cwd)
        except OSError:
            self.world_id = -1  # the next task of this world tries again, and says what is wrong

    def _put_back(self) -> None:
        os.environ = self._environ  # noqa: B003 - the very object, in case a task replaced it
        set_environ(self.world)
        self._noted.changed = False
        if sys.path != self._path:
            set_path(self.world)
            self._path = list(sys.path)
        sys.setrecursionlimit(self._recursion)
        if getsignal(signal.SIGINT) is not self._interrupt:
            self._put_back_handlers()
        self._streams.restore()

    def _put_back_handlers(self) -> None:
        for number, handler in zip(_SIGNALS, self._handlers, strict=True):
            if handler is not None and getsignal(number) is not handler:
                signal.signal(number, handler)
