"""`%treadle profile 17`: where a task spends its time, as a flame view below the cell that asks.

Law: reads the line and shows what the api has seen. Main thread; blocks while the task is looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle_runtime.api.profiling import profile as sample
from treadle_runtime.errors import UsageError

from ..show.flame import flame_html, flame_text
from .targets import call_meant

if TYPE_CHECKING:
    from ..extension import Extension


def profile(extension: Extension, words: list[str]) -> None:
    """Serve `%treadle profile 17 [--seconds 5]`."""
    seconds, names = _options(words)
    call = call_meant(extension, names, "profile")
    again = " run once more" if call.final else ""
    found = sample(call.number, seconds)
    title = f"{call.label}{again}: {found.samples} samples in {found.seconds:.1f} s"
    screen = extension.screen
    text = flame_text(found, title)
    screen.display(screen.parent(), {"text/plain": text, "text/html": flame_html(found, title)}, {}, "")


def _options(words: list[str]) -> tuple[float, list[str]]:
    rest = list(words)
    seconds = 5.0
    for index, word in enumerate(words):
        if word.startswith("--seconds"):
            value = word.partition("=")[2] or (words[index + 1] if index + 1 < len(words) else "")
            try:
                seconds = float(value)
            except ValueError:
                seconds = 0.0
            if not 0 < seconds <= 600:
                raise UsageError("--seconds is a number from 0.1 to 600, as in `%treadle profile 17 --seconds 5`.") from None
            rest.remove(word)
            if value in rest and "=" not in word:
                rest.remove(value)
    return seconds, rest
