"""Lines that pages open to this kernel: the live view where the Jupyter server does not reach the runtime.

Law: knows comms, a session's feed and its commands; nothing of tasks. A page opens the comm, so that the kernel never shows
anything by itself. Handlers run in the main thread or, while a cell runs, in a subshell's; deltas come from the feed's
thread. While a page has a line, one thread looks what the session does: pages that asked would make the kernel look idle.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final

from treadle_runtime.api import Session, peek
from treadle_runtime.errors import TreadleError

from .dashboards import SessionFeed
from .frames import show_lines
from .widget import free_comm, reply_to

TARGET: Final = "treadle"
LINES: Final = 20
"""Lines kept; those of pages that went without a word are the oldest."""
LOOK_S: Final = 1.0


class PageLines:
    """The lines of all pages to one kernel."""

    def __init__(self) -> None:
        self._lines: list[PageLine] = []
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._looking: threading.Thread | None = None

    def serve(self, kernel: Any) -> Callable[[], None]:
        """Let pages open lines; the returned function ends that and hangs up."""
        kernel.comm_manager.register_target(TARGET, self._on_open)

        def end() -> None:
            kernel.comm_manager.targets.pop(TARGET, None)
            self._ended.set()
            for line in list(self._lines):
                line.hang_up()

        return end

    def _on_open(self, comm: Any, _message: Any) -> None:
        line = PageLine(comm, self._gone)
        with self._lock:
            self._lines.append(line)
            oldest = self._lines[0] if len(self._lines) > LINES else None
            if self._looking is None:
                self._looking = threading.Thread(target=self._look, name="treadle pages", daemon=True)
                self._looking.start()
        if oldest is not None:
            oldest.hang_up()
        line.tell(runtimes())

    def _gone(self, line: PageLine) -> None:
        with self._lock:
            if line in self._lines:
                self._lines.remove(line)

    def _look(self) -> None:
        """Tell pages what is new of the session, as long as there are any."""
        while not self._ended.wait(LOOK_S):
            with self._lock:
                lines = list(self._lines)
                if not lines:
                    self._looking = None
                    return
            found = runtimes()
            for line in lines:
                line.tell(found)


class PageLine:
    """One page's line: it hears what runtimes there are and, if it wants, the feed; it may command."""

    def __init__(self, comm: Any, gone: Callable[[PageLine], None]) -> None:
        self._comm = comm
        self._gone = gone
        self._told: list[dict[str, Any]] | None = None
        self._feed: SessionFeed | None = None
        self._end_feed: Callable[[], None] | None = None
        self._lock = threading.RLock()
        free_comm(comm)
        comm.on_msg(self._on_message)
        comm.on_close(lambda _message: self._close())

    def tell(self, found: list[dict[str, Any]]) -> None:
        """Say what runtimes there are, if that is news."""
        with self._lock:
            if found != self._told:
                self._told = found
                self._comm.send({"type": "runtimes", "runtimes": found})

    def hang_up(self) -> None:
        """End it from here."""
        self._close()
        self._comm.close()

    def _close(self) -> None:
        self._follow(None)
        self._gone(self)

    def _follow(self, session: Session | None) -> None:
        """Have the feed of this session flow to the page, or none."""
        with self._lock:
            if self._end_feed is not None:
                self._end_feed()
            self._feed = self._end_feed = None
            if session is not None:
                self._feed = SessionFeed(session)
                self._end_feed = self._feed.subscribe(self._on_delta)

    def _on_delta(self, delta: dict[str, Any]) -> None:
        show_lines(delta)
        self._comm.send({"type": "delta", "data": delta})

    def _on_message(self, message: dict[str, Any]) -> None:
        content = message["content"]["data"]
        kind = content.get("type")
        if kind == "hello":
            self._follow(_live())
        elif kind == "bye":
            self._follow(None)
        elif kind == "reset" and self._feed is not None:
            self._feed.reset()
        elif kind == "command":
            session = _live()
            if session is None:
                self._comm.send({"type": "reply", "id": content.get("id"), "error": "The runtime has ended."})
            else:
                self._comm.send(reply_to(content, SessionFeed(session).command))


def runtimes() -> list[dict[str, Any]]:
    """Return the runtime of this kernel as pages list it, with what it does if it says so in time; none if there is none."""
    session = _live()
    if session is None:
        return []
    row = {
        "name": session.client.epoch,
        "epoch": session.client.epoch,
        "title": session.options.name or "",
        "workers": session.plan.workers,
    }
    try:
        return [row | SessionFeed(session).command("status", {})]
    except TreadleError:
        return [row]  # it ends, or is very busy


def _live() -> Session | None:
    session = peek()
    if session is None or session.options.engine == "inline":
        return None
    return None if session.client.closed or session.client.lost is not None else session
