"""After a restart: the runtime of this notebook is found again, and what the dead kernel left is bound to names again.

Law: decides and says; finding, asking and rebuilding are done elsewhere. Starts no runtime.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from treadle_runtime import api
from treadle_runtime.api import joining, left
from treadle_runtime.config import Options
from treadle_runtime.errors import TreadleError, UsageError

from .identity import notebook_of, runtime_before

if TYPE_CHECKING:
    from ..extension import Extension

_ORDER: Final = ("done", "failed", "cancelled", "running", "waiting", "held")
_SHOWN: Final = 30
_NAMED: Final = 5
_NOTHING: Final = "Treadle: no kernel before this one has left anything here."


def find_again(extension: Extension) -> str:
    """Attach to the runtime that this notebook had before, if there is one; return what to say of it, "" for nothing."""
    mine = notebook_of(extension.shell)
    if mine is None or api.peek() is not None:
        return ""
    found = runtime_before(mine)
    if found is None:
        return ""
    if reason := joining.why_not(found):
        return f"a fresh runtime at the first task, since the one before {reason}; `treadle stop {found.name}` ends it"
    try:
        session = joining.rejoin(found, Options.from_environment(configured=extension.configured()))
        counts = left.summary(session)
    except TreadleError as error:
        return f"a fresh runtime at the first task, since the one before can't be reached ({error})"
    if not counts:
        return f"re-attached: {session.plan.workers} workers, nothing was left. %treadle help"
    return f"re-attached: {_offered(counts)}"


def left_line() -> str:
    """Return what the kernel before this one has left, for verbs that tell of this kernel's own tasks; "" for nothing."""
    session = api.peek()
    counts = left.summary(session) if session is not None and session.joined else {}
    return f"left by the kernel before this one: {_offered(counts)}" if counts else ""


def _offered(counts: dict[str, int]) -> str:
    resume = "resume | " if counts.get("held") else ""
    return f"{_told(counts)}: %treadle {resume}recover | clear"


def own(extension: Extension, session: Any) -> None:
    """Tell the runtime of a session that it is this notebook's."""
    mine = notebook_of(extension.shell)
    if mine is not None and session.options.engine != "inline":
        left.belong(session, mine.kernel, mine.path, mine.file)


# ---------------------------------------------------------------- verbs
def resume(_extension: Extension, _words: list[str]) -> None:
    """Serve `%treadle resume`."""
    count = left.resume(_session())
    print(
        f"Treadle: {_tasks(count)} go{'es' if count == 1 else ''} on" if count else "Treadle: nothing is held"
    )


def clear(_extension: Extension, _words: list[str]) -> None:
    """Serve `%treadle clear`."""
    counts = left.clear(_session())
    print(f"Treadle: let go of {_told(counts)}" if counts else _NOTHING)


def recover(extension: Extension, words: list[str]) -> None:
    """Serve `%treadle recover [NAME ... | NUMBER ... | all]`."""
    estate = left.Estate(_session())
    if not estate.tasks and not estate.names:
        print(_NOTHING)
    elif not words:
        print("\n".join(_listed(estate)))
    else:
        _bind(extension, estate, words)


def _bind(extension: Extension, estate: left.Estate, words: list[str]) -> None:
    space = extension.shell.user_ns
    every = words == ["all"]
    skipped: list[str] = []
    held = False
    unheard: list[str] = []
    for word in estate.names if every else words:
        if every and word in space:
            print(f"{word} is a name here already: `%treadle recover {word}` replaces it")
            skipped.append(word)
            continue
        try:
            name, value, rows = _taken(estate, word)
        except left.NotYet as error:
            print(f"{word}: {error.message}; recover it when that is done")
            skipped.append(word)
            continue
        space[name] = value
        extension.cells.adopt(row["number"] for row in rows)
        if any(row["unheard"] for row in rows):
            unheard.append(name)
        print(f"{name}: {_short(rows)}")
        held = held or any(row["state"] == "held" for row in rows)
    if unheard:
        print(f"`%treadle log {' '.join(unheard[:_NAMED])}` shows what was printed meanwhile")
    if held:
        print("`%treadle resume` lets what is held go on")
    if every and not estate.names:
        print("Treadle: no name leads to what was left. `%treadle recover NUMBER ...` binds tasks by number, `clear` lets go of them")
        return
    if every:
        estate.let_go(estate.names[name] for name in skipped)
    extension.memory.tell()


def _taken(estate: left.Estate, word: str) -> tuple[str, Any, list[dict[str, Any]]]:
    """Return what a word of the line stands for: name, value, tasks."""
    if word in estate.names:
        return word, estate.take(estate.names[word]), estate.rows_of(estate.names[word])
    if word.lstrip("#").isdigit():
        number = int(word.lstrip("#"))
        return f"task_{number}", estate.take_task(number), [estate.tasks[number]]
    names = ", ".join(estate.names) or "none"
    raise UsageError(f"No name {word!r} was left. Names: {names}; tasks can be recovered by number.")


def _listed(estate: left.Estate) -> list[str]:
    """One line for each name, then one for each task that no name leads to."""
    lines = []
    named: set[int] = set()
    for name, held in estate.names.items():
        rows = estate.rows_of(held)
        named.update(row["number"] for row in rows)
        lines.append(f"{name:<12} {_short(rows)}")
    rest = [row for row in estate.tasks.values() if row["number"] not in named]
    lines += [f"{'(no name)':<12} {_short([row])}" for row in rest[:_SHOWN]]
    if len(rest) > _SHOWN:
        lines.append(f"and {len(rest) - _SHOWN} more tasks without a name")
    lines.append("`%treadle recover NAME ... | NUMBER ... | all` binds them again")
    return lines


def _short(rows: list[dict[str, Any]]) -> str:
    """The tasks behind a name: function, states, cell and time."""
    if not rows:
        return "a stored value"
    first, last = rows[0], rows[-1]
    counts = Counter(row["state"] for row in rows)
    if len(rows) == 1:
        what = f"{first['label']} {first['state']}"
    else:
        what = f"{first['label']} ... {last['label']}: {_told(counts)}"
    cell = f", cell [{first['cell']}]" if first["cell"] else ""
    return f"{what}{cell}, {time.strftime('%H:%M:%S', time.localtime(first['at']))}"


def _told(counts: dict[str, int]) -> str:
    return ", ".join(f"{counts[state]} {state}" for state in _ORDER if counts.get(state))


def _tasks(count: int) -> str:
    return f"{count} task{'' if count == 1 else 's'}"


def _session() -> Any:
    session = api.peek()
    if session is None or session.options.engine == "inline":
        raise UsageError(
            "No runtime of an earlier kernel is attached: `%load_ext treadle` looks for one after a restart."
        )
    return session
