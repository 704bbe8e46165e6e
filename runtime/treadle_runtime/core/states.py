"""States and the moves between them. The diagrams in runtime/README.md are drawn from these tables.

Law: everything that limits how a state may change stands in this file; a move that is not here is a bug.
"""

from __future__ import annotations

from typing import Final


class TaskState:
    """States of a task (plain strings: they are spoken on the wire and in the feed)."""

    WAITING: Final = "waiting"  # at least one input is not there yet
    READY: Final = "ready"  # every input is there, no worker yet
    PLACED: Final = "placed"  # queued on a worker
    RUNNING: Final = "running"  # observed to run (an observation, not a message: PLACED may end without it)
    DONE: Final = "done"
    FAILED: Final = "failed"  # its own code raised, or its workers died too often
    UPSTREAM: Final = "upstream"  # something it needs failed
    CANCELLED: Final = "cancelled"  # it, or something it needs, was cancelled


class WorkerState:
    """States of a worker."""

    IDLE: Final = "idle"
    BUSY: Final = "busy"
    GONE: Final = "gone"


class DatumState:
    """States of one version of a datum."""

    PENDING: Final = "pending"
    READY: Final = "ready"
    BROKEN: Final = "broken"  # its maker failed or was cancelled
    DROPPED: Final = "dropped"  # nobody can reach it any more


_T = TaskState
TASK_MOVES: Final[dict[str, frozenset[str]]] = {
    _T.WAITING: frozenset({_T.READY, _T.PLACED, _T.UPSTREAM, _T.CANCELLED}),
    _T.READY: frozenset({_T.PLACED, _T.WAITING, _T.CANCELLED}),
    _T.PLACED: frozenset(
        {_T.RUNNING, _T.READY, _T.WAITING, _T.DONE, _T.FAILED, _T.UPSTREAM, _T.CANCELLED}
    ),
    _T.RUNNING: frozenset({_T.READY, _T.WAITING, _T.DONE, _T.FAILED, _T.UPSTREAM, _T.CANCELLED}),
    _T.DONE: frozenset({_T.READY, _T.WAITING}),  # its outputs were lost and are made again
    _T.FAILED: frozenset({_T.READY, _T.WAITING}),  # somebody corrected the cause and has it tried again;
    _T.UPSTREAM: frozenset({_T.READY, _T.WAITING}),  # what it needs is tried again, and then it is
    _T.CANCELLED: frozenset({_T.READY, _T.WAITING}),
}
TASK_FINAL: Final = frozenset({_T.DONE, _T.FAILED, _T.UPSTREAM, _T.CANCELLED})

_W = WorkerState
WORKER_MOVES: Final[dict[str, frozenset[str]]] = {
    _W.IDLE: frozenset({_W.BUSY, _W.GONE}),
    _W.BUSY: frozenset({_W.IDLE, _W.GONE}),
    _W.GONE: frozenset(),
}

_D = DatumState
DATUM_MOVES: Final[dict[str, frozenset[str]]] = {
    _D.PENDING: frozenset({_D.READY, _D.BROKEN}),
    _D.READY: frozenset({_D.PENDING, _D.DROPPED}),  # back to pending: lost with its worker, made again
    _D.BROKEN: frozenset({_D.PENDING, _D.DROPPED}),  # back to pending: its maker is tried again
    _D.DROPPED: frozenset({_D.PENDING}),
}
