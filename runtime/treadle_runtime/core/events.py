"""Events: what happened outside. The only way into the scheduler.

Law: plain data; each carries the time it happened at (`at`, seconds of a monotonic clock).
The counterpart of instructions.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from .model import ClientId, FunctionId, Number, ReturnRow, TaskRow, Vid, WorkerId


@dataclass(slots=True)
class ClientJoined:
    at: float
    client: ClientId


@dataclass(slots=True)
class ClientLeft:
    """The client is gone for good: its handles go, its waiting tasks are cancelled if `cancel`.

    With `hold` it may come back as another one: its handles stay and its waiting tasks are held, until it leaves
    once more without.
    """

    at: float
    client: ClientId
    cancel: bool = False
    hold: bool = False


@dataclass(slots=True)
class HoldEnded:
    """What these dead clients left waiting goes on."""

    at: float
    clients: list[ClientId]


@dataclass(slots=True)
class TasksFollowed:
    """A client wants to be told how tasks end that another one submitted."""

    at: float
    client: ClientId
    numbers: list[Number]


@dataclass(slots=True)
class FunctionsDefined:
    at: float
    names: list[tuple[int, str]]  # (function id, display name)


@dataclass(slots=True)
class TasksSubmitted:
    """Tasks in program order. The submitting client holds one handle on every output."""

    at: float
    client: ClientId
    rows: list[TaskRow]


@dataclass(slots=True)
class VersionsPut:
    """A client stored versions by itself and holds one handle on each."""

    at: float
    client: ClientId
    rows: list[tuple[Vid, int, int]]  # (vid, Kind: INLINE or FILE, nbytes)


@dataclass(slots=True)
class HandlesTaken:
    at: float
    client: ClientId
    vids: list[Vid]


@dataclass(slots=True)
class HandlesDropped:
    at: float
    client: ClientId
    vids: list[Vid]


@dataclass(slots=True)
class VersionsWanted:
    """A client wants these values now: published if held by a worker, then delivered."""

    at: float
    client: ClientId
    vids: list[Vid]


@dataclass(slots=True)
class CancelWanted:
    at: float
    numbers: list[Number]


@dataclass(slots=True)
class CellRunAgain:
    """A cell runs again: tasks `first` to `last - 1`, of its run before, go last if no handle can reach them."""

    at: float
    first: Number
    last: Number


@dataclass(slots=True)
class RetryWanted:
    """Have tasks that did not end well tried again, with all they need and all that needs them."""

    at: float
    client: ClientId
    id: int  # names the wish in the Rearm that answers it
    numbers: list[Number]
    instead: dict[FunctionId, tuple[FunctionId, tuple[Vid, ...]]]
    """What the client's tasks of a function call now, and what that reads besides what is recorded."""


@dataclass(slots=True)
class WorkerJoined:
    at: float
    worker: WorkerId


@dataclass(slots=True)
class WorkerLeft:
    """The worker's process has ended. `running` is what its status page named, `reason` is for people."""

    at: float
    worker: WorkerId
    running: Number | None
    reason: str
    failure: bytes | None = None  # packed WorkerLost, used if the running task has no attempt left


@dataclass(slots=True)
class WorkersUnwanted:
    """These workers are to leave as soon as what runs there has ended; Dismiss follows for each."""

    at: float
    workers: list[WorkerId]


@dataclass(slots=True)
class TasksReturned:
    at: float
    worker: WorkerId
    rows: list[ReturnRow]


@dataclass(slots=True)
class VersionsPublished:
    """A worker wrote versions it held to the store (or inline). Kind NONE: it no longer has it."""

    at: float
    worker: WorkerId
    rows: list[tuple[Vid, int, int]]  # (vid, Kind, nbytes)


@dataclass(slots=True)
class WorkersObserved:
    """What the status pages name as running now; not a message, so it may be late or skip short tasks."""

    at: float
    running: list[tuple[WorkerId, Number]]


@dataclass(slots=True)
class Tick:
    at: float


Event: TypeAlias = (
    ClientJoined
    | ClientLeft
    | HoldEnded
    | TasksFollowed
    | FunctionsDefined
    | TasksSubmitted
    | VersionsPut
    | HandlesTaken
    | HandlesDropped
    | VersionsWanted
    | CancelWanted
    | CellRunAgain
    | RetryWanted
    | WorkerJoined
    | WorkerLeft
    | WorkersUnwanted
    | TasksReturned
    | VersionsPublished
    | WorkersObserved
    | Tick
)
