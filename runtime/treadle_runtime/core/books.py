"""Everything the scheduler remembers, and what it says at the end of a turn.

Law: holds the records and packs the turn; decides nothing. `move` is the only way a task changes its state.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import NamedTuple

from .facts import EVICTED, TASK, WORKER, Fact
from .fairness import FairQueue
from .instructions import (
    Deliver,
    Dismiss,
    Drop,
    Forget,
    Instruction,
    Interrupt,
    Kill,
    Launch,
    Publish,
    Rearm,
    Report,
    Retract,
    WakeAt,
)
from .model import ClientId, FunctionId, Kind, Number, Vid, WorkerId
from .records import Client, Function, Task, Version, Worker
from .states import TASK_MOVES, WorkerState


class BrokenLaw(AssertionError):  # noqa: N818 - it names what happened
    """The scheduler contradicts itself: a bug of Treadle. The message carries the story of the task."""


@dataclass(slots=True)
class SchedulerOptions:
    """Limits and measures; times in seconds."""

    history: int = 20_000  # final tasks remembered after nobody needs them
    max_losses: int = 3  # a task fails when so many attempts ended with their worker
    feed_s: float = 0.03  # estimated work queued on a worker
    overhead_s: float = 50e-6  # what a task costs besides its run time
    cancel_s: float = 1.5  # from Interrupt to Kill
    steal_s: float = 0.005  # queued work that is worth moving to an idle worker
    remake_s: float = 5.0  # versions that would take longer to make again are published at once
    ahead_reads: int = 16  # tasks with more inputs are not queued ahead of time
    kept_failures: int = (
        1000  # the last tasks that failed keep their inputs, even if no handle on them is left,
    )
    kept_nbytes: int = 256 * 1024 * 1024  # as long as these are no larger in all


class Step(NamedTuple):
    """What one turn gives: what must be done, and what became true."""

    instructions: list[Instruction]
    facts: list[Fact]


class Books:
    """The records, the queue of ready tasks, and the turn under way."""

    def __init__(self, options: SchedulerOptions) -> None:
        self.options = options
        self.now = 0.0
        self.tasks: dict[Number, Task] = {}  # every task not evicted
        self.versions: dict[Vid, Version] = {}  # PENDING, READY and BROKEN ones
        self.functions: dict[FunctionId, Function] = {}
        self.clients: dict[ClientId, Client] = {}
        self.workers: dict[WorkerId, Worker] = {}
        self.idle: OrderedDict[WorkerId, Worker] = OrderedDict()  # without a task
        self.partly: OrderedDict[WorkerId, Worker] = OrderedDict()  # with tasks, and room for more known ones
        self.stocked: dict[WorkerId, Worker] = {}  # with at least two tasks
        self.leaving: dict[WorkerId, Worker] = {}  # to be dismissed when they have nothing left
        self.queue = FairQueue()
        self.history: deque[Task] = deque()
        self.recorded: dict[Number, Task] = {}  # tasks that did not end well and can be retried
        self.latest: OrderedDict[Number, int] = (
            OrderedDict()
        )  # the last of these, with the bytes of their inputs
        self.latest_nbytes = 0
        self.counts: dict[str, int] = dict.fromkeys(TASK_MOVES, 0)
        self.held = 0  # how many of the waiting ones are held
        self.deadlines: list[
            tuple[float, Number, int]
        ] = []  # heap of cancels under way: (at, number, attempt)
        self.wake: float | None = None  # the Tick that has been asked for
        # the turn
        self.facts: list[Fact] = []
        self.touched: list[Worker] = []
        self.told: list[Client] = []  # clients with reports
        self.delivered: list[Client] = []  # clients with deliveries
        self.rearms: list[Rearm] = []
        self.drops: list[Vid] = []
        self.forgets: list[Number] = []
        self.interrupts: list[Interrupt] = []
        self.kills: list[Kill | Dismiss] = []
        self.wakes: list[WakeAt] = []

    def client(self, cid: ClientId) -> Client:
        """The record of a client, made when it is new."""
        client = self.clients.get(cid)
        if client is None:
            client = self.clients[cid] = Client(cid)
        return client

    def function(self, fid: FunctionId) -> Function:
        """The record of a function, made when it is new."""
        function = self.functions.get(fid)
        if function is None:
            function = self.functions[fid] = Function(fid, f"function {fid}")
        return function

    def move(self, task: Task, state: str, cause: str = "") -> None:
        """Change a task's state as the table allows, and say so."""
        old = task.state
        if state not in TASK_MOVES[old]:
            raise BrokenLaw(f"task {task.number} cannot go from {old} to {state}; its story: {task.log}")
        counts = self.counts
        counts[old] -= 1
        counts[state] += 1
        task.state = state
        worker = task.worker
        fact = (TASK, task.number, state, 0 if worker is None else worker.wid, self.now)
        self.facts.append(fact)
        task.log.append((*fact, cause) if cause else fact)

    def retire(self, task: Task) -> None:
        """A final task whose outputs are gone goes to the bounded history."""
        task.outputs = task.reads = ()
        history = self.history
        history.append(task)
        if len(history) > self.options.history:
            old = history.popleft()
            del self.tasks[old.number]
            self.facts.append((EVICTED, old.number))

    def touch(self, worker: Worker) -> None:
        """Look at this worker at the end of the turn."""
        if not worker.touched:
            worker.touched = True
            self.touched.append(worker)

    def report(self, task: Task, root: Number) -> None:
        """Tell the task's client at the end of the turn that it is final."""
        client = task.lane.client
        reports = client.reports
        if not reports:
            self.told.append(client)  # one that is gone is passed over when the turn closes
        reports.append((task.number, task.state, root))
        if task.rare is not None and task.rare.followers:
            self.report_followers(task, root)

    def report_followers(self, task: Task, root: Number) -> None:
        """Tell those who follow the task, besides its client, that it is final (maybe not for the first time)."""
        for follower in task.rarely().followers:
            self.tell(follower, (task.number, task.state, root))

    def tell(self, client: Client, report: tuple[Number, str, Number]) -> None:
        """Tell a client at the end of the turn that a task is final."""
        if not client.reports:
            self.told.append(client)
        client.reports.append(report)

    def deliver(self, client: Client, vid: Vid, kind: Kind) -> None:
        """Give a client a value it wanted at the end of the turn."""
        if client.gone:
            return
        if not client.deliveries:
            self.delivered.append(client)
        client.deliveries.append((vid, kind))

    def interrupt(self, worker: Worker, task: Task) -> None:
        """Have a worker cancel a task."""
        self.interrupts.append(Interrupt(worker.wid, task.number, task.attempt))

    def kill(self, worker: Worker, timeout_s: float) -> None:
        """Have a worker's process ended; `timeout_s`: since its task runs longer than that, 0 for a cancel."""
        self.kills.append(Kill(worker.wid, timeout_s))

    def dismiss(self, worker: Worker) -> None:
        """Have a worker's process end by itself."""
        self.kills.append(Dismiss(worker.wid))

    def unsay(self, worker: Worker) -> None:
        """Take back what was to be told to a worker that has left."""
        for wishes in (worker.launches, worker.retracts, worker.publishes, worker.drops):
            wishes.clear()
        self.interrupts = [wish for wish in self.interrupts if wish.worker != worker.wid]
        self.kills = [wish for wish in self.kills if wish.worker != worker.wid]

    def wake_at(self, at: float) -> None:
        """Ask for a Tick, unless one that comes no later has been asked for."""
        if self.wake is None or at < self.wake:
            self.wake = at
            self.wakes.append(WakeAt(at))

    def close_turn(self) -> Step:
        """Pack what the turn decided. Launches come first; whatever frees bytes comes after what needs them."""
        instructions: list[Instruction] = []
        if self.rearms:
            instructions += self.rearms
            self.rearms = []
        facts = self.facts
        worker_drops: list[Instruction] = []
        asks: list[Instruction] = []
        for worker in self.touched:
            worker.touched = False
            if worker.launches:
                instructions.append(Launch(worker.wid, worker.launches))
                worker.launches = []
            if worker.retracts:
                asks.append(Retract(worker.wid, worker.retracts))
                worker.retracts = []
            if worker.publishes:
                asks.append(Publish(worker.wid, worker.publishes))
                worker.publishes = []
            if worker.drops:
                worker_drops.append(Drop(worker.drops, worker.wid))
                worker.drops = []
            state = WorkerState.BUSY if worker.tasks else WorkerState.IDLE
            if state != worker.announced and not worker.gone:
                worker.announced = state
                facts.append((WORKER, worker.wid, state, "", self.now))
        self.touched.clear()
        instructions += asks
        if self.interrupts or self.kills:
            instructions += self.interrupts
            instructions += self.kills
            self.interrupts, self.kills = [], []
        for client in self.told:
            reports, client.reports = client.reports, []
            if not client.gone:
                instructions.append(Report(client.cid, reports))
        self.told.clear()
        if self.delivered:
            for client in self.delivered:
                if not client.gone:
                    instructions.append(Deliver(client.cid, client.deliveries))
                    client.deliveries = []
            self.delivered.clear()
        if self.forgets:
            instructions.append(Forget(self.forgets))
            self.forgets = []
        if self.drops:
            instructions.append(Drop(self.drops, None))
            self.drops = []
        instructions += worker_drops
        if self.wakes:
            instructions += self.wakes
            self.wakes = []
        self.facts = []
        return Step(instructions, facts)
