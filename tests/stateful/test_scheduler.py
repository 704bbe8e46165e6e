"""Any sequence of submits, returns, deaths, cancels, releases: the scheduler stays true to itself and all comes to an end.

`World` checks every instruction against what pretended workers and clients really have; the invariants are checked
after every event; at the end every task is final and nothing is left that nobody can reach.
"""

from __future__ import annotations

import importlib.util
import random
import sys
from pathlib import Path
from types import ModuleType

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from treadle_runtime.core.books import SchedulerOptions
from treadle_runtime.core.model import Vid, vid_of


def _load(name: str) -> ModuleType:
    """A module that lies beside the tests (they are no package)."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_load("world")
left = _load("left")
SHAPE = st.tuples(
    st.lists(st.integers(0, 30), max_size=3),  # reads: which of the versions at hand, from the newest
    st.sampled_from([1, 1, 1, 2, 3, 0]),  # outputs
    st.sampled_from([0, 0, 1, 2, 3]),  # renews what it reads: not, or into so many outputs
    st.sampled_from([7, 7, 8, 9]),  # function
    st.sampled_from([1, 2]),  # cell
    st.sampled_from([0, 0, 1]),  # priority
)


class SchedulerMachine(RuleBasedStateMachine):
    @initialize(
        seed=st.integers(0, 1_000),
        workers=st.integers(0, 3),
        remake_s=st.sampled_from([0.05, 5.0]),
        feed_s=st.sampled_from([0.001, 0.03, 1.0]),
        kept=st.sampled_from([0, 3, 1000]),
    )
    def begin(self, seed: int, workers: int, remake_s: float, feed_s: float, kept: int) -> None:
        options = SchedulerOptions(history=20, remake_s=remake_s, feed_s=feed_s, kept_failures=kept)
        self.world = left.WorldWithDead(random.Random(seed), options)
        self.lives = {1: 0, 2: 0}
        for _ in range(workers):
            self.world.join()

    def cid(self, client: int) -> int:
        """The id of a client in its present life."""
        return client + 10 * self.lives[client]

    def handles(self, client: int) -> list[Vid]:
        mine = self.world.clients.get(self.cid(client))
        return [] if mine is None else list(reversed(mine.handles))

    @rule(
        client=st.sampled_from([1, 1, 2]),
        shapes=st.lists(SHAPE, min_size=1, max_size=8),
        unknown=st.integers(0, 40),
    )
    def submit(
        self, client: int, shapes: list[tuple[list[int], int, int, int, int, int]], unknown: int
    ) -> None:
        here = self.handles(client)
        specs = []
        for offset, (indices, outputs, renews, function, cell, priority) in enumerate(shapes):
            reads = tuple(here[index] for index in indices if index < len(here))
            if unknown == 40:
                reads += (vid_of(999_999, 0),)
            groups = min(renews, outputs)
            pairs = tuple((index, index % groups) for index in range(len(reads))) if groups else ()
            specs.append((reads, outputs, pairs, function, cell, priority))
            number = self.world.next_number + offset
            here = [vid_of(number, output) for output in range(outputs)] + here
        self.world.submit(self.cid(client), specs)

    @rule(client=st.sampled_from([1, 2]))
    def put(self, client: int) -> None:
        self.world.put(self.cid(client))

    @precondition(lambda self: self.world.workers)
    @rule(
        which=st.integers(0, 3),
        count=st.integers(1, 6),
        outcomes=st.sampled_from([(0,), (0,), (0, 0, 1), (0, 1, 5), (0, 2, 3)]),
    )
    def work(self, which: int, count: int, outcomes: tuple[int, ...]) -> None:
        self.world.work(list(self.world.workers)[which % len(self.world.workers)], count, outcomes)

    @rule(client=st.sampled_from([1, 2]), indices=st.sets(st.integers(0, 20), max_size=8))
    def drop(self, client: int, indices: set[int]) -> None:
        here = self.handles(client)
        vids = [here[index] for index in sorted(indices) if index < len(here)]
        if vids:
            self.world.drop(self.cid(client), vids)

    @rule(client=st.sampled_from([1, 2]), index=st.integers(0, 20))
    def want(self, client: int, index: int) -> None:
        here = self.handles(client)
        if index < len(here):
            self.world.want(self.cid(client), here[index])

    @rule(index=st.integers(0, 20))
    def share(self, index: int) -> None:
        theirs = [vid for vid in self.handles(1) if vid not in self.handles(2)]
        if index < len(theirs) and self.world.scheduler.version(theirs[index]) is not None:
            self.world.take(self.cid(2), theirs[index])

    @precondition(lambda self: self.world.rows)
    @rule(back=st.integers(0, 20))
    def cancel(self, back: int) -> None:
        self.world.cancel(max(1, self.world.next_number - 1 - back))

    @precondition(lambda self: self.world.rows)
    @rule(back=st.integers(0, 20), count=st.integers(1, 10))
    def run_again(self, back: int, count: int) -> None:
        first = max(1, self.world.next_number - 1 - back)
        self.world.run_again(first, first + count)

    @precondition(lambda self: self.world.rows and self.world.clients)
    @rule(client=st.sampled_from([1, 1, 2]), back=st.integers(0, 20), function=st.sampled_from([0, 0, 7, 10]))
    def retry(self, client: int, back: int, function: int) -> None:
        if client in self.world.clients:
            self.world.retry(client, max(1, self.world.next_number - 1 - back), function)

    @precondition(lambda self: len(self.world.workers) < 4)
    @rule()
    def join(self) -> None:
        self.world.join()

    @precondition(lambda self: self.world.workers)
    @rule(which=st.integers(0, 3))
    def die(self, which: int) -> None:
        self.world.die(list(self.world.workers)[which % len(self.world.workers)])

    @precondition(lambda self: self.world.workers)
    @rule(which=st.integers(0, 3))
    def send_home(self, which: int) -> None:
        self.world.send_home(list(self.world.workers)[which % len(self.world.workers)])

    @rule(what=st.sampled_from(["observe", "give_back", "last_words", "go_home"]))
    def happen(self, what: str) -> None:
        getattr(self.world, what)()

    @precondition(lambda self: self.world.wakes)
    @rule()
    def tick(self) -> None:
        self.world.tick()
        for wid in [wid for wid, worker in self.world.workers.items() if worker.killed]:
            self.world.die(wid)

    @precondition(lambda self: self.world.to_publish)
    @rule(which=st.integers(0, 9), kind=st.sampled_from([0, 1, 1, 3]))
    def publish(self, which: int, kind: int) -> None:
        self.world.publish(which % len(self.world.to_publish), kind)

    @precondition(lambda self: self.world.clients)
    @rule(client=st.sampled_from([1, 2]), cancel=st.booleans(), really=st.integers(0, 4))
    def leave(self, client: int, cancel: bool, really: int) -> None:
        if self.cid(client) in self.world.clients and really == 4:
            self.world.leave(self.cid(client), cancel)
            self.lives[client] += 1

    @precondition(lambda self: self.world.clients)
    @rule(client=st.sampled_from([1, 2]), really=st.integers(0, 2))
    def die_and_be_held(self, client: int, really: int) -> None:
        if self.cid(client) in self.world.clients and really == 2:
            self.world.hold(self.cid(client))
            self.lives[client] += 1

    @precondition(lambda self: self.world.left)
    @rule(which=st.integers(0, 3), clear=st.booleans())
    def resume_or_clear(self, which: int, clear: bool) -> None:
        dead = list(self.world.left)[which % len(self.world.left)]
        if clear:
            self.world.leave(dead, True)
        else:
            self.world.resume(dead)

    @precondition(lambda self: any(dead.handles for dead in self.world.left.values()))
    @rule(client=st.sampled_from([1, 2]), which=st.integers(0, 20))
    def recover(self, client: int, which: int) -> None:
        kept = [(dead, vid) for dead, left in self.world.left.items() for vid in left.handles]
        dead, vid = kept[which % len(kept)]
        if vid not in self.handles(client):
            self.world.recover(self.cid(client), dead, vid)

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.finish()


TestScheduler = SchedulerMachine.TestCase
TestScheduler.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
