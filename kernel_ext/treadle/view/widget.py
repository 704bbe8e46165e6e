"""The live view in a notebook: an HTML snapshot first, the widget in its place once its JavaScript lives.

Law: knows a source of deltas, the snapshot and how a kernel displays; nothing of tasks. Callbacks come from the
feed's thread, from a subshell or from the main thread: everything here is done under one lock and is short.

The snapshot is a display of its own and stays in the notebook: it is what a reader without a kernel or without the
widget's packages sees. The widget is made beside it without any view (a view's output would be an error where
its JavaScript is missing); its JavaScript finds the snapshot by the class of its element, stands in its place
and says hello. From then on deltas go to the page, and the hidden snapshot is refreshed only now and then.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from importlib.resources import files
from typing import Any, Protocol

from treadle_runtime.errors import TreadleError
from treadle_runtime.feed.reducer import as_delta, nothing, reduce

from .frames import show_lines
from .snapshot import at_rest, in_words, render, text, totals

EVERY_S = 0.5
EVERY_HIDDEN_S = 10.0
HELLO_S = 5.0
PAGES = 20
_ELSEWHERE = (
    "This picture is kept up to date. For the live view, the environment of the Jupyter server needs anywidget: "
    "run `pip install anywidget` there, then reload the page."
)
_HERE = (
    "This picture is kept up to date. For the live view, run `pip install anywidget` in the kernel's environment "
    "and in that of the Jupyter server, then restart the kernel."
)


class FeedSource(Protocol):
    """Where a dashboard gets its data from."""

    def subscribe(self, callback: Callable[[dict[str, Any]], None]) -> Callable[[], None]:
        """Call `callback` with each delta, a reset first, in any thread; the returned function ends it."""

    def reset(self) -> None:
        """Ask for a delta from nothing; never blocks."""

    def command(self, name: str, args: dict[str, Any]) -> Any:
        """Carry out a command of the page (names and arguments may be anything); raises TreadleError if it can't be done."""


def free_comm(widget_or_comm: Any) -> None:
    """Have commands from the page handled while a cell runs.

    ipykernel 7.4 hands a comm's messages to the shell its kernel side last sent from (the main one, which the cell
    blocks) instead of the subshell the page asked for. Other versions have no such attribute.
    """
    comm = getattr(widget_or_comm, "comm", widget_or_comm)
    if comm is not None and hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = lambda _data, default=None: default


def reply_to(content: dict[str, Any], command: Callable[[str, dict[str, Any]], Any]) -> dict[str, Any]:
    """Carry out a command and return the reply; the page may send anything."""
    name, args = content.get("name"), content.get("args")
    reply = {"type": "reply", "id": content.get("id")}
    if not isinstance(name, str) or not isinstance(args, dict):
        return reply | {"error": "This is no command. Reload the page."}
    try:
        data = command(name, args)
    except TreadleError as error:
        return reply | {"error": error.message}
    return reply | {"data": data if isinstance(data, dict) else {}}


def make_widget(view_id: str) -> Any:
    """Return the anywidget of a view. Raises ImportError where anywidget is missing."""
    import anywidget
    import traitlets

    class LiveView(anywidget.AnyWidget):
        _esm = files("treadle").joinpath("static", "widget.js").read_text(encoding="utf-8")
        view_id = traitlets.Unicode().tag(sync=True)
        runtime = traitlets.Unicode().tag(sync=True)  # its epoch, by which a Jupyter server finds it

    return LiveView(view_id=view_id)


