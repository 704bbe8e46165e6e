"""The Stop button during a wait: the first press ends the wait, a second one within 2 s the tasks.

Law: knows SIGINT, one event loop and calls; nothing of cells. Main thread of a kernel; in any other thread a wait
is an ordinary one.

Why the cell is kept busy: an idle kernel ignores SIGINT, so a press after the cell's end would never be seen. Why
the handler stands from the beginning of a wait: of a storm of presses none may fall between two handlers. While a
coroutine is suspended nothing wakes the loop after a signal (`call_soon` of the loop's own thread does not), so
ipykernel's own handler would be heard at the next event only; ours rings.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # what `signal` wraps: turning handlers into enums and back costs 20 us
import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from signal import SIGINT
from types import FrameType
from typing import Any, Final

from treadle_runtime.client.calls import Call
from treadle_runtime.client.link import Link
from treadle_runtime.core.states import TaskState

SECOND_S: Final = 2.0
"""How long a second press is waited for."""
ONE_PRESS_S: Final = 0.3
"""Presses that follow each other faster than this are one."""

_SIGINT: Final = int(SIGINT)
_MAIN: Final = threading.main_thread().ident

Handler = Callable[[int, FrameType | None], Any]


class Presses:
    """What was pressed since somebody began to listen. Called by Python in the main thread, between two steps."""

    def __init__(self, ring: Callable[[], object] | None = None) -> None:
        self.count = 0
        self.seen = 0  # how many of them somebody has acted upon
        self._last = 0.0
        self._ring = ring

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        apart = now - self._last > ONE_PRESS_S
        self._last = now
        if not self.count or apart:
            if self.count > self.seen and self._ring is None:
                raise KeyboardInterrupt  # a callback of the user's keeps us from looking
            self.count += 1
        if self._ring is not None:
            self._ring()


class StopButton:
    """What a kernel gives to `Client.button`.

    Parameters
    ----------
    tell
        shows one line below the cell that runs.
    tasks_of_cell
        gives the calls of the cell that runs.
    on_give_up
        is told that the cell's coroutine will be cancelled.
    on_wait
        is told that the cell is about to wait for tasks.
    """

    def __init__(
        self,
        tell: Callable[[str], None],
        tasks_of_cell: Callable[[], list[Call]],
        on_give_up: Callable[[], None] = lambda: None,
        on_wait: Callable[[], None] = lambda: None,
    ) -> None:
        self._tell = tell
        self._tasks_of_cell = tasks_of_cell
        self.on_give_up = on_give_up
        self._on_wait = on_wait
        self._asleep: _Asleep | None = None
        self.stopped: list[Call] = []  # what went on when a cell was interrupted the last time
        self._stopped_here = False

    # ------------------------------------------------------------ a thread that waits
    def wait(
        self, link: Link, until: Callable[[], bool], timeout: float | None, calls: Sequence[Call]
    ) -> bool:
        """Do as `link.wait`; raise KeyboardInterrupt at the second press, or 2 s after the first."""
        if threading.get_ident() != _MAIN or not callable(_signal.getsignal(_SIGINT)):
            return link.wait(until, timeout)
        self._on_wait()
        presses = Presses()
        before = _signal.signal(_SIGINT, presses)
        try:
            ended = link.wait(lambda: presses.count > 0 or until(), timeout)
            if not presses.count:
                return ended
            alive = self.stop(calls)
            presses.seen = 1
            if alive:
                link.wait(lambda: presses.count > 1 or all(call.final for call in alive), SECOND_S)
                if presses.count > 1:
                    self.cancel(alive)
            raise KeyboardInterrupt
        finally:
            _signal.signal(_SIGINT, before)

    # ------------------------------------------------------------ a coroutine that waits
    @contextlib.contextmanager
    def awaiting(self, loop: asyncio.AbstractEventLoop, calls: Sequence[Call]) -> Iterator[None]:
        """Listen while a coroutine of the cell is suspended; several may be."""
        self._on_wait()
        if self._asleep is None or not self._asleep.listening(loop):
            self._asleep = _Asleep.begin(self, loop)
        asleep = self._asleep
        if asleep is None:
            yield
            return
        asleep.waits.append(calls)
        cancelled = False
        try:
            yield
        except asyncio.CancelledError:
            if not asleep.given_up:
                raise
            cancelled = True
        finally:
            asleep.waits.remove(calls)
            if not asleep.waits:
                asleep.end()
        if asleep.pressed and _in_the_cell_itself():
            asleep.end(ended=True)
            raise KeyboardInterrupt from None
        if cancelled or asleep.took(calls):
            raise asyncio.CancelledError from None
        if asleep.pressed and not asleep.waits:
            asleep.give_up()  # nothing is waited for any more

    # ------------------------------------------------------------ what a press means
    def on_begin(self) -> None:
        """Take note that a cell begins."""
        self._stopped_here = False

    def on_end(self, error: BaseException | None) -> None:
        """Take note how the cell ended: it may have been interrupted while it did something else than wait."""
        if self._asleep is not None:
            self._asleep.cell_ended = True
        if isinstance(error, (KeyboardInterrupt, asyncio.CancelledError)) and not self._stopped_here:
            self.stopped = self._tasks_of_cell()

    def stop(self, calls: Sequence[Call]) -> list[Call]:
        """Say that the wait is stopped; return what goes on: the tasks of this cell and those waited for."""
        known = {id(call): call for call in (*self._tasks_of_cell(), *calls)}
        self.stopped = [call for call in known.values() if not call.final]
        self._stopped_here = True
        if self.stopped:
            self._tell(
                f"stopped waiting; {_tasks(len(self.stopped))} on. Press again within {SECOND_S:.0f} s to cancel {_them(self.stopped)}"
            )
        return self.stopped

    def cancel(self, calls: Sequence[Call]) -> None:
        """Cancel what has not ended."""
        alive = [call for call in calls if not call.final]
        if alive:
            alive[0].client.cancel([call.number for call in alive])
        self._tell(f"cancelled {len(alive)} task{'' if len(alive) == 1 else 's'}")


class _Asleep:
    """The coroutines of one cell that wait, and the handler that stands meanwhile."""

    def __init__(self, button: StopButton, loop: asyncio.AbstractEventLoop, before: Handler) -> None:
        self._button = button
        self._loop = loop
        self._before = before
        self._presses = Presses(lambda: loop.call_soon_threadsafe(self._look))
        self._alive: list[Call] = []
        self._timer: asyncio.TimerHandle | None = None
        self.waits: list[Sequence[Call]] = []
        self.given_up = False
        self.cell_ended = False

    @classmethod
    def begin(cls, button: StopButton, loop: asyncio.AbstractEventLoop) -> _Asleep | None:
        """Listen, if this is the loop of the main thread and a handler stands that ends the cell."""
        if threading.get_ident() != _MAIN:
            return None
        before = _signal.getsignal(_SIGINT)
        if not callable(before) or before is _signal.default_int_handler or isinstance(before, Presses):
            return None  # no cell runs that could be ended by what stands there
        asleep = cls(button, loop, before)
        _signal.signal(_SIGINT, asleep._presses)
        return asleep

    @property
    def pressed(self) -> bool:
        """Whether the cell is to end."""
        return self._presses.count > 0

    def took(self, calls: Sequence[Call]) -> bool:
        """Tell whether these were cancelled for the cell that is ending: its own cancelling is on its way then."""
        return self.given_up and not self.cell_ended and any(call.state == TaskState.CANCELLED for call in calls)

    def listening(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Tell whether the handler still stands: the end of a cell puts another one."""
        return loop is self._loop and _signal.getsignal(_SIGINT) is self._presses

    def end(self, ended: bool = False) -> None:
        """Put back what was there before; if the button was pressed, only when the cell has `ended` by that."""
        if self.pressed and not ended:
            return
        if self._timer is not None:
            self._timer.cancel()
        if threading.get_ident() == _MAIN and self.listening(self._loop):
            _signal.signal(_SIGINT, self._before)

    def _look(self) -> None:
        if self.given_up:
            return
        if not self._presses.seen:
            self._presses.seen = 1
            self._alive = self._button.stop([call for calls in self.waits for call in calls])
            self._timer = self._loop.call_later(SECOND_S if self._alive else 0.0, self.give_up)
        elif self._presses.count > 1:
            self._button.cancel(self._alive)
            self.give_up()

    def give_up(self) -> None:
        """End the cell as the kernel itself does: it cancels the cell's coroutine, and so what that waits for."""
        if self.given_up:
            return
        self.given_up = True
        if self.listening(self._loop):
            self.end(ended=True)
            self._button.on_give_up()
            self._before(_SIGINT, None)


def _in_the_cell_itself() -> bool:
    """Tell whether the coroutine that runs is the cell, whose exceptions the shell shows, not a task of its own."""
    task = asyncio.current_task()
    code = getattr(task.get_coro() if task is not None else None, "cr_code", None)
    return code is not None and code.co_name == "run_cell_async"


def _tasks(count: int) -> str:
    return "1 task goes" if count == 1 else f"{count} tasks go"


def _them(calls: Sequence[Call]) -> str:
    return "it" if len(calls) == 1 else "them"
