"""The live view as static HTML and as text: what a notebook keeps, and what is shown where no widget can be.

Law: pure; from the feed's reduced state alone. Inline styles, tables and one `<img>` only: an untrusted notebook
loses everything else. Bounded under 200 KB, no absolute paths, everything escaped; words take the page's colour
or stand on a coloured ground of their own, so they read on light and dark.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from treadle_runtime.feed.failures import headline

from .escaped import CODE, escape
from .picture import BAR_ORDER, COLOURS, WORDS, img, name_of, short

_WORKERS = 16
_FUNCTIONS = 20
_FAILURES = 6
_TRACEBACK = 3000
_LINE = "1px solid rgba(128,128,128,.35)"
_CELL = (
    "padding:2px 14px 2px 0;text-align:left;white-space:nowrap;border:none;background:none;vertical-align:top"
)
_PATH = re.compile(
    r"(?<![\w.:/\\])(?:[A-Za-z]:)?[/\\](?:[^/\\\s:\"'<>|()\[\],;]+[/\\])+(?=[^/\\\s:\"'<>|()\[\],;])"
)


def render(state: Mapping[str, Any], *, live: bool, at: str, view_id: str = "", note: str = "") -> str:
    """Return the view as HTML.

    Parameters
    ----------
    state : dict
        What `treadle_runtime.feed.reducer.reduce` made of the feed's deltas.
    live : bool
        Whether the picture is refreshed while things change.
    at : str
        When this was true, for people, as "14:02:31".
    view_id : str
        Puts the class `treadle-view-<view_id>` on the outermost element, so that the live view finds it, and
        `treadle-runtime-<epoch>`, so that a page knows the runtime when the kernel can't tell it.
    note : str
        One more line for the person, shown below.

    Examples
    --------
    >>> from treadle_runtime.feed.reducer import nothing
    >>> "No tasks yet" in render(nothing(), live=False, at="14:02:31")
    True
    """
    counts = totals(state)
    picture = img(state, f"Task graph: {in_words(counts)}")
    parts = [_head(state, counts, live, at)]
    if picture:
        parts.append(f'<div style="padding:8px 10px;overflow-x:auto">{picture}</div>')
    elif not counts:
        parts.append(
            '<div style="padding:14px 12px;opacity:.75">No tasks yet: call a function decorated with @task.</div>'
        )
    tables = [table for table in (_functions(state), _workers(state)) if table]
    if tables:
        cells = "".join(f'<td style="{_CELL};padding-right:36px">{table}</td>' for table in tables)
        parts.append(
            f'<table style="border:none;border-collapse:collapse;margin:2px 12px 6px"><tr style="background:none">{cells}</tr></table>'
        )
    parts += _failures(state)
    if note:
        parts.append(f'<div style="padding:6px 12px;border-top:{_LINE};font-size:12px">{escape(note)}</div>')
    name = re.sub(r"[^\w-]", "", view_id)
    runtime = re.sub(r"[^\w-]", "", state["epoch"] if live else "")
    return (
        f'<div class="treadle-view treadle-view-{name} treadle-runtime-{runtime}" style="border:{_LINE};border-radius:8px;margin:4px 0;'
        f'font-size:13px;line-height:1.45;overflow:hidden">{"".join(parts)}</div>'
    )


def text(state: Mapping[str, Any]) -> str:
    """Return the view as a few lines for a terminal."""
    counts = totals(state)
    lines = [f"Treadle: {in_words(counts)}"]
    for record in _busiest(state):
        n = record["counts"]
        total = sum(n.values())
        done = round(20 * n.get("done", 0) / max(1, total))
        failed = f", {n['failed']} failed" if n.get("failed") else ""
        lines.append(
            f"  {short(record['name'], 28):28} [{'#' * done}{'.' * (20 - done)}] {n.get('done', 0)}/{total}{failed}"
        )
    for key, worker in _numbered(state["worker"])[:_WORKERS]:
        lines.append(
            f"  worker {key}: {', '.join(word for word in _worker_words(state, key, worker) if word)}"
        )
    for failure in state["failure"][-_FAILURES:]:
        lines.append(f"  failed: {_failure_head(failure)}")
        lines += [f"    {line}" for line in (failure.get("traceback") or "").rstrip().splitlines()]
    return "\n".join(lines)


def totals(state: Mapping[str, Any]) -> dict[str, int]:
    """Return how many tasks are in which state, of all functions."""
    counts: dict[str, int] = {}
    for record in state["function"].values():
        for name, n in record["counts"].items():
            counts[name] = counts.get(name, 0) + n
    return counts


def in_words(counts: Mapping[str, int]) -> str:
    """Return counts as `3 running, 20 done`."""
    return (
        ", ".join(f"{counts[state]:,} {word}" for state, word in WORDS.items() if counts.get(state))
        or "no tasks yet"
    )


def at_rest(state: Mapping[str, Any]) -> bool:
    """Tell whether every task is final."""
    return not any(totals(state).get(name) for name in ("running", "placed", "ready", "waiting"))


def _head(state: Mapping[str, Any], counts: Mapping[str, int], live: bool, at: str) -> str:
    chips = "".join(
        f'<span style="background:{COLOURS[name]};color:#fff;border-radius:4px;padding:1px 7px;margin-right:6px;'
        f'white-space:nowrap">{counts[name]:,} {word}</span> '
        for name, word in WORDS.items()
        if counts.get(name)
    )
    when = f"as of {at}" if not at_rest(state) else f"at {at}"
    return (
        f'<div style="padding:6px 12px;border-bottom:{_LINE}"><b style="margin-right:12px">Treadle</b>{chips}'
        f'<span style="opacity:.75;margin-left:6px">{"updating, " if live and not at_rest(state) else ""}{escape(when)}</span></div>'
    )


def _busiest(state: Mapping[str, Any]) -> list[Any]:
    records = [record for _, record in _numbered(state["function"])]
    kept = sorted(records, key=lambda record: -sum(record["counts"].values()))[:_FUNCTIONS]
    return [record for record in records if any(record is other for other in kept)]


def _functions(state: Mapping[str, Any]) -> str:
    rows = []
    for record in _busiest(state):
        counts = record["counts"]
        total = max(1, sum(counts.values()))
        bar = "".join(
            f'<td style="padding:0;height:9px;border:none;width:{100 * counts[name] / total:.1f}%;background:{COLOURS[name]}'
            f'{";opacity:.45" if name in ("ready", "waiting") else ""}"></td>'
            for name in BAR_ORDER
            if counts.get(name)
        )
        failed = f", {counts['failed']} failed" if counts.get("failed") else ""
        rows.append(
            f'<tr style="background:none"><td style="{_CELL}">{escape(short(record["name"], 40))}</td>'
            f'<td style="{_CELL};width:130px"><table style="border:none;border-collapse:collapse;width:120px;margin:5px 0 0;table-layout:fixed">'
            f'<tr style="background:none">{bar}</tr></table></td>'
            f'<td style="{_CELL}">{counts.get("done", 0):,} of {sum(counts.values()):,} done{failed}</td></tr>'
        )
    return _table("Functions", rows)


def _workers(state: Mapping[str, Any]) -> str:
    workers = _numbered(state["worker"])
    rows = [
        f'<tr style="background:none"><td style="{_CELL}">worker {escape(key)}</td>'
        + "".join(f'<td style="{_CELL}">{escape(word)}</td>' for word in _worker_words(state, key, worker))
        + "</tr>"
        for key, worker in workers[:_WORKERS]
    ]
    if len(workers) > _WORKERS:
        rows.append(
            f'<tr style="background:none"><td style="{_CELL}">and {len(workers) - _WORKERS} more</td></tr>'
        )
    return _table("Workers", rows)


def _table(title: str, rows: list[str]) -> str:
    if not rows:
        return ""
    return (
        f'<div style="font-weight:600;font-size:12px;opacity:.8;margin:2px 0">{title}</div>'
        f'<table style="border:none;border-collapse:collapse;font-size:12px;margin:0">{"".join(rows)}</table>'
    )


def _worker_words(state: Mapping[str, Any], key: str, worker: Mapping[str, Any]) -> tuple[str, str, str]:
    if worker["state"] == "gone":
        return f"gone: {short(unpathed(worker.get('reason') or 'ended'), 120)}", "", ""
    task = worker.get("task") or next(iter(running_on(state, key)), None)
    doing = worker["state"]
    if task:
        record = state["task"].get(str(task))
        doing = f"{short(name_of(state, record['fn']), 30) if record else 'task'} #{task}"
    memory = f"{worker['rss'] / 2**20:,.0f} MB" if worker.get("rss") else ""
    return doing, f"{worker.get('cpu') or 0:.0f} % CPU", memory


def running_on(state: Mapping[str, Any], worker: str) -> list[str]:
    """Return the tasks that run on a worker."""
    return [
        n
        for n, task in state["task"].items()
        if task["state"] == "running" and str(task.get("worker")) == worker
    ]


def _failures(state: Mapping[str, Any]) -> list[str]:
    parts = []
    for failure in state["failure"][-_FAILURES:]:
        trace = unpathed(failure.get("traceback") or "").strip("\n")
        if len(trace) > _TRACEBACK:
            trace = f"{trace[: _TRACEBACK // 3]}\n…\n{trace[-_TRACEBACK * 2 // 3 :]}"
        shown = (
            f'<pre style="{CODE};margin:4px 0 0;font-size:11.5px;background:none;overflow-x:auto">{escape(trace)}</pre>'
            if trace
            else ""
        )
        parts.append(
            f'<div style="margin:0 12px 8px;padding:4px 10px;border-left:4px solid {COLOURS["failed"]}">'
            f"<b>✕ {escape(_failure_head(failure))}</b>{shown}</div>"
        )
    return parts


def _failure_head(failure: Mapping[str, Any]) -> str:
    cell = f"[{failure['cell']}]" if failure.get("cell") else ""
    numbers = failure.get("numbers") or [failure["number"]]
    function, count = str(failure.get("function", "task")), int(failure.get("count", 1))
    place = unpathed(str(failure.get("place") or cell))
    head = headline(str(failure.get("type", "Error")), function, place, numbers, count)
    return f"{head}: {short(unpathed(str(failure['message'])), 300)}" if failure.get("message") else head


def _numbered(table: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return sorted(table.items(), key=lambda item: int(item[0]))


def unpathed(words: str) -> str:
    """Return `words` with absolute paths cut to their last part: a shared notebook must not tell whose it was."""
    return _PATH.sub("", words)
