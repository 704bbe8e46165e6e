"""Instructions: what must be done outside.

Law: plain data, never blocks; if carrying one out fails, that comes back as an event.
The counterpart of events.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from .model import ClientId, Kind, Number, Vid, WorkerId


@dataclass(slots=True)
class Launch:
    """Queue these tasks on the worker, in this order. (number, attempt, inputs as (vid, Kind))."""

    worker: WorkerId
    tasks: list[tuple[Number, int, tuple[tuple[Vid, Kind], ...]]]


@dataclass(slots=True)
class Retract:
    """Ask the worker to give queued tasks back; it answers with TasksReturned (TAKEN_BACK, or what became of it)."""

    worker: WorkerId
    numbers: list[Number]


@dataclass(slots=True)
class Interrupt:
    """Cancel this task on the worker: taken from its queue, or KeyboardInterrupt if it is the one that runs."""

    worker: WorkerId
    number: Number
    attempt: int


@dataclass(slots=True)
class Kill:
    """End the worker's process; WorkerLeft follows. `timeout_s`: since its task runs longer than that; 0: a cancel."""

    worker: WorkerId
    timeout_s: float = 0.0


@dataclass(slots=True)
class Dismiss:
    """Have a worker end that has nothing to do and holds nothing; WorkerLeft follows."""

    worker: WorkerId


@dataclass(slots=True)
class Publish:
    """Ask the worker to write versions it holds to the store; VersionsPublished follows."""

    worker: WorkerId
    vids: list[Vid]


@dataclass(slots=True)
class Drop:
    """Free these: without a worker the bytes and files of the runtime, else what that worker alone holds."""

    vids: list[Vid]
    worker: WorkerId | None


@dataclass(slots=True)
class Forget:
    """These tasks will never run again: free their payloads."""

    numbers: list[Number]


@dataclass(slots=True)
class Rearm:
    """Tell the client that these tasks of its are open again, and why others it named are not. Comes first in a turn."""

    client: ClientId
    id: int  # of the wish, 0 for a client that did not utter it
    numbers: list[Number]
    refused: list[tuple[Number, str]]


@dataclass(slots=True)
class Report:
    """Tell the client that these tasks are final: (number, state, root)."""

    client: ClientId
    tasks: list[tuple[Number, str, Number]]


@dataclass(slots=True)
class Deliver:
    """Give the client the values it wanted: (vid, Kind); Kind.NONE: it can't be had any more."""

    client: ClientId
    vids: list[tuple[Vid, Kind]]


@dataclass(slots=True)
class WakeAt:
    """Send a Tick at this time."""

    at: float


Instruction: TypeAlias = (
    Launch
    | Retract
    | Interrupt
    | Kill
    | Dismiss
    | Publish
    | Drop
    | Forget
    | Rearm
    | Report
    | Deliver
    | WakeAt
)
