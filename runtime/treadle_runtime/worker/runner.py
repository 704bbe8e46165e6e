"""One attempt of a task in this process: its world, its inputs, the call, what it printed and what it left behind.

Law: turns a launch row into a return row and never raises; knows no sockets. Main thread, except `interrupt`.

User code may be interrupted only while `_running` names its row: that is all the signal handler asks.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, Final

from ..core.model import Kind, LaunchRow, Outcome, OutputRow
from ..errors import InternalError, StoreFull
from ..store.packing import Packed
from . import entropy
from .backlog import Backlog, Row, unrun
from .code import Code
from .context import TaskContext, stand_for_threads
from .execute import Notes, Ran, execute
from .failure import OUTPUT, pack_exception, with_output
from .functions import Function
from .guards import Guards
from .measures import Peaks
from .seeding import seed_all
from .status import StatusPage
from .streams import Streams
from .values import Values
from .voice import give_voice
from .world import World

FULL_LOOK_S: Final = 100e-6
"""Tasks that ran this long are followed by the full look of `guards`."""
SHORT_S: Final = 1e-3
"""Tasks below this are measured together; results may wait behind them."""
_CANCELLED: Final = Ran(Outcome.INTERRUPTED)
_OK: Final = int(Outcome.OK)  # plain numbers: an enum costs 0.1 us wherever it is compared or sent
_RAISED: Final = int(Outcome.RAISED)
_INTERRUPTED: Final = int(Outcome.INTERRUPTED)
_FILE: Final = int(Kind.FILE)


class Runner:
    """Runs tasks in the thread that made it."""

    def __init__(
        self, worker: int, values: Values, backlog: Backlog, status: StatusPage, asides: Path | None = None
    ) -> None:
        signal.signal(signal.SIGINT, self._on_sigint)
        self.worlds: dict[int, World | bytes] = {}
        """Worlds by id; bytes until a task needs them."""
        self._worker = worker
        self._values = values
        self._backlog = backlog
        self._cancelled = backlog.cancelled
        self._status = status
        self._streams = Streams()
        self._streams.install()
        self._guards = Guards(self._streams)
        self.worlds[0] = self._guards.world  # of tasks that name none: as we were started
        self._peaks = Peaks(status.peak)
        self._context = TaskContext(worker)
        stand_for_threads(self._context)
        entropy.install()
        if asides is not None:
            give_voice(asides, self._streams, self._context, status)
        self._thread = threading.get_ident()
        self._running: LaunchRow | None = None
        self._wish: tuple[int, int] | None = None
        self._struck = False
        self._forked = False
        self._done = 0
        os.register_at_fork(after_in_child=self._in_child)

    # ---------------------------------------------------------------- cancel
    def interrupt(self, number: int, attempt: int) -> bool:
        """Raise KeyboardInterrupt in this attempt if it is the one that runs. Control thread."""
        self._status.wish(number, attempt)
        row = self._running
        if row is None or row[0] != number or row[1] != attempt:
            return False
        self._wish = (number, attempt)
        signal.pthread_kill(self._thread, signal.SIGINT)
        return True

    def runs(self, number: int) -> bool:
        """Tell whether user code of this task runs now. Any thread."""
        row = self._running
        return row is not None and row[0] == number

    def _on_sigint(self, _signum: int, _frame: FrameType | None) -> None:
        row, wish = self._running, self._wish
        if row is not None and wish is not None and row[0] == wish[0] and row[1] == wish[1]:
            self._wish = None
            self._struck = True
            raise KeyboardInterrupt
        # Else it isn't ours (a Ctrl-C in the terminal the notebook was started from), or came too late.

    # ---------------------------------------------------------------- run
    def run(self, row: LaunchRow, function: Function | None, now_ns: int) -> Row:
        """Run one attempt and return what the runtime is to hear of it; `now_ns` is the time now."""
        number, attempt, function_id, payload, inputs, outputs, world_id, options, renews = row
        sources: Sequence[Callable[[], Packed]] = ()
        if inputs:
            found = self._values.sources(inputs, renews)
            if found is None:
                return unrun(row, Outcome.DECLINED)
            sources = found
        if function is None or self._guards.world_id != world_id:
            try:
                self._prepare(function, function_id, world_id)
            except Exception as error:  # noqa: BLE001 - whatever is wrong with its world, it fails this task only
                return self._refused(row, error)
            assert function is not None
        streams = self._streams
        self._context.begin(number, attempt, function.name, options)
        self._status.begin(number, attempt, now_ns, self._done, streams.out_end, streams.err_end)
        first_or_watched = function.watched
        try:
            self._running = row  # from here on `interrupt` may strike
            if self._cancelled and self._backlog.is_cancelled(row):
                ran = _CANCELLED
            else:
                value = function.value
                if value is None or options is not None:
                    value = self._make_ready(function, options)
                ran = execute(number, value, payload, sources, outputs, options, self._context)
            self._running = None
        except KeyboardInterrupt:
            self._running = None
            ran = _CANCELLED
        except BaseException as error:  # noqa: BLE001 - a module may do anything when it is imported
            self._running = None
            ran = Ran(_RAISED, (), pack_exception(number, error, "", self._worker, attempt))
        if self._forked:
            self._end_child()
        answer = self._conclude(row, function, ran, first_or_watched)
        self._done += 1
        self._status.end()
        return answer

    def _make_ready(self, function: Function, options: dict[str, Any] | None) -> Callable[..., Any] | Code:
        value = function.loaded or function.load()
        if function.draws or (options is not None and options.get("seed") is not None):
            seed_all(self._context.seed())
        return value

    def _conclude(self, row: LaunchRow, function: Function, ran: Ran, look: bool) -> Row:
        streams, run_s, outcome, failure = self._streams, ran.run_s, ran.outcome, ran.failure
        peak: int | None = None  # of short tasks together, when they are sent
        if run_s > SHORT_S or function.slowest_s > SHORT_S:
            function.took(run_s)
            mapped = sum(nbytes for _, kind, nbytes, _ in row[4] if kind == _FILE)
            peak = self._peaks.after(run_s, mapped)
        notes = ran.notes
        for tidy in self._context.tidy:
            tidy()
        if self._context.notes is not None:
            notes = {**(notes or {}), **self._context.notes}
        if outcome or look or run_s > FULL_LOOK_S or streams.fresh:
            self._guards.full()
            out_at, err_at = streams.out_end, streams.err_end
            moved = streams.moved()
            if moved is not None:
                if failure is not None:
                    failure = with_output(failure, streams.said(out_at, err_at, OUTPUT))
                notes = {**(notes or {}), **moved}
        elif self._guards.quick():
            function.watched = True
        outputs: tuple[OutputRow, ...] = ()
        if outcome == _OK:
            try:
                outputs = self._values.keep(row[0], ran.outputs)
            except (MemoryError, StoreFull) as error:  # no room, here or in the store
                outcome, failure = _RAISED, pack_exception(row[0], error, "", self._worker, row[1])
        else:
            self._values.discard_drafts()
            if outcome == _INTERRUPTED and not self._struck and ran is not _CANCELLED:
                outcome = _RAISED  # nobody cancelled it: the user's code raised KeyboardInterrupt itself
                failure = pack_exception(row[0], KeyboardInterrupt(), "", self._worker, row[1])
            elif outcome == _RAISED and self._struck:
                outcome, failure = _INTERRUPTED, None  # what its code made of the KeyboardInterrupt
        self._struck = False
        return [row[0], row[1], outcome, outputs, run_s, ran.cpu_s, peak, failure, notes]

    def moved(self) -> Notes | None:
        """Return the new ends of the logs if something was printed that no task has been given yet."""
        return self._streams.moved()

    def look(self) -> None:
        """Put back whatever tasks may have changed."""
        self._guards.full()

    def bound(self, rows: list[Row]) -> None:
        """Fill in the peaks that were left open. Whoever sends the rows."""
        high = self._peaks.bound()
        for row in rows:
            if row[6] is None:
                row[6] = high

    # ---------------------------------------------------------------- what goes wrong
    def _prepare(self, function: Function | None, function_id: int, world_id: int) -> None:
        if function is None:
            raise InternalError(
                f"Worker {self._worker} was never told of function {function_id}. Call the task again."
            )
        world = self.worlds.get(world_id)
        if world is None:
            raise InternalError(
                f"Worker {self._worker} was never told of world {world_id}. Call the task again."
            )
        if isinstance(world, bytes):
            world = self.worlds[world_id] = World.decode(world)
        self._guards.enter(world_id, world)

    def _refused(self, row: LaunchRow, error: Exception) -> Row:
        failure = pack_exception(row[0], error, "", self._worker, row[1])
        return [row[0], row[1], int(Outcome.RAISED), (), 0.0, 0.0, 0, failure, None]

    def _in_child(self) -> None:
        self._forked = True

    def _end_child(self) -> None:
        # User code forked and its child came back from the task: the sockets and the results are the parent's.
        self._streams.moved()
        os._exit(0)
