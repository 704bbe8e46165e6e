"""Where a running task spends its time: stacks of all threads, looked at a hundred times a second.

Law: looks, never touches; runs in the control thread, which has nothing else to do meanwhile. Bounded in time and in
stacks. What it saw is written to a file of the session, once.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from types import FrameType
from typing import Any, Final, TypeAlias

import msgspec

EVERY_S: Final = 0.01
PATIENCE_S: Final = 60.0
"""So long a task may take to begin."""
STACKS: Final = 5000
DEPTH: Final = 120
_OWN: Final = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep

Place: TypeAlias = tuple[str, int, str]
"""(file, line, function)"""


class Profile(msgspec.Struct, array_like=True):
    """What was seen: how often, for how long, and (count, thread, places from the outermost) of each stack."""

    samples: int
    seconds: float
    stacks: list[tuple[int, str, list[Place]]]


_decoder = msgspec.msgpack.Decoder(Profile)


def unpack_profile(data: bytes) -> Profile:
    """Return what `Sampler` has written."""
    return _decoder.decode(data)


class Sampler:
    """Looks at one task as soon as it runs here, for at most `seconds`; `take` is to be called every EVERY_S."""

    def __init__(self, number: int, seconds: float, path: str, runs: Callable[[int], bool]) -> None:
        self.number = number
        self._seconds = seconds
        self._path = path
        self._runs = runs
        self._began: float | None = None
        self._give_up_at = time.monotonic() + PATIENCE_S
        self._samples = 0
        self._stacks: Counter[tuple[str, tuple[Place, ...]]] = Counter()

    def take(self) -> bool:
        """Look once; False when there is nothing more to see."""
        now = time.monotonic()
        if not self._runs(self.number):
            if self._began is not None:
                self._write(now)
            return self._began is None and now < self._give_up_at
        if self._began is None:
            self._began = now
        if now - self._began >= self._seconds:
            self._write(now)
            return False
        names = {thread.ident: thread.name for thread in threading.enumerate()}
        me = threading.get_ident()
        for ident, frame in sys._current_frames().items():
            if ident != me and (places := _places(frame)):
                key = names.get(ident, f"thread {ident}"), places
                if key in self._stacks or len(self._stacks) < STACKS:
                    self._stacks[key] += 1
        self._samples += 1
        return True

    def _write(self, now: float) -> None:
        stacks = [(count, thread, list(places)) for (thread, places), count in self._stacks.most_common()]
        profile = Profile(self._samples, now - (self._began or now), stacks)
        hidden = f"{self._path}.{os.getpid()}"
        with open(hidden, "wb") as file:
            file.write(msgspec.msgpack.encode(profile))
        os.replace(hidden, self._path)


def _places(frame: FrameType | None) -> tuple[Place, ...]:
    """Return the stack that ends with a frame, outermost first, without Treadle's own frames."""
    found: list[Place] = []
    while frame is not None and len(found) < DEPTH:
        code: Any = frame.f_code
        if not code.co_filename.startswith((_OWN, "<frozen ")):
            found.append((code.co_filename, frame.f_lineno or 0, code.co_name))
        frame = frame.f_back
    return tuple(reversed(_without_start(found)))


def _without_start(found: list[Place]) -> list[Place]:
    """Leave out how a thread or the worker itself was started."""
    while found and found[-1][2] in ("_bootstrap", "_bootstrap_inner", "<module>", "_run_module_as_main", "_run_code"):
        if not found[-1][0].startswith((sys.prefix, sys.base_prefix, "<")):
            break
        found.pop()
    return found
