"""IPython in a terminal: what other threads have to say never comes into the middle of a line.

Law: knows streams and the thread of the cells, nothing of what tasks are.

While a cell runs, its thread may be in the middle of a line at any moment: `print` writes piece by piece, and IPython writes
`Out[15]: ` before the value. So what other threads say meanwhile, themselves or by handlers of loggers, is kept until the cell
waits for tasks, or ends. At the prompt it is written at once, and the prompt is drawn again below.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio

    from treadle_runtime.client.calls import Call
    from treadle_runtime.client.link import Link

    from .screen import Bundle, Parent


class TerminalScreen:
    """A terminal, or anything else that has only streams."""

    exchanges = False

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._depth = 0  # cells that run: one may run another
        self._waits = 0  # coroutines of the cell that wait: between their first and last step it writes nothing
        self._kept: list[Callable[[], object]] = []

    # ------------------------------------------------------------ what the shell tells
    def begin(self) -> None:
        """A cell begins to run."""
        with self._lock:
            self._depth += 1

    def end(self) -> None:
        """A cell has ended."""
        with self._lock:
            self._depth = max(0, self._depth - 1)
            if not self._depth:
                self.release()

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Have others write at once meanwhile: the thread of the cells is not in the middle of a line."""
        with self._lock:
            self._waits += 1
            self.release()
        try:
            yield
        finally:
            with self._lock:
                self._waits -= 1

    def release(self) -> None:
        """Write what was kept. Called where no line is open."""
        with self._lock:
            while self._kept:
                self._kept.pop(0)()

    @property
    def keeps(self) -> bool:
        """Whether there is anything to release."""
        return bool(self._kept)

    # ------------------------------------------------------------ a screen
    def parent(self) -> Parent:
        return None

    def write(self, parent: Parent, stream: str, text: str) -> None:
        self.have(parent, partial(_write, stream, text))

    def display(self, parent: Parent, bundle: Bundle, metadata: dict[str, Any], display_id: str) -> None:  # noqa: ARG002
        self.write(parent, "stdout", f"{bundle.get('text/plain', '')}\n")

    def update(self, bundle: Bundle, metadata: dict[str, Any], display_id: str) -> None:  # noqa: ARG002
        self.write(None, "stdout", f"{bundle.get('text/plain', '')}\n")

    def have(self, parent: Parent, act: Callable[[], object]) -> None:  # noqa: ARG002 - there is one place
        with self._lock:
            if self._depth and not self._waits and threading.current_thread() is not threading.main_thread():
                self._kept.append(act)
            else:
                self.release()
                act()


class Pauses:
    """What a terminal gives to `Client.button`: a wait is where others may write; Ctrl-C ends it at once."""

    def __init__(self, screen: TerminalScreen) -> None:
        self._screen = screen

    def wait(
        self, link: Link, until: Callable[[], bool], timeout: float | None, calls: Sequence[Call]
    ) -> bool:
        ticker = calls[0].client.ticker if calls else None

        def looked() -> bool:
            if self._screen.keeps:
                if ticker is not None:
                    ticker.clear()
                self._screen.release()
            return until()

        return link.wait(looked, timeout)

    def awaiting(
        self,
        loop: asyncio.AbstractEventLoop,  # noqa: ARG002
        calls: Sequence[Call],  # noqa: ARG002
    ) -> AbstractContextManager[None]:
        return self._screen.pause()


def _write(stream: str, text: str) -> None:
    out = sys.stdout if stream == "stdout" else sys.stderr
    out.write(text)
    out.flush()
