"""`%treadle log`: all that tasks have printed and displayed, also what their cell has folded.

Law: asks the runtime, which keeps it, and shows it below the cell that asks, as output of the user's own code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from treadle_runtime.client.calls import Call
from treadle_runtime.client.client import Client
from treadle_runtime.client.lines import Lines, bar_text
from treadle_runtime.errors import UsageError
from treadle_runtime.wire.asides import Bar, Logged, Shown, Warned, unpack_aside

from ..view.failures import failure_text
from .targets import CELL, calls_meant, number_of, session_of

if TYPE_CHECKING:
    from ..extension import Extension

LOOK_S: Final = 0.3
"""How often it is asked what is new, while one follows."""
Part = Sequence[Any]
"""(stream, text), or ("aside", a packed aside)."""


def log(extension: Extension, words: list[str]) -> None:
    """Serve `%treadle log [17 | [5] | NAME ...] [--follow]`; without a word the tasks of the newest cell that has some."""
    client = session_of("log").client
    calls = client.calls
    names = [word for word in words if word != "--follow"]
    numbers = _meant(extension, calls, names)
    lines = Lines(lambda _number: True) if len(numbers) > 1 else None
    known: list[dict[str, int]] = [{} for _ in numbers]

    def show() -> None:
        for number, begin in zip(numbers, known, strict=True):
            call = calls.get(number)
            parts = client.link.ask("log", {"number": number, "begin": begin})
            for stream, said in parts:
                begin[stream] = begin.get(stream, 0) + (len(said) if isinstance(said, str) else 1)
            show_parts(extension, number, call.function if call is not None else "task", parts, lines)

    show()
    if not any(known) and not any(number in calls for number in numbers) and numbers:  # those of other kernels have a log, too
        raise UsageError(f"No task #{numbers[0]} is known here: the last 20,000 that ended and all others are kept.")
    if "--follow" in words and not _follow(client, [calls[number] for number in numbers if number in calls], show):
        return
    for number in numbers:
        call = calls.get(number)
        if call is not None and call.final and call.state != "done":
            call.look()
            print(failure_text(call, calls.get(call.root)))


def _follow(client: Client, calls: Sequence[Call], show: Callable[[], None]) -> bool:
    """Show what is new until all have ended; False if the person stops that: the tasks go on."""
    try:
        while not all(call.final for call in calls) and client.lost is None:
            client.link.wait(lambda: client.lost is not None or all(call.final for call in calls), LOOK_S)
            show()
    except KeyboardInterrupt:
        left = [call.label for call in calls if not call.final]
        print(f"\nTreadle: stopped following; {', '.join(left[:3])} {'go' if len(left) > 1 else 'goes'} on")
        return False
    return True


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
            if not (words := _as_text(aside)):
                continue
            text, stream = words, "stderr"
        for where, line in lines.add(number, name, stream, text) if lines else [(stream, text)]:
            screen.write(parent, where, line)
    if text and not text.endswith("\n") and not lines:
        screen.write(parent, stream, "\n")


def _as_text(aside: Any) -> str:
    """Return an aside that is no display as a line of a log; of bars how they ended."""
    if isinstance(aside, Bar):
        return bar_text(aside)[1:] if aside.over else ""
    if isinstance(aside, Logged):
        text = f"{aside.name}: {aside.message}\n"
        return f"{text}{aside.exception}\n" if aside.exception else text
    if isinstance(aside, Warned):
        times = f" (x {aside.count})" if aside.count > 1 else ""
        return f"{aside.category}: {aside.text}{times}\n"
    return ""


def _meant(extension: Extension, calls: dict[int, Call], words: list[str]) -> list[int]:
    if not words:
        cells = [call.cell for call in calls.values()]
        return [number for number, call in calls.items() if call.cell == cells[-1]]
    found: list[int] = []
    for word in words:
        if match := CELL.fullmatch(word):
            mine = [number for number, call in calls.items() if call.cell == int(match[1])]
            if not mine:
                raise UsageError(f"Cell {word} has no tasks that are known here. `%treadle tasks` lists them.")
            found += mine
        elif (number := number_of(word)) is not None:
            found.append(number)
        else:
            found += [call.number for call in calls_meant(extension, word, "log")]
    return found
