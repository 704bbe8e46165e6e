"""Pretended workers and clients around a real scheduler: carries instructions out, and checks that they make sense.

Chance is a `random.Random`-like object with `randrange`, so Hypothesis or a seed drives it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from treadle_runtime.core import events as e
from treadle_runtime.core import instructions as i
from treadle_runtime.core.books import SchedulerOptions
from treadle_runtime.core.invariants import check
from treadle_runtime.core.model import PUT_BASE, Kind, Outcome, ReturnRow, TaskRow, Vid, vid_of
from treadle_runtime.core.scheduler import Scheduler
from treadle_runtime.core.states import TASK_FINAL, TaskState

Spec: TypeAlias = tuple[tuple[Vid, ...], int, tuple[tuple[int, int], ...], int, int, int]
"""(reads, outputs, renews, function, cell, priority)"""


FORGIVEN: dict[int, Any] = {8: {"retries": 2}, 9: {"retries": 1, "timeout": 0.01}}
"""Functions whose tasks may fail, and in how many seconds they must end."""


class Chance(Protocol):
    """What draws lots."""

    def randrange(self, stop: int, /) -> int: ...


@dataclass
class PretendedWorker:
    """Runs its queue in order; what it holds it really has."""

    queue: list[tuple[int, int, tuple[tuple[Vid, Kind], ...]]] = field(default_factory=list)
    held: set[Vid] = field(default_factory=set)
    interrupted: set[tuple[int, int]] = field(default_factory=set)
    killed: bool = False
    unwanted: bool = False
    dismissed: bool = False


@dataclass
class PretendedClient:
    handles: dict[Vid, None] = field(default_factory=dict)
    wanted: dict[Vid, None] = field(default_factory=dict)


class World:
    """The outside of one scheduler."""

    def __init__(self, chance: Chance, options: SchedulerOptions | None = None) -> None:
        self.chance = chance
        self.scheduler = Scheduler(options)
        self.now = 0.0
        self.workers: dict[int, PretendedWorker] = {}
        self.clients: dict[int, PretendedClient] = {}
        self.store: dict[Vid, None] = {}  # sealed or inline: what anybody can read
        self.rows: dict[int, TaskRow] = {}
        self.owner: dict[int, int] = {}
        self.reports: dict[int, tuple[str, int]] = {}
        self.told: dict[int, int] = {}  # number -> how often reported
        self.forgotten: set[int] = set()
        self.wakes: list[float] = []
        self.to_publish: list[tuple[int, Vid]] = []
        self.next_number = 1
        self.next_worker = 1
        self.next_put = 0
        self.launched: dict[int, int] = {}
        self.retried = 0
        self.back: list[e.TasksReturned] = []  # answers to Retract that are on their way
        self.late: list[e.TasksReturned] = []  # last words of workers that have died

    # ------------------------------------------------------------ events
    def feed(self, *events: e.Event) -> None:
        """Let the scheduler handle events, check it, and carry its instructions out."""
        step = self.scheduler.handle(events)
        check(self.scheduler)
        for instruction in step.instructions:
            getattr(self, f"_{type(instruction).__name__.lower()}")(instruction)

    def later(self, seconds: float = 0.001) -> float:
        self.now += seconds
        return self.now

    def pick(self, things: Any) -> Any:
        things = list(things)
        return things[self.chance.randrange(len(things))]

    def submit(self, client: int, specs: list[Spec]) -> None:
        """Submit tasks, in program order."""
        mine = self.clients.setdefault(client, PretendedClient())
        rows: list[TaskRow] = []
        for reads, outputs, renews, function, cell, priority in specs:
            number = self.next_number
            self.next_number += 1
            options = FORGIVEN.get(function)
            row: TaskRow = (number, function, b"", reads, outputs, renews, cell, 0, priority, None, options)
            rows.append(row)
            self.rows[number] = row
            self.owner[number] = client
            for output in range(outputs):
                mine.handles[vid_of(number, output)] = None
        self.feed(e.TasksSubmitted(self.later(), client, rows))

    def put(self, client: int) -> None:
        vid = vid_of(PUT_BASE + self.next_put, 0)
        self.next_put += 1
        self.store[vid] = None
        self.clients.setdefault(client, PretendedClient()).handles[vid] = None
        self.feed(e.VersionsPut(self.later(), client, [(vid, Kind.FILE, 100_000)]))

    def drop(self, client: int, vids: list[Vid]) -> None:
        for vid in vids:
            del self.clients[client].handles[vid]
        self.feed(e.HandlesDropped(self.later(), client, vids))

    def take(self, client: int, vid: Vid) -> None:
        """A second client takes a handle on what another one holds."""
        self.clients.setdefault(client, PretendedClient()).handles[vid] = None
        self.feed(e.HandlesTaken(self.later(), client, [vid]))

    def want(self, client: int, vid: Vid) -> None:
        self.clients[client].wanted[vid] = None
        self.feed(e.VersionsWanted(self.later(), client, [vid]))

    def cancel(self, number: int) -> None:
        self.feed(e.CancelWanted(self.later(), [number]))

    def run_again(self, first: int, last: int) -> None:
        self.feed(e.CellRunAgain(self.later(), first, last))

    def retry(self, client: int, number: int, function: int) -> None:
        """A client wants a task retried, perhaps with another function; the answer names it one way or the other."""
        self.retried = number
        task = self.scheduler.task(number)
        instead = {task.function.fid: (function, ())} if task is not None and function else {}
        self.feed(e.RetryWanted(self.later(), client, 1, [number], instead))
        assert self.retried == 0, "a wish to retry has an answer"

    def leave(self, client: int, cancel: bool) -> None:
        del self.clients[client]
        for number, owner in self.owner.items():
            if owner == client:
                self.owner[number] = 0
        self.feed(e.ClientLeft(self.later(), client, cancel))

    def join(self) -> None:
        wid = self.next_worker
        self.next_worker += 1
        self.workers[wid] = PretendedWorker()
        self.feed(e.WorkerJoined(self.later(), wid))

    def die(self, wid: int) -> None:
        worker = self.workers.pop(wid)
        running = None
        if worker.queue:
            running, attempt, _ = worker.queue[0]
            outputs = ((int(Kind.INLINE), 10, b""),) * self.rows[running][4]
            self.late.append(
                e.TasksReturned(0.0, wid, [(running, attempt, 0, outputs, 0.1, 0.1, 0, None, None)])
            )
        self.to_publish = [entry for entry in self.to_publish if entry[0] != wid]
        self.feed(e.WorkerLeft(self.later(), wid, running, "signal 9"))

    def send_home(self, wid: int) -> None:
        """A worker is to leave; it goes when the scheduler lets it."""
        self.workers[wid].unwanted = True
        self.feed(e.WorkersUnwanted(self.later(), [wid]))

    def go_home(self) -> None:
        """Workers that were let go end, and nothing is lost with them."""
        for wid in [wid for wid, worker in self.workers.items() if worker.dismissed]:
            del self.workers[wid]
            self.to_publish = [
                entry for entry in self.to_publish if entry[0] != wid
            ]  # dropped before they were written
            gone = self.scheduler.books.workers[wid]
            assert not gone.held
            assert not gone.tasks
            self.feed(e.WorkerLeft(self.later(), wid, None, "as asked"))

    def observe(self) -> None:
        running = [(wid, worker.queue[0][0]) for wid, worker in self.workers.items() if worker.queue]
        self.feed(e.WorkersObserved(self.later(), running))

    def tick(self) -> None:
        due = min(self.wakes)
        self.wakes.remove(due)
        self.now = max(self.now, due)
        self.feed(e.Tick(self.now))

    def work(
        self, wid: int, count: int, outcomes: tuple[int, ...] = (0,), kinds: tuple[int, ...] = (0, 1, 2)
    ) -> None:
        """A worker runs up to `count` of its tasks and gives them back in one message."""
        worker = self.workers[wid]
        rows: list[ReturnRow] = []
        while worker.queue and len(rows) < count:
            number, attempt, inputs = worker.queue.pop(0)
            rows.append(self._run(worker, number, attempt, inputs, outcomes, kinds))
        if rows:
            self.feed(e.TasksReturned(self.later(), wid, rows))

    def _run(
        self, worker: PretendedWorker, number: int, attempt: int, inputs: Any, outcomes: Any, kinds: Any
    ) -> ReturnRow:
        if (number, attempt) in worker.interrupted:
            return (number, attempt, Outcome.INTERRUPTED, (), 0.0, 0.0, 0, None, None)
        for vid, kind in inputs:
            if kind is Kind.HELD:
                if vid not in worker.held:
                    return (number, attempt, Outcome.DECLINED, (), 0.0, 0.0, 0, None, None)
            else:
                assert vid in self.store, f"#{number} was launched with {vid}, which is not in the store"
        outcome = self.pick(outcomes)
        if outcome != Outcome.OK:
            return (number, attempt, outcome, (), 0.01, 0.0, 0, b"", None)
        outputs = []
        for output in range(self.rows[number][4]):
            vid = vid_of(number, output)
            kind = self.pick(kinds)
            worker.held.add(vid)  # it keeps what it made for those queued behind
            if kind != Kind.HELD:
                self.store[vid] = None
            outputs.append((int(kind), self.pick((10, 1_000_000)), None))
        return (number, attempt, 0, tuple(outputs), self.pick((0.0001, 0.004, 0.2)), 0.0, 0, None, None)

    def publish(self, index: int, kind: int) -> None:
        """A worker carries out one of the publications it was asked for (or says it can't)."""
        wid, vid = self.to_publish.pop(index)
        worker = self.workers[wid]
        if vid not in worker.held:
            kind = Kind.NONE
        elif kind == Kind.NONE:
            worker.held.discard(vid)
        else:
            self.store[vid] = None
        self.feed(e.VersionsPublished(self.later(), wid, [(vid, kind, 10)]))

    # ------------------------------------------------------------ instructions
    def _launch(self, instruction: i.Launch) -> None:
        worker = self.workers[instruction.worker]
        assert not worker.killed
        assert not worker.unwanted
        for number, attempt, inputs in instruction.tasks:
            assert number not in self.forgotten, f"#{number} was launched after its payload was let go"
            assert attempt == self.launched.get(number, 0) + 1
            assert [vid for vid, _kind in inputs] == list(self.rows[number][3])
            self.launched[number] = attempt
            worker.queue.append((number, attempt, inputs))

    def _retract(self, instruction: i.Retract) -> None:
        worker = self.workers[instruction.worker]
        back = [entry for entry in worker.queue[1:] if entry[0] in instruction.numbers]
        worker.queue = [entry for entry in worker.queue if entry not in back]
        rows: list[ReturnRow] = [
            (number, attempt, Outcome.TAKEN_BACK, (), 0.0, 0.0, 0, None, None) for number, attempt, _ in back
        ]
        if rows:
            self.back.append(e.TasksReturned(self.now, instruction.worker, rows))

    def give_back(self) -> None:
        """Answers to Retract arrive, if their worker still lives."""
        answers, self.back = self.back, []
        for event in answers:
            if event.worker in self.workers:
                event.at = self.later()
                self.feed(event)

    def last_words(self) -> None:
        """Answers of workers that have left arrive, too late."""
        words, self.late = self.late, []
        for event in words:
            event.at = self.later()
            self.feed(event)

    def _interrupt(self, instruction: i.Interrupt) -> None:
        self.workers[instruction.worker].interrupted.add((instruction.number, instruction.attempt))

    def _kill(self, instruction: i.Kill) -> None:
        worker = self.workers[instruction.worker]
        assert not worker.killed
        worker.killed = True

    def _dismiss(self, instruction: i.Dismiss) -> None:
        worker = self.workers[instruction.worker]
        assert worker.unwanted
        assert not worker.killed
        assert not worker.dismissed
        assert not worker.queue, "dismissed with work in its queue"
        worker.dismissed = True

    def _publish(self, instruction: i.Publish) -> None:
        assert instruction.worker in self.workers
        self.to_publish += [(instruction.worker, vid) for vid in instruction.vids]

    def _drop(self, instruction: i.Drop) -> None:
        holders = {vid for client in self.clients.values() for vid in client.handles}
        for vid in instruction.vids:
            if instruction.worker is None:
                assert vid not in holders, f"{vid} was dropped under a handle"
                self.store.pop(vid, None)
            else:
                self.workers[instruction.worker].held.discard(vid)

    def _forget(self, instruction: i.Forget) -> None:
        for number in instruction.numbers:
            assert number not in self.forgotten
            self.forgotten.add(number)

    def _report(self, instruction: i.Report) -> None:
        assert instruction.client in self.clients
        for number, state, root in instruction.tasks:
            assert self.owner[number] == instruction.client
            assert state in TASK_FINAL
            assert (root == 0) == (state == TaskState.DONE)
            if state == TaskState.FAILED:
                assert root == number
            elif state == TaskState.UPSTREAM and self.scheduler.task(root) is not None:
                assert self.scheduler.books.tasks[root].root == root, "the root is a root"
            if number in self.reports:
                assert self.reports[number][0] == TaskState.DONE
                assert state != TaskState.DONE
            self.reports[number] = (state, root)

    def _rearm(self, instruction: i.Rearm) -> None:
        assert instruction.client in self.clients
        for number in instruction.numbers:
            assert self.owner[number] == instruction.client
            assert self.reports.pop(number)[0] != TaskState.DONE, "what had succeeded is not run again"
        if instruction.id:
            refused = [number for number, _why in instruction.refused]
            if self.owner[self.retried] == instruction.client:
                assert (self.retried in refused) != (self.retried in instruction.numbers)
            self.retried = 0

    def _deliver(self, instruction: i.Deliver) -> None:
        client = self.clients[instruction.client]
        for vid, kind in instruction.vids:
            del client.wanted[vid]
            assert kind is not Kind.HELD
            if kind is not Kind.NONE:
                assert vid in self.store

    def _wakeat(self, instruction: i.WakeAt) -> None:
        self.wakes.append(instruction.at)

    # ------------------------------------------------------------ the end
    def finish(self) -> None:
        """Let everything that can still happen happen, without further mishaps."""
        if not self.workers:
            self.join()
        for _ in range(10_000):
            counts = self.scheduler.counts()
            self.give_back()
            for wid in [wid for wid, worker in self.workers.items() if worker.killed]:
                self.die(wid)
            self.go_home()
            if all(worker.unwanted for worker in self.workers.values()):
                self.join()
            while self.to_publish:
                self.publish(0, Kind.FILE)
            for wid in list(self.workers):
                self.work(wid, 5)
            open_tasks = sum(count for state, count in counts.items() if state not in TASK_FINAL)
            if (
                not open_tasks
                and not self.to_publish
                and not any(worker.queue for worker in self.workers.values())
            ):
                break
            if self.wakes:
                self.tick()
        else:
            raise AssertionError(f"never ends: {self.scheduler.counts()}")
        self.go_home()
        assert not any(worker.unwanted for worker in self.workers.values()), (
            "a worker with nothing left was not let go"
        )
        for cid in list(self.clients):
            assert not self.clients[cid].wanted, "a wanted value was never delivered"
            self.drop(cid, list(self.clients[cid].handles))
        for number in self.rows:
            if self.owner[number] in self.clients:
                assert number in self.reports, f"#{number} was never reported"
        for cid in list(self.clients):  # while it is there the last failures are kept for it
            self.leave(cid, False)
        books = self.scheduler.books
        assert not books.versions, "versions are left that nobody can reach"
        assert not self.store, "bytes are left that nobody can reach"
        assert len(books.tasks) == len(books.history) <= books.options.history
        assert self.forgotten == set(self.rows)
