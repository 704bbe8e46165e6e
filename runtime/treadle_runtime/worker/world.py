"""The world of a call: working directory, sys.path and environment as the kernel had them at that moment.

Law: takes a snapshot in the caller, applies one in a worker, tells cheaply whether the process still has it.
Knows no tasks and no sockets.

What belongs to the worker itself stays: names that begin with TREADLE_, and the numbers of threads that the
runtime has set so that workers x threads = cores, unless the person has set them: theirs count.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from ..config import THREAD_VARIABLES

_OWN_PREFIX: Final = b"TREADLE_"
_given: dict[bytes, bytes] = {}
"""Numbers of threads that the runtime gave to this worker."""
_HOME: Final = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class World(msgspec.Struct, array_like=True, frozen=True):
    """A snapshot; everything as bytes, since paths and variables need not be text."""

    cwd: bytes  # b"" if the caller's directory no longer existed
    path: tuple[bytes, ...]
    environ: dict[bytes, bytes]
    manners: bytes = b""  # see `worker.manners`

    @classmethod
    def current(cls, manners: bytes = b"") -> World:
        """Return the world of this process now (about 10 us; see `is_current` for asking first).

        Example
        -------
        >>> World.current().is_current()
        True
        """
        return cls(current_folder(), _path(sys.path), dict(environment()), manners)

    def is_current(self) -> bool:
        """Tell whether this process still has this world (about 2 us)."""
        return self.cwd == current_folder() and self.environ == environment() and self.path == _path(sys.path)

    def encode(self) -> bytes:
        """Return the snapshot as bytes for `wire.messages.World`."""
        return _encoder.encode(self)

    @staticmethod
    def decode(data: bytes) -> World:
        """Undo `encode`. Raises msgspec.DecodeError."""
        return _decoder.decode(data)


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(World)


def environment() -> Mapping[bytes, bytes]:
    """Return the environment as bytes: the interpreter's own mapping where it has one, not to be changed."""
    data = getattr(os.environ, "_data", None)
    if isinstance(data, dict):
        return data
    return {os.fsencode(name): os.fsencode(value) for name, value in os.environ.items()}


def note_given() -> None:
    """Remember with which numbers of threads this worker was started; called by a worker before anything else."""
    now = environment()
    _given.update((name, now[name]) for name in map(os.fsencode, THREAD_VARIABLES) if name in now)


def is_own(name: bytes) -> bool:
    """Tell whether a variable belongs to the worker, whatever the kernel has under this name."""
    return name.startswith(_OWN_PREFIX)


def apply(world: World) -> None:
    """Give this process the world, changing only what differs. Main thread of a worker.

    Raises
    ------
    FileNotFoundError, PermissionError, NotADirectoryError
        If the directory of the call can't be entered here; says which and what to do.
    """
    enter(world.cwd)
    set_path(world)
    set_environ(world)


def enter(folder: bytes) -> None:
    """Change the working directory to `folder`."""
    if not folder:
        raise FileNotFoundError(
            errno.ENOENT,
            "The working directory of the notebook had been deleted when this task was called. "
            "Change to an existing folder with os.chdir and call the task again",
        )
    try:
        os.chdir(folder)
    except OSError as error:
        raise type(error)(
            error.errno,
            f"The task can't enter the folder it was called in ({os.strerror(error.errno or 0)}). "
            "Make the folder again, or change to another with os.chdir, and call the task again",
            os.fsdecode(folder),
        ) from None


def set_path(world: World) -> None:
    """Give `sys.path` the entries of the world; the place Treadle was loaded from stays reachable at the end."""
    wanted = [os.fsdecode(entry) for entry in world.path]
    if _HOME not in wanted:
        wanted.append(_HOME)
    if sys.path != wanted:
        sys.path[:] = wanted


def set_environ(world: World) -> None:
    """Give the environment the variables of the world, except those that are the worker's own."""
    now = environment()
    wanted = {**_given, **world.environ}
    for name in [name for name in now if name not in wanted and not is_own(name)]:
        del os.environ[os.fsdecode(name)]
    for name, value in wanted.items():
        if now.get(name) != value and not is_own(name):
            os.environ[os.fsdecode(name)] = os.fsdecode(value)


def current_folder() -> bytes:
    try:
        return os.getcwdb()
    except FileNotFoundError:
        return b""


def _path(entries: list[Any]) -> tuple[bytes, ...]:
    return tuple(os.fsencode(entry) for entry in entries if isinstance(entry, (str, bytes)))
