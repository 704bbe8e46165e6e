"""What a `%%task` cell shows: one line while it runs, then the value of its last expression, or its failure.

Law: shows; decides nothing about the task. The value is fetched and formatted by a thread of
its own, so neither the cell nor the thread that receives messages waits for it.
"""

from __future__ import annotations

import queue
import sys
import threading
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from treadle_runtime.api import Future
from treadle_runtime.core.states import TaskState

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
    """The display of one `%%task` cell."""

    def __init__(self, extension: Extension, cell: CellTask, future: Future[Any]) -> None:
        self._extension = extension
        self._cell = cell
        self._future = future
        self._number = extension.cells.current.number
        self._parent = extension.cells.current.parent
        self._display_id = f"treadle-cell-{uuid.uuid4().hex[:12]}"

    def show(self) -> None:
        """Display the card and have it follow its task."""
        if self._cell.shows:
            self._extension.autosync.outs.put(self._number, self._future)
        self._extension.screen.display(self._parent, self._line(), {}, self._display_id)
        if self._extension.cells.headless:  # nobody will take in what comes after the end of the cell
            call = self._future._call_now()
            call.client.wait_for([call])
            self._end()
            return
        self._extension.afterwards.start()
        self._future.add_done_callback(lambda _future: self._extension.afterwards.add(self._end))

    def _end(self) -> None:
        metadata: dict[str, Any] = {}
        bundle = line = self._line()
        if self._future._call_now().state != TaskState.DONE:
            bundle = future_bundle(self._future, looked=False)
        elif self._cell.shows:
            try:
                value = self._future.result()
                self._extension.autosync.outs.settle(self._future, value)
                if value is not None:
                    made, metadata = self._extension.shell.display_formatter.format(value)
                    bundle = made or bundle
                    _put_away(value)
            except Exception as error:  # noqa: BLE001 - a value whose repr or unpickling raises is shown as that
                bundle = {"text/plain": f"{type(error).__name__}: {error}"}
        if bundle is not line or self._extension.screen.exchanges:
            self._extension.screen.update(bundle, metadata, self._display_id)

    def _line(self) -> dict[str, str]:
        call = self._future._call_now()
        made = ", ".join(
            (*self._cell.returned, *(name for name in self._cell.renewed if name not in self._cell.returned))
        )
        arrow = f" \N{RIGHTWARDS ARROW} {made}" if made else ""
        html = call_html(call).removesuffix("</div>") + f"{arrow}</div>"
        return {"text/plain": f"{call.label} {call.state}{arrow}", "text/html": html}


def _put_away(value: Any) -> None:
    """Take a figure out of pyplot, into which unpickling put it: it is shown, and not to be shown again elsewhere."""
    figure, pyplot = sys.modules.get("matplotlib.figure"), sys.modules.get("matplotlib.pyplot")
    if figure is not None and pyplot is not None and isinstance(value, figure.Figure):
        pyplot.close(value)
