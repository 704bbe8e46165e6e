"""The lines of a notebook: one for each run of a cell that calls tasks, brought up to date while its tasks run.

Law: tells lines and cards when to look, and the page what is new; what a line says is `cell_line`. A cell whose tasks end
soon gets no line. Lines are looked at a few times a second by a daemon thread that sleeps while no task is under way; what
it asks the runtime costs the same for ten tasks and for ten thousand.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Final, Protocol

from treadle_runtime.client import estimate
from treadle_runtime.client.calls import Call
from treadle_runtime.errors import TreadleError

from ..shell.cells import Cell, Cells
from ..shell.screen import Screen
from ..shell.sources import Sources
from .cell_line import AGAIN_EVERY_S, CellLine

SHOW_AFTER_S: Final = 0.45
EVERY_S: Final = 0.2
ASK_S: Final = 1.0
KEPT: Final = 500


class Follower(Protocol):
    """A card that follows its tasks."""

    def tick(self, screen: Screen) -> bool:
        """Bring the page up to date if there is news; tell whether that was the last time."""


class Lines:
    """The lines of a notebook. `begin` and `end` come in the thread of the cells, the rest from any thread."""

    def __init__(self, cells: Cells, screen: Screen, sources: Sources) -> None:
        self._cells = cells
        self._sources = sources
        self._screen = screen
        self._session: Any = None
        self._by_cell: OrderedDict[int, CellLine] = OrderedDict()
        self._runs: OrderedDict[str, list[CellLine]] = (
            OrderedDict()
        )  # cell id -> its runs with tasks, newest last
        self._active: list[CellLine] = []
        self._cards: list[Follower] = []
        self._cell_id = ""
        self._lock = threading.RLock()  # what is shown of a line goes forward only
        self._work = threading.Event()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    # ------------------------------------------------------------ what the notebook tells
    def follow(self, session: Any) -> None:
        """Count what this session submits."""
        self._session = session
        if self._screen.exchanges and session.options.engine != "inline":
            self._sources.follow(session)
            session.client.on_finished = self._on_finished
            session.client.on_opened = self._reopen
            self._listen()

    def begin(self, info: Any) -> None:
        """A cell begins to run."""
        self._cell_id = str(getattr(info, "cell_id", None) or "")
        for line in list(self._active):
            line.over = True
        runs = self._runs.get(self._cell_id, ())
        for line in runs:
            line.replaced = True
        self._listen()

    def end(self) -> None:
        """The cell has ended: what is final is shown at once, so that it stands there when the cell is idle."""
        if self._session is not None:
            self._session.client.tell_next(None)
        now = time.monotonic() + AGAIN_EVERY_S  # whenever it was done last
        for line in [line for line in self._active if line.cell is self._cells.current]:
            line.over = True
            line.put_previous_last(now)
            if line.shown or self._is_stored(line):
                with self._lock:
                    line.look()
                self._show(line)

    def settle(self) -> None:
        """Bring all lines and cards up to date now, as `settle_cards`."""
        for line in list(self._active):
            with self._lock:
                line.over = True
                line.look()
            self._show(line)
        self.settle_cards()

    def settle_cards(self) -> None:
        """Bring all cards up to date now: nobody will take in what comes later."""
        ended = [card for card in list(self._cards) if card.tick(self._screen)]  # asks, so without a lock
        with self._lock:
            self._cards = [card for card in self._cards if card not in ended]

    def follow_card(self, card: Follower) -> None:
        """Have a card look for news together with the lines."""
        with self._lock:
            self._cards.append(card)
        self._wake()

    def cover(self, call: Call) -> None:
        """A card tells of this task: if it is the only one of the cell that runs, the line need not."""
        if (line := self._line_of([call])) is not None:
            line.has_card = True

    def stand_for(self, calls: Sequence[Call], title: str = "", made: str = "") -> CellLine | None:
        """Return the line that tells of these tasks and no others, None if there is none or it is on the page.

        Its caller shows it at once, in place of a card; `title` and `made` are said besides.
        """
        with self._lock:
            line = self._line_of(calls)
            if line is None or line.shown:
                return None
            line.title, line.made = title, made
            line.show(time.monotonic())
            return line

    def show_now(self, cell: Cell) -> None:
        """Show the line of a cell before something that must not be followed by it."""
        line = self._by_cell.get(cell.number)
        if line is not None and line.cell is cell and not line.shown:
            with self._lock:
                line.look()
                self._show(line)

    def mark(self, line: CellLine, text: str) -> None:
        """Add a quiet line, or exchange the one that is there."""
        with self._lock:
            line.mark = text
            self._screen.update(line.show(time.monotonic()), {}, line.display_id)

    def _line_of(self, calls: Sequence[Call]) -> CellLine | None:
        """Return the line of the cell that runs if it has submitted these tasks and no others."""
        line = self._by_cell.get(self._cells.current.number)
        if line is None or line.cell is not self._cells.current:
            return None
        with self._lock:
            line.look()
        numbers = {call.number for call in calls}
        same = line.tally.submitted == len(numbers) and all(line.first <= number for number in numbers)
        return line if same and {call.client for call in calls} == {line.session.client} else None

    def close(self) -> None:
        """End all; what is shown stays."""
        if self._session is not None and self._session.client.on_finished == self._on_finished:
            self._session.client.on_finished = self._session.client.on_opened = None
            self._session.client.tell_next(None)
        self._closed.set()
        self._work.set()

    # ------------------------------------------------------------ what the client tells
    def _listen(self) -> None:
        if self._session is not None and self._session.client.on_finished == self._on_finished:
            self._session.client.tell_next(self._on_first)

    def _on_first(self, number: int) -> None:
        self._sources.tell()
        cell = self._cells.current
        runs = self._runs.setdefault(self._cell_id, []) if self._cell_id else []
        with self._lock:
            for line in runs:
                line.look()
        previous = [line for line in runs if line.tally.left]
        line = CellLine(self._session, cell, number, previous)
        runs[:] = [*previous, line]
        if self._cell_id:
            self._runs.move_to_end(self._cell_id)
        self._by_cell[cell.number] = line
        for kept in (self._by_cell, self._runs):
            if len(kept) > KEPT:
                kept.popitem(last=False)
        self._active.append(line)
        self._wake()

    def _on_finished(self, call: Call) -> None:
        line = self._by_cell.get(call.cell)
        if line is not None and call.number >= line.first:
            line.on_finished(call)

    def _reopen(self, calls: list[Call]) -> None:
        """Calls that had ended are to run again: their lines live again, and the pause does not count."""
        for line in {id(line): line for call in calls if (line := self._by_cell.get(call.cell))}.values():
            with self._lock:
                line.tally.recount()
                if line.ended and line.tally.left:
                    line.tally.began += time.monotonic() - line.tally.last_end
                    line.ended = False
                    self._active.append(line)
        self._wake()

    # ------------------------------------------------------------ the thread
    def _wake(self) -> None:
        self._work.set()
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="treadle-lines", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while not self._closed.is_set():
            if not self._active and not self._cards:
                self._work.clear()
                if not self._active and not self._cards:  # none came in between
                    self._work.wait()
            self._closed.wait(max(EVERY_S, 0.05 * (len(self._active) + len(self._cards))))
            self._look_at_all()
            self.settle_cards()

    def _look_at_all(self) -> None:
        now = time.monotonic()
        lines = [line for line in list(self._active) if now - line.tally.began >= SHOW_AFTER_S]
        for line in lines:
            with self._lock:
                line.look()
        self._ask(lines, now)
        for line in lines:
            self._show(line)

    def _ask(self, lines: list[CellLine], now: float) -> None:
        """Ask the runtime what runs of each line that has tasks left."""
        by_session: dict[int, list[CellLine]] = {}
        for line in lines:
            line.put_previous_last(now)
            if line.tally.left and not line.session.client.closed:
                by_session.setdefault(id(line.session), []).append(line)
        for same in by_session.values():
            ranges = [[line.tally.lowest(), line.tally.following] for line in same]
            path = any(line.wants_path(now) for line in same)
            try:
                answers = same[0].session.client.link.ask("progress", {"ranges": ranges, "path": path}, ASK_S)
            except TreadleError:  # the runtime ends or is very busy: what was known stands
                continue
            for line, (running, path_s, said) in zip(same, answers, strict=True):
                line.running = running
                line.said = estimate.said_words(said)
                line.path_s = path_s if path else max(0.0, line.path_s - EVERY_S)

    def _show(self, line: CellLine) -> None:
        """Bring the page up to date if there is anything new."""
        with self._lock:
            if line.ended:
                return
            line.ended = line.over and not any(each.tally.left for each in (line, *line.previous))
            if line.ended:
                self._active.remove(line)
            if line.replaced or not (line.shown or line.tally.left or self._is_stored(line)):
                return
            before = line.shown
            if line.has_card and line.tally.submitted <= 1 and not before and not line.previous_left():
                return
            bundle = line.show(time.monotonic())
            if line.shown == before:
                return
            if before:
                self._screen.update(bundle, {}, line.display_id)
            else:
                self._screen.display(line.cell.parent, bundle, {}, line.display_id)

    def _is_stored(self, line: CellLine) -> bool:
        """Tell whether it is shown though nobody looked while its tasks ran: what a runner stores depends on how long they took alone.

        A person whose cell has ended has the value already; a line that comes behind it then would only be in the way.
        """
        return self._cells.headless and line.tally.last_end - line.tally.began >= SHOW_AFTER_S
