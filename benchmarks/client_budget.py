"""CPU time of the client per small task: submitting it, and taking in its completion and value.

Calls a task through the public api on a link that only collects rows, then hands in the completions a runtime would
send. Encoding is part of the figure, the system's part of zmq is not. The budget is 9 us: 6 to submit, 3 to complete.

    python benchmarks/client_budget.py [TASKS]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from treadle_runtime.api.session import Session, install
from treadle_runtime.api.sync import wait_on
from treadle_runtime.api.task import task
from treadle_runtime.client.client import Client
from treadle_runtime.client.handles import Handles
from treadle_runtime.config import Options
from treadle_runtime.core.model import FinishedRow, Kind
from treadle_runtime.store.packing import pack
from treadle_runtime.wire.codec import encode, to_client
from treadle_runtime.wire.messages import Finished, Submit, Welcome

SUBMIT_US, COMPLETE_US = 6.0, 3.0
BATCH = 100


class Tape:
    """A link that keeps what is sent."""

    def __init__(self) -> None:
        self.rows: list[Any] = []
        self.dropped: list[Any] = []
        self.handles = Handles(self.dropped.append)
        self.frames: list[bytes] = []

    def submit(self, row: Any) -> None:
        self.rows.append(row)
        if len(self.rows) >= BATCH:
            self.frames.append(encode(Submit(self.rows)))
            self.rows = []

    def send(self, message: Any) -> None:
        pass

    def wait(self, until: Callable[[], bool], timeout: float | None) -> bool:  # noqa: ARG002 - as a link's
        return until()

    def ask(self, question: str, args: dict[str, Any], timeout: float | None = 10.0) -> Any:  # noqa: ARG002
        return []

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass


def completions(first: int, count: int) -> list[bytes]:
    """Return the frames that tell of `count` tasks that gave None."""
    data = pack(None).to_bytes()
    frames = []
    for start in range(first, first + count, BATCH):
        rows: list[FinishedRow] = [
            (n, "done", ((Kind.INLINE, 4, data),), None, 0, (1, 1, 1e-6), None)
            for n in range(start, min(start + BATCH, first + count))
        ]
        frames.append(encode(Finished(rows)))
    return frames


def measure(tasks: int) -> tuple[float, float]:
    """Return microseconds of CPU per task for submitting and for completing."""
    tape = Tape()

    def open_link(client: Client) -> None:
        client.attach(tape, Welcome(epoch="budget", client=1, store="", workers=2))

    session = Session(Options(workers=2), open_link)
    install(session)
    noop = task(lambda *_: None)
    noop(0)
    first = session.client.calls.copy()
    frames = completions(len(first), tasks + 1)
    start = time.thread_time()
    futures = [noop(i) for i in range(tasks)]
    submitted = time.thread_time()
    for frame in frames:
        session.client.receive(to_client(frame))
    wait_on(futures)
    done = time.thread_time()
    session.stop()
    return (submitted - start) / tasks * 1e6, (done - submitted) / tasks * 1e6


if __name__ == "__main__":
    tasks = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    runs = [measure(tasks) for _ in range(3)]
    submit, complete = min(run[0] for run in runs), min(run[1] for run in runs)
    print(
        f"client: submit {submit:.2f} us (budget {SUBMIT_US}), complete {complete:.2f} us (budget {COMPLETE_US})"
    )
