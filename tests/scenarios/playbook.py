"""The playbook: a script of events and of exactly what must follow. Silence is asserted, invariants hold throughout."""

from __future__ import annotations

from typing import Any

from treadle_runtime.core.books import SchedulerOptions
from treadle_runtime.core.events import Event, FunctionsDefined, TasksReturned, TasksSubmitted, WorkerJoined
from treadle_runtime.core.instructions import Instruction, Launch
from treadle_runtime.core.invariants import check
from treadle_runtime.core.model import Kind, Outcome, OutputRow, ReturnRow, TaskRow, Vid, vid_of
from treadle_runtime.core.scheduler import Scheduler

INLINE: OutputRow = (int(Kind.INLINE), 10, b"")
FILE: OutputRow = (int(Kind.FILE), 1_000_000, None)
HELD: OutputRow = (int(Kind.HELD), 1_000_000, None)


class Playbook:
    """`play` lets events happen; `expect` says exactly what they must have led to."""

    def __init__(self, **options: Any) -> None:
        self.scheduler = Scheduler(SchedulerOptions(**options))
        self.now = 0.0
        self.instructions: list[Instruction] = []
        self.facts: list[tuple[Any, ...]] = []

    def play(self, *events: Event, after: float = 0.0) -> Playbook:
        """Let these events happen in one turn; what the turn before led to must have been expected."""
        assert not self.instructions, f"not expected: {self.instructions}"
        self.now += after
        for event in events:
            event.at = self.now
        step = self.scheduler.handle(events)
        check(self.scheduler)
        self.instructions = step.instructions
        self.facts = list(step.facts)
        return self

    def expect(self, *instructions: Instruction) -> Playbook:
        """The last turn led to these instructions, in this order, and to no others."""
        assert self.instructions == list(instructions)
        self.instructions = []
        return self

    def anything(self) -> list[Instruction]:
        """What the last turn led to, where the script does not care."""
        instructions, self.instructions = self.instructions, []
        return instructions

    def workers(self, *wids: int) -> Playbook:
        """Workers join; the last of them is the first to get a task."""
        return self.play(*[WorkerJoined(0.0, wid) for wid in wids])

    def submit(self, *rows: TaskRow, client: int = 1) -> Playbook:
        """A client submits tasks."""
        return self.play(TasksSubmitted(0.0, client, list(rows)))

    def returns(self, worker: int, *rows: ReturnRow, after: float = 0.0) -> Playbook:
        """A worker gives attempts back."""
        return self.play(TasksReturned(0.0, worker, list(rows)), after=after)

    def know(self, function: int = 7, run_s: float = 0.001) -> Playbook:
        """Let a function's duration be known, as after a first task."""
        self.scheduler.books.function(function).estimate = run_s
        return self.play(FunctionsDefined(0.0, [(function, "f")])).expect()

    def states(self, *numbers: int) -> list[str]:
        """The states of these tasks."""
        found = []
        for number in numbers:
            task = self.scheduler.task(number)
            assert task is not None
            found.append(task.state)
        return found


def task(
    number: int,
    *reads: Vid,
    outputs: int = 1,
    renews: tuple[tuple[int, int], ...] = (),
    function: int = 7,
    cell: int = 1,
    priority: int = 0,
    options: dict[str, int | float | str | bool] | None = None,
) -> TaskRow:
    """A task as submitted."""
    return (number, function, b"", tuple(reads), outputs, renews, cell, 0, priority, None, options)


def ok(number: int, *outputs: OutputRow, attempt: int = 1, run_s: float = 0.001) -> ReturnRow:
    """An attempt that went well, with one small result unless told otherwise."""
    return (number, attempt, int(Outcome.OK), outputs or (INLINE,), run_s, run_s, 0, None, None)


def not_ok(number: int, outcome: Outcome, attempt: int = 1) -> ReturnRow:
    """An attempt that did not."""
    return (number, attempt, int(outcome), (), 0.001, 0.001, 0, b"why", None)


def launch(worker: int, *entries: Any) -> Launch:
    """A launch of first attempts: numbers, or (number, attempt, *inputs)."""
    tasks = []
    for entry in entries:
        number, attempt, *inputs = (entry, 1) if isinstance(entry, int) else entry
        tasks.append((number, attempt, tuple(inputs)))
    return Launch(worker, tasks)


def out(number: int, output: int = 0) -> Vid:
    """The version a task makes."""
    return vid_of(number, output)
