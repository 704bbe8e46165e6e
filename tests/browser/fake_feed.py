"""A feed whose tasks are played by a thread, for notebooks of the browser tests (copied beside them)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from treadle_runtime.core.facts import Fact
from treadle_runtime.feed.projection import Projection

TRACEBACK = """Cell In[2], line 3, in solve
      1   @task
      2   def solve(mesh, case):
----> 3       return simulate(mesh, 1 / case)
ZeroDivisionError: division by zero"""


class Source:
    """Plays a small run: one task that all cases read, the cases, and what gathers them; case 3 fails.

    With `hold`, the run stops while task 4 runs until the page has asked for details: so a test sees that moment as
    long as it likes, and the run goes on only if the page reaches a kernel whose main thread is blocked.
    """

    def __init__(self, cases: int = 12) -> None:
        self.projection = Projection(epoch="fake", wall_offset=time.time() - time.monotonic())
        self.projection.functions({1: "load_mesh", 2: "solve", 3: "mean"})
        self.cases = range(2, 2 + cases)
        self.commands: list[tuple[str, dict[str, Any]]] = []
        self.answered_in: list[str] = []
        self.asked = threading.Event()
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[dict[str, Any]], None]] = []
        born: list[Fact] = [("w", 1, "idle", "", 0.0), ("w", 2, "idle", "", 0.0)]
        born += [("b", 1, 1, 0, 3, 0, (), None, 0.0), ("t", 1, "ready", 0, 0.0)]
        for n in self.cases:
            born += [("b", n, 2, 0, 3, 1, (1,), None, 0.0), ("t", n, "waiting", 0, 0.0)]
        last = self.cases[-1] + 1
        born += [("b", last, 3, 0, 3, 2, tuple(self.cases), None, 0.0), ("t", last, "waiting", 0, 0.0)]
        self.tell(*born)

    def subscribe(self, callback: Callable[[dict[str, Any]], None]) -> Callable[[], None]:
        with self._lock:
            self._callbacks.append(callback)
            callback(self.projection.snapshot())
        return lambda: self._callbacks.remove(callback)

    def reset(self) -> None:
        raise AssertionError("no delta is ever lost here")

    def command(self, name: str, args: dict[str, Any]) -> Any:
        self.commands.append((name, args))
        self.answered_in.append(threading.current_thread().name)
        if name != "details":
            return None
        self.asked.set()
        return {"run_s": 0.3, "ended": time.time()}

    def tell(self, *facts: Fact) -> None:
        """Take facts in and send what they change."""
        with self._lock:
            self.projection.apply(facts)
            delta = self.projection.delta()
            if delta is not None:
                for callback in self._callbacks:
                    callback(delta)

    def play(self, step_s: float = 0.02, hold: bool = True) -> None:
        """Run the tasks, two at a time, in a thread; returns when all have ended."""
        thread = threading.Thread(target=self._play, args=(step_s, hold), daemon=True)
        thread.start()
        thread.join(60)

    def _play(self, step_s: float, hold: bool) -> None:
        self.run((1,), step_s)
        self.tell(*[("t", n, "ready", 0, 0.0) for n in self.cases])
        for first in self.cases[::2]:
            self.run((first, first + 1), step_s, hold and first == 4)
        self.tell(
            ("t", self.cases[-1] + 1, "upstream", 0, 0.0),
            ("w", 1, "idle", "", 0.0),
            ("w", 2, "idle", "", 0.0),
        )

    def run(self, numbers: tuple[int, ...], step_s: float, hold: bool = False) -> None:
        """Run some tasks at the same time."""
        now = time.monotonic()
        facts: list[Fact] = []
        for worker, n in enumerate(numbers, 1):
            facts += [("w", worker, "busy", "", now), ("t", n, "running", worker, now)]
        self.projection.workers([(w, {"pid": w, "cpu": 90 + w, "rss": (150 + 40 * w) << 20}) for w in (1, 2)])
        self.tell(*facts)
        time.sleep(step_s)
        if hold:
            self.asked.wait(50)
        for worker, n in enumerate(numbers, 1):
            self.tell(("t", n, "failed" if n == 3 else "done", worker, now))
            if n == 3:
                row = {
                    "number": 3,
                    "type": "ZeroDivisionError",
                    "message": "division by zero",
                    "traceback": TRACEBACK,
                }
                self.projection.failures([{**row, "worker": worker}])
