"""What tasks print that run in the caller (engine="inline"): it goes where it always goes, and is kept for their logs.

Law: knows streams and task numbers; what C code prints passes it by.
"""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from ..core.model import Number

TASK_LIMIT: Final = 10 << 20
LIMIT: Final = 64 << 20
"""Characters kept of all tasks together; the oldest go first."""


class Printed:
    """The output of the tasks of one link."""

    def __init__(self) -> None:
        self._parts: OrderedDict[Number, list[tuple[str, str]]] = OrderedDict()
        self._sizes: dict[Number, int] = {}
        self._size = 0

    def text(self, number: Number) -> list[tuple[str, str]]:
        """Return what a task printed, as (stream, text)."""
        return list(self._parts.get(number, ()))

    @contextmanager
    def of(self, number: Number) -> Iterator[None]:
        """Keep what is printed meanwhile as this task's."""
        before = sys.stdout, sys.stderr
        tees = _Tee(self, number, "stdout", sys.stdout), _Tee(self, number, "stderr", sys.stderr)
        sys.stdout, sys.stderr = tees
        try:
            yield
        finally:
            sys.stdout, sys.stderr = before

    def add(self, number: Number, stream: str, text: str) -> None:
        """Keep a piece of text, as far as there is room."""
        size = self._sizes.get(number, 0)
        text = text[: TASK_LIMIT - size]
        if not text:
            return
        parts = self._parts.setdefault(number, [])
        if parts and parts[-1][0] == stream and len(parts[-1][1]) < 4096:
            parts[-1] = (stream, parts[-1][1] + text)
        else:
            parts.append((stream, text))
        self._sizes[number] = size + len(text)
        self._size += len(text)
        while self._size > LIMIT and len(self._parts) > 1:
            oldest, _ = self._parts.popitem(last=False)
            self._size -= self._sizes.pop(oldest)


class _Tee:
    """A stream that writes to another one and keeps what is written; else it is that one."""

    def __init__(self, kept: Printed, number: Number, stream: str, real: Any) -> None:
        self._kept = kept
        self._number = number
        self._stream = stream
        self._real = real

    def write(self, text: str) -> int:
        """Write text."""
        count: int = self._real.write(text)
        self._kept.add(self._number, self._stream, text)
        return count

    def writelines(self, lines: Iterable[str]) -> None:
        """Write lines."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)
