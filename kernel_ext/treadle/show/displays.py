"""How futures look in a notebook: one as a card, many as one card with their counts.

Law: reads what is known here; never blocks, never waits, never raises. Runtime types are taught to IPython's
formatters, so that the runtime stays free of IPython.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from treadle_runtime.api import Future
from treadle_runtime.client.estimate import duration, progress_words, said_word
from treadle_runtime.core.states import TASK_FINAL, TaskState
from treadle_runtime.errors import headline
from treadle_runtime.worker.brief import arguments_text

from ..view.escaped import escape
from ..view.failures import failure_html, failure_text
from ..view.picture import BAR_ORDER, WORDS
from .anchors import SMALL, cancelling
from .progress_html import as_row, chip, strip

_FAILED: Final = (TaskState.FAILED, TaskState.UPSTREAM, TaskState.CANCELLED)
_SHORT: Final = 300
_ONE_LINE: Final = 100


@dataclass
class Seen:
    """What the runtime said of a call that has not ended: more than is known here."""

    state: str = ""
    worker: int = 0
    why: str = ""
    arguments: str = ""
    fraction: float | None = None  # how far it says it is
    text: str = ""


def teach(shell: Any) -> Callable[[], None]:
    """Have a shell show futures; the returned function ends that."""
    bundles = shell.display_formatter.mimebundle_formatter
    pages = shell.display_formatter.formatters["text/html"]
    bundles.for_type(Future, lambda future, include=None, exclude=None: future_bundle(future))  # noqa: ARG005
    before = pages.for_type(list, list_html)

    def forget() -> None:
        bundles.type_printers.pop(Future, None)
        if pages.type_printers.get(list) is list_html:
            pages.type_printers.pop(list)
            if before is not None:
                pages.for_type(list, before)

    return forget


def future_bundle(future: Future[Any], looked: bool = True, seen: Seen | None = None) -> dict[str, str]:
    """Return text and HTML of a future: function, number, arguments, state, and its value or why there is none.

    Parameters
    ----------
    looked
        whether a person has asked for it: then its failure counts as looked at.
    seen
        what the runtime said of it.
    """
    if future.constant:  # of `put`: no task has made it
        text = ": ".join(told for told in (repr(future), preview(future)) if told)
        return {"text/plain": text, "text/html": _code(text)}
    call = future._call_now()
    seen = seen or Seen()
    failed = call.state in _FAILED
    if failed and looked:
        call.look()
    root = call.client.calls.get(call.root)
    value = preview(future) if call.state == TaskState.DONE else ""
    plain, html = [f"<Future {call.label} {_state_of(call, seen)}>{_took(call)}"], [call_html(call, seen)]
    given = f"{call.function}({seen.arguments})" if seen.arguments and not failed else ""
    if not call.final:
        plain[0] += "".join(f" · {told}" for told in _doing(seen)) + (f": {given}" if given else "")
    if value:
        plain[0] += f": {value}"
    if len(given) + len(value) <= _ONE_LINE and given and value:
        html.append(_code(f"{given} \N{RIGHTWARDS ARROW} {value}"))
    else:
        html += [_code(text) for text in (given, value) if text]
    why = seen.why.partition(". ")[2] if seen.state == TaskState.RUNNING else seen.why  # that it runs is said
    if why and not call.final:
        html.append(f'<div style="{SMALL}">{escape(why)}</div>')
    if failed:
        plain.append(failure_text(call, root))
        html.append(failure_html(call, root))
    return {"text/plain": "\n".join(plain), "text/html": "".join(html)}


def preview(future: Future[Any]) -> str:
    """Return the value of a done future in short if it is here, else how large it is."""
    call, version = future._call_now(), future._version
    output = version.output if version is not None and version.call is call else None
    here, nbytes = "_value" in future.__dict__, 0
    if not here and output is not None and output < len(call.outputs):
        _kind, nbytes, data = call.outputs[output]
        here = data is not None
    try:
        if here and not len(call.client.pending):  # else it may have to be brought up to date first
            text = arguments_text((future.result(),), {})
            return text if len(text) <= _SHORT else f"{text[: _SHORT - 1]}…"
    except Exception as error:  # noqa: BLE001 - a value that can't be opened here is shown as that
        return headline(error)
    return f"{nbytes / 1e6:.1f} MB" if nbytes and not here else ""


def call_html(call: Any, seen: Seen | None = None, made: str = "") -> str:
    """Return one line of HTML for a call, `made` being what it makes."""
    seen = seen or Seen()
    state = _state_of(call, seen)
    name = f"{chip(state, WORDS.get(state, state))} {escape(f'{call.label}{made}{call.where}{_took(call)}')}"
    if call.final:
        return f"<div>{name}</div>"
    bar = "" if seen.fraction is None else strip({"running": seen.fraction, "waiting": 1 - seen.fraction})
    when = f"as of {time.strftime('%H:%M:%S')}"
    stop = cancelling(f"%treadle cancel {call.number}", (call.number, call.number))
    words = "".join(f" · {escape(told)}" for told in _doing(seen))
    return as_row(f"{name}{words}", bar, f'<span style="{SMALL}">{when} {stop}</span>')


def _doing(seen: Seen) -> list[str]:
    """Return where a call runs that has not ended, and how far it says it is."""
    where = f"on worker {seen.worker}" if seen.worker else ""
    return [told for told in (where, said_word(seen.fraction, seen.text)) if told]


def counts_text(futures: Sequence[Future[Any]], running: int = 0) -> tuple[dict[str, int], str]:
    """Return how many futures are in which state, and that in words; `running`: how many are known to run."""
    counts = Counter(future._call_now().state for future in futures)
    moved = min(running, counts[TaskState.WAITING])
    counts[TaskState.WAITING] -= moved
    counts[TaskState.RUNNING] += moved
    known = {state: counts[state] for state in BAR_ORDER if counts[state]}
    return known, progress_words(known)


def list_title(futures: Sequence[Any]) -> str:
    """Return what a list of futures begins with where it is shown."""
    return f"{len(futures)} future{'s' if len(futures) > 1 else ''}: "


def list_html(futures: Sequence[Any], running: int = 0) -> str | None:
    """Return one card for a list of futures, None for any other list."""
    if not futures or not all(isinstance(future, Future) for future in futures):
        return None
    counts, told = counts_text(futures, running)
    when = "" if TASK_FINAL.issuperset(counts) else f"as of {time.strftime('%H:%M:%S')}"
    side = f'<span style="{SMALL}">{when}</span>' if when else ""
    return as_row(f"{list_title(futures)}{told}", strip(counts), side)


def _state_of(call: Any, seen: Seen) -> str:
    return call.state if call.final or not seen.state else seen.state


def _took(call: Any) -> str:
    return f" · {duration(call.run_s)} on worker {call.worker}" if call.state == TaskState.DONE else ""


def _code(text: str) -> str:
    return f'<div><code style="background:none;padding:0;white-space:pre-wrap">{escape(text)}</code></div>'
