"""How futures look in a notebook.

Law: reads what is known here; never blocks, never waits, never raises. Runtime types are taught to IPython's
formatters, so that the runtime stays free of IPython.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from html import escape
from typing import Any, Final

from treadle_runtime.api import Future
from treadle_runtime.core.states import TASK_FINAL, TaskState

from .failures import failure_html, failure_text
from .picture import BAR_ORDER, COLOURS, WORDS

_FAILED: Final = (TaskState.FAILED, TaskState.UPSTREAM, TaskState.CANCELLED)


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


def future_bundle(future: Future[Any], looked: bool = True) -> dict[str, str]:
    """Return text and HTML of a future: function, number, state and, if it failed, why; `looked`: at a wish."""
    call = future._call_now()
    failed = call.state in _FAILED
    if failed and looked:
        call.looked = True
    root = call.client.calls.get(call.root)
    plain = repr(future) + (f"\n{failure_text(call, root)}" if failed else "")
    return {"text/plain": plain, "text/html": call_html(call) + (failure_html(call, root) if failed else "")}


def call_html(call: Any) -> str:
    """Return one line of HTML for a call."""
    took = f" · {call.run_s:.3g} s on worker {call.worker}" if call.state == TaskState.DONE else ""
    when = "" if call.state in TASK_FINAL else f" · as of {time.strftime('%H:%M:%S')}"
    return f"<div>{_chip(call.state)} {escape(call.label)}{call.where}{took}{when}</div>"


def list_html(futures: Sequence[Any]) -> str | None:
    """Return one card for a list of futures, None for any other list."""
    if not futures or not all(isinstance(future, Future) for future in futures):
        return None
    counts = Counter(future._call_now().state for future in futures)
    known = [state for state in BAR_ORDER if counts[state]]
    told = " · ".join(f"{counts[state]} {WORDS[state]}" for state in known)
    parts = "".join(
        f'<td style="width:{100 * counts[state] / len(futures):.2f}%;height:8px;padding:0;border:none;'
        f'background:{COLOURS[state]}"></td>'
        for state in known
    )
    when = "" if all(state in TASK_FINAL for state in known) else f" · as of {time.strftime('%H:%M:%S')}"
    bar = (
        '<table style="width:320px;border-collapse:collapse;margin:2px 0" aria-hidden="true">'
        f'<tr style="background:none">{parts}</tr></table>'
    )
    return f"<div>{len(futures)} futures: {told}{when}</div>{bar}"


def _chip(state: str) -> str:
    colour = COLOURS.get(state, "#6b7683")
    style = f"display:inline-block;padding:0 7px;border-radius:8px;font-size:12px;color:#fff;background:{colour}"
    return f'<span style="{style}">{WORDS.get(state, state)}</span>'
