"""The ledger: facts about tasks folded into what the feed shows of them.

Law: every task pays for this, watched or not. So `apply` only keeps the last fact of each task, folding is done per
task and batch, and tasks of one cell, function and depth share a `_Place`. A cell with too many tasks is closed:
its tasks live on as groups, plus those that run or failed, one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from ..core.facts import BORN, DATUM, EVICTED, TASK, Fact
from ..core.model import FunctionId, Number, WorkerId
from ..core.states import TaskState
from .delta import FAILED_LIMIT, NAME_CHARS, TASK_BYTES, Record, clip
from .functions import Functions, Timing
from .groups import CellKey, Group, Groups, newest
from .stream import CANCELLED, DETAIL_S, DONE, FAILED, STATE_OF, Stream

_FOLD_AT = 8192
_PLACES_KEPT = 4096
_RECORD_BYTES = 80
_REPORTS_KEPT = 1000
_UNKNOWN = float("nan")
_RUNNING, _DONE = TaskState.RUNNING, TaskState.DONE
_HOT = frozenset({TaskState.RUNNING, TaskState.FAILED})
Ran: TypeAlias = tuple[WorkerId, float, list[tuple[Number, int, float]]]
"""(worker, when it was heard, (number, Outcome, seconds) of attempts in the order in which they ended)."""


class _Cell:
    """The tasks of one cell: drawn one by one while it is open."""

    __slots__ = ("key", "nbytes", "open", "tasks")

    def __init__(self, key: CellKey) -> None:
        self.key = key
        self.open = True
        self.nbytes = 0
        self.tasks: dict[Number, Any] = {}  # the BORN fact of each


class _Place:
    """What tasks of one cell, function and depth share."""

    __slots__ = ("cell", "counts", "depth", "function", "group", "timing")

    def __init__(
        self, cell: _Cell, function: FunctionId, counts: dict[str, int], depth: int, timing: Timing
    ) -> None:
        self.cell = cell
        self.function = function
        self.counts = counts  # of the function
        self.depth = depth
        self.timing = timing  # of the function
        self.group: Group | None = None


class Ledger:
    """Tasks, cells and groups of a projection.

    `dirty` holds the tasks whose record may have changed; `shown` is what screens have of tasks, looked at only.
    """

    def __init__(self, limit_tasks: int, wall_offset: float, shown: Mapping[str, Record]) -> None:
        self.functions = Functions()
        self.groups = Groups()
        self.stream = Stream(wall_offset)
        self.dirty: set[Number] = set()
        self._shown = shown
        self._limit = limit_tasks
        self._wall_offset = wall_offset
        self._births: list[Any] = []
        self._fresh: dict[Number, Any] = {}  # last fact of each task since the last fold
        self._ran: list[Ran] = []
        self._not_well: set[Number] = set()  # tasks of which an attempt did not end well, since the last fold
        self._evicted: list[Number] = []
        self._place_of: dict[Number, _Place] = {}
        self._last: dict[Number, Any] = {}  # last fact folded
        self._places: dict[tuple[int, ...], _Place] = {}
        self._cells: dict[CellKey, _Cell] = {}
        self._reports: dict[Number, tuple[float, str]] = {}
        self._open_tasks = 0
        self._open_nbytes = 0
        self._hot: dict[Number, None] = {}  # tasks in groups that run or failed, oldest first

    def apply(self, facts: Iterable[Fact]) -> list[Any]:
        """Take in facts; returns those about workers, which are none of its business."""
        fresh, others = self._fresh, []
        for fact in facts:
            kind = fact[0]
            if kind == TASK:
                fresh[fact[1]] = fact
            elif kind == DATUM:
                continue
            elif kind == BORN:
                self._births.append(fact)
            elif kind == EVICTED:
                self._evicted.append(fact[1])
            else:
                others.append(fact)
        if len(fresh) > _FOLD_AT or len(self._births) > _FOLD_AT:
            self.fold()
        return others

    def ran(self, batches: Iterable[Ran]) -> None:
        """Take in attempts that ended, before the facts that follow from them."""
        self._ran += batches

    def record(self, number: Number) -> Record | None:
        """Return the task as it is to be shown, None if not one by one."""
        place = self._place_of.get(number)
        record = self.bare_record(number)
        if place is None or record is None:
            return None
        if place.cell.open:
            born = place.cell.tasks[number]
            makers = dict.fromkeys(self._source(maker) for maker in born[6])
            makers.pop(None, None)
            if makers:
                record["in"] = list(makers)
            if born[7]:
                record["title"] = clip(born[7], NAME_CHARS)
        elif number in self._hot and place.group:
            record["group"] = newest(place.group).key
        else:
            return None
        return record

    def bare_record(self, number: Number) -> Record | None:
        """Return what is known of a task, drawn or not, but for what it reads and its title."""
        place, last = self._place_of.get(number), self._last.get(number)
        if place is None or last is None:
            return None
        _, _, state, worker, at = last
        record: Record = {"fn": place.function, "cell": place.cell.key[1], "state": state}
        if worker:
            record["worker"] = worker
        if state == TaskState.RUNNING:
            record["since"] = round(at + self._wall_offset, 2)
            fraction, text = self._reports.get(number, (_UNKNOWN, ""))
            if fraction == fraction:  # else it is not known
                record["progress"] = round(min(1.0, max(0.0, fraction)), 3)
            if text:
                record["text"] = clip(text, NAME_CHARS)
        else:
            self._reports.pop(number, None)
        return record

    def group(self, key: str) -> Group | None:
        """Return the group of this key, or the one it was merged into."""
        self.fold()
        return self.groups.find(key)

    def numbers_in(self, group: Group) -> list[Number]:
        """Return the tasks of a group that are still known, oldest first."""
        inside: dict[_Place, bool] = {}
        numbers = []
        for number, place in self._place_of.items():
            found = inside.get(place)
            if found is None:
                found = inside[place] = place.group is not None and newest(place.group) is group
            if found:
                numbers.append(number)
        return numbers

    def report(self, reports: Mapping[Number, tuple[float, str]]) -> None:
        """Take in how far tasks say they are."""
        if reports:
            self._reports.update(reports)
            self.dirty.update(reports)
            while len(self._reports) > _REPORTS_KEPT:
                del self._reports[next(iter(self._reports))]

    def about(self, number: Number) -> Record:
        """Return the function's name and the cell of a task, as far as they are known."""
        self.fold()
        place = self._place_of.get(number)
        return (
            {"function": self.functions.name_of(place.function), "cell": place.cell.key[1]} if place else {}
        )

    def fold(self) -> None:
        """Bring records and counts up to the last fact of each task."""
        for born in self._births:
            self._on_born(born)
        self._births.clear()
        self._fold_ran()
        place_of, last, hot, dirty = self._place_of, self._last, self._hot, self.dirty
        for number, fact in self._fresh.items():
            place = place_of.get(number)
            if place is None:
                continue
            old, new = last.get(number), fact[2]
            last[number] = fact
            counts = place.counts
            if old:
                counts[old[2]] -= 1
                if old[2] == _RUNNING and new != _DONE and new != _RUNNING and number not in self._not_well:
                    self._on_lost(old, fact, place)
            counts[new] = counts.get(new, 0) + 1
            group = place.group
            if group is None:
                dirty.add(number)
                continue
            counts = (newest(group) if group.into else group).counts
            if old:
                counts[old[2]] -= 1
            counts[new] = counts.get(new, 0) + 1
            if new in _HOT or number in hot:
                self._heat(number, new)
        self._fresh.clear()
        self._not_well.clear()
        for number in self._evicted:
            self._on_evicted(number)
        self._evicted.clear()

    def close_cells(self) -> None:
        """Show whole cells as groups, too large ones first, then old ones, until the rest fits."""
        for cell in [cell for cell in self._cells.values() if cell.open and cell.nbytes > TASK_BYTES]:
            self._close(cell)
        for cell in [cell for cell in self._cells.values() if cell.open]:
            if self._open_tasks <= self._limit and self._open_nbytes <= TASK_BYTES:
                break
            self._close(cell)

    # ------------------------------------------------------------------ what ran
    def _fold_ran(self) -> None:
        place_of, stream = self._place_of, self.stream
        for worker, at, rows in self._ran:
            places = {place_of.get(row[0]) for row in rows}
            place = places.pop()
            if places or place is None or sum([row[1] for row in rows]) != DONE:
                self._fold_mixed(worker, at, rows)
                continue
            times = [row[2] for row in rows]
            place.timing.add(times)
            busy_s = sum(times)
            if busy_s < DETAIL_S and len(rows) > 1:
                stream.add_short(worker, at, place.function, len(rows), busy_s)
            else:
                stream.add(worker, at, [(place.function, row[0], DONE, row[2]) for row in rows])
        self._ran.clear()

    def _fold_mixed(self, worker: WorkerId, at: float, rows: list[tuple[Number, int, float]]) -> None:
        """Fold attempts of several functions, or that ended in several ways."""
        spans = []
        times: dict[_Place, list[float]] = {}
        for number, outcome, run_s in rows:
            place = self._place_of.get(number)
            if place is None or run_s <= 0.0:  # it was given back, or is long forgotten
                continue
            state = STATE_OF.get(outcome, CANCELLED)
            if state == DONE:
                times.setdefault(place, []).append(run_s)
            else:
                self._not_well.add(number)
            spans.append((place.function, number, state, run_s))
        for place, each in times.items():
            place.timing.add(each)
        busy_s = sum([span[3] for span in spans])
        if busy_s < DETAIL_S and len(spans) > 1:
            function = max(times, key=lambda place: sum(times[place])).function if times else spans[0][0]
            worst = max([span[2] for span in spans])
            self.stream.add_short(worker, at, function, len(spans), busy_s, worst)
        elif spans:
            self.stream.add(worker, at, spans)

    def _on_lost(self, old: Any, new: Any, place: _Place) -> None:
        """A task no longer runs, and its worker said nothing: it was killed."""
        state = CANCELLED if new[2] == TaskState.CANCELLED else FAILED
        if new[4] > old[4]:
            self.stream.add(old[3], new[4], [(place.function, old[1], state, new[4] - old[4])])

    # ------------------------------------------------------------------ one task
    def _on_born(self, born: Any) -> None:
        number = born[1]
        place = self._places.get(born[2:6])
        if place is None:
            place = self._new_place(*born[2:6])
        self._place_of[number] = place
        cell = place.cell
        if cell.open:
            cell.tasks[number] = born
            nbytes = _nbytes(born)
            cell.nbytes += nbytes
            self._open_nbytes += nbytes
            self._open_tasks += 1
            if len(cell.tasks) > self._limit:
                self._close(cell)
        elif born[6]:
            self._connect(place, born[6])

    def _new_place(self, function: FunctionId, client: int, cell_number: int, depth: int) -> _Place:
        key = (client, cell_number)
        cell = self._cells.get(key)
        if cell is None:
            cell = self._cells[key] = _Cell(key)
        shown = self.functions.shown_as(function)
        place = _Place(cell, shown, self.functions.counts(shown), depth, self.functions.timing(shown))
        if not cell.open:
            place.group = self.groups.home(key, shown, depth)
        if len(self._places) >= _PLACES_KEPT:
            self._places.clear()
        self._places[function, client, cell_number, depth] = place
        return place

    def _connect(self, place: _Place, makers: tuple[Number, ...]) -> None:
        assert place.group is not None
        group = newest(place.group)
        for maker in makers:
            source = self._source(maker)
            if source is not None:
                self.groups.connect(group, str(source))

    def _source(self, maker: Number) -> Number | str | None:
        """Return what an edge from this task begins at: itself, its group, or nothing any more."""
        place = self._place_of.get(maker)
        if place is None:
            return None
        return maker if place.group is None else newest(place.group).key

    def _on_evicted(self, number: Number) -> None:
        place = self._place_of.pop(number, None)
        if place is None:
            return
        self._last.pop(number, None)
        cell = place.cell
        if cell.open:
            nbytes = _nbytes(cell.tasks.pop(number))
            cell.nbytes -= nbytes
            self._open_nbytes -= nbytes
            self._open_tasks -= 1
        else:
            self._hot.pop(number, None)
        if str(number) in self._shown:
            self.dirty.add(number)
        else:
            self.dirty.discard(number)

    def _heat(self, number: Number, state: str) -> None:
        """A task in a group runs, failed, or no longer runs."""
        self.dirty.add(number)
        if state not in _HOT:
            self._hot.pop(number, None)
            return
        self._hot[number] = None
        if len(self._hot) > FAILED_LIMIT:
            oldest = next(iter(self._hot))
            del self._hot[oldest]
            self.dirty.add(oldest)

    # ------------------------------------------------------------------ one cell
    def _close(self, cell: _Cell) -> None:
        cell.open = False
        self._open_tasks -= len(cell.tasks)
        self._open_nbytes -= cell.nbytes
        for number, born in cell.tasks.items():
            place = self._place_of[number]
            if place.group is None:
                place.group = self.groups.home(cell.key, place.function, place.depth)
            last = self._last.get(number)
            if last:
                counts = newest(place.group).counts
                counts[last[2]] = counts.get(last[2], 0) + 1
                if last[2] in _HOT:
                    self._heat(number, last[2])
            self._connect(place, born[6])
            self.dirty.add(number)
        self.groups.rename({str(number): str(self._source(number)) for number in cell.tasks})
        cell.tasks.clear()
        for other in self._cells.values():
            self.dirty.update(other.tasks)  # edges from this cell's tasks now begin at groups


def _nbytes(born: Any) -> int:
    """Return about how large the record of this task is as JSON."""
    return _RECORD_BYTES + 11 * len(born[6]) + (2 * min(len(born[7]), NAME_CHARS) if born[7] else 0)
