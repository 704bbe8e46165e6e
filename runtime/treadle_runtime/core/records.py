"""The records the scheduler keeps: task, version, worker, client, function. Slotted, mutable, owned by `Books`.

Law: data only. What may change them stands in versions, graph, workers, policy and recovery; what is rare for a
task or a version lives in a record of its own, so that a million ordinary ones stay small and quick to make.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Final

from .model import ClientId, FunctionId, Kind, Number, Vid, WorkerId
from .states import DatumState

if TYPE_CHECKING:
    from .fairness import Lane

CANDIDATES: Final = 256
"""How many tasks that could be queued ahead of time a worker remembers; older ones take the usual way."""


class Function:
    """What is known of a function: its name and how long its tasks take."""

    __slots__ = ("estimate", "fid", "name")

    def __init__(self, fid: FunctionId, name: str) -> None:
        self.fid = fid
        self.name = name
        self.estimate: float | None = None  # seconds per task, its handling included; None: never seen to end


class Client:
    """A client, the handles it holds and what it will be told at the end of the turn."""

    __slots__ = ("cid", "deliveries", "gone", "handles", "held", "reports")

    def __init__(self, cid: ClientId) -> None:
        self.cid = cid
        self.gone = False
        self.held = False  # it has gone, and its tasks wait for whoever comes after it
        self.handles: dict[Vid, int] = {}
        self.reports: list[tuple[Number, str, Number]] = []
        self.deliveries: list[tuple[Vid, Kind]] = []


class Rare:
    """What most tasks never need."""

    __slots__ = (
        "cancel_wanted",
        "declined",
        "failed",
        "followers",
        "held",
        "kept",
        "losses",
        "overdue",
        "recorded",
        "retracted",
        "retried",
        "retries",
        "retry_lost",
        "root",
        "timeout_s",
        "told",
    )

    def __init__(self) -> None:
        self.root: Number = 0  # who failed or was cancelled first
        self.losses = 0  # attempts that ended with their worker
        self.retry_lost = True
        self.retries = 0  # how often an attempt may fail by itself before the task does
        self.failed = 0  # how many did
        self.timeout_s = 0.0  # seconds an attempt may take, 0 for any
        self.overdue = False  # it took longer, and its worker is being ended
        self.cancel_wanted = False
        self.declined = 0  # times a worker lacked an input; then it is not queued ahead of time again
        self.retracted = False  # its worker has been asked to give it back
        self.told = False  # its client knows it as done; it runs again for its lost outputs
        self.kept = False  # it did not end well, and pins its reads so that it can be retried
        self.retried = 0  # how often it was
        self.held = False  # not to be placed until it is resumed; counts as one thing missing
        self.followers: tuple[Client, ...] = ()  # others that are told of its end
        self.recorded = (
            -1
        )  # how many of its reads belong to its arguments, the rest to code that was put in; -1: all


class Task:
    """One call. `missing` counts the distinct reads that are not there yet (or not where a worker can read them), and 1 if it is held."""

    __slots__ = (
        "attempt",
        "cost",
        "function",
        "lane",
        "log",
        "missing",
        "number",
        "open",
        "outputs",
        "queued",
        "rare",
        "reads",
        "state",
        "unsettled",
        "worker",
    )
    cost: float | None  # what it adds to its worker's load, set when it is placed; None: unknown

    def __init__(
        self,
        number: Number,
        function: Function,
        lane: Lane,
        state: str,
        log: list[tuple[Any, ...]],
        outputs: int,
    ) -> None:
        self.number = number
        self.function = function
        self.lane = lane  # whose turn it shares: priority, client, cell
        self.state = state
        self.log = log  # its facts, the unusual ones with their cause behind
        self.reads: tuple[Version, ...] = ()  # emptied when it can never run again
        self.outputs: tuple[Version, ...] = ()  # emptied when all are gone
        self.open = outputs  # outputs that are not gone
        self.unsettled = 0  # once done: outputs that might have to be made again; its reads are kept for them
        self.missing = 0
        self.queued = False  # stands in its lane (maybe no longer ready)
        self.worker: Worker | None = None
        self.attempt = 0
        self.rare: Rare | None = None

    def rarely(self) -> Rare:
        """The record of rare things, made on first need."""
        if self.rare is None:
            self.rare = Rare()
        return self.rare

    @property
    def depth(self) -> int:
        """How many tasks the longest path that ends here has."""
        depth: int = self.log[0][5]
        return depth

    @property
    def root(self) -> Number:
        """Who failed or was cancelled first, if this one did not end well; else 0."""
        return 0 if self.rare is None else self.rare.root


class Extra:
    """What most versions never need."""

    __slots__ = ("awaited", "debt", "publishing", "wanted")

    def __init__(self) -> None:
        self.publishing = False
        self.awaited: dict[Number, Task] = {}  # tasks that wait for its publication
        self.wanted: dict[ClientId, Client] = {}
        self.debt = 0.0  # seconds it would take to make it again, if held by a worker only


class Version:
    """One immutable version of a datum. It is gone when it is DROPPED and `recipes` is 0."""

    __slots__ = ("extra", "holder", "kind", "maker", "nbytes", "pins", "readers", "recipes", "state", "vid")

    def __init__(self, vid: Vid, maker: Task | None, pins: int) -> None:
        self.vid = vid
        self.maker = maker  # None for a put, and for what is gone
        self.pins = pins  # clients that hold a handle, failed tasks that read it,
        # and 1 if it is broken and its maker is among the last ones that failed
        self.readers: dict[Number, Task] | None = None  # tasks that read it and are not final
        self.recipes = 0  # done tasks that read it and might have to run again
        self.state = DatumState.PENDING
        self.kind = Kind.NONE
        self.nbytes = 0
        self.holder: Worker | None = None
        self.extra: Extra | None = None

    def extras(self) -> Extra:
        """The record of rare things, made on first need."""
        if self.extra is None:
            self.extra = Extra()
        return self.extra


class Worker:
    """A worker, what is queued on it and what it will be told at the end of the turn."""

    __slots__ = (
        "ahead",
        "announced",
        "candidates",
        "closing",
        "drops",
        "gone",
        "held",
        "launches",
        "leaving",
        "load",
        "publishes",
        "retracts",
        "room",
        "since",
        "stocked",
        "tasks",
        "touched",
        "unknown",
        "wid",
    )

    def __init__(self, wid: WorkerId) -> None:
        self.wid = wid
        self.tasks: dict[Number, Task] = {}  # placed on it, in the order it will run them
        self.load = 0.0  # estimated seconds of these
        self.unknown = 0  # how many of these have no estimate
        self.ahead = 0  # how many of these miss an input that is made before them
        self.held: dict[Vid, Version] = {}  # versions that are in its memory only
        self.candidates: deque[Task] = deque(maxlen=CANDIDATES)
        self.since = 0.0  # when it last took up work or gave some back
        self.closing = False  # a Kill is under way
        self.leaving = False  # it ends when what runs there has ended
        self.gone = False
        self.room = 0  # workers.FULL, IDLE or PARTLY
        self.stocked = False  # stands among those with at least two tasks
        self.announced = ""  # its state as last told in a fact
        self.touched = False
        self.launches: list[tuple[Number, int, tuple[tuple[Vid, Kind], ...]]] = []
        self.retracts: list[Number] = []
        self.publishes: list[Vid] = []
        self.drops: list[Vid] = []
