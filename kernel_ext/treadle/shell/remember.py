"""What names hold is told to the runtime, so that a later kernel can find it by name, however this one ends.

Law: reads the namespace, sends what changed since the last time, waits for nothing. A thread looks while a cell runs
for long; it sleeps otherwise.
"""

from __future__ import annotations

import contextlib
import threading
from typing import Any, Final

from treadle_runtime.api.bindings import describe
from treadle_runtime.errors import TreadleError
from treadle_runtime.wire.messages import Ask

FIRST_LOOK_S: Final = 0.2
LOOK_S: Final = 3.2
"""Looks at a cell that runs come ever more rarely: after 0.2, 0.6, 1.4, 3, 6.2 seconds and so on."""
_HISTORY: Final = frozenset(("In", "Out", "exit", "quit"))


class Memory:
    """Names of one shell and what they held when the runtime was told."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._client: Any = None
        self._told: dict[str, Any] = {}
        self._told_at = 0  # the number of the next task, then
        self._busy = threading.Event()
        self._done = threading.Event()  # the cell that runs has ended
        self._telling = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False

    def follow(self, client: Any) -> None:
        """Tell this client's runtime from now on."""
        self._client, self._told, self._told_at = client, {}, client.next_number
        if self._thread is None:
            self._thread = threading.Thread(target=self._look, name="treadle-names", daemon=True)
            self._thread.start()

    def begin(self) -> None:
        """A cell begins."""
        if self._client is not None:
            self._done.clear()
            self._busy.set()

    def end(self) -> None:
        """A cell has ended: tell what it changed."""
        if self._client is not None:
            self._busy.clear()
            self._done.set()
            self.tell()

    def close(self) -> None:
        """Look no longer."""
        self._closed = True
        self._busy.set()
        self._done.set()
        if self._thread is not None:
            self._thread.join()

    def tell(self) -> None:
        """Tell the runtime what names hold, as far as that has changed."""
        client = self._client
        if client is None or client.closed or client.lost is not None:
            return
        with self._telling:
            self._told_at = client.next_number
            now = self._holding(client)
            changes = {name: held for name, held in now.items() if self._told.get(name) != held}
            changes.update(dict.fromkeys(self._told.keys() - now.keys()))
            if changes:
                self._told = now
                client.link.send(Ask(0, "names", {"client": client.cid, "changes": changes}))
                with contextlib.suppress(TreadleError):  # it was lost just now
                    client.flush()  # before the cell is seen to end: the kernel may be killed at once

    def _holding(self, client: Any) -> dict[str, Any]:
        hidden = self._shell.user_ns_hidden
        found = {}
        for name, value in list(self._shell.user_ns.items()):
            if name[0] == "_" or name in _HISTORY or name in hidden:
                continue
            held = describe(value, client)
            if held is not None:
                found[name] = held
        return found

    def _look(self) -> None:
        while not self._closed:
            self._busy.wait()
            wait_s = FIRST_LOOK_S
            while not self._done.wait(wait_s):
                if self._client.next_number != self._told_at:
                    self.tell()
                wait_s = min(2 * wait_s, LOOK_S)
            self._busy.wait(0)  # cleared by the end of the cell, unless the next one has begun
