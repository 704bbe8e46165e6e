"""The source of a notebook's cells, told by its kernel, so that failures show lines while that kernel is blocked or gone.

Law: text only, bounded in number and size; files are read only if nobody has told what they hold.
"""

from __future__ import annotations

import linecache
import os
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .loop import Host

FILES: Final = 500
CHARS: Final = 64 * 1024
"""Of one cell."""
AROUND: Final = 1


class Sources:
    """What people call the files of code, and their lines."""

    def __init__(self) -> None:
        self._told: OrderedDict[str, tuple[str, list[str]]] = OrderedDict()

    def take(self, files: dict[str, tuple[str, str]]) -> None:
        """Take in what a kernel says: file -> (how people call it: "Cell In[5]", its text)."""
        for file, (name, text) in files.items():
            self._told[file] = (name[:100], text[:CHARS].splitlines())
            self._told.move_to_end(file)
            if len(self._told) > FILES:
                self._told.popitem(last=False)

    def place(self, file: str) -> str:
        """Return how people call a file."""
        told = self._told.get(file)
        return told[0] if told is not None else f"File {os.path.basename(file)}"

    def short(self, file: str) -> str:
        """Return the same as short as can be: `[5]` for a cell, else the name of the file."""
        return self.place(file).removeprefix("Cell In").removeprefix("File ")

    def around(self, file: str, line: int) -> list[str]:
        """Return the line with its neighbours, marked; nothing if it can't be had."""
        told = self._told.get(file)
        if told is None:
            linecache.checkcache(file)  # it may have been corrected since
        lines = linecache.getlines(file) if told is None else told[1]
        first, last = max(1, line - AROUND), min(len(lines), line + AROUND)
        return [
            f"{'---->' if n == line else '     '} {n:<3} {lines[n - 1].rstrip()}"
            for n in range(first, last + 1)
        ]


def sources(host: Host, files: dict[str, tuple[str, str]]) -> bool:
    """A kernel tells the source of its cells."""
    host.feed.sources.take(files)
    return True
