"""What tasks say, shown below the cell that submitted them while they run.

Law: rows (task, stream, text or aside) in, messages to the screen out; any thread. What a task displays is shown as its
own output; nothing of it enters a view of ours. Nothing waits: what is counted, folded or held back is told by a thread of
its own that lives while there is such a thing, and when no task runs any more.
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable
from typing import Any, Final

from treadle_runtime.client.estimate import said_words
from treadle_runtime.client.heard import Warnings, log
from treadle_runtime.client.lines import Lines, Written, bar_text
from treadle_runtime.wire.asides import Aside, Bar, Cleared, Logged, Shown, Warned, unpack_aside

from ..shell.cells import Cell, Cells
from ..shell.screen import Screen
from ..view.frames import cell_name
from .folding import Fold
from .rewritten import Rewritten
from .shelves import Shelf

LOOK_S: Final = 0.5
REPORT_S: Final = 0.2
COUNT_S: Final = 2.0
"""Warnings are told after so long, however many more may come."""
_IMAGES: Final = ("image/", "application/pdf", "video/", "audio/")


class Page:
    """What tasks have said in one cell."""

    __slots__ = (
        "bars", "cell", "fold", "lines", "notice", "report", "reported", "reported_at",
        "rewritten", "shelves", "told", "warned_at", "warnings",
    )  # fmt: skip

    def __init__(self, cell: Cell, is_over: Callable[[int], bool]) -> None:
        self.cell = cell
        self.bars: dict[tuple[int, int], str] = {}  # (task, line) -> id of its display
        self.fold = Fold()
        self.lines = Lines(is_over)
        self.notice = ""  # id of the display that says how much is folded
        self.told = 0  # how much it says
        self.rewritten = Rewritten()
        self.report = ""  # id of the display that says how far a task is which runs in the kernel itself
        self.reported = ""  # what it says
        self.reported_at = 0.0
        self.shelves: dict[int, Shelf] = {}
        self.warnings = Warnings(_place)
        self.warned_at = 0.0


class Printer:
    """Shows output rows."""

    def __init__(
        self, cells: Cells, screen: Screen, name_of: Callable[[int], str], before_bar: Callable[[Cell], None]
    ) -> None:
        self._cells = cells
        self._screen = screen
        self._name_of = name_of  # task number -> function
        self._before_bar = before_bar  # shows what would come between a line and what rewrites it
        self._client: Any = None
        self._lock = threading.RLock()
        self._open: list[Page] = []  # that have something left to tell
        self._clock: threading.Thread | None = None

    def follow(self, client: Any) -> None:
        """Show what the tasks of this client say."""
        self._client = client
        client.on_output = self.on_output
        client.on_report = self.on_report if self._screen.exchanges else None

    def on_output(self, number: int, stream: str, text: str | bytes) -> None:
        """Show what a task printed, displayed, logged or warned of."""
        with self._lock:
            page = self._page(self._cells.of(number))
            if isinstance(text, bytes):
                self._aside(page, number, unpack_aside(text))
            else:
                self._text(page, number, stream, text)

    def on_report(self, number: int, fraction: float, text: str) -> None:
        """Show how far a task is that runs in the kernel itself, where nothing else can say it meanwhile."""
        page, now = self._page(self._cells.of(number)), time.monotonic()
        with self._lock:
            if now - page.reported_at >= REPORT_S:
                page.reported_at = now
                self._say_report(
                    page, said_words([(number, None if fraction != fraction else fraction, text)])
                )
                self._client.on_quiet = self.settle
                if page not in self._open:
                    self._open.append(page)

    def settle(self) -> None:
        """Tell what is left of cells whose tasks have all ended."""
        with self._lock:
            self._look(float("-inf"))

    # ------------------------------------------------------------ text
    def _text(self, page: Page, number: int, stream: str, text: str) -> None:
        if self._screen.exchanges and self._cells.has_many(page.cell):
            text, bars = page.rewritten.take(number, stream, text)
            for bar in bars:
                self._bar(page, number, bar)
        elif "\r" in text:
            self._before_bar(page.cell)
        text = page.fold.cut(text, time.monotonic())
        shelf = page.shelves.get(number)
        if not self._cells.has_many(page.cell):
            written: Written = [(stream, text)] if text else []
        else:
            written = page.lines.add(number, self._name_of(number), stream, text)
        if shelf is not None and shelf.cleared and self._screen.exchanges:
            if written:
                shelf.put_text(self._screen, page.cell.parent, "".join(part for _, part in written))
        else:
            self._write(page, written)
        if page.fold.folded != page.told or page.lines.holds:
            self._keep(page)

    def _write(self, page: Page, written: Written) -> None:
        for stream, text in written:
            self._screen.write(page.cell.parent, stream, text)

    # ------------------------------------------------------------ asides
    def _aside(self, page: Page, number: int, aside: Aside) -> None:
        if isinstance(aside, Shown):
            self._show(page, number, aside)
        elif isinstance(aside, Bar):
            self._bar(page, number, aside)
        elif isinstance(aside, Cleared):
            if self._screen.exchanges:
                page.shelves.setdefault(number, Shelf()).clear(self._screen, aside.wait)
        elif isinstance(aside, Logged):
            self._screen.have(page.cell.parent, functools.partial(log, number, self._name_of(number), aside))
        elif isinstance(aside, Warned):
            page.warned_at = page.warned_at if page.warnings else time.monotonic()
            page.warnings.add(self._name_of(number), aside)
            self._keep(page)

    def _bar(self, page: Page, number: int, bar: Bar) -> None:
        """Draw a bar in a display of its own, again and again; where nothing can be exchanged as a line."""
        if not self._screen.exchanges:
            self._text(page, number, "stderr", bar_text(bar))
            return
        name = f"{self._name_of(number)}#{number} " if bar.text and self._cells.has_many(page.cell) else ""
        bundle = {"text/plain": f"{name}{bar.text}"}
        place = number, bar.line
        if (known := page.bars.get(place)) is not None:
            self._screen.update(bundle, {}, known)
        elif page.fold.takes(0, False, time.monotonic()):
            page.bars[place] = f"treadle-bar-{id(page)}-{number}-{bar.line}-{time.monotonic_ns()}"
            self._before_bar(page.cell)
            self._screen.display(page.cell.parent, bundle, {}, page.bars[place])
        else:
            self._keep(page)

    def _show(self, page: Page, number: int, shown: Shown) -> None:
        if shown.update:
            self._screen.update(shown.data, shown.metadata, shown.display_id)
            return
        nbytes = sum(len(part) for part in shown.data.values() if isinstance(part, str))
        is_figure = any(kind.startswith(_IMAGES) for kind in shown.data)
        shelf = page.shelves.setdefault(number, Shelf())
        if shelf.cleared or page.fold.takes(nbytes, is_figure, time.monotonic()):
            shelf.put(self._screen, page.cell.parent, shown.data, shown.metadata, shown.display_id)
        else:
            self._keep(page)

    # ------------------------------------------------------------ later
    def _keep(self, page: Page) -> None:
        """Have told soon what a page has left."""
        if page.fold.folded and not page.notice and self._screen.exchanges:
            page.notice = f"treadle-folded-{id(page)}-{time.monotonic_ns()}"
            page.told = page.fold.folded
            self._screen.display(page.cell.parent, _notice(page), {}, page.notice)
        if page not in self._open:
            self._open.append(page)
        if self._client is not None:
            self._client.on_quiet = self.settle
        if self._clock is None or not self._clock.is_alive():
            self._clock = threading.Thread(target=self._run, name="treadle-output", daemon=True)
            self._clock.start()

    def _run(self) -> None:
        while True:
            time.sleep(LOOK_S)
            with self._lock:
                self._look(time.monotonic() - COUNT_S)
                if not self._open:
                    self._clock = None
                    return

    def _look(self, before: float) -> None:
        """Tell what pages have left: of cells that are over all, else what has waited long enough."""
        for page in list(self._open):
            over = all(map(self._is_over, self._cells.tasks_of(page.cell)))
            if over:
                self._open.remove(page)
                self._write(page, page.lines.flush())
                self._say_report(page, "")
            if page.warnings and (over or page.warned_at < before):
                counted, page.warnings = page.warnings, Warnings(_place)
                write = functools.partial(self._screen.write, page.cell.parent, "stderr")
                self._screen.have(page.cell.parent, functools.partial(counted.tell, write))
            if page.fold.folded != page.told and (over or page.notice):
                page.told = page.fold.folded
                if page.notice:
                    self._screen.update(_notice(page), {}, page.notice)
                else:
                    self._screen.write(page.cell.parent, "stdout", f"{_notice(page)['text/plain']}\n")
        if not self._open and self._client is not None:
            self._client.on_quiet = None

    def _say_report(self, page: Page, words: str) -> None:
        if words == page.reported:
            return
        page.reported = words
        if page.report:
            self._screen.update({"text/plain": words}, {}, page.report)
        else:
            page.report = f"treadle-report-{id(page)}-{time.monotonic_ns()}"
            self._screen.display(page.cell.parent, {"text/plain": words}, {}, page.report)

    def _page(self, cell: Cell) -> Page:
        if cell.page is None:
            cell.page = Page(cell, self._is_over)
        page: Page = cell.page
        return page

    def _is_over(self, number: int) -> bool:
        call = self._client.calls.get(number) if self._client is not None else None
        return call is None or call.final


def _notice(page: Page) -> dict[str, str]:
    where = f" [{page.cell.number}]" if page.cell.number else ""
    return {"text/plain": f"{page.fold.folded} more: %treadle log{where}"}


def _place(path: str, line: int) -> str:
    """Return how a person calls a line: `[5] line 3`, or with the file's name."""
    return f"{cell_name(path)} line {line}"
