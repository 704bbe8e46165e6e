"""The verbs of `%treadle`: what each does, and the line of help it has.

Law: reads and shows; the work is the api's. Main thread; only `stop` waits for tasks.
"""

from __future__ import annotations

import difflib
import shlex
from collections import Counter
from collections.abc import Callable
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

from treadle_runtime import api
from treadle_runtime.api.finding import state_of, states_now
from treadle_runtime.config import Options
from treadle_runtime.errors import UsageError

from ..shell.recover import clear, left_line, recover, resume
from ..show.reports import failures_text, summary_bundle
from ..view.picture import BAR_ORDER, WORDS
from .control import autosync, awaited_wait, cancel, reuse, wait
from .debug import debug
from .held import held_by, kept_by
from .log_view import log
from .profile import profile
from .task_verbs import code, retry, story, why

if TYPE_CHECKING:
    from ..extension import Extension

_SHOWN: Final = 30


def run_verb(extension: Extension, line: str) -> Any:
    """Serve `%treadle LINE`; without a verb it shows the live view. Returns what the cell awaits, mostly nothing."""
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise UsageError(f"%treadle {line.strip()}: {str(error).lower()}. Close it, or leave it out.") from None
    if not words:
        return _graph(extension, [])
    if words[0] == "await":
        return awaited_wait(extension, words[1:])
    verb = VERBS.get(words[0])
    if verb is None:
        close = difflib.get_close_matches(words[0], VERBS, 1)
        meant = f"Did you mean `%treadle {close[0]}`?" if close else "`%treadle help` lists the verbs."
        raise UsageError(f"`%treadle {words[0]}` is no verb. {meant}")
    return verb[0](extension, words[1:])


def help_text() -> str:
    """Return the list of verbs."""
    lines = ["%treadle            the live view: graph, workers, failures"]
    lines += [f"%treadle {usage:<34} {told}" for _run, usage, told in VERBS.values()]
    lines += [
        "",
        "%task STATEMENT, %%task             run a statement or a cell as one task; options before the statement:",
        "  -i a,b  -o a,b  --inout a,b       names that are inputs, results, changed in place, whatever is inferred",
        "  --name NAME                       what the task is called",
        "  --wait                            the cell ends with its task",
        "  --for x in XS [--collect a,b]     one task for each item; a and b become lists; --chain: one after another",
    ]
    return "\n".join(lines)


def completions(line: str) -> list[str]:
    """Return what may follow in a line that begins with `%treadle`."""
    words = line.lstrip("%").split()
    if len(words) > 2 or (len(words) == 2 and line.endswith(" ")):
        verb = words[1]
        return [f"{name}=" for name in _START_OPTIONS] if verb == "start" else list(_WORDS.get(verb, ()))
    return list(VERBS)


# ---------------------------------------------------------------- verbs
_START_OPTIONS: Final = tuple(option.name for option in fields(Options))
_WORDS: Final = {
    "stop": ("cancel",),
    "cancel": ("all",),
    "autosync": ("on", "off"),
    "seed": ("off",),
    "tasks": ("failed", "running", "waiting", "done", "--held"),
}


def _start(_extension: Extension, words: list[str]) -> None:
    options: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.lstrip("-").partition("=")
        if not equals or name not in _START_OPTIONS:
            raise UsageError(
                f"%treadle start does not know {word!r}. It takes {'=, '.join(_START_OPTIONS)}=."
            )
        options[name] = int(value) if value.lstrip("-").isdigit() else value
    print(repr(api.start(**options)).strip("<>"))


def _stop(_extension: Extension, words: list[str]) -> None:
    session = api.peek()
    if session is None:
        print("Treadle: nothing runs")
        return
    api.stop(cancel=any(word.lstrip("-") == "cancel" for word in words))
    print("Treadle: stopped. Results that exist stay readable; the next task starts it again.")


def _status(_extension: Extension, _words: list[str]) -> None:
    session = api.peek()
    if session is None:
        print("Treadle: nothing runs; the first task starts it")
        return
    print(repr(session).strip("<>"))
    status = session.client.link.ask("status", {})
    if status:
        print(f"runtime: process {status['pid']}, up {status['up_s']:.0f} s, {status['clients']} attached")
        threads, limit = status["threads"], f"{status['memory'] / 1e6:.0f} MB"
        print(
            f"{status['wanted']} workers with {threads} thread{'s' if threads > 1 else ''} each, a store of at most {limit}"
        )
        for row in session.client.link.ask("workers", {}):
            does = f"task #{row['task']}" if row["task"] else "idle"
            rss = f"{row['rss'] / 2**20:.0f} MB"
            print(f"worker {row['worker']}: {does}, {row['queued']} queued, {row['cpu_s']:.1f} s CPU, {rss}")
    if line := left_line():
        print(line)
    failed = session.failures()
    if failed:
        print(f"failures nobody has looked at: {', '.join(call.label for call in failed[:5])}")


def _graph(extension: Extension, _words: list[str]) -> None:
    from ..view.dashboards import open_dashboard

    view = open_dashboard()
    extension.keep(view)
    view.show()


