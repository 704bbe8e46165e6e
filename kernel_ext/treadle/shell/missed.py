"""What was shown below cells, for pages that were not there: after a reload a page drops the output of cells that still run.

Law: keeps what the screen sent, newest first to stay, bounded; answers on the kernel's control channel, which a cell that
runs does not block. Any thread. What a cell prints itself is the notebook's own affair and not kept.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any, Final

REQUEST: Final = "treadle_missed"
REPLY: Final = "treadle_missed_reply"
LIMIT: Final = 16 << 20
"""Bytes that are kept, roughly."""
PIECES: Final = 2000
"""Pieces of text kept of one cell; older ones are put together."""
_OPEN: Final = "treadle-open"


class Told:
    """What one run of a cell was sent: its pieces in order, texts and ids of displays."""

    __slots__ = ("nbytes", "pieces", "request")

    def __init__(self, request: str) -> None:
        self.request = request
        self.pieces: list[tuple[str, str]] = []  # ("stdout", text) or ("display", id)
        self.nbytes = 0


class Missed:
    """What is kept of all cells, by the id that the page knows them by, and of all displays."""

    def __init__(self) -> None:
        self._cells: OrderedDict[str, Told] = OrderedDict()
        self._displays: OrderedDict[str, dict[str, Any]] = OrderedDict()  # as they are now
        self._nbytes = 0
        self._unnamed = 0
        self._running: dict[str, Any] | None = None
        self._lock = threading.Lock()

    def begin(self, parent: Any, number: int) -> None:
        """A cell runs from now on."""
        cell, request = _origin(parent)
        self._running = {"cell": cell, "request": request, "number": number} if cell else None

    def end(self) -> None:
        """It has ended."""
        self._running = None

    def note(self, kind: str, content: dict[str, Any], parent: Any) -> None:
        """Keep what is sent below the cell whose request `parent` is."""
        display = str((content.get("transient") or {}).get("display_id", ""))
        with self._lock:
            if kind == "update_display_data":
                self._show(display, content["data"])
            elif kind in ("stream", "display_data"):
                cell, request = _origin(parent)
                if cell:
                    self._piece(self._of(cell, request), kind, content, display)
            while self._nbytes > LIMIT and (len(self._cells) > 1 or len(self._displays) > 1):
                self._forget_oldest()

    def answer(self, cells: list[str], others: list[str], displays: list[str]) -> dict[str, Any]:
        """Return what was told to cells, of `others` only what is still open, displays as they are now, and which cell runs."""
        found = {}
        with self._lock:
            for cell in [*cells, *others]:
                told = self._cells.get(cell)
                if told is not None and (cell in cells or self._is_open(told)):
                    found[cell] = {"request": told.request, "pieces": list(self._pieces(told))}
            now = {display: self._displays[display] for display in displays if display in self._displays}
        return {"cells": found, "displays": now, "running": self._running}

    def _of(self, cell: str, request: str) -> Told:
        told = self._cells.get(cell)
        if told is None or told.request != request:  # it is run again: the page has cleared it
            self._drop(cell)
            told = self._cells[cell] = Told(request)
        self._cells.move_to_end(cell)
        return told

    def _piece(self, told: Told, kind: str, content: dict[str, Any], display: str) -> None:
        if kind == "display_data":
            self._unnamed += not display
            display = display or f"-{self._unnamed}"
            told.pieces.append(("display", display))
            self._show(display, content["data"])
            return
        told.pieces.append((content["name"], content["text"]))
        told.nbytes += len(content["text"])
        self._nbytes += len(content["text"])
        if len(told.pieces) > PIECES:
            told.pieces = _joined(told.pieces)

    def _pieces(self, told: Told) -> Iterator[dict[str, Any]]:
        for kind, text in told.pieces:
            if kind != "display":
                yield {"stream": kind, "text": text}
            elif text in self._displays:
                yield {"display": text, "data": self._displays[text]}

    def _is_open(self, told: Told) -> bool:
        shown = (self._displays.get(text, {}) for kind, text in told.pieces if kind == "display")
        return any(_OPEN in str(data.get("text/html", "")) for data in shown)

    def _show(self, display: str, data: dict[str, Any]) -> None:
        before = self._displays.pop(display, None)
        self._displays[display] = data
        self._nbytes += _size(data) - (0 if before is None else _size(before))

    def _forget_oldest(self) -> None:
        if len(self._cells) > 1:
            self._drop(next(iter(self._cells)))
        else:
            self._nbytes -= _size(self._displays.popitem(last=False)[1])

    def _drop(self, cell: str) -> None:
        told = self._cells.pop(cell, None)
        if told is None:
            return
        self._nbytes -= told.nbytes
        for kind, text in told.pieces:
            if kind == "display" and (data := self._displays.pop(text, None)) is not None:
                self._nbytes -= _size(data)


def serve(kernel: Any, missed: Missed) -> Callable[[], None]:
    """Have the kernel answer pages that ask what they missed; the returned function ends that."""

    async def on_request(socket: Any, ident: Any, parent: Any) -> None:
        content = parent.get("content") or {}
        cells, others, displays = (_names(content.get(name)) for name in ("cells", "others", "displays"))
        found = missed.answer(cells, others, displays)
        kernel.session.send(socket, REPLY, {"status": "ok", **found}, parent, ident)

    kernel.control_handlers[REQUEST] = on_request

    def end() -> None:
        if kernel.control_handlers.get(REQUEST) is on_request:
            del kernel.control_handlers[REQUEST]

    return end


def _origin(parent: Any) -> tuple[str, str]:
    """Return the cell's id and the id of the request that runs it, "" for what is of no cell."""
    if not isinstance(parent, dict):
        return "", ""
    cell = (parent.get("metadata") or {}).get("cellId") or ""
    return str(cell), str((parent.get("header") or {}).get("msg_id") or "")


def _joined(pieces: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Put texts of one stream that follow each other together."""
    found: list[tuple[str, str]] = []
    for kind, text in pieces:
        if found and kind != "display" and found[-1][0] == kind:
            found[-1] = (kind, found[-1][1] + text)
        else:
            found.append((kind, text))
    return found


def _size(data: dict[str, Any]) -> int:
    return sum(len(value) if isinstance(value, str | bytes) else 200 for value in data.values())


def _names(value: Any) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
