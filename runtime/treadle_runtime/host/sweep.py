"""Deleting files of the store, beside the loop: to unlink a large file takes milliseconds.

Law: one helper thread that gets version ids and deletes files; it decides nothing and tells nobody.
"""

from __future__ import annotations

import queue
import sys
import threading
from pathlib import Path

from ..core.model import Vid


class Sweep:
    """The helper thread; started with the first file to delete."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._wanted: queue.SimpleQueue[list[Vid] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def delete(self, vids: list[Vid]) -> None:
        """Have files deleted soon; returns at once."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="treadle-sweep", daemon=True)
            self._thread.start()
        self._wanted.put(vids)

    def close(self) -> None:
        """Delete what is still wanted, then end the thread."""
        if self._thread is not None:
            self._wanted.put(None)
            self._thread.join()

    def _run(self) -> None:
        from ..store.files import Store  # late: pickle machinery, which nothing else here needs

        store = Store(self._folder)
        while (vids := self._wanted.get()) is not None:
            for vid in vids:
                try:
                    store.delete(vid)
                except OSError as error:
                    print(f"could not delete version {vid:x}: {error}", file=sys.stderr, flush=True)
