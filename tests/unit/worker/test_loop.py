"""When the loop sends, what it takes in, and what it does while a task computes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from treadle_runtime.core.model import Kind, Outcome, vid_of
from treadle_runtime.store.files import Store
from treadle_runtime.store.packing import pack
from treadle_runtime.wire.codec import encode, from_worker
from treadle_runtime.wire.messages import (
    Define,
    Free,
    Launched,
    Leave,
    Message,
    Publish,
    Published,
    Returned,
    Stop,
    TakeBack,
    World,
)
from treadle_runtime.worker.backlog import Backlog
from treadle_runtime.worker.functions import Function, Functions
from treadle_runtime.worker.loop import TURN_ROWS, Loop
from treadle_runtime.worker.values import Values


class Tape:
    """A mailbox in memory: a message comes in whenever the loop would sleep."""

    def __init__(self, *script: Message) -> None:
        self.script = list(script)
        self.sent: list[Any] = []
        self.quiet: list[bool] = []  # answers to `wait` that come first
        self.closed = False

    def there(self) -> bool:
        assert not self.closed
        return False

    def wait(self, timeout_ms: int) -> bool:
        assert timeout_ms > 0
        return bool(self.script) if not self.quiet else self.quiet.pop()

    def receive(self) -> bytes:
        assert not self.closed
        return encode(self.script.pop(0))

    def send(self, frame: bytes) -> None:
        assert not self.closed
        self.sent.append(from_worker(frame))

    def batches(self) -> list[list[int]]:
        return [[row[0] for row in message.rows] for message in self.sent]


class Actor:
    """Stands in for the runner: returns at once, or does first what the test says."""

    def __init__(self, act: Callable[[int], object] = lambda _: None) -> None:
        self.act = act
        self.worlds: dict[int, Any] = {}
        self.interrupted: list[tuple[int, int]] = []
        self.printed: dict[str, Any] | None = None

    def run(self, row: Any, function: Function | None, now_ns: int) -> list[Any]:
        assert now_ns > 0
        self.act(row[0])
        if function is not None:
            function.took(1e-6)
        return [row[0], row[1], 0, (), 0.0, 0.0, None, None, None]

    def bound(self, rows: list[Any]) -> None:
        for row in rows:
            row[6] = -1

    def moved(self) -> dict[str, Any] | None:
        printed, self.printed = self.printed, None
        return printed

    def look(self) -> None:
        pass

    def interrupt(self, number: int, attempt: int) -> bool:
        self.interrupted.append((number, attempt))
        return True


def rows(*numbers: int, function: int = 1) -> list[Any]:
    return [(number, 1, function, b"", (), 1, 0, None, ()) for number in numbers]


def make(tmp_path: Path, tape: Tape, actor: Actor, idle: Callable[[], bool] = lambda: False) -> Loop:
    functions = Functions()
    functions.define([(1, "f", b"", {}), (2, "g", b"", {})])
    functions[1].took(1e-6)
    return Loop(tape, actor, Values(Store(tmp_path)), functions, Backlog(), idle)  # type: ignore[arg-type]


def test_short_tasks_are_sent_in_batches_and_the_last_ones_at_once(tmp_path: Path) -> None:
    count = 2 * TURN_ROWS + 3
    tape = Tape(Launched(rows(*range(1, count + 1))), Launched(rows(999)), Leave())
    make(tmp_path, tape, Actor()).run()
    batches = tape.batches()
    assert [n for batch in batches for n in batch] == [*range(1, count + 1), 999]
    assert max(map(len, batches)) <= TURN_ROWS
    assert batches[-1] == [999]
    assert len(batches) < count / 2  # however slow this machine is
    assert all(row[6] == -1 for message in tape.sent for row in message.rows)


def test_nothing_that_is_done_waits_behind_a_task_of_unknown_length(tmp_path: Path) -> None:
    sent_before: list[int] = []
    tape = Tape(Launched([*rows(1, 2), *rows(3, function=2)]), Leave())
    actor = Actor(lambda number: sent_before.append(sum(map(len, tape.batches()))) if number == 3 else None)
    make(tmp_path, tape, actor).run()
    assert sent_before == [2]


def test_the_control_thread_sends_and_takes_in_while_a_task_computes(tmp_path: Path) -> None:
    tape = Tape(Launched(rows(1, 2)), Leave())
    tended: list[Any] = []
    loop = make(
        tmp_path, tape, Actor(lambda n: tended.append((loop.tend(), tape.batches())) if n == 2 else None)
    )
    loop.run()
    assert tended == [(True, [[1]])]
    assert tape.batches() == [[1], [2]]


def test_nobody_tends_the_socket_of_a_worker_that_has_left(tmp_path: Path) -> None:
    tape = Tape(Launched(rows(1)), Leave())
    loop = make(tmp_path, tape, Actor())
    loop.run()
    tape.closed = True  # as the main thread does next, while the control thread still looks in now and then
    assert not loop.tend()


def test_output_nobody_was_given_goes_to_the_last_task(tmp_path: Path) -> None:
    tape, actor = Tape(Launched(rows(1, 2)), Leave()), Actor()
    actor.printed = {"out": 5}
    make(tmp_path, tape, actor).run()
    assert [row[8] for message in tape.sent for row in message.rows] == [None, {"out": 5}]


def test_leaving_gives_back_what_is_queued(tmp_path: Path) -> None:
    tape = Tape(Launched(rows(1, 2, 3)))
    loop = make(tmp_path, tape, Actor(lambda number: loop.handle(Leave()) if number == 1 else None))
    loop.run()
    assert [(row[0], row[2]) for message in tape.sent for row in message.rows] == [
        (1, Outcome.OK),
        (2, Outcome.TAKEN_BACK),
        (3, Outcome.TAKEN_BACK),
    ]


def test_idle_work_is_done_when_there_is_nothing_else(tmp_path: Path) -> None:
    log: list[Any] = []
    chores = ["b", "a"]

    def idle() -> bool:
        if chores:
            log.append(chores.pop())
            return True
        return False

    make(tmp_path, Tape(Launched(rows(1)), Leave()), Actor(log.append), idle).run()
    assert log == ["a", "b", 1]


def test_held_values_are_published_when_it_has_been_idle(tmp_path: Path) -> None:
    tape = Tape(Leave())
    tape.quiet = [False]
    loop = make(tmp_path, tape, Actor())
    loop._values.keep(3, [pack(bytes(100_000)), pack(bytes(100_000))])
    loop.run()
    ((row,),) = [message.rows for message in tape.sent]
    assert (row[0], row[1]) == (vid_of(3, 0), Kind.FILE)
    assert loop._values.held() == [vid_of(3, 1)]


def test_messages_from_either_socket(tmp_path: Path) -> None:
    actor = Actor()
    loop = make(tmp_path, Tape(), actor)
    assert loop.handle(Launched(rows(1, 2, 3))) is None
    back = loop.handle(TakeBack([2, 8]))
    assert isinstance(back, Returned)
    assert [row[0] for row in back.rows] == [2]
    assert loop.handle(TakeBack([8])) is None
    stopped = loop.handle(Stop(3, 1))
    assert isinstance(stopped, Returned)
    assert (stopped.rows[0][0], stopped.rows[0][2]) == (3, Outcome.INTERRUPTED)
    assert loop.handle(Stop(4, 2)) is None
    assert actor.interrupted == [(4, 2)]
    published = loop.handle(Publish([5]))
    assert isinstance(published, Published)
    assert published.rows[0][0] == 5
    for message in (Free([5]), World(7, b"world"), Define([(9, "h", b"", {})])):
        assert loop.handle(message) is None
    assert actor.worlds == {7: b"world"}
