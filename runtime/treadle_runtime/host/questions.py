"""Questions a client can ask, and their answers as plain data.

Law: one function per question, found in QUESTIONS. Those here read and never change (but for "stop" and "resize"); what
notebooks leave and share is answered by the modules named for it. What can't be answered raises ValueError with a
sentence for people.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from ..core import outlook
from ..core.model import Kind, maker_of
from ..core.states import TASK_FINAL
from ..wire import messages as m
from ..wire.process import usage
from . import commands, notebooks, sharing
from .resize import detach, resize
from .samples import sample, sampled
from .sources import sources

if TYPE_CHECKING:
    from .loop import Host

MANY: Final = 1000
"""Tasks in one answer, unless asked for more."""
MOST: Final = 20_000
"""Tasks in the largest answer."""
LOG_LIMIT: Final = 1 << 20
Answer = dict[str, Any] | list[Any] | str | int | bool | None


def answer_all(host: Host) -> None:
    """Answer what clients have asked in this turn; who wished something hears first what has come of it, in the next."""
    asked, host.questions = host.questions, []
    for client, question in asked:
        if isinstance(question, m.Answer):
            host.clients.tell(client, question)
            continue
        wishes = len(host.wishes)
        found = m.Answer(question.id, *answer(host, question.question, question.args))
        if question.question == "command" and len(host.wishes) > wishes:
            host.questions.append((client, found))
        else:
            host.clients.tell(client, found)


def answer(host: Host, question: str, args: dict[str, Any]) -> tuple[bool, Answer]:
    """Return (whether it could be answered, the answer or why not)."""
    ask = QUESTIONS.get(question)
    if ask is None:
        return False, f"There is no question {question!r}. Questions: {', '.join(sorted(QUESTIONS))}."
    try:
        return True, ask(host, **args)
    except (TypeError, ValueError, LookupError) as error:
        return False, f"{question}: {error}"


def _status(host: Host) -> Answer:
    """What the runtime is doing, in numbers."""
    return {
        "name": host.name,
        "epoch": host.epoch,
        "pid": host.owner.pid,
        "up_s": time.monotonic() - host.started,
        "clients": len(host.clients.present),
        "workers": sum(worker.ready for worker in host.crew.workers.values()),
        "wanted": host.options.workers,
        "threads": host.options.threads,
        "memory": host.options.memory,
        "counts": host.scheduler.counts(),
        "functions": len(host.crew.functions),
        "inline_nbytes": sum(row[2] for row in host.values.rows.values() if row[3] is not None),
        "store": str(host.store),
        "journal": host.journal.failure or "ok",
    }


def _handles(host: Host, client: int) -> Answer:
    """The versions that exist and that a client holds."""
    holder, versions = host.scheduler.books.clients.get(client), host.scheduler.books.versions
    handles = () if holder is None else holder.handles
    return [vid for vid in handles if vid in versions and versions[vid].kind != Kind.NONE]


def _recorded(host: Host) -> Answer:
    """The functions of tasks that did not end well and can be retried."""
    return list({task.function.fid for task in host.scheduler.books.recorded.values()})


def _kept(host: Host, client: int) -> Answer:
    """What tasks of a client that did not end well keep for a retry: (number, bytes), the largest first."""
    found = [
        [task.number, sum(version.nbytes for version in dict.fromkeys(task.reads))]
        for task in host.scheduler.books.recorded.values()
        if task.lane.client.cid == client
    ]
    return sorted(found, key=lambda row: -row[1])[:MANY]


def _recipe(host: Host, number: int) -> Answer:
    """All it takes to run a task again, None if that is no longer kept: function, name, code, payload, reads, options, outputs, ..."""
    row = host.crew.tasks.get(number) or host.crew.ended.get(number)
    definition = None if row is None else host.crew.functions.get(row[1])
    if row is None or definition is None:
        return None
    return [row[1], definition[1], definition[2], row[2], list(row[3]), row[10], row[4], list(row[5]), row[7]]


def _holders(host: Host, limit: int = 3) -> Answer:
    """The largest versions in the store: (vid, nbytes)."""
    files = [(v.nbytes, vid) for vid, v in host.scheduler.books.versions.items() if v.kind == Kind.FILE]
    return [[vid, nbytes] for nbytes, vid in heapq.nlargest(limit, files)]


def _explain(host: Host, number: int) -> Answer:
    """Why is this task where it is?"""
    return str(host.scheduler.explain(number))


def _story(host: Host, number: int) -> Answer:
    """How did this task get here?"""
    return [list(fact) for fact in host.scheduler.story(number)]


def _tasks(host: Host, states: list[str] | None = None, limit: int = MANY) -> Answer:
    """The newest tasks, those in given states only."""
    found = []
    for task in reversed(host.scheduler.books.tasks.values()):
        if states is None or task.state in states:
            found.append(
                {
                    "number": task.number,
                    "function": task.function.name,
                    "state": task.state,
                    "worker": 0 if task.worker is None else task.worker.wid,
                    "attempt": task.attempt,
                    "final": task.state in TASK_FINAL,
                }
            )
            if len(found) == limit:
                break
    return found


def _states(host: Host, numbers: list[int] | None = None) -> Answer:
    """(number, state) of every task that has not ended, or of these."""
    known = host.scheduler.books.tasks
    tasks = known.values() if numbers is None else [known[number] for number in numbers if number in known]
    return [[task.number, task.state] for task in tasks if task.state not in TASK_FINAL]


def _workers(host: Host) -> Answer:
    """Every worker with what it does and takes."""
    found = []
    for worker in host.crew.workers.values():
        cpu_s, rss = usage(worker.pid) or (0.0, 0)
        status = host.output.look(worker.wid) if worker.ready else None
        found.append(
            {
                "worker": worker.wid,
                "pid": worker.pid,
                "ready": worker.ready,
                "queued": worker.queued,
                "task": 0 if status is None else status.number,
                "cpu_s": cpu_s,
                "rss": rss,
            }
        )
    return found


def _timeline(host: Host, first: int, last: int) -> Answer:
    """When the tasks [first, last) that are remembered came, when they ended, and whose results they read."""
    tasks = host.scheduler.books.tasks
    few = last - first <= len(tasks)
    known = filter(None, map(tasks.get, range(first, last))) if few else tasks.values()
    ended = [task for task in known if first <= task.number < last and task.state in TASK_FINAL]
    ended.sort(key=lambda task: task.number)
    return [
        [task.number, task.log[0][8], task.log[-1][4], list(task.log[0][6])] for task in ended[-MOST:]
    ]


def _look(host: Host, number: int, payload: bool = False) -> Answer:
    """Where a task is and what it says of itself, and if asked what it was given, as long as that is kept.

    That is: payload, and (maker, vid, Kind) per read.
    """
    task = host.scheduler.task(number)
    if task is None:
        return None
    row = (host.crew.tasks.get(number) or host.crew.ended.get(number)) if payload else None
    versions = host.scheduler.books.versions
    reads = [
        [maker_of(vid), vid, int(versions[vid].kind) if vid in versions else int(Kind.NONE)]
        for vid in (row[3] if row is not None else ())
    ]
    return {
        "state": task.state,
        "worker": 0 if task.worker is None else task.worker.wid,
        "why": host.scheduler.explain(number),
        "said": [
            [fraction, text]
            for _, fraction, text in host.feed.reported(number, number + 1, host.scheduler.books)
        ],
        "payload": None if row is None else [row[2], reads],
    }


def _progress(host: Host, ranges: list[list[int]], path: bool = False) -> Answer:
    """For each range of task numbers [first, last): how many run, if asked the longest chain left, in seconds, and what

    those that run say of themselves: [number, fraction or None, text], the last to speak last.
    """
    books = host.scheduler.books
    return [
        [
            outlook.running(books, first, last),
            outlook.longest_path_s(books, first, last) if path else 0.0,
            host.feed.reported(first, last, books),
        ]
        for first, last in ranges
    ]


def _log(host: Host, number: int = 0, worker: int = 0, begin: dict[str, int] | None = None) -> Answer:
    """What a task (or, without a number, a worker or the runtime itself) printed: [[stream, text], ...].

    `begin`: how many characters of each stream (and how many asides) are known already.
    """
    if number:
        return _behind(host.output.text(number), dict(begin or {}))
    if worker:
        paths = [("stdout", host.session.log(worker, "out")), ("stderr", host.session.log(worker, "err"))]
    else:
        paths = [("stdout", host.session.host_log)]
    found = []
    for stream, path in paths:
        if not path.exists():
            raise ValueError(f"there is no worker {worker}")
        data = path.read_bytes()[-LOG_LIMIT:]
        found.append([stream, data.decode(errors="replace")])
    return found


def _behind(parts: Iterable[tuple[str, Any]], known: dict[str, int]) -> list[Any]:
    """Return parts of streams without what is known of each."""
    found = []
    for stream, text in parts:
        size = len(text) if isinstance(text, str) else 1  # an aside is a whole
        skipped = min(known.get(stream, 0), size)
        if skipped:
            known[stream] -= skipped
        if size > skipped:
            found.append([stream, text[skipped:] if isinstance(text, str) else text])
    return found


def _functions(host: Host) -> Answer:
    """The functions that were defined: id and name."""
    return [[fid, definition[1]] for fid, definition in host.crew.functions.items()]


def _stop(host: Host, cancel: bool = True) -> Answer:
    """End the runtime, whoever is attached."""
    host.end(cancel, "stopped on demand")
    return True


def _resize(host: Host, workers: int, threads: int, memory: int, keep_alive_s: float | None = None) -> Answer:
    """Have so many workers with so many threads, and so large a store."""
    return resize(host, workers, threads, memory, keep_alive_s)


QUESTIONS: Final[dict[str, Callable[..., Answer]]] = {
    "status": _status,
    "explain": _explain,
    "story": _story,
    "tasks": _tasks,
    "states": _states,
    "workers": _workers,
    "progress": _progress,
    "timeline": _timeline,
    "look": _look,
    "log": _log,
    "functions": _functions,
    "handles": _handles,
    "holders": _holders,
    "recorded": _recorded,
    "kept": _kept,
    "recipe": _recipe,
    "sample": sample,
    "sampled": sampled,
    "stop": _stop,
    "resize": _resize,
    "detach": detach,
    "belong": notebooks.belong,
    "kernels": notebooks.kernels,
    "names": notebooks.names,
    "left": notebooks.left,
    "held": notebooks.held,
    "estate": notebooks.estate,
    "let_go": notebooks.let_go,
    "resume": notebooks.resume,
    "clear": notebooks.clear,
    "sources": sources,
    "command": commands.reply,
    "share": sharing.share,
    "unshare": sharing.unshare,
    "shared": sharing.shared,
    "get": sharing.get,
    "follow": sharing.follow,
}
