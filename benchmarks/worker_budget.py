"""CPU time of a worker per small task, everything included but the system's part of the line.

Feeds `Launched` frames to the real loop through a mailbox in memory and reads `Returned` frames from it, so
decoding, world, status page, call, packing, measures and encoding are all in the figure. The budget is 6 us.

    python benchmarks/worker_budget.py [TASKS] [BATCH]
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import cloudpickle

from treadle_runtime.store.files import Store
from treadle_runtime.store.packing import pack
from treadle_runtime.store.references import PLAIN
from treadle_runtime.wire.codec import encode, from_worker
from treadle_runtime.wire.messages import Define, Launched, Leave, Returned, World
from treadle_runtime.worker import world
from treadle_runtime.worker.backlog import Backlog
from treadle_runtime.worker.functions import Functions
from treadle_runtime.worker.loop import Loop
from treadle_runtime.worker.runner import Runner
from treadle_runtime.worker.status import StatusPage
from treadle_runtime.worker.values import Values

BUDGET_US = 6.0


class Tape:
    """A mailbox that plays frames and keeps what is sent."""

    def __init__(self, frames: list[bytes]) -> None:
        self._frames = frames[::-1]
        self.sent: list[bytes] = []

    def there(self) -> bool:
        return False

    def wait(self, timeout_ms: int) -> bool:
        return timeout_ms > 0

    def receive(self) -> bytes:
        return self._frames.pop()

    def send(self, frame: bytes) -> None:
        self.sent.append(frame)


def frames(tasks: int, batch: int) -> list[bytes]:
    """Return everything a runtime would send for `tasks` calls of `add(i, 1)`."""
    payload = PLAIN + pack(((7, 1), {}, [])).stream
    out = [
        encode(Define([(1, "add", cloudpickle.dumps(lambda a, b: a + b), {})])),
        encode(World(1, world.World.current().encode())),
    ]
    for first in range(1, tasks + 1, batch):
        rows: Any = [
            (n, 1, 1, payload, (), 1, 1, None, ()) for n in range(first, min(first + batch, tasks + 1))
        ]
        out.append(encode(Launched(rows)))
    return [*out, encode(Leave())]


def measure(tasks: int, batch: int, folder: Path) -> float:
    """Return microseconds of CPU per task."""
    tape = Tape(frames(tasks, batch))
    values, functions, backlog = Values(Store(folder)), Functions(), Backlog()
    runner = Runner(1, values, backlog, StatusPage(folder / "status"))
    loop = Loop(tape, runner, values, functions, backlog)
    start = time.thread_time()
    loop.run()
    used = time.thread_time() - start
    returned = sum(len(m.rows) for m in map(from_worker, tape.sent) if isinstance(m, Returned))
    assert returned == tasks, f"{returned} of {tasks} came back"
    return used / tasks * 1e6


if __name__ == "__main__":
    tasks = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    batch = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    with tempfile.TemporaryDirectory() as folder:
        best = min(measure(tasks, batch, Path(folder)) for _ in range(3))
    print(f"worker: {best:.2f} us per task (budget {BUDGET_US} us)")
