"""A real worker process with the test in the runtime's place."""

from __future__ import annotations

import itertools
import os
import pickle
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cloudpickle
import pytest
import zmq

import treadle_runtime
from treadle_runtime.store.packing import Packed, unpack
from treadle_runtime.store.references import PLAIN
from treadle_runtime.wire.codec import encode, from_worker
from treadle_runtime.wire.messages import (
    Define,
    Launched,
    Leave,
    Message,
    Published,
    Ready,
    Returned,
    Stop,
    TakeBack,
)
from treadle_runtime.wire.messages import World as WorldMessage
from treadle_runtime.wire.session import RuntimeOptions, Session
from treadle_runtime.wire.stream import Stream
from treadle_runtime.worker.failure import Failure, unpack_failure
from treadle_runtime.worker.status import StatusReader
from treadle_runtime.worker.world import World

PATIENCE_S = 20.0
HOME = str(Path(treadle_runtime.__file__).parent.parent)


class Returns:
    """A return row by names."""

    def __init__(self, row: Any) -> None:
        (
            self.number,
            self.attempt,
            self.outcome,
            self.outputs,
            self.run_s,
            self.cpu_s,
            self.peak_kib,
            self.failure_bytes,
            self.notes,
        ) = row

    @property
    def value(self) -> Any:
        kind, _, data = self.outputs[0]
        assert kind == 0, f"not inline: {kind}"
        return unpack(Packed.from_bytes(data))

    @property
    def failure(self) -> Failure:
        assert self.failure_bytes is not None
        return unpack_failure(self.failure_bytes)

    @property
    def error(self) -> str:
        raised = self.failure.raised[0]
        return f"{raised.type_name}: {raised.message}"


class Host:
    """Starts a worker, sends it messages, collects what it returns."""

    def __init__(self, folder: Path) -> None:
        self.session = Session.create(RuntimeOptions())
        (self.session.folder / "store").mkdir(0o700)
        self.scratch = folder
        self.context: zmq.Context[Any] = zmq.Context()
        self.socket = self.context.socket(zmq.ROUTER)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.setsockopt(zmq.ROUTER_MANDATORY, 1)
        self.socket.bind(self.session.workers)
        ours, self._theirs = socket.socketpair()
        self.line = Stream(ours)
        self.returned: dict[int, Returns] = {}
        self.order: list[int] = []
        self.published: dict[int, tuple[int, int, bytes | None]] = {}
        self.ready = False
        self.process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)
        self._functions = itertools.count(1)
        self._worlds = itertools.count(1)

    def start(self, **environ: str) -> Host:
        with open(self.session.log(1, "out"), "ab") as out, open(self.session.log(1, "err"), "ab") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "treadle_runtime.worker", str(self.session.folder), "1", str(self._theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd=self.scratch,
                env={**os.environ, "PYTHONPATH": HOME, **environ},
                process_group=0,
                pass_fds=(self._theirs.fileno(),),
            )
        self.until(lambda: self.ready)
        return self

    # ---------------------------------------------------------------- out
    def send(self, *messages: Message, control: bool = False) -> None:
        frames = [encode(message) for message in messages]
        if control:
            self.socket.send_multipart([b"w1.c", *frames])
        else:
            self.line.send(frames)
            while self.line.unsent:
                select.select([], [self.line], [])
                self.line.flush()

    def define(self, function: Callable[..., Any], code: bytes | None = None, **options: Any) -> int:
        number = next(self._functions)
        name = getattr(function, "__name__", "function")
        self.send(Define([(number, name, code or cloudpickle.dumps(function), options)]))
        return number

    def world(self, world: World) -> int:
        number = next(self._worlds)
        self.send(WorldMessage(number, world.encode()))
        return number

    def row(
        self,
        function: int,
        *args: Any,
        reads: Any = (),
        outputs: int = 1,
        world: int = 0,
        options: Any = None,
        number: int = 0,
        attempt: int = 1,
        payload: bytes | None = None,
        renews: Any = (),
    ) -> Any:
        if payload is None:
            payload = PLAIN + pickle.dumps((args, {}, []), 5)
        return (number or next(self._numbers), attempt, function, payload, reads, outputs, world, options, renews)

    def launch(self, *rows: Any) -> list[int]:
        self.send(Launched(list(rows)))
        return [row[0] for row in rows]

    def call(self, function: Callable[..., Any], *args: Any, **keywords: Any) -> Returns:
        """Run one task and wait for its return."""
        return self.wait(*self.launch(self.row(self.define(function), *args, **keywords)))

    def stop(self, number: int, attempt: int = 1) -> None:
        self.send(Stop(number, attempt), control=True)

    def take_back(self, *numbers: int) -> None:
        self.send(TakeBack(list(numbers)), control=True)

    # ---------------------------------------------------------------- in
    def until(self, condition: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
        """Take in messages until the condition holds."""
        deadline = time.monotonic() + patience_s
        while not condition():
            assert time.monotonic() < deadline, f"waited in vain; the worker's words: {self.words()}"
            if self.process is not None and self.process.poll() is not None:
                self._take_in(100)
                if condition():
                    return
                raise AssertionError(f"the worker ended with {self.process.returncode}: {self.words()}")
            self._take_in(20)

    def _take_in(self, wait_ms: int) -> None:
        poller = zmq.Poller()
        poller.register(self.socket, zmq.POLLIN)
        poller.register(self.line, zmq.POLLIN)
        while not self.line.ended and (found := dict(poller.poll(wait_ms))):
            wait_ms = 0
            frames: list[bytes] = []
            if self.socket in found:
                frames += self.socket.recv_multipart()[1:]
            if self.line.fileno() in found:
                self.line.take_in(frames)
            for frame in frames:
                message = from_worker(frame)
                if isinstance(message, Ready):
                    assert message.token == self.session.token()
                    self.ready = True
                elif isinstance(message, Returned):
                    for row in message.rows:
                        self.returned[row[0]] = Returns(row)
                        self.order.append(row[0])
                elif isinstance(message, Published):
                    for vid, *rest in message.rows:
                        self.published[vid] = tuple(rest)  # type: ignore[assignment]

    def wait(self, number: int) -> Returns:
        self.until(lambda: number in self.returned)
        return self.returned[number]

    def wait_running(self, number: int) -> None:
        """Wait until the status page names the task."""
        reader = StatusReader(self.session.status(1))
        try:
            self.until(lambda: reader.read().number == number)
        finally:
            reader.close()

    def log(self, name: str = "out") -> str:
        return self.session.log(1, name).read_text()

    def words(self) -> str:
        return self.log("out") + self.log("err")

    def ended(self) -> int:
        """Wait for the process to end and return its exit code."""
        assert self.process is not None
        return self.process.wait(PATIENCE_S)

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.send(Leave())
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                os.kill(self.process.pid, signal.SIGKILL)
                self.process.wait()
                raise
        self.line.close()
        self._theirs.close()
        self.socket.close()
        self.context.term()


@pytest.fixture
def unstarted(tmp_path: Path) -> Iterator[Host]:
    host = Host(tmp_path)
    try:
        yield host
    finally:
        host.close()
        for path in sorted(host.session.folder.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        host.session.folder.rmdir()


@pytest.fixture
def host(unstarted: Host) -> Host:
    return unstarted.start()
