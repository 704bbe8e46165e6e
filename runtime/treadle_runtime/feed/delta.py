"""The feed's shapes and limits: what a screen is told.

Law: plain data. A delta is `{"feed": 1, "epoch": str, "seq": int, "del": ..., "put": ..., "add": ...}`, applied in
this order of verbs; every verb is optional.

* `del`: `{"task": ["17"], "failure": ["3"]}` takes records away.
* `put`: `{"task": {"17": {"state": "done"}}}` merges fields into a record (made if missing); a field put as
  None is taken away.
* `add`: `{"failure": [{"number": 3, ...}]}` appends; one with the number of an older one takes its place.

`"reset": true` means: begin from nothing. Without it, `seq` follows the last one of the same epoch; a screen that
finds a gap or a new epoch asks for a reset. Records:

    task      fn, cell, state, worker, in (makers: task numbers, or ids of groups), since (running: wall time),
              progress (running: 0 to 1, if it says so) and text (what it says besides),
              title, group (set: one of very many, shown only because it runs or failed)
    group     fn (-1: more than one), cell (fn -1 and cell 0: all older cells), depth, span (levels it stands for),
              counts (state -> tasks), in (group or task -> edges)
    worker    state, reason (gone: why), pid, cpu (percent), rss (bytes), task, mem (MiB, each 5 s, oldest first)
    function  name, counts, and once a call has ended well: mean, p95 (of the last 512) and total, in seconds
    session   one record, "self": what the host says of itself (name, workers, memory_per_worker in bytes,
              store and store_limit in bytes, held: how many waiting tasks a dead kernel has left)
    stream    what workers ran in some seconds: at (wall time) and for each worker n a list "w<n>" of spans
              [begin, length, fn, number] with begin (may be negative) and length in ticks of 0.1 ms from `at` on; a
              fifth number if not done (1: cancelled, 2: failed); many short ones as one:
              [begin, length, fn, -(how many), worst state, busy ticks]
    gpu       name, busy (percent), used, total (bytes)
    failure   number, numbers, count, function, type, message, traceback, frames, cell, worker, attempt,
              place (the line people look for, as "[5] line 3"), seen (somebody has looked at it)
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

Delta: TypeAlias = dict[str, Any]
Record: TypeAlias = dict[str, Any]
State: TypeAlias = dict[str, Any]

FEED: Final = 1
TABLES: Final = ("task", "group", "worker", "function", "session", "stream", "gpu")
LISTS: Final = ("failure",)

DELTA_LIMIT: Final = 256 * 1024
"""No delta or snapshot is larger than this as JSON: the limits below add up to less."""
TASK_BYTES: Final = 120 * 1024
GROUP_LIMIT: Final = 150
GROUP_SOURCES: Final = 8
FUNCTION_LIMIT: Final = 80
WORKER_LIMIT: Final = 128
GPU_LIMIT: Final = 16
STREAM_BYTES: Final = 40 * 1024
TICKS_PER_S: Final = 10_000
FAILED_LIMIT: Final = 64
FAILURE_BYTES: Final = 32 * 1024
TRACEBACK_CHARS: Final = 4000
NAME_CHARS: Final = 60


def clip(text: str, limit: int) -> str:
    """Shorten `text` to `limit` characters, keeping its beginning and its end."""
    if len(text) <= limit:
        return text
    head = limit // 3
    return f"{text[:head]} … {text[len(text) - (limit - head - 3) :]}"
