"""What a page can ask for, and the answers: one function per command, found in COMMANDS.

Law: serves every page, by whichever way it comes (a kernel's client, a server's line); all that is needed is here, so it
works while kernels are blocked, and without any. What a page sends may be anything: it is checked, and what can't be
done raises ValueError with a sentence for people. Answers are bounded plain data.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from ..core import details as words
from ..core import search, wishes
from ..core.events import CancelWanted, RetryWanted
from ..core.explain import label
from ..core.model import ClientId, Number, client_of
from ..core.records import Task
from ..wire import messages as m
from ..worker.failure import unpack_failure
from . import many
from .failure_words import described
from .log_words import log_from

if TYPE_CHECKING:
    from .loop import Host

Answer = dict[str, Any]
PAGES: Final[ClientId] = -1
"""The client that pages' wishes are of; real ones count from 1."""
NUMBERS: Final = 100_000
"""Tasks in one command."""
_TIMES: Final = ("born", "began", "ended")


def reply(host: Host, name: str, args: dict[str, Any]) -> Answer:
    """Carry out a command; return {"data": ...}, or {"error": one sentence}."""
    command = COMMANDS.get(name)
    if command is None:
        return {
            "error": f"This runtime does not know {name[:40]!r}. It is older than the page: restart the kernel."
        }
    try:
        return {"data": command(host, args)}
    except (ValueError, LookupError, OSError) as error:
        return {"error": str(error.args[0] if type(error) is LookupError else error)}


def _cancel(host: Host, args: Answer) -> Answer:
    """Cancel tasks, or `all` (of `kernel`); what has ended stays as it is."""
    numbers = many.open_of(host, args.get("kernel")) if args.get("all") is True else _numbers(args)
    found = wishes.open_ones(host.scheduler.books, numbers)
    if not found:
        raise ValueError("There is nothing to cancel: it has ended already.")
    return _cancelled(host, found)


def _cancel_cell(host: Host, args: Answer) -> Answer:
    """Cancel all open tasks of a cell; `near`, a task, says whose cell if several notebooks have one of that number."""
    cell = _whole(args, "cell")
    found = search.of_cell(host.scheduler.books, cell)
    whose = {client_of(number) for number in found}
    near = args.get("near")
    if len(whose) > 1 and type(near) is int:
        found = [number for number in found if client_of(number) == client_of(near)]
    elif len(whose) > 1:
        raise ValueError(
            f"{len(whose)} notebooks have a cell [{cell}] with open tasks. Cancel from one of its tasks."
        )
    if not found:
        raise ValueError(f"There is nothing to cancel: all tasks of cell [{cell}] have ended.")
    return _cancelled(host, found)


def _cancelled(host: Host, numbers: list[Number]) -> Answer:
    host.wishes.append(CancelWanted(time.monotonic(), numbers))
    host.feed.hurry()
    _looked(host, numbers)
    return {"numbers": numbers[:1000], "total": len(numbers)}


def _retry(host: Host, args: Answer) -> Answer:
    """Try tasks again, or all that `failed`, or failed `alike` a task, with the code and the inputs that are recorded."""
    numbers = many.failed(host) if args.get("failed") is True else _alike(host, args)
    can, refused = wishes.to_retry(host.scheduler.books, numbers)
    if not can:
        number, why = refused[0]
        raise ValueError(f"#{number} can't be tried again: {why}.")
    host.wishes.append(RetryWanted(time.monotonic(), PAGES, 0, can, {}))
    host.feed.hurry()
    note = "with the code it was submitted with; after an edit use %treadle retry in the notebook"
    return {
        "numbers": can[:1000],
        "total": len(can),
        "refused": [list(one) for one in refused[:100]],
        "note": note,
    }


def _details(host: Host, args: Answer) -> Answer:
    """All that is known of a task; a failure counts as looked at."""
    task = _task(host, args)
    found = words.details(host.scheduler.books, task)
    offset = time.time() - time.monotonic()
    found.update({name: at + offset for name in _TIMES if (at := found[name]) is not None})
    found["why"] = host.scheduler.explain(task.number)
    row = host.crew.tasks.get(task.number)
    found["options"] = dict(row[10] or {}) if row is not None else {}
    found["client"] = client_of(task.number)
    failure = host.values.failures.get(task.root or task.number)
    if not found["open"] and failure is not None:
        found.update(described(unpack_failure(failure), host.feed.sources))
        if task.root and task.root != task.number:
            root = host.scheduler.task(task.root)
            found["root"] = [task.root, f"#{task.root}" if root is None else label(root)]
        _looked(host, [task.root or task.number])
    return found


def _log(host: Host, args: Answer) -> Answer:
    """What a task has said, from a place in it on: {"parts": [[stream, text], ...], "next": place, "more": bool}."""
    task = _task(host, args)
    return log_from(host.output.text(task.number), max(0, _whole(args, "offset", 0)))


