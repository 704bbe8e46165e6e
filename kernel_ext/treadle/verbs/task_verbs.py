"""The verbs of `%treadle` about one task: why it is where it is, how it got there, what it printed, once more.

Law: reads the line and prints text; the work is the api's and the runtime's. Main thread; nothing waits for tasks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from treadle_runtime import api
from treadle_runtime.api.retry import open_again
from treadle_runtime.client.calls import Call
from treadle_runtime.core.states import TaskState
from treadle_runtime.errors import UsageError

from ..view.failures import failure_text
from ..view.picture import WORDS
from .targets import CELL, call_meant, meant, number_of, session_of

if TYPE_CHECKING:
    from ..extension import Extension

_NAMED: Final = 5


def retry(extension: Extension, words: list[str]) -> None:
    """Serve `%treadle retry [17 | [12] | NAME]`; without a word all that failed."""
    session = session_of("failure to retry")
    cells = [int(found[1]) for word in words if (found := CELL.fullmatch(word))]
    others = [_retried(extension, word) for word in words if not CELL.fullmatch(word)]
    again = [number for cell in cells for number in open_again((), cell)]
    if others or not words:
        again += open_again(others)
    calls = session.client.calls
    named = ", ".join(calls[number].label for number in again[:_NAMED] if number in calls)
    more = f" and {len(again) - _NAMED} more" if len(again) > _NAMED else ""
    print(f"Treadle: {len(again)} task{'s are' if len(again) != 1 else ' is'} tried again: {named}{more}")


def _retried(extension: Extension, word: str) -> Any:
    found = meant(extension, word, "retry")
    if isinstance(found, int) and number_of(word) is None:  # a value, which is not the number of a task
        return call_meant(extension, [word], "retry").number
    return found


def why(extension: Extension, words: list[str]) -> None:
    """Serve `%treadle why 17`."""
    call = call_meant(extension, words, "why")
    told = session_of("task").client.link.ask("explain", {"number": call.number})
    print(told or f"{call.label} is {WORDS[call.state]}.")
    if call.final and call.state != TaskState.DONE:
        call.look()
        root = call.client.calls.get(call.root) if call.state == TaskState.UPSTREAM else None
        if (failed := root or call).failure is not None:  # what is said above is not said again
            print(failure_text(failed))


def story(extension: Extension, words: list[str]) -> None:
    """Serve `%treadle story 17`."""
    call = call_meant(extension, words, "story")
    facts = session_of("task").client.link.ask("story", {"number": call.number})
    if not facts:
        print(f"{call.label} is {WORDS[call.state]}; more is not recorded.")
        return
    print("\n".join(_story(call, facts)))


def _story(call: Call, facts: list[list[Any]]) -> list[str]:
    born = facts[0]
    reads = f", reads what {', '.join(f'#{number}' for number in born[6])} made" if born[6] else ""
    lines = [f"{call.label}: submitted{call.where.replace(' of ', ' by ')}{reads}"]
    last = born[8]
    for _kind, _number, state, worker, at, *cause in facts[1:]:
        where = f" on worker {worker}" if worker else ""
        because = f" ({cause[0]})" if cause else ""
        lines.append(f"{at - born[8]:+10.3f} s  {WORDS[state]}{where}{because}{_after(at - last)}")
        last = at
    if call.final and call.attempt:  # else it was never run
        lines.append(f"{call.run_s:10.3f} s  in its own code, attempt {call.attempt}, worker {call.worker}")
    return lines


def _after(seconds: float) -> str:
    return f", after {seconds:.1f} s" if seconds >= 1 else ""


def code(extension: Extension, words: list[str]) -> None:
    """Serve `%treadle code 17`."""
    print(api.as_code(call_meant(extension, words, "code").number))


def need_input(extension: Extension, verb: str) -> None:
    """Raise UsageError where nobody can answer a prompt."""
    kernel = getattr(extension.shell, "kernel", None)
    if kernel is not None and not getattr(kernel, "_allow_stdin", True):
        raise UsageError(
            f"%treadle {verb} asks for commands, and nobody can answer here (nbconvert, papermill, treadle run). "
            "Use it in a notebook; `%treadle why` and treadle.inputs() work everywhere."
        )
