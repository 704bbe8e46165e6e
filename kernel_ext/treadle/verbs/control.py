"""The verbs of `%treadle` that end tasks or wait for them.

Law: reads the line and says what happened; the work is the api's and the button's.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from treadle_runtime import api
from treadle_runtime.api.cancelling import calls_of, cancel_calls
from treadle_runtime.client.calls import Call
from treadle_runtime.errors import UsageError

from ..shell.recover import left_line
from ..shell.waiting import Waiting
from .targets import CELL, calls_meant

if TYPE_CHECKING:
    from ..extension import Extension


def cancel(extension: Extension, words: list[str]) -> None:
    """Serve `%treadle cancel [17 | [12] | NAME | all]`; without a word the tasks of the cell interrupted last."""
    calls = [call for word in words for call in _meant(extension, word)] if words else extension.button.stopped
    count = cancel_calls(calls)
    if not words and not count:
        print(
            "Treadle: no cell was interrupted whose tasks still run. `%treadle cancel all` ends everything."
        )
        return
    print(f"Treadle: cancelling {count} task{'' if count == 1 else 's'}")
    if "all" in words and (line := left_line()):
        print(line)


def wait(extension: Extension, words: list[str], awaited: bool = False) -> Waiting | None:
    """Serve `%treadle wait [NAME ...]`; without a name for everything, as `barrier`."""
    names = [name for word in words for name in word.split(",") if name]
    space, autosync = extension.shell.user_ns, extension.autosync
    for name in names:
        if name not in space:
            close = difflib.get_close_matches(name, space, 1)
            raise UsageError(
                f"`{name}` is no name of the notebook. {f'Did you mean `{close[0]}`?' if close else ''}".strip()
            )
    if names:
        calls = autosync.calls(names)
        return Waiting(calls, lambda: autosync.settle_made(names)).begin(awaited)
    session = api.peek()
    calls = (
        [call for call in list(session.client.calls.values()) if not call.final]
        if session is not None
        else []
    )
    return Waiting(calls, api.barrier, raises=False).begin(awaited)


def awaited_wait(extension: Extension, words: list[str]) -> Waiting | None:
    """Serve `await %treadle wait`, which cells of a kernel are rewritten to."""
    return wait(extension, words, awaited=True)


def _meant(extension: Extension, word: str) -> list[Call]:
    if word == "all":
        session = api.peek()
        return list(session.client.calls.values()) if session is not None else []
    if cell := CELL.fullmatch(word):
        found = calls_of(int(cell[1]))
        if not found:
            raise UsageError(f"Cell {word} has no tasks that are known here. `%treadle tasks` lists them.")
        return found
    return calls_meant(extension, word, "cancel")


def autosync(extension: Extension, words: list[str]) -> None:
    """Serve `%treadle autosync [on | off]`."""
    if words not in (["on"], ["off"], []):
        raise UsageError("%treadle autosync takes on or off.")
    if words:
        extension.autosync.on = words == ["on"]
    print(
        f"Treadle: autosync is {'on' if extension.autosync.on else 'off: names of %%task cells are futures'}"
    )


def reuse(_extension: Extension, words: list[str]) -> None:
    """Serve `%treadle reuse [on | off]`."""
    if words not in (["on"], ["off"], []):
        raise UsageError("%treadle reuse takes on or off.")
    found = api.current().reuse
    if words:
        found.on = words == ["on"]
        if not found.on:
            found.forget()
    told = "on: calls that equal earlier ones join them" if found.on else "off, but for @task(reuse=True)"
    print(f"Treadle: reuse is {told}")
