"""Entropy that tasks ask of the system: made from what is recorded with the task, so that a retry gets the same again.

Law: knows two places, where numpy and where `random` take entropy if they are given no seed (`default_rng()`, `SeedSequence()`,
`RandomState()`, `np.random.seed()`, `Random()`, `random.seed()`); outside tasks these do what they always did. Secrets (`os.urandom`, `secrets`,
`uuid4`, `SystemRandom`) stay the system's.
"""

from __future__ import annotations

import hashlib
import os
import random
import sys
from types import ModuleType
from typing import Any, Final

from .context import TaskContext, current_task
from .imports import when_imported

_MOST_BITS: Final = 512
_NUMPY: Final = "numpy.random.bit_generator"
_IMPORT: Final = "<frozen importlib._bootstrap>"
_process: Final = os.getpid()
_taught: Final[set[str]] = set()
_drawn: tuple[TaskContext | None, int, int, int] = (None, 0, 0, 0)  # task, its number, its attempt, how often it asked


def install() -> None:
    """Give tasks of this process entropy that can be had again. A worker, before its first task."""
    when_imported(_NUMPY, _teach_numpy)
    _teach_random()


def follow() -> None:
    """Do the same in the caller's process, where tasks run inline or once more; what it has imported stays as it is."""
    if (module := sys.modules.get(_NUMPY)) is not None:
        _teach_numpy(module)
    _teach_random()


def _bits(count: int) -> int | None:
    """Return the next bits for the running task; None outside of tasks, and in processes that a task forked: each is another."""
    global _drawn
    task = current_task()
    if task is None or not task.number or count > _MOST_BITS or os.getpid() != _process or _importing():
        return None
    before, number, attempt, asked = _drawn
    asked = asked + 1 if before is task and (number, attempt) == (task.number, task.attempt) else 1
    _drawn = (task, task.number, task.attempt, asked)
    digest = hashlib.blake2b(f"{task.seed()}/{asked}".encode()).digest()
    return int.from_bytes(digest, "little") >> (_MOST_BITS - count)


def _importing() -> bool:
    """Tell whether a module asks for itself while it is imported: which task happens to be the first is no matter."""
    frame = sys._getframe(2)
    while frame is not None:
        if frame.f_code.co_filename == _IMPORT:
            return True
        frame = frame.f_back  # type: ignore[assignment]  # None ends the loop
    return False


def _teach_numpy(module: ModuleType) -> None:
    if _NUMPY in _taught:
        return
    _taught.add(_NUMPY)
    plain = vars(module)["randbits"]

    def randbits(count: int) -> int:
        bits = _bits(count)
        return int(plain(count)) if bits is None else bits

    vars(module)["randbits"] = randbits


def _teach_random() -> None:
    if "random" in _taught:
        return
    _taught.add("random")
    plain = random.Random.seed

    def seed(self: random.Random, a: Any = None, version: int = 2) -> None:
        plain(self, _bits(_MOST_BITS) if a is None else a, version)

    seed.__doc__ = plain.__doc__
    seed.__qualname__, seed.__module__ = plain.__qualname__, plain.__module__
    random.Random.seed = seed  # type: ignore[method-assign]
    if getattr(random.seed, "__func__", None) is plain:  # bound before it was taught; a person's own is left alone
        random.seed = random._inst.seed
