"""What a `%%task` cell shows: one line while it runs, then the value of its last expression, or its failure.

Law: shows; decides nothing about the task. The value is fetched and formatted by a thread of
its own, so neither the cell nor the thread that receives messages waits for it.

A value takes the place of the line, unless the task has shown something meanwhile: then it stands below that, as that of any
cell. What `--for` makes is told by the cell's line where there is one.
"""

from __future__ import annotations

import contextlib
import importlib
import queue
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from treadle_runtime.api import Future
from treadle_runtime.client.calls import Call
from treadle_runtime.core.states import TaskState
from treadle_runtime.errors import headline

from ..show.anchors import SMALL, anchored, new_id
from ..show.displays import Seen, call_html, future_bundle
from ..show.future_card import ASK_EVERY_S, look_at
from ..view.escaped import CODE, escape
from .inference import CellTask

if TYPE_CHECKING:
    from ..extension import Extension
    from ..shell.screen import Screen
    from ..show.cell_line import CellLine


class Afterwards:
    """Runs what is to be done when tasks have ended, one after another, in a daemon thread made at the first."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def add(self, job: Callable[[], None]) -> None:
        """Have `job` run soon. Any thread; never waits."""
        self._jobs.put(job)

    def start(self) -> None:
        """Make the thread if there is none. Main thread."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="treadle-display", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End the thread after what was added."""
        if self._thread is not None:
            self._jobs.put(None)
            self._thread.join(5.0)
            self._thread = None

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()


class CellCard:
    """The display of one `%%task` cell: one task, or one for each item of `--for`."""

    def __init__(
        self, extension: Extension, cell: CellTask, futures: Sequence[Future[Any]], items: bool = False
    ) -> None:
        self._extension = extension
        self._cell = cell
        self._futures = list(futures)
        self._calls = [future._call_now() for future in futures]
        self._items = items
        self._raises = False
        self._place = extension.cells.current
        self._display_id = new_id("card")
        self._below_id = ""  # of what stands below the task's output
        self._line_instead: CellLine | None = None
        self._seen = Seen()
        self._ask_at = 0.0
        self._lock = threading.RLock()  # an end is never followed by something older
        self._left = len(futures)
        self._bundle: dict[str, Any] = {}
        self._metadata: dict[str, Any] = {}
        self._mark = ""

    def show(self, raises: bool) -> None:
        """Display the card and have it follow its tasks; `raises`: the cell shows a failure itself."""
        self._raises = raises
        extension = self._extension
        if self._cell.shows:
            extension.autosync.outs.put(self._place.number, self._futures[0])
        if not self._items:
            extension.lines.cover(self._calls[0])
        else:
            self._line_instead = extension.lines.stand_for(self._calls, made=self._made())
        if self._line_instead is not None:
            bundle = self._line_instead.show(time.monotonic())
            extension.screen.display(self._place.parent, bundle, {}, self._line_instead.display_id)
            self._futures.clear()
            return
        self._bundle = self._line()
        extension.screen.display(self._place.parent, self._bundle, {}, self._display_id)
        if extension.cells.headless:  # nobody will take in what comes after the end of the cell
            if self._calls:
                self._calls[0].client.wait_for(self._calls)
            self._end()
            return
        extension.afterwards.start()
        for call in self._calls:
            call.watch(self._on_final)
        if extension.screen.exchanges and not self._items:
            extension.lines.follow_card(self)

    def tick(self, screen: Screen) -> bool:  # noqa: ARG002 - it knows where it is
        """Tell where the task is; True when it has ended."""
        if self._left and time.monotonic() >= self._ask_at:
            self._ask_at = time.monotonic() + ASK_EVERY_S
            before = replace(self._seen, why="")
            look_at(self._calls[0], self._seen)
            if before != replace(self._seen, why=""):
                with self._lock:
                    if self._left:
                        self._bundle = self._line()
                        self._update()
        return not self._left

    def mark(self, text: str) -> None:
        """Add a quiet line, or exchange the one that is there. Any thread."""
        if self._line_instead is not None:
            self._extension.lines.mark(self._line_instead, text)
        elif text != self._mark:
            self._mark = text
            self._extension.afterwards.add(self._update)
            self._extension.afterwards.start()

    def _on_final(self, call: Call) -> None:
        with self._lock:
            self._left -= 1
        if self._left == 0:
            self._on_end(call)

    def _on_end(self, call: Call) -> None:
        self._extension.afterwards.add(self._end)
        if call.state != TaskState.DONE and not self._items:
            call.watch_again(self._on_end)  # a retry: its value belongs here

    def _end(self) -> None:
        line = self._line()
        shown, self._bundle, self._metadata = self._bundle, line, {}
        outcome = None if self._items else self._outcome()
        if outcome is None:
            if self._below_id:
                self._extension.screen.update({"text/plain": ""}, {}, self._below_id)
        elif not self._shown_below(*outcome):
            self._bundle, self._metadata = outcome
        if self._items or self._calls[0].state == TaskState.DONE:
            self._futures.clear()
        same = self._bundle.get("text/plain") == shown.get("text/plain")
        if not same or self._extension.screen.exchanges:
            self._update()

    def _outcome(self) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Return the value or the failure as it is shown, None if there is none to show."""
        if self._calls[0].state == TaskState.DONE:
            return self._value() if self._cell.shows else None
        if self._raises:
            return None
        bundle = future_bundle(self._futures[0], looked=False)
        return {**bundle, "text/html": self._anchored(bundle["text/html"])}, {}

    def _shown_below(self, bundle: dict[str, Any], metadata: dict[str, Any]) -> bool:
        """Show something below what the task has shown, if that is anything."""
        screen = self._extension.screen
        if self._below_id:
            screen.update(bundle, metadata, self._below_id)
        elif screen.exchanges and self._place.page is not None:
            self._below_id = new_id("card")
            screen.display(self._place.parent, bundle, metadata, self._below_id)
        return bool(self._below_id)

    def _value(self) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Return how the value of the cell looks, None if it is None."""
        future = self._futures[0]
        try:
            value = future.result()
            self._extension.autosync.outs.settle(future, value)
            if value is None:
                return None
            _learn_figures(value)
            made, metadata = self._extension.shell.display_formatter.format(value)
            _put_away(value)
        except Exception as error:  # noqa: BLE001 - a value whose repr or unpickling raises is shown as that
            return {"text/plain": headline(error)}, {}
        if made and not self._extension.screen.exchanges:  # as IPython says which cell it is of
            text = made.get("text/plain", "")
            made["text/plain"] = f"Out[{self._place.number}]: {text if chr(10) not in text else chr(10) + text}"
        return (made, metadata) if made else None

    def _update(self) -> None:
        with self._lock:
            bundle = marked(self._bundle, self._mark) if self._mark else self._bundle
            self._extension.screen.update(bundle, self._metadata, self._display_id)

    def _made(self) -> str:
        cell = self._cell
        names = (*cell.returned, *(name for name in cell.renewed if name not in cell.returned))
        return f" \N{RIGHTWARDS ARROW} {', '.join(names)}" if names else ""

    def _line(self) -> dict[str, str]:
        made, count = self._made(), len(self._calls)
        if self._items:
            told = f"cell[{self._place.number}]: {count} task{'' if count == 1 else 's'}{made}"
            return {"text/plain": told, "text/html": self._anchored(f"<div>{escape(told)}</div>")}
        call = self._calls[0]
        return {
            "text/plain": f"{call.label} {call.state}{made}",
            "text/html": self._anchored(call_html(call, self._seen, made)),
        }

    def _anchored(self, html: str) -> str:
        numbers = [call.number for call in self._calls] or [0]
        epoch = self._calls[0].client.epoch if self._calls else ""
        return anchored(
            html, self._display_id, epoch, (min(numbers), max(numbers)), self._place.number, self._left > 0
        )