def _code(host: Host, args: Answer) -> Answer:
    """Text that repeats the call in a notebook: {"code": ...}."""
    task = _task(host, args)
    row = host.crew.tasks.get(task.number) or host.crew.ended.get(task.number)
    if row is None:
        raise ValueError(f"What {label(task)} was given is no longer kept.")
    name = task.function.name
    given = f"treadle.inputs({task.number})"
    if not name.isidentifier():
        return {"code": f"globals().update({given})  # the names that {label(task)} read"}
    definition = host.crew.functions.get(row[1])
    if definition is None or not (places := definition[3]):
        return {"code": f"{name}(**{given})"}
    values, star = f"given_{task.number}", places.get("star", "")
    parts = []
    if names := places.get("only"):
        parts.append(f"*({values}.pop(name) for name in {names} if name in {values})")
    if names := places.get("before"):  # what `*` takes was given, so these were as well
        parts.append(f"*({values}.pop(name) for name in {names} if {star!r} in {values})")
    if star:
        parts.append(f"*{values}.pop({star!r}, ())")
    return {"code": f"{values} = {given}\n{name}({', '.join(parts)}, **{values})"}


def _story(host: Host, args: Answer) -> Answer:
    """How a task got here: {"lines": [...]}."""
    return {"lines": words.story(_task(host, args))}


def _why(host: Host, args: Answer) -> Answer:
    """Why a task is where it is: {"text": ...}."""
    return {"text": host.scheduler.explain(_task(host, args).number)}


def _members(host: Host, args: Answer) -> Answer:
    """The tasks of a group, page by page (feed.members)."""
    host.feed.fold()
    tasks = host.scheduler.books.tasks
    return host.feed.projection.members(
        str(args.get("group", ""))[:40],
        _whole(args, "offset", 0),
        born=lambda number: tasks[number].log[0] if number in tasks else None,
    )


def _find(host: Host, args: Answer) -> Answer:
    """Tasks by name, number, cell or state, newest first (core.search)."""
    text, state = str(args.get("text", ""))[:200], str(args.get("state", ""))[:20]
    return search.find(host.scheduler.books, text, state, max(0, _whole(args, "offset", 0)))


def _seen(host: Host, args: Answer) -> Answer:
    """Somebody has looked at these failures."""
    _looked(host, _alike(host, args))
    return {}


def _status(host: Host, _: Answer) -> Answer:
    """What the runtime does, in numbers; for lists."""
    counts, books = host.scheduler.counts(), host.scheduler.books
    return {
        "workers": host.options.workers,
        "busy": sum(bool(worker.tasks) for worker in books.workers.values()),
        "running": counts["running"] + counts["placed"],
        "waiting": counts["waiting"] + counts["ready"] - books.held,
        "held": books.held,
        "failed": counts["failed"],
        "done": counts["done"],
    }


def _stop(host: Host, _: Answer) -> Answer:
    """End the runtime; its tasks are cancelled."""
    host.end(True, "stopped by a page")
    return {}


COMMANDS: Final[dict[str, Callable[[Host, Answer], Answer]]] = {
    "cancel": _cancel,
    "cancel_cell": _cancel_cell,
    "line": many.line,
    "retry": _retry,
    "details": _details,
    "log": _log,
    "code": _code,
    "story": _story,
    "why": _why,
    "members": _members,
    "find": _find,
    "seen": _seen,
    "status": _status,
    "stop": _stop,
}


def _looked(host: Host, numbers: list[Number]) -> None:
    """Tell the kernels whose tasks these are that a person has looked at them."""
    owners: dict[ClientId, list[Number]] = {}
    for number in numbers:
        owners.setdefault(client_of(number), []).append(number)
    for cid, own in owners.items():
        host.clients.tell(cid, m.Looked(own))
    host.feed.on_looked(numbers)


def _task(host: Host, args: Answer) -> Task:
    number = _whole(args, "number")
    task = host.scheduler.task(number)
    if task is None:
        raise ValueError(f"Nothing is known of task #{number} any more.")
    return task


def _whole(args: Answer, name: str, default: int | None = None) -> int:
    value = args.get(name, default)
    if type(value) is not int:
        raise ValueError(f"The page did not say which {name}. Reload it.")
    return value


def _alike(host: Host, args: Answer) -> list[Number]:
    """The tasks that were named, or all failures `alike` a task: a page knows the first few of each kind."""
    number = args.get("alike")
    return (type(number) is int and host.feed.projection.alike(number)) or _numbers(args)


def _numbers(args: Answer) -> list[Number]:
    numbers = args.get("numbers")
    if not isinstance(numbers, list) or not numbers or len(numbers) > NUMBERS:
        raise ValueError("The page did not say which tasks. Reload it.")
    if any(type(number) is not int for number in numbers):
        raise ValueError("The page named tasks that are none. Reload it.")
    return numbers
