"""What a `%%task` cell shows: one line while it runs, then the value of its last expression, or its failure.

Law: shows; decides nothing about the task. The value is fetched and formatted by a thread of
its own, so neither the cell nor the thread that receives messages waits for it.
"""

from __future__ import annotations

import contextlib
import importlib
import queue
import sys
import threading
from collections.abc import Callable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from treadle_runtime.api import Future
from treadle_runtime.client.calls import Call
from treadle_runtime.core.states import TaskState
from treadle_runtime.errors import headline

from .anchors import anchored, new_id
from .displays import call_html, future_bundle
from .inference import CellTask

if TYPE_CHECKING:
    from .extension import Extension


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
        self._number = extension.cells.current.number
        self._parent = extension.cells.current.parent
        self._display_id = new_id("card")
        self._left = len(futures)
        self._bundle: dict[str, Any] = {}
        self._metadata: dict[str, Any] = {}
        self._mark = ""

    def show(self, raises: bool) -> None:
        """Display the card and have it follow its tasks; `raises`: the cell shows a failure itself."""
        self._raises = raises
        if self._cell.shows:
            self._extension.autosync.outs.put(self._number, self._futures[0])
        self._bundle = self._line()
        self._extension.screen.display(self._parent, self._bundle, {}, self._display_id)
        if self._extension.cells.headless:  # nobody will take in what comes after the end of the cell
            if self._calls:
                self._calls[0].client.wait_for(self._calls)
            self._end()
            return
        self._extension.afterwards.start()
        for call in self._calls:
            call.watch(self._on_final)

    def mark(self, text: str) -> None:
        """Add a quiet line, or exchange the one that is there. Any thread."""
        if text != self._mark:
            self._mark = text
            self._extension.afterwards.add(self._update)
            self._extension.afterwards.start()

    def _on_final(self, call: Call) -> None:
        self._left -= 1  # messages are handed in by one thread at a time
        if self._left == 0:
            self._on_end(call)

    def _on_end(self, call: Call) -> None:
        self._extension.afterwards.add(self._end)
        if call.state != TaskState.DONE and not self._items:
            call.watch_again(self._on_end)  # a retry: its value belongs here

    def _end(self) -> None:
        metadata: dict[str, Any] = {}
        bundle: dict[str, Any] = self._line()
        if not self._items:
            if self._calls[0].state != TaskState.DONE:
                bundle = bundle if self._raises else future_bundle(self._futures[0], looked=False)
            elif self._cell.shows:
                bundle, metadata = self._value() or (bundle, metadata)
        shown, self._bundle, self._metadata = self._bundle, bundle, metadata
        if self._items or self._calls[0].state == TaskState.DONE:
            self._futures.clear()
        if bundle != shown or self._extension.screen.exchanges:
            self._update()

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
        return (made, metadata) if made else None

    def _update(self) -> None:
        bundle = marked(self._bundle, self._mark) if self._mark else self._bundle
        self._extension.screen.update(bundle, self._metadata, self._display_id)

    def _line(self) -> dict[str, str]:
        cell = self._cell
        made = ", ".join((*cell.returned, *(name for name in cell.renewed if name not in cell.returned)))
        arrow = f" \N{RIGHTWARDS ARROW} {made}" if made else ""
        if self._items:
            told = (
                f"cell[{self._number}]: {len(self._calls)} task{'' if len(self._calls) == 1 else 's'}{arrow}"
            )
            return {"text/plain": told, "text/html": self._anchored(f"<div>{escape(told)}</div>")}
        call = self._calls[0]
        html = call_html(call).removesuffix("</div>") + f"{arrow}</div>"
        return {"text/plain": f"{call.label} {call.state}{arrow}", "text/html": self._anchored(html)}

    def _anchored(self, html: str) -> str:
        numbers = [call.number for call in self._calls] or [0]
        epoch = self._calls[0].client.epoch if self._calls else ""
        return anchored(
            html, self._display_id, epoch, (min(numbers), max(numbers)), self._number, self._left > 0
        )


def marked(bundle: dict[str, Any], text: str) -> dict[str, Any]:
    """Return what is shown with a quiet line below it, whatever kind it is of."""
    plain = str(bundle.get("text/plain", ""))
    html = bundle.get("text/html")
    if html is None:
        image = next((kind for kind in ("image/png", "image/jpeg") if kind in bundle), None)
        inside = (
            f'<img src="data:{image};base64,{bundle[image]}">' if image else f"<pre>{escape(plain)}</pre>"
        )
        html = str(bundle.get("image/svg+xml") or inside)
    line = f'<div style="font-size:12px;opacity:.8">{escape(text)}</div>'
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
