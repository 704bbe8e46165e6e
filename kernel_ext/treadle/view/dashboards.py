"""The live view of the session: its feed from the runtime, its commands back.

Law: connects a session with `widget.Dashboard`; knows neither pictures nor tasks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from weakref import WeakKeyDictionary

from treadle_runtime.api import Session, current, peek
from treadle_runtime.core.model import first_number
from treadle_runtime.core.states import TaskState
from treadle_runtime.errors import UsageError
from treadle_runtime.wire import messages as m

from .failures import failure_text
from .widget import Dashboard

ANSWER_S: Final = 5.0
COMPLETE_S: Final = 1.0
"""How long a view waits for a complete picture; it comes in milliseconds unless the machine is very busy."""


class SessionFeed:
    """A `widget.FeedSource` of one session. Any thread; only `command` waits for the runtime."""

    def __init__(self, session: Session) -> None:
        self._client = session.client

    def subscribe(self, callback: Callable[[dict[str, Any]], None]) -> Callable[[], None]:
        client = self._client
        client.on_delta.append(callback)
        self.reset()

        def end() -> None:
            if callback in client.on_delta:
                client.on_delta.remove(callback)
            if not client.on_delta and not client.closed:
                client.link.send(m.Watch(False))

        return end

    def reset(self) -> None:
        if not self._client.closed:
            self._client.link.send(m.Watch(True))
            self._client.flush()

    def command(self, name: str, args: dict[str, Any]) -> dict[str, Any]:
        """Have the runtime carry out a command, as it does for pages that reach it without this kernel."""
        client = self._client
        if name == "cancel_cell":
            args = {"near": first_number(client.cid) + 1, **args}
        found = client.link.ask("command", {"name": name, "args": args}, ANSWER_S)
        if not isinstance(found, dict):
            raise UsageError("Tasks run in this kernel itself (engine='inline'): there is nothing to steer.")
        if "error" in found:
            raise UsageError(str(found["error"]))
        data: dict[str, Any] = found["data"]
        call = client.calls.get(data.get("number", 0)) if name == "details" else None
        if call is not None and call.final and call.state != TaskState.DONE:
            data["traceback"] = failure_text(call, client.calls.get(call.root))  # with the lines of the cells
        return data


_open: WeakKeyDictionary[Session, Dashboard] = WeakKeyDictionary()


def open_dashboard() -> Dashboard:
    """Return a view of the session, starting it if there is none; the one before it stays as it is.

    Main thread; waits (bounded) for the first picture, so that the view is never shown empty for want of news.
    """
    session = current()
    before = _open.pop(session, None)
    if before is not None:
        before.close()
    view = _open[session] = Dashboard(SessionFeed(session))
    session.client.link.wait(lambda: view.resets > 0, COMPLETE_S)
    return view


def complete() -> None:
    """Bring the view's picture up to date before a cell ends that no page will follow (nbclient, nbconvert).

    Main thread; waits (bounded) for the runtime. Does nothing while tasks run, or where there is no view.
    """
    session = peek()
    view = _open.get(session) if session is not None else None
    if session is None or view is None or view.has_page:
        return
    view.expect_no_page()
    if session.client.open or session.client.closed:
        return
    before = view.resets
    SessionFeed(session).reset()
    session.client.link.wait(lambda: view.resets > before, COMPLETE_S)
    view.refresh()
