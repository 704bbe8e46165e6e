"""The line below a cell that calls tasks: how many run and are done, how long it will take, what failed.

Law: shows what tallies count; decides nothing about tasks. A cell whose tasks end soon gets no line. Lines are
looked at a few times a second by a daemon thread that sleeps while no task is under way; what it asks the runtime
costs the same for ten tasks and for ten thousand.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from html import escape
from typing import Any, Final

from treadle_runtime.client import estimate
from treadle_runtime.client.calls import Call
from treadle_runtime.client.failed import grouped
from treadle_runtime.client.tally import Tally
from treadle_runtime.core.states import TaskState
from treadle_runtime.errors import TreadleError
from treadle_runtime.wire import messages as m

from .anchors import SMALL, anchored, cancelling, new_id
from .cells import Cell, Cells
from .future_card import Card
from .picture import short
from .progress_html import as_row, chip, strip
from .screen import Screen
from .snapshot import unpathed

SHOW_AFTER_S: Final = 0.45
EVERY_S: Final = 0.2
PATH_EVERY_S: Final = 2.0
ASK_S: Final = 1.0
AGAIN_EVERY_S: Final = 1.0
QUIET_LOOKS: Final = 10
"""After so many looks without news everything is counted anew: it is cheap, and nothing can be missed for ever."""
GROUPS: Final = 3
WIDE: Final = 300
KEPT: Final = 500


class CellLine:
    """One run of a cell: what is counted of it, and what is shown."""

    def __init__(
        self, session: Any, cell: Cell, first: int, previous: list[CellLine], has_card: bool = False
    ) -> None:
        self.session = session
        self.cell = cell
        self.tally = Tally(session.client.calls, first, time.monotonic())
        self.first, self.on_finished = first, self.tally.on_finished
        self.previous = previous  # earlier runs of the cell, whose tasks may still wait
        self.display_id = new_id("line")
        self.over = False  # the cell has ended; its tasks may go on
        self.replaced = False  # the cell has been run again: its output is gone from the page
        self.ended = False
        self.has_card = has_card  # which says it all, as long as its one task does not say how far it is
        self.shown = ""  # the words on the page, "" before there are any
        self.running = 0
        self.path_s = 0.0
        self.said = ""  # how far those that run say they are
        self._path_due = 0.0
        self._again_due = 0.0
        self._quiet = 0
        self._countdown = estimate.Countdown()

    def look(self) -> None:
        """Take in what has been submitted since the last look, and what nobody told."""
        client, tally = self.session.client, self.tally
        before = (tally.following, tally.ended)
        tally.look(self.cell.last or client.next_number)
        self._quiet = 0 if before != (tally.following, tally.ended) else self._quiet + 1
        if tally.left and (client.open == 0 or self._quiet >= QUIET_LOOKS):
            self._quiet = 0
            tally.recount()

    def wants_path(self, now: float) -> bool:
        """Tell whether it is time to ask for the longest chain, which costs the runtime more than the rest."""
        tally = self.tally
        if now < self._path_due or not estimate.may_tell(now - tally.began, tally.ended, tally.submitted):
            return False
        self._path_due = now + PATH_EVERY_S
        return True

    def put_previous_last(self, now: float) -> None:
        """Have what no handle can reach of earlier runs go last; handles go little by little while the cell runs."""
        if now >= self._again_due:
            self._again_due = now + AGAIN_EVERY_S
            for line in self.previous:
                if line.tally.left and not line.session.client.closed:
                    line.session.client.link.send(m.Again(line.tally.lowest(), line.tally.following))

    def counts(self) -> dict[str, int]:
        """Return how many tasks are in which state, as far as it is known here."""
        tally = self.tally
        running = min(self.running, tally.left)
        found = {TaskState.RUNNING: running, TaskState.WAITING: tally.left - running, **tally.states}
        return {state: count for state, count in found.items() if count}

    def words(self, now: float) -> str:
        """Return the line."""
        tally, workers = self.tally, self.session.plan.workers
        if self.over and not tally.left:
            return estimate.final_words(tally.states, tally.last_end - tally.began, tally.work_s, workers)
        left_s = None
        if tally.left and estimate.may_tell(now - tally.began, tally.ended, tally.submitted):
            left_s = estimate.seconds_left(tally.left_by_function(), workers, self.path_s)
        left = None if left_s is None else self._countdown.next(left_s, now)
        words = estimate.progress_words(self.counts(), left)
        return f"{words} · {self.said}" if self.said and tally.left else words

    def bundle(self, words: str) -> dict[str, str]:
        """Return the line as text and HTML."""
        tally, number = self.tally, self.cell.number
        side, plain, tasks = "", words, (tally.first, tally.following - 1)
        if tally.left:
            when = f"as of {time.strftime('%H:%M:%S')}"
            cancel = f" · {cancelling(f'%treadle cancel [{number}]', tasks)}" if number else ""
            side, plain = f'<span style="{SMALL}">{when}{cancel}</span>', f"{words} ({when})"
        shown = escape(words)
        for state in (TaskState.FAILED,):
            if count := tally.states.get(state):
                shown = shown.replace(f"{count} failed", chip(state, f"{count} failed"), 1)
        failures, previous = self._failures(), self._previous()
        html = as_row(shown, strip(self.counts()), side)
        below = [escape(line) for line in failures]
        below += [f"{told} · {cancelling(command, which)}" for told, command, which in previous]
        html += "".join(f'<div style="{SMALL}">{line}</div>' for line in below)
        told = [f"{told} · cancel: {command}" for told, command, _ in previous]
        return {
            "text/plain": "\n".join([plain, *failures, *told]),
            "text/html": anchored(
                html, self.display_id, self.session.client.epoch, tasks, number, not self.ended
            ),
        }

    def _failures(self) -> list[str]:
        if not self.tally.failed:
            return []
        groups = grouped(list(self.tally.failed))
        lines = [short(unpathed(str(group)), WIDE) for group in groups[:GROUPS]]
        if len(groups) > GROUPS:
            lines.append(f"and {len(groups) - GROUPS} other kinds: %treadle failures")
        return lines

    def _previous(self) -> list[tuple[str, str, tuple[int, int]]]:
        """Return of each earlier run what is left, what cancels it, and which tasks these are."""
        found = []
        for line in self.previous:
            waiting = line.tally.left - min(line.running, line.tally.left)
            if waiting:
                told = f"{waiting} task{'s' if waiting > 1 else ''} of the previous run still wait"
                tasks = (line.tally.first, line.tally.following - 1)
                found.append((told, f"%treadle cancel [{line.cell.number}]", tasks))
        return found


class Lines:
    """The lines of a notebook. `begin` and `end` come in the thread of the cells, the rest from any thread."""

    def __init__(self, cells: Cells, screen: Screen) -> None:
        self._cells = cells
        self._screen = screen
        self._session: Any = None
        self._by_cell: OrderedDict[int, CellLine] = OrderedDict()
        self._runs: OrderedDict[str, list[CellLine]] = (
            OrderedDict()
        )  # cell id -> its runs with tasks, newest last
        self._active: list[CellLine] = []
        self._cards: list[Card] = []
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
        now = time.monotonic()
        for line in [line for line in self._active if line.cell is self._cells.current]:
            line.over = True
            line.put_previous_last(now + AGAIN_EVERY_S)
            if line.shown:
                with self._lock:
                    line.look()
                self._show(line)

    def settle_cards(self) -> None:
        """Bring all cards up to date now: nobody will take in what comes later."""
        with self._lock:
            self._cards = [card for card in self._cards if not card.tick(self._screen)]

    def follow_card(self, card: Card) -> None:
        """Have a card look for news together with the lines."""
        with self._lock:
            self._cards.append(card)
        self._wake()

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
        cell = self._cells.current
        first = self._cells.raw.lstrip().partition("\n")[0].split()
        has_card = first[:1] == ["%%task"] and "--for" not in first
        runs = self._runs.setdefault(self._cell_id, []) if self._cell_id else []
        with self._lock:
            for line in runs:
                line.look()
        previous = [line for line in runs if line.tally.left]
        line = CellLine(self._session, cell, number, previous, has_card)
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
            if line.replaced or not (line.shown or line.tally.left):
                return
            if line.has_card and not line.shown and not line.said:
                return
            words = "\n".join([line.words(time.monotonic()), *(told for told, *_ in line._previous())])
            if words == line.shown:
                return
            bundle = line.bundle(words.partition("\n")[0])
            if line.shown:
                self._screen.update(bundle, {}, line.display_id)
            else:
                self._screen.display(line.cell.parent, bundle, {}, line.display_id)
            line.shown = words
