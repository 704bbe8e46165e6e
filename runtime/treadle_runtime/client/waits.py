"""Waiting for calls to end: blocking a thread, or suspending a coroutine.

Law: knows calls and one link; nothing of values. Stopping a wait leaves the tasks running; what the Stop button does
besides is decided by `Waits.button`, which a notebook gives.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from ..core.model import Number
from ..core.states import TaskState
from ..errors import RuntimeLost
from .calls import Call

if TYPE_CHECKING:
    import asyncio

    from .client import Client
    from .link import Link
    from .ticker import Ticker


class Button(Protocol):
    """What the Stop button does while one waits for `calls`. Main thread and its event loop."""

    def wait(
        self, link: Link, until: Callable[[], bool], timeout: float | None, calls: Sequence[Call]
    ) -> bool:
        """Do as `link.wait` does; raise KeyboardInterrupt if the wait is to be given up."""

    def awaiting(
        self, loop: asyncio.AbstractEventLoop, calls: Sequence[Call]
    ) -> AbstractContextManager[None]:
        """Return what is entered while a coroutine is suspended."""


class Waits:
    """The part of a client that waits."""

    link: Link
    tell: Callable[[str, str], None]  # the person
    lost: str | None
    open: int  # calls that are not final
    button: Button | None = None
    held: frozenset[Number] = frozenset()  # tasks of a dead kernel that nobody has resumed
    newest: ClassVar[Client | None] = None  # of this process: its tasks may write what an earlier one made
    ticker: Ticker | None = None  # what shows a long wait at a terminal

    def wait(self, until: Callable[[], bool], timeout: float | None, calls: Sequence[Call]) -> bool:
        """Block until `until()` or the timeout, as a wait for `calls` that the Stop button may end."""
        if self.open == len(calls) == 1:
            self.link.hurry()
        if self.held:
            self._tell_held(calls)
        ticker = self.ticker
        if ticker is None or not ticker.begin():
            return self._wait(until, timeout, calls)

        def looked() -> bool:
            ticker.tick()
            return until()

        try:
            return self._wait(looked, timeout, calls)
        finally:
            ticker.end()

    def _wait(self, until: Callable[[], bool], timeout: float | None, calls: Sequence[Call]) -> bool:
        if self.button is None:
            return self.link.wait(until, timeout)
        return self.button.wait(self.link, until, timeout, calls)

    def _tell_held(self, calls: Sequence[Call]) -> None:
        held = [call for call in calls if call.number in self.held and not call.final]
        if held:
            more = f" and {len(held) - 1} more are" if len(held) > 1 else " is"
            self.tell("info", f"{held[0].label}{more} held: %treadle resume lets what is held go on.")

    def wait_for(
        self, calls: Sequence[Call], timeout: float | None = None, first_failure: bool = False
    ) -> None:
        """Block until all calls are final (or, if asked, one before the rest has failed).

        Raises TimeoutError after `timeout` seconds and RuntimeLost if the runtime is gone.
        """
        position = 0

        def until() -> bool:
            nonlocal position
            while position < len(calls) and calls[position].final:
                if first_failure and calls[position].state != TaskState.DONE:
                    return True
                position += 1
            return position == len(calls) or self.lost is not None

        if until() or self.wait(until, timeout, calls):
            if self.lost is not None and not all(call.final for call in calls):
                raise RuntimeLost(self.lost)
            return
        left = sum(not call.final for call in calls)
        raise TimeoutError(f"{left} of {len(calls)} tasks have not ended after {timeout} s. They go on.")

    def suspend(self, calls: Sequence[Call], first_failure: bool = False) -> Generator[Any, None, None]:
        """Suspend a coroutine as `wait_for` blocks a thread (`yield from`). If it is cancelled the tasks go on."""
        open_calls = [call for call in calls if not call.final]
        left = len(open_calls)

        def arm(wake: Callable[[], None]) -> None:
            def count(call: Call) -> None:
                nonlocal left
                left -= 1  # messages are handed in by one thread at a time
                if left == 0 or (first_failure and call.state != TaskState.DONE):
                    wake()

            for call in open_calls:
                call.watch(count)

        if open_calls:
            yield from self.rest(arm, calls)

    def rest(
        self, arm: Callable[[Callable[[], None]], None], calls: Sequence[Call]
    ) -> Generator[Any, None, None]:
        """Suspend a coroutine, as a wait for `calls`, until what `arm` is given is called, in any thread."""
        import asyncio

        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        woken = False

        def wake() -> None:
            nonlocal woken
            woken = True
            if not loop.is_closed():
                loop.call_soon_threadsafe(_wake, waiter)

        arm(wake)
        self.link.flush()
        self.link.attend(lambda: woken)
        if self.button is None:
            yield from waiter
        else:
            with self.button.awaiting(loop, calls):
                yield from waiter


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