class Dashboard:
    """The live view of a session; displaying it shows it.

    Parameters
    ----------
    source : FeedSource
        Where deltas come from and commands go to.

    Notes
    -----
    Any thread; displaying never blocks on the runtime. `close` ends it; what is displayed stays.

    Examples
    --------
    >>> Dashboard(source)  # doctest: +SKIP
    """

    def __init__(self, source: FeedSource) -> None:
        self._source = source
        self._lock = threading.RLock()
        self._view_id = uuid.uuid4().hex[:12]
        self._state = nothing()
        self._handle: Any = None
        self._widget: Any = None
        self._pages: dict[str, bool] = {}  # those that show it; whether they get the deltas from here
        self._note = ""
        self._hints = True
        self._timers: dict[str, threading.Timer] = {}
        self._shown_at = 0.0
        self._shown_rest = False
        self._closed = False
        self.resets = (
            0  # complete pictures received: one more of them is as new as the moment it was asked for
        )
        self._unsubscribe: Callable[[], None] = source.subscribe(self._on_delta)

    def __repr__(self) -> str:
        """One line for a terminal or a log."""
        return f"<Dashboard: {in_words(totals(self._state))}>"

    @property
    def has_page(self) -> bool:
        """Whether a page shows it and gets the deltas itself."""
        return bool(self._pages)

    def expect_no_page(self) -> None:
        """Nobody follows: say nothing of what a page would need."""
        with self._lock:
            self._hints = False
            self._note = ""

    def text(self) -> str:
        """Return the view as a few lines, for a terminal."""
        with self._lock:
            return text(self._state)

    def html(self) -> str:
        """Return the view as static HTML."""
        with self._lock:
            live = not self._closed
            at = time.strftime("%H:%M:%S")
            return render(self._state, live=live, at=at, view_id=self._view_id, note=self._note)

    def show(self) -> None:
        """Display the view here: its snapshot at once, the widget when its JavaScript has answered."""
        from IPython.core.getipython import get_ipython

        shell = get_ipython()
        if getattr(shell, "kernel", None) is None:
            print(self.text())
            return
        import IPython.display

        display: Any = IPython.display.display

        with self._lock:
            self._handle = display(self._bundle(), raw=True, display_id=f"treadle-{self._view_id}")
            self._shown_at = time.monotonic()
            if self._widget is None:
                self._make_widget()
            self._after("hello", HELLO_S, self._on_silence)

    _ipython_display_ = show

    def refresh(self) -> None:
        """Bring the displayed snapshot up to date now."""
        with self._lock:
            self._shown_at = time.monotonic()
            self._shown_rest = at_rest(self._state)
            if self._handle is not None:
                self._handle.update(self._bundle(), raw=True)

    def close(self) -> None:
        """End the view; the last snapshot stays."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            for timer in self._timers.values():
                timer.cancel()
            self._timers.clear()
        self._unsubscribe()
        with self._lock:
            self.refresh()
            if self._widget is not None:
                self._widget.close()
                self._widget = None

    # ------------------------------------------------------------------ from the feed
    def _on_delta(self, delta: dict[str, Any]) -> None:
        with self._lock:
            if self._closed:
                return
            show_lines(delta)
            if not reduce(self._state, delta):
                self._source.reset()
                return
            self.resets += bool(delta.get("reset"))
            if self._widget is not None and self._widget.runtime != self._state["epoch"]:
                self._widget.runtime = self._state["epoch"]
            if any(self._pages.values()):
                self._widget.send({"type": "delta", "data": delta})
            self._refresh_soon()

    def _refresh_soon(self) -> None:
        """Refresh now or when it is time; behind the widget seldom, but always when everything has ended."""
        ended = at_rest(self._state) and not self._shown_rest
        every = EVERY_HIDDEN_S if self._pages and not ended else EVERY_S
        if not at_rest(self._state):
            self._shown_rest = False
        self._after("refresh", self._shown_at + every - time.monotonic(), self.refresh)

    def _after(self, name: str, delay_s: float, act: Callable[[], None]) -> None:
        """Run `act` once after a delay, sooner if one of that name was to come later; at once if that has passed."""
        due = time.monotonic() + delay_s
        waiting = self._timers.get(name)
        if waiting is not None and waiting.is_alive() and waiting.due <= due:  # type: ignore[attr-defined]
            return
        if waiting is not None:
            waiting.cancel()
        if delay_s <= 0:
            self._timers.pop(name, None)
            act()
            return
        timer = self._timers[name] = threading.Timer(delay_s, self._on_timer, (name, act))
        timer.due = due  # type: ignore[attr-defined]
        timer.daemon = True
        timer.start()

    def _on_timer(self, name: str, act: Callable[[], None]) -> None:
        with self._lock:
            if self._timers.get(name) is threading.current_thread():
                del self._timers[name]
            if not self._closed:
                act()

    # ------------------------------------------------------------------ to and from the page
    def _bundle(self) -> dict[str, str]:
        return {"text/html": self.html(), "text/plain": text(self._state)}

    def _make_widget(self) -> None:
        try:
            self._widget = make_widget(self._view_id)
        except ImportError:
            self._note = _HERE
            return
        self._widget.runtime = self._state["epoch"]
        self._widget.on_msg(self._on_message)
        free_comm(self._widget)

    def _on_silence(self) -> None:
        """No hello: say what is missing, once."""
        if self._hints and not self._pages and not self._note:
            self._note = _ELSEWHERE
            self.refresh()

    def _on_message(self, _widget: Any, content: Any, _buffers: Any) -> None:
        kind = content.get("type") if isinstance(content, dict) else None
        with self._lock:
            if self._closed:
                return
            if kind in ("hello", "reset"):
                self._on_page(str(content.get("page", "")), kind, content.get("feed") is not False)
                return
            if kind == "bye":
                self._pages.pop(str(content.get("page", "")), None)
                self._refresh_soon()
                return
        if kind == "command":
            self._widget.send(reply_to(content, self._source.command))

    def _on_page(self, page: str, kind: str, fed: bool) -> None:
        """A page shows the view (`fed`: by deltas from here, else by another way), or has missed some."""
        self._note = ""
        if kind == "hello":
            self._pages.pop(page, None)
            self._pages[page] = fed
            while len(self._pages) > PAGES:  # those that were closed without a word
                del self._pages[next(iter(self._pages))]
        if fed:
            self._widget.send({"type": "delta", "data": as_delta(self._state)})
