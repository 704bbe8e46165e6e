"""The live view of the session: its feed from the runtime, its commands back.

Law: connects a session with `widget.Dashboard`; knows neither pictures nor tasks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from weakref import WeakKeyDictionary

from treadle_runtime.api import Session, current, peek
from treadle_runtime.errors import UsageError
from treadle_runtime.wire import messages as m

from .failures import failure_text
from .widget import Dashboard

COMPLETE_S: Final = 1.0
"""How long a view waits for a complete picture; it comes in milliseconds unless the machine is very busy."""


class SessionFeed:
    """A `widget.FeedSource` of one session. Any thread; nothing but "details" waits for the runtime."""

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

    def command(self, name: str, args: dict[str, Any]) -> Any:
        if name == "cancel":
            self._client.cancel(
                [n for n in args.get("numbers", ()) if type(n) is int and n in self._client.calls]
            )
            return None
        if name == "details" and type(number := args.get("number")) is int:
            return self._details(number)
        raise UsageError(f"The page asked for {name!r:.40}, which is not known here. Reload the page.")

    def _details(self, number: int) -> dict[str, Any]:
        client = self._client
        call = client.calls.get(number)
        found: dict[str, Any] = {"number": number}
        if call is not None:
            found |= {"label": call.label, "state": call.state, "cell": call.cell, "worker": call.worker}
            found |= {"attempt": call.attempt, "run_s": call.run_s}
            if call.final and call.state != "done":
                call.looked = True
                found["failure"] = failure_text(call, client.calls.get(call.root))
        if not client.closed:
            found["why"] = client.link.ask("explain", {"number": number}, 2.0)
        return found


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
