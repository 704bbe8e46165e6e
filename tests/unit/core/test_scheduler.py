"""The door itself: it is deterministic, keeps no garbage, and its time never runs backwards."""

from __future__ import annotations

import gc

from playbook import FILE, HELD, ok, out, task

from treadle_runtime.core.books import SchedulerOptions
from treadle_runtime.core.events import (
    ClientJoined,
    Event,
    FunctionsDefined,
    HandlesDropped,
    TasksReturned,
    TasksSubmitted,
    VersionsPublished,
    WorkerJoined,
)
from treadle_runtime.core.instructions import Launch, Publish
from treadle_runtime.core.model import Kind
from treadle_runtime.core.scheduler import HANDLERS, Scheduler


def script(scheduler: Scheduler, rounds: int) -> list[str]:
    """Tasks that read each other, are held, published and dropped; gives all that was said."""
    said = []
    events: list[Event] = [WorkerJoined(0.0, 1), WorkerJoined(0.0, 2), ClientJoined(0.0, 1)]
    events.append(FunctionsDefined(0.0, [(7, "f")]))
    for turn in range(rounds):
        base = 10 * turn
        rows = [task(base + 1), task(base + 2, out(base + 1)), task(base + 3, out(base + 1), out(base + 2))]
        events.append(TasksSubmitted(float(turn), 1, rows))
        while events:
            step = scheduler.handle(events)
            said.append(repr(step))
            events = []
            for instruction in step.instructions:
                if isinstance(instruction, Launch):
                    returned = [
                        ok(number, (FILE, HELD)[number % 2], attempt=attempt) for number, attempt, _ in instruction.tasks
                    ]
                    events.append(TasksReturned(float(turn), instruction.worker, returned))
                elif isinstance(instruction, Publish):
                    published = [(vid, int(Kind.FILE), 10) for vid in instruction.vids]
                    events.append(VersionsPublished(float(turn), instruction.worker, published))
        events.append(HandlesDropped(float(turn), 1, [out(base + number) for number in (1, 2, 3)]))
    said.append(repr(scheduler.handle(events)))
    return said


def test_the_same_events_give_the_same_steps() -> None:
    assert script(Scheduler(), 50) == script(Scheduler(), 50)


def test_what_is_over_leaves_no_garbage() -> None:
    """Records that are let go free themselves: the process that runs the scheduler may collect rarely."""
    scheduler = Scheduler(SchedulerOptions(history=10))
    script(scheduler, 5)
    gc.collect()
    gc.disable()
    try:
        script(scheduler, 5)  # known numbers: said twice, counted once
        for turn in range(5, 60):
            rows = [task(10 * turn + 1), task(10 * turn + 2, out(10 * turn + 1))]
            step = scheduler.handle([TasksSubmitted(0.0, 1, rows)])
            while step.instructions:
                events: list[Event] = [
                    TasksReturned(0.0, each.worker, [ok(number, attempt=attempt) for number, attempt, _ in each.tasks])
                    for each in step.instructions
                    if isinstance(each, Launch)
                ]
                step = scheduler.handle(events)
            scheduler.handle([HandlesDropped(0.0, 1, [out(10 * turn + 1), out(10 * turn + 2)])])
        assert gc.collect() == 0
    finally:
        gc.enable()
    assert len(scheduler.books.tasks) == 10


def test_every_event_has_its_handler() -> None:
    assert set(HANDLERS) == set(Event.__args__)


def test_time_never_runs_backwards() -> None:
    scheduler = Scheduler()
    scheduler.handle([WorkerJoined(5.0, 1), WorkerJoined(3.0, 2)])
    assert scheduler.books.now == 5.0


def test_it_answers_for_what_it_knows_and_for_what_it_does_not() -> None:
    scheduler = Scheduler()
    scheduler.handle([TasksSubmitted(0.0, 1, [task(1)])])
    record, version = scheduler.task(1), scheduler.version(out(1))
    assert record is not None
    assert version is not None
    assert (record.state, record.depth, record.root, version.state) == ("ready", 1, 0, "pending")
    assert (scheduler.task(2), scheduler.version(out(2))) == (None, None)
    assert scheduler.counts()["ready"] == 1
