"""Deleting files beside the loop: to unlink a large one takes milliseconds.

Law: one helper thread that gets version ids and deletes their files, and that once, when the runtime has been up for
a while, removes what crashed runtimes left. It decides nothing and tells nobody.
"""

from __future__ import annotations

import queue
import socket
import sys
import threading
from pathlib import Path
from typing import Final

from ..core.model import Vid
from ..wire.process import boot_id, is_alive
from ..wire.session import bury_dead, session_folders

CLEAN_AFTER_S: Final = 5.0


class Sweep:
    """The helper thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._wanted: queue.SimpleQueue[list[Vid] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="treadle-sweep", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def delete(self, vids: list[Vid]) -> None:
        """Have files deleted soon; returns at once."""
        self._wanted.put(vids)

    def close(self) -> None:
        """Delete what is still wanted, then end the thread."""
        if self._thread.is_alive():
            self._wanted.put(None)
            self._thread.join()

    def _run(self) -> None:
        try:
            vids = self._wanted.get(timeout=CLEAN_AFTER_S)
        except queue.Empty:
            self._clean()
            vids = self._wanted.get()
        while vids is not None:
            self._delete(vids)
            vids = self._wanted.get()

    def _delete(self, vids: list[Vid]) -> None:
        from ..store.files import Store  # late: pickle machinery, which nothing else here needs

        store = Store(self._folder)
        for vid in vids:
            try:
                store.delete(vid)
            except OSError as error:
                print(f"could not delete version {vid:x}: {error}", file=sys.stderr, flush=True)

    @staticmethod
    def _clean() -> None:
        from ..store.folders import store_folders
        from ..store.janitor import sweep

        bury_dead()
        folders = [*store_folders(), *session_folders()]
        for gone in sweep(folders, is_alive=is_alive, host=socket.gethostname(), boot_id=boot_id()):
            print(f"removed what a dead runtime left: {gone}", flush=True)
