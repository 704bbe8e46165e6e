"""`%treadle log`: all that tasks have printed and displayed, also what their cell has folded.

Law: asks the runtime, which keeps it, and shows it below the cell that asks, as output of the user's own code.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from treadle_runtime import api
from treadle_runtime.client.calls import Call
from treadle_runtime.client.lines import Lines
from treadle_runtime.errors import UsageError
from treadle_runtime.wire.asides import Logged, Shown, Warned, unpack_aside

from .failures import failure_text

if TYPE_CHECKING:
    from .extension import Extension

_CELL: Final = re.compile(r"\[(\d+)\]")
Part = Sequence[Any]
"""(stream, text), or ("aside", a packed aside)."""


def log(extension: Extension, words: list[str]) -> None:
    """Serve `%treadle log [17 | [5]]`; without a word the tasks of the newest cell that has some."""
    session = api.peek()
    if session is None:
        raise UsageError("Nothing runs, so there is no log. It ends with its runtime.")
    calls = session.client.calls
    numbers = _meant(calls, words)
    lines = Lines(lambda _number: True) if len(numbers) > 1 else None
    for number in numbers:
        call = calls.get(number)
        name = call.function if call is not None else "task"
        show_parts(extension, number, name, session.client.link.ask("log", {"number": number}), lines)
        if call is not None and call.final and call.state != "done":
            call.looked = True
            print(failure_text(call, calls.get(call.root)))


def show_parts(
    extension: Extension, number: int, name: str, parts: Sequence[Part], lines: Lines | None
) -> None:
    """Show what a task of function `name` has said below the cell that runs; with `lines` each line names its task."""
    screen, parent, text = extension.screen, extension.screen.parent(), ""
    for stream, said in parts:
        text = said
        if isinstance(said, bytes):
            aside = unpack_aside(said)
            if isinstance(aside, Shown):
                screen.display(parent, aside.data, aside.metadata, "")
                continue
            text, stream = _as_text(aside), "stderr"
        for where, line in lines.add(number, name, stream, text) if lines else [(stream, text)]:
            screen.write(parent, where, line)
    if text and not text.endswith("\n") and not lines:
        screen.write(parent, stream, "\n")


def _as_text(aside: Any) -> str:
    """Return an aside that is no display as a line of a log."""
    if isinstance(aside, Logged):
        text = f"{aside.name}: {aside.message}\n"
        return f"{text}{aside.exception}\n" if aside.exception else text
    if isinstance(aside, Warned):
        times = f" (x {aside.count})" if aside.count > 1 else ""
        return f"{aside.category}: {aside.text}{times}\n"
    return ""


def _meant(calls: dict[int, Call], words: list[str]) -> list[int]:
    if not words:
        cells = [call.cell for call in calls.values()]
        return [number for number, call in calls.items() if call.cell == cells[-1]]
    found: list[int] = []
    for word in words:
        if match := _CELL.fullmatch(word):
            found += [number for number, call in calls.items() if call.cell == int(match[1])]
        elif word.lstrip("#").isdigit():
            found.append(int(word.lstrip("#")))
        else:
            raise UsageError(
                f"%treadle log does not know {word!r}. Say `%treadle log 17` for f #17, or `[5]` for a cell."
            )
    return found
