"""What names hold is told to the runtime, so that a later kernel can find it by name, however this one ends.

Law: reads the namespace, sends what changed since the last time, waits for nothing. It does so when a cell waits for tasks,
when it ends, and meanwhile in a thread that looks while a cell runs and sleeps otherwise; none of them more often than one
part in a hundred of the time allows.
"""

from __future__ import annotations

import contextlib
import threading
import time
from typing import Any, Final

from treadle_runtime.api.bindings import describe
from treadle_runtime.errors import TreadleError
from treadle_runtime.wire.messages import Ask

LOOK_S: Final = 0.2
"""Between two looks at a cell that runs, unless they take long: names may hold thousands of futures."""
SHARE: Final = 100
_HISTORY: Final = frozenset(("In", "Out", "exit", "quit"))


class Memory:
    """Names of one shell and what they held when the runtime was told."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._client: Any = None
        self._told: dict[str, Any] = {}
        self._told_at = 0  # the number of the next task, then
        self._cost_s = 0.0  # of the last look
        self._due = 0.0  # when the next one is worth its cost
        self._busy = threading.Event()
        self._done = threading.Event()  # the cell that runs has ended
        self._telling = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False

    def follow(self, client: Any) -> None:
        """Tell this client's runtime from now on."""
        self._client, self._told, self._told_at = client, {}, 0
        if self._thread is None:
            self._thread = threading.Thread(target=self._look, name="treadle-names", daemon=True)
            self._thread.start()

    def begin(self) -> None:
        """A cell begins."""
        if self._client is not None:
            self._due = 0.0  # its first wait is worth a look in any case
            self._done.clear()
            self._busy.set()

    def wait(self) -> None:
        """The cell is about to wait: tell what it has bound, if it has called tasks since."""
        client = self._client
        if client is not None and client.next_number != self._told_at and time.monotonic() >= self._due:
            self._told_at = client.next_number
            self.tell()

    def end(self) -> None:
        """A cell has ended: tell what it changed."""
        if self._client is not None:
            self._busy.clear()
            self._done.set()
            self._told_at = self._client.next_number
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
            began = time.thread_time()
            now = self._holding(client)
            self._cost_s = time.thread_time() - began
            self._due = time.monotonic() + SHARE * self._cost_s
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
            before = 0
            while not self._done.wait(max(LOOK_S, SHARE * self._cost_s)):
                number = self._client.next_number
                if number != self._told_at:
                    self.tell()
                    if number == before:  # looked at twice: a name is bound after its task was called
                        self._told_at = number
                before = number
