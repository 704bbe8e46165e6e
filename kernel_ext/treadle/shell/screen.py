"""Where text and displays go: below a given cell of a notebook, or to the terminal.

Law: knows messages to the page and streams, nothing of tasks. Any thread, at any time; never waits for the page.

In a kernel the messages are sent with the header of the cell they belong to, by the session's own socket, which
ipykernel 6 and 7 alike allow from every thread; what `print` and `display` do in threads differs between versions.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Protocol

from .missed import Missed
from .terminal import TerminalScreen

Parent = Any
"""What a message answers to: the header of a cell's request (None in a terminal)."""
Bundle = dict[str, Any]


class Screen(Protocol):
    """A place that shows things."""

    exchanges: bool  # whether what is displayed can be exchanged; else it is shown again below

    def parent(self) -> Parent:
        """Return what stands for the cell that runs now."""

    def write(self, parent: Parent, stream: str, text: str) -> None:
        """Show text ("stdout" or "stderr") below a cell."""

    def display(self, parent: Parent, bundle: Bundle, metadata: dict[str, Any], display_id: str) -> None:
        """Show something below a cell that can be exchanged later."""

    def update(self, bundle: Bundle, metadata: dict[str, Any], display_id: str) -> None:
        """Exchange what was displayed under this id, wherever it stands."""

    def have(self, parent: Parent, act: Callable[[], object]) -> None:
        """Call `act`, which writes to `sys.stdout` and `sys.stderr` itself, so that it appears below a cell."""


class KernelScreen:
    """The notebook of an ipykernel."""

    exchanges = True

    def __init__(self, kernel: Any) -> None:
        self._kernel = kernel
        self.missed = Missed()  # by pages that are not there

    def parent(self) -> Parent:
        return self._kernel.get_parent("shell")

    def write(self, parent: Parent, stream: str, text: str) -> None:
        if threading.current_thread() is threading.main_thread():
            (sys.stdout if stream == "stdout" else sys.stderr).flush()  # what was printed before comes before
        self._send("stream", {"name": stream, "text": text}, parent, f"stream.{stream}".encode())

    def display(self, parent: Parent, bundle: Bundle, metadata: dict[str, Any], display_id: str) -> None:
        if threading.current_thread() is threading.main_thread():
            sys.stdout.flush()
        self._show("display_data", parent, bundle, metadata, display_id)

    def update(self, bundle: Bundle, metadata: dict[str, Any], display_id: str) -> None:
        # pages find the display by its id; runners without a page listen to the cell that runs
        self._show("update_display_data", self.parent(), bundle, metadata, display_id)

    def have(self, parent: Parent, act: Callable[[], object]) -> None:
        undo = []
        for stream in (sys.stdout, sys.stderr):
            header = getattr(stream, "_parent_header", None)  # as `set_thread_parent` of ipykernel 7.4 does
            if isinstance(header, ContextVar) and isinstance(parent, dict):
                undo.append((header, header.set(parent.get("header", parent))))
        try:
            act()
        finally:
            for header, token in undo:
                header.reset(token)

    def _show(
        self, kind: str, parent: Parent, bundle: Bundle, metadata: dict[str, Any], display_id: str
    ) -> None:
        transient = {"display_id": display_id} if display_id else {}
        content = {"data": bundle, "metadata": metadata, "transient": transient}
        self._send(kind, content, parent, b"display_data")

    def _send(self, kind: str, content: dict[str, Any], parent: Parent, topic: bytes) -> None:
        kernel = self._kernel
        self.missed.note(kind, content, parent)
        kernel.session.send(kernel.iopub_socket, kind, content, parent=parent, ident=topic)


def screen_of(shell: Any) -> Screen:
    """Return where an IPython shell shows things."""
    kernel = getattr(shell, "kernel", None)
    return TerminalScreen() if kernel is None or not hasattr(kernel, "iopub_socket") else KernelScreen(kernel)
