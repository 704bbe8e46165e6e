"""Which task a person means in a line of `%treadle`: `17`, `#17`, `f#17`, `[12]` for a cell, or a name of the notebook.

Law: reads words and the namespace; a word that means nothing is one sentence.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any, Final

from treadle_runtime import api
from treadle_runtime.api import Future, Session, left
from treadle_runtime.api.earlier import own_call
from treadle_runtime.api.sync import collect, written
from treadle_runtime.client.calls import Call
from treadle_runtime.errors import UsageError

if TYPE_CHECKING:
    from ..extension import Extension

_NUMBER: Final = re.compile(r"(?:.*#)?(\d+)")
CELL: Final = re.compile(r"\[(\d+)\]")


def session_of(what: str) -> Session:
    """Return the session that runs, for a verb that shows `what`."""
    session = api.peek()
    if session is None:
        raise UsageError(f"Nothing runs, so there is no {what}. It ends with its runtime.")
    return session


def number_of(word: str) -> int | None:
    """Return the number of a task as people write it, None for other words."""
    found = _NUMBER.fullmatch(word)
    return int(found[1]) if found else None


def meant(extension: Extension, word: str, verb: str) -> Any:
    """Return what a word means to `verb`: the number of a task, or the object of this name."""
    number = number_of(word)
    if number is not None:
        return number
    space = extension.shell.user_ns
    if word in space:
        return space[word]
    _refuse_what_was_left(word, verb)
    close = difflib.get_close_matches(word, [name for name in space if not name.startswith("_")], 1)
    maybe = f" Did you mean `{close[0]}`?" if close else ""
    raise UsageError(
        f"%treadle {verb} {word}: this is neither the number of a task (17, #17, f#17) nor a name of the notebook.{maybe}"
    )


def calls_meant(extension: Extension, word: str, verb: str) -> list[Call]:
    """Return the tasks that one word names: one, or those of a list (tuple, dict) of futures."""
    value = None if number_of(word) is not None else meant(extension, word, verb)
    found: dict[int, Call] = {}
    if isinstance(value, (list, tuple, set, dict)):
        calls: list[Call] = []
        collect([session_of("task").client], value, calls, set())
        found = {call.number: call for call in calls}
    return list(found.values()) or [call_meant(extension, [word], verb)]


def call_meant(extension: Extension, words: list[str], verb: str) -> Call:
    """Return the one task that the words name."""
    if len(words) != 1:
        raise UsageError(f"%treadle {verb} needs the number of a task, as in `%treadle {verb} 17` for f #17, or a name.")
    client = session_of("task").client
    found = meant(extension, words[0], verb)
    if isinstance(found, Future):
        return own_call(client, found)
    if type(found) is int and number_of(words[0]) is not None:
        call = client.calls.get(found)
        if call is None:
            _refuse_what_was_left(str(found), verb)
            raise UsageError(f"No task #{found} is known here: the last 20,000 that ended and all others are kept.")
        return call
    group = written(client, found)
    call = group.newest.call if group is not None else client.retries.call_of(found)
    if call is None:
        raise UsageError(f"{words[0]} is no future, and no task writes it: give the number of a task.")
    return call


def _refuse_what_was_left(word: str, verb: str) -> None:
    """Say of a name or number that an earlier kernel has left what makes it known here. Asks the runtime."""
    session = api.peek()
    if session is None or not session.joined:
        return
    estate = left.Estate(session)
    if word in estate.names or (word.isdigit() and int(word) in estate.tasks):
        what = f"#{word}" if word.isdigit() else f"`{word}`"
        raise UsageError(
            f"{what} was left by the kernel before this one: `%treadle recover {word}` first, then `%treadle {verb}`."
        )