def marked(bundle: dict[str, Any], text: str) -> dict[str, Any]:
    """Return what is shown with a quiet line below it, whatever kind it is of."""
    plain = str(bundle.get("text/plain", ""))
    html = bundle.get("text/html")
    if html is None:
        image = next((kind for kind in ("image/png", "image/jpeg") if kind in bundle), None)
        inside = (
            f'<img src="data:{image};base64,{bundle[image]}">'
            if image
            else f'<pre style="{CODE};margin:0;padding:0 8px">{escape(plain)}</pre>'
        )
        html = str(bundle.get("image/svg+xml") or inside)
    line = f'<div style="{SMALL};padding:0 8px">{escape(text)}</div>'
    return {**bundle, "text/plain": f"{plain}\n({text})", "text/html": html + line}


def _learn_figures(value: Any) -> None:
    """Have the shell know how figures look, which it learns from its first one: that may have been drawn elsewhere."""
    figure = sys.modules.get("matplotlib.figure")
    if figure is not None and isinstance(value, figure.Figure):
        with contextlib.suppress(ImportError):
            importlib.import_module("matplotlib_inline.backend_inline")


def _put_away(value: Any) -> None:
    """Take a figure out of pyplot, into which unpickling put it: it is shown, and not to be shown again elsewhere."""
    figure, pyplot = sys.modules.get("matplotlib.figure"), sys.modules.get("matplotlib.pyplot")
    if figure is not None and pyplot is not None and isinstance(value, figure.Figure):
        pyplot.close(value)
