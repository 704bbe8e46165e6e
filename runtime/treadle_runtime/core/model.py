"""Names and shapes that everybody shares: numbers, version ids, rows.

Law: plain data, no behaviour. What stands here is spoken on the wire, in the journal and in the core.

A *number* names a task for ever and is what people see (`f #17`); the client that submits draws it from the
span the runtime gave it. A *version id* (vid) names an immutable version of a datum by who made it: output `k`
of task `n` is `n << 16 | k`. Versions that no task made (puts, large arguments) use numbers above `PUT_BASE`.
So renaming is by construction: an INOUT reads one vid and makes another, and only true dependencies remain.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, TypeAlias

Number: TypeAlias = int
Vid: TypeAlias = int
ClientId: TypeAlias = int
WorkerId: TypeAlias = int
FunctionId: TypeAlias = int

OUTPUT_BITS: Final = 16
PUT_BASE: Final = 1 << 45
CLIENT_SPAN: Final = 1_000_000_000
"""Client k (from 1) of a runtime draws task numbers from (k - 1) * CLIENT_SPAN + 1 on, puts likewise above PUT_BASE."""


def first_number(client: ClientId) -> Number:
    """Return the number before the first one a client draws (clients count from 1)."""
    return max(0, client - 1) * CLIENT_SPAN


def client_of(number: Number) -> ClientId:
    """Return the client that drew a task number."""
    return number // CLIENT_SPAN + 1


def vid_of(number: Number, output: int) -> Vid:
    """Return the id of output `output` of task (or put) `number`."""
    return number << OUTPUT_BITS | output


def maker_of(vid: Vid) -> Number:
    """Return the number of the task (or put) that makes version `vid`."""
    return vid >> OUTPUT_BITS


def output_of(vid: Vid) -> int:
    """Return which output of its maker version `vid` is."""
    return vid & ((1 << OUTPUT_BITS) - 1)


def is_put(vid: Vid) -> bool:
    """Tell whether `vid` was stored by a client rather than made by a task."""
    return vid >> OUTPUT_BITS >= PUT_BASE


class Kind(IntEnum):
    """Where the bytes of a version are."""

    INLINE = 0  # travel inside the message (and live in the runtime's memory)
    FILE = 1  # a sealed file of the store, named after the vid
    HELD = 2  # in the memory of the worker that made it, not yet published
    NONE = 3  # nowhere: pending, failed, cancelled or dropped


class Outcome(IntEnum):
    """How an attempt of a task ended, in the worker's words."""

    OK = 0
    RAISED = 1  # the user's code (or the pickling of its result) raised
    INTERRUPTED = 2  # a cancel reached it
    DECLINED = 3  # an input that should have been on the worker is not: place it again
    TAKEN_BACK = 4  # it was queued, did not start, and was given back on demand
    TIMED_OUT = 5  # it ran longer than its timeout allows


TaskRow: TypeAlias = tuple[
    Number,  # 0 number
    FunctionId,  # 1 function
    bytes,  # 2 payload: opaque to everybody but client and worker
    tuple[Vid, ...],  # 3 reads, in the order the payload refers to
    int,  # 4 outputs: how many versions it makes (returns first, then one per renewed or new group)
    tuple[tuple[int, int], ...],  # 5 renews: (index into reads, output) for each INOUT of an existing version
    int,  # 6 cell: the client's number of the submitting cell, 0 for none
    int,  # 7 world: id of the client's snapshot of cwd, sys.path and environ
    int,  # 8 priority: higher goes first, 0 is usual
    str | None,  # 9 title: what `name=` made of this call
    dict[str, int | float | str | bool] | None,  # 10 options that only a worker or later parts look at
]
"""A task as it is submitted."""

LaunchRow: TypeAlias = tuple[
    Number,
    int,  # attempt, from 1
    FunctionId,
    bytes,  # payload
    tuple[tuple[Vid, int, int, bytes | None], ...],  # inputs: (vid, Kind, nbytes, data if INLINE)
    int,  # outputs
    int,  # world (runtime-wide id)
    dict[str, int | float | str | bool] | None,
    tuple[tuple[int, int], ...],  # renews, as in TaskRow
]
"""A task as a worker gets it. Kind HELD means: you made it, or are about to; if you don't have it, decline."""

OutputRow: TypeAlias = tuple[int, int, bytes | None]
"""(Kind, nbytes, data if INLINE) of one output."""

ReturnRow: TypeAlias = tuple[
    Number,
    int,  # attempt
    int,  # Outcome
    tuple[OutputRow, ...],
    float,  # run_s: wall seconds in user code
    float,  # cpu_s
    int,  # peak_kib: peak resident memory during the task; negative: "at most" its absolute value
    bytes | None,  # failure: packed description, opaque to the runtime (see worker/failure.py)
    dict[str, int | float | str | bool] | None,  # notes: e.g. {"changed_in": "c"} or log offsets
]
"""An attempt as the worker gives it back."""

FinishedRow: TypeAlias = tuple[
    Number,
    str,  # final state: a value of states.TaskState
    tuple[OutputRow, ...],  # INLINE data only up to PUSH_LIMIT; larger ones come when fetched
    bytes | None,  # failure, as in ReturnRow
    Number,  # root: the task that failed or was cancelled first (its own number if itself), 0 if done
    tuple[int, int, float],  # worker id, attempt, run_s
    dict[str, int | float | str | bool] | None,  # notes
]
"""A final task as the submitting client hears of it."""

PUSH_LIMIT: Final = 1024
"""Results up to this many bytes are pushed with the completion."""
INLINE_LIMIT: Final = 64 * 1024
"""Values up to this many bytes travel inside messages; larger ones go to the store."""