def _tasks(extension: Extension, words: list[str]) -> None:
    if "--held" in words:
        session = api.peek()
        kept = kept_by(session) if session is not None else []
        print("\n".join(held_by(extension.shell.user_ns) + kept) or "no result is held by a name")
        return
    session = api.peek()
    calls = list(session.client.calls.values()) if session is not None else []
    now = states_now(session.client) if session is not None else {}
    wanted = [word for word in words if not word.startswith("-")]
    if unknown := [word for word in wanted if word not in WORDS]:
        raise UsageError(f"%treadle tasks knows no state {unknown[0]!r}. States: {', '.join(WORDS)}.")
    if wanted:
        chosen = [call for call in calls if state_of(call, now) in wanted]
        for call in chosen[-_SHOWN:]:
            state = WORDS[state_of(call, now)]
            print(f"{call.label:<24} {state:<16} {f'cell [{call.cell}]' if call.cell else ''}")
        if len(chosen) > _SHOWN:
            print(f"the last {_SHOWN} of {len(chosen)}")
        return
    counts: dict[str, Counter[str]] = {}
    for call in calls:
        counts.setdefault(call.function, Counter())[state_of(call, now)] += 1
    for function, states in counts.items():
        told = " · ".join(f"{states[state]} {WORDS[state]}" for state in BAR_ORDER if states[state])
        print(f"{function:<24} {told}")
    if not calls:
        print("no tasks yet")
    if line := left_line():
        print(line)


def _failures(_extension: Extension, _words: list[str]) -> None:
    session = api.peek()
    print("no task has failed" if session is None else failures_text(session))


def _summary(extension: Extension, words: list[str]) -> None:
    cell = words[0].strip("[]") if words else ""
    session = api.peek()
    if session is None or (words and not cell.isdigit()):
        raise UsageError(
            "%treadle summary [12] sums up cell 12 while its runtime lives; without a number the last one."
        )
    bundle = summary_bundle(session, int(cell) if cell else None)
    extension.shell.display_pub.publish(data=bundle, metadata={})


def _seed(_extension: Extension, words: list[str]) -> None:
    if len(words) != 1 or not (words[0].isdigit() or words[0] == "off"):
        raise UsageError("%treadle seed needs a whole number, as in `%treadle seed 42`, or `off`.")
    api.current().seed(None if words[0] == "off" else int(words[0]))


def _expect(_extension: Extension, _words: list[str]) -> None:
    """Read from the cell's source by `headless`; nothing happens here."""


def _help(_extension: Extension, _words: list[str]) -> None:
    print(help_text())


VERBS: Final[dict[str, tuple[Callable[[Extension, list[str]], Any], str, str]]] = {
    "start": (_start, "start [workers=2] [threads=1] ...", "start the runtime now, with these options"),
    "stop": (_stop, "stop [cancel]", "end it: wait for its tasks, or cancel them"),
    "status": (_status, "status", "what runs and waits, worker by worker"),
    "graph": (_graph, "graph", "the live view, as `%treadle` alone"),
    "tasks": (
        _tasks,
        "tasks [STATE ...] [--held]",
        "counts per function, tasks in a state, or what names hold results",
    ),
    "log": (log, "log [17 | [5]] [--follow]", "all that a task, or those of a cell, printed, and failures"),
    "why": (why, "why 17", "why a task is where it is"),
    "story": (story, "story 17", "how it got there, and when"),
    "retry": (
        retry,
        "retry [17 | [12] | NAME]",
        "try failed tasks again, with the code as it is now; else all of them",
    ),
    "debug": (debug, "debug 17", "the failed task again, here, in the debugger"),
    "profile": (profile, "profile 17 [--seconds 5]", "where it spends its time, all threads: a flame view"),
    "code": (code, "code 17", "text that repeats the call, to be pasted into a cell"),
    "cancel": (
        cancel,
        "cancel [17 | [12] | NAME | all]",
        "end a task, a cell's tasks, all; else those of the cell interrupted last",
    ),
    "failures": (_failures, "failures", "what has failed, alike ones as one"),
    "wait": (
        wait,
        "wait [NAME ...]",
        "wait for these names, or for everything; the kernel goes on serving the page",
    ),
    "autosync": (
        autosync,
        "autosync [on | off]",
        "whether plain cells wait for names of %%task cells that they read",
    ),
    "summary": (_summary, "summary [CELL]", "what held the tasks of a cell back, and what to do"),
    "resume": (resume, "resume", "after a restart: what the dead kernel left waiting goes on"),
    "recover": (recover, "recover [NAME ... | 17 | all]", "list what it left, or bind it to names again"),
    "clear": (clear, "clear", "let go of what it left: cancel and release"),
    "reuse": (reuse, "reuse [on | off]", "whether a call that equals an earlier one joins it: cells run again are done at once"),
    "seed": (_seed, "seed 42", "seed random numbers in the tasks called from now on"),
    "expect-failures": (
        _expect,
        "expect-failures",
        "first line of a cell: headless, failures of its tasks do not end the run",
    ),
    "help": (_help, "help", "this list"),
}
