"""The line below a cell that calls tasks: how many run and are done, how long it will take, what failed.

Law: says what a tally counts and `lines` has learned; decides nothing about tasks and shows nothing itself.
"""

from __future__ import annotations

import time
from typing import Any, Final

from treadle_runtime.client import estimate
from treadle_runtime.client.failed import grouped
from treadle_runtime.client.tally import Tally
from treadle_runtime.core.states import TaskState
from treadle_runtime.wire import messages as m

from ..shell.cells import Cell
from ..shell.screen import Bundle
from ..view.escaped import escape
from ..view.picture import short
from ..view.snapshot import unpathed
from .anchors import SMALL, anchored, cancelling, new_id
from .progress_html import as_row, chip, strip

PATH_EVERY_S: Final = 2.0
AGAIN_EVERY_S: Final = 1.0
QUIET_LOOKS: Final = 10
"""After so many looks without news everything is counted anew: it is cheap, and nothing can be missed for ever."""
GROUPS: Final = 3
WIDE: Final = 300


class CellLine:
    """One run of a cell: what is counted of it, and what is shown."""

    def __init__(self, session: Any, cell: Cell, first: int, previous: list[CellLine]) -> None:
        self.session = session
        self.cell = cell
        self.tally = Tally(session.client.calls, first, time.monotonic())
        self.first, self.on_finished = first, self.tally.on_finished
        self.previous = previous  # earlier runs of the cell, whose tasks may still wait
        self.display_id = new_id("line")
        self.over = False  # the cell has ended; its tasks may go on
        self.replaced = False  # the cell has been run again: its output is gone from the page
        self.ended = False
        self.has_card = False  # which says it all, as long as there is but one task
        self.title = ""  # what is said before all else while ...
        self.made = ""  # and behind
        self.mark = ""  # a quiet line below
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
            quiet_s = now - max(tally.began, tally.last_end)
            left_s = estimate.seconds_left(tally.left_by_function(), workers, self.path_s, quiet_s=quiet_s)
        left = None if left_s is None else self._countdown.next(left_s, now)
        words = estimate.progress_words(self.counts(), left)
        return f"{words} · {self.said}" if self.said and tally.left else words

    def show(self, now: float) -> Bundle:
        """Return what is to stand on the page now; `shown` tells afterwards whether that is anything new."""
        words = self.words(now)
        self.shown = "\n".join([words, *(told for told, *_ in self._previous()), self.mark])
        return self.bundle(words)

    def bundle(self, words: str) -> dict[str, str]:
        """Return the line as text and HTML."""
        tally, number = self.tally, self.cell.number
        words = f"{self.title}{words}{self.made}"
        side, plain, tasks = "", words, (tally.first, tally.following - 1)
        if tally.left:
            when = f"as of {time.strftime('%H:%M:%S')}"
            cancel = f" {cancelling(f'%treadle cancel [{number}]', tasks)}" if number else ""
            side, plain = f'<span style="{SMALL}">{when}{cancel}</span>', f"{words} ({when})"
        shown = escape(words)
        if count := tally.states.get(TaskState.FAILED):
            shown = shown.replace(f"{count} failed", chip(TaskState.FAILED, f"{count} failed"), 1)
        failures, previous = self._failures(), self._previous()
        html = as_row(shown, strip(self.counts()), side)
        below = [escape(line) for line in failures]
        below += [f"{told} {cancelling(command, which)}" for told, command, which in previous]
        below += [escape(self.mark)] if self.mark else []
        html += "".join(f'<div style="{SMALL}">{line}</div>' for line in below)
        told = [f"{told} · cancel: {command}" for told, command, _ in previous]
        return {
            "text/plain": "\n".join([plain, *failures, *told, *filter(None, [self.mark])]),
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

    def previous_left(self) -> bool:
        """Tell whether tasks of earlier runs still wait."""
        return bool(self._previous())

    def _previous(self) -> list[tuple[str, str, tuple[int, int]]]:
        """Return of each earlier run what is left, what cancels it, and which tasks these are."""
        found = []
        for line in self.previous:
            waiting = line.tally.left - min(line.running, line.tally.left)
            if waiting:
                told = f"{waiting} task{'s' if waiting > 1 else ''} of the previous run still wait{'s' if waiting == 1 else ''}"
                tasks = (line.tally.first, line.tally.following - 1)
                found.append((told, f"%treadle cancel [{line.cell.number}]", tasks))
        return found
