"""A runtime as a person may meet it in the middle of an analysis, played without processes: a feed, and answers to what a page asks."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from treadle_runtime.core.facts import Fact
from treadle_runtime.core.model import Outcome
from treadle_runtime.feed.projection import Projection

NOW = 1000.0
LOAD, SOLVE, MEAN, PLOT = 1, 2, 3, 4
NAMES = {LOAD: "load_mesh", SOLVE: "solve", MEAN: "mean_of_cases", PLOT: "plot"}
HOSTILE = "<img src=x onerror=alert(1)>"
TRACEBACK = """Cell In[5], line 3, in solve
      1   @task
      2   def solve(mesh, case):
----> 3       return simulate(mesh, 1 / case)
ZeroDivisionError: division by zero"""
PAGE_CHARS = 64 * 1024


class Scene:
    """Plays a `Projection` and answers commands as the runtime does; `said` is what a page has asked."""

    def __init__(self, gpus: bool = True) -> None:
        self.projection = Projection(epoch="scene", wall_offset=time.time() - NOW)
        self.projection.functions(NAMES)
        self.said: list[tuple[str, dict[str, Any]]] = []
        self.logs: dict[int, list[list[str]]] = {}
        self.refused: dict[str, str] = {}
        self._play()
        self._machine(gpus)
        self.projection.delta()

    def snapshot(self) -> dict[str, Any]:
        return self.projection.snapshot()

    def tell(self, *facts: Fact) -> dict[str, Any] | None:
        """Take facts in; return what a page is to be told."""
        self.projection.apply(facts)
        return self.projection.delta()

    # ------------------------------------------------------------------ what has happened
    def _play(self) -> None:
        number, now = 0, NOW - 34.0
        born: list[Fact] = []
        free = {1: now, 2: now + 0.3, 3: now + 0.6, 4: now + 0.9}
        facts: list[Fact] = [("w", worker, "busy", "", now) for worker in free]
        ran: list[Any] = []

        def run(fn: int, cell: int, makers: tuple[int, ...], seconds: float, state: str, outcome: Outcome) -> int:
            nonlocal number
            number += 1
            worker = min(free, key=lambda each: free[each])
            free[worker] += seconds
            depth = 0 if not makers else 1
            born.append(("b", number, fn, 0, cell, depth, makers, None, now))
            facts.append(("t", number, state, worker, free[worker]))
            ran.append((worker, free[worker], [(number, int(outcome), seconds)]))
            return number

        mesh = run(LOAD, 4, (), 2.2, "done", Outcome.OK)
        for worker in free:
            free[worker] = max(free[worker], now + 2.3)
        cases = []
        for case in range(40):
            failed = case % 9 == 4
            state, outcome = ("failed", Outcome.RAISED) if failed else ("done", Outcome.OK)
            cases.append(run(SOLVE, 5, (mesh,), 0.6 + 0.13 * (case * 7 % 11), state, outcome))
        self.projection.apply(born)
        self.projection.ran(sorted(ran, key=lambda batch: batch[1]))
        self.projection.apply(facts)
        self.failed = [case for case in cases if (case - 2) % 9 == 4]
        self.projection.failures(
            [self._failure(n, SOLVE, "ZeroDivisionError", "division by zero") for n in self.failed]
        )
        self._cancelled_and_short(number, mesh, max(free.values()))

    def _cancelled_and_short(self, number: int, mesh: int, now: float) -> None:
        """A cancelled task, a thousand short ones, what runs now and what waits."""
        self.cancelled = number + 1
        self.projection.apply([("b", number + 1, SOLVE, 0, 5, 1, (mesh,), "case <b>40</b>", now)])
        self.projection.ran([(2, now + 3.0, [(number + 1, int(Outcome.INTERRUPTED), 2.7)])])
        self.projection.apply([("t", number + 1, "cancelled", 2, now + 3.0)])
        number += 1
        for batch in range(60):
            short = [number + 1 + i for i in range(20)]
            number += 20
            self.projection.apply([("b", n, MEAN, 0, 6, 1, (), None, now) for n in short])
            self.projection.ran([(1 + batch % 2, now + 3.2 + 0.04 * batch, [(n, 0, 0.0016) for n in short])])
            self.projection.apply([("t", n, "done", 1 + batch % 2, now + 3.2) for n in short])
        self.running = [number + 1, number + 2, number + 3]
        for worker, n in enumerate(self.running, 1):
            since = NOW - 3.0 * worker
            self.projection.apply([("b", n, SOLVE, 0, 7, 1, (mesh,), f"case {40 + worker}", since)])
            self.projection.apply([("t", n, "running", worker, since)])
        self.projection.reports({self.running[1]: (0.42, "epoch 3 of 7")})
        self.waiting = number + 4
        makers = tuple(self.running)
        self.projection.apply([("b", self.waiting, MEAN, 0, 7, 2, makers, None, NOW), ("t", self.waiting, "waiting", 0, NOW)])
        self.hostile = number + 5
        self.projection.apply([("b", self.hostile, PLOT, 0, 8, 3, (self.waiting,), HOSTILE, NOW)])
        self.projection.apply([("t", self.hostile, "failed", 3, NOW)])
        self.projection.failures([self._failure(self.hostile, PLOT, "ValueError", HOSTILE)])
        self.logs[self.running[1]] = [["stdout", "epoch 1: loss 0.931\nepoch 2: loss 0.418\n"], ["stderr", "the step is small\n"]]
        self.logs[self.hostile] = [["stdout", f"{HOSTILE}\n"]]
        self.logs[self.failed[0]] = [["stdout", "".join(f"iteration {i}: residual {2.0 ** -(i % 40):.3e}\n" for i in range(5000))]]

    def _failure(self, number: int, fn: int, type_name: str, message: str) -> dict[str, Any]:
        row = {"number": number, "function": NAMES[fn], "type": type_name, "message": message, "worker": 1 + number % 4}
        return {**row, "traceback": TRACEBACK, "attempt": 1, "frames": [("job.py", 3, "solve")]}

    def _machine(self, gpus: bool) -> None:
        self.projection.apply([("w", 4, "idle", "", NOW), ("w", 5, "idle", "", NOW)])
        self.projection.apply([("w", 5, "gone", "left after 300 s without work", NOW)])
        for second in range(240):
            self.projection.workers(
                (w, {"pid": 4000 + w, "cpu": 0 if w == 4 else 91 + w, "rss": (180 + 70 * w + second * w // 3) << 20})
                for w in (1, 2, 3, 4)
            )
        limits = {"memory_per_worker": 2 << 30, "store": 700 << 20, "store_limit": 8 << 30}
        self.projection.session({"name": "wing", "workers": 4, **limits})
        if gpus:
            self.projection.gpus([{"name": "NVIDIA T4", "busy": 63, "used": 5 << 30, "total": 16 << 30}])

    # ------------------------------------------------------------------ what a page asks
    def command(self, name: str, args: dict[str, Any]) -> dict[str, Any]:
        """Return {"data": ...} or {"error": ...}, as the runtime would."""
        self.said.append((name, args))
        if name in self.refused:
            return {"error": self.refused[name]}
        answer: Callable[[dict[str, Any]], dict[str, Any]] = getattr(self, f"_on_{name}")
        return {"data": answer(args)}

    def _on_cancel(self, args: dict[str, Any]) -> dict[str, Any]:
        return {"numbers": args["numbers"], "total": len(args["numbers"])}

    def _on_retry(self, args: dict[str, Any]) -> dict[str, Any]:
        return {"numbers": args["numbers"], "total": len(args["numbers"]), "refused": [], "note": "with the code it was submitted with"}

    def _on_seen(self, args: dict[str, Any]) -> dict[str, Any]:
        self.projection.seen(args["numbers"])
        return {}

    def _on_code(self, args: dict[str, Any]) -> dict[str, Any]:
        return {"code": f"solve(**treadle.inputs({args['number']}))"}

    def _on_details(self, args: dict[str, Any]) -> dict[str, Any]:
        number = args["number"]
        state = self.projection.snapshot()["put"]["task"].get(str(number), {}).get("state", "done")
        wall = time.time()
        found = {
            "number": number, "label": f"solve #{number}", "state": state, "cell": 5, "worker": 2, "attempt": 1,
            "born": wall - 60, "began": wall - 21, "ended": None if state == "running" else wall - 20, "run_s": 1.23,
            "reads": [
                {"maker": 1, "label": "load_mesh #1", "nbytes": 48 << 20, "state": "ready", "place": "store"},
                {"maker": 0, "label": "stored by the notebook", "nbytes": 2048, "state": "ready", "place": "memory"},
            ],
            "makes": [{"maker": number, "label": "", "nbytes": 0 if state == "running" else 819_200, "state": "ready", "place": "worker"}],
            "reads_total": 2, "readers": [[self.waiting, f"mean_of_cases #{self.waiting}"]],
            "open": state in ("running", "waiting"), "retriable": state != "done", "why": f"solve #{number} is {state} on worker 2.",
        }
        if state == "waiting":
            found.update(began=None, run_s=0.0, why=f"mean_of_cases #{number} is waiting. 3 inputs are still made by case 41 #{self.running[0]} (running on worker 1).")
        if number == 1:
            found.update(reads=[], reads_total=0)
        if state == "failed":
            found.update(type="ZeroDivisionError", message="division by zero", arguments="mesh=<768 x 768 float64>, case=0", traceback="File job.py, line 3")
        return found

    def _on_log(self, args: dict[str, Any]) -> dict[str, Any]:
        parts, at, found = self.logs.get(args["number"], []), 0, []
        for stream, text in parts:
            piece = text[max(0, args["offset"] - at) :][:PAGE_CHARS]
            at += len(text)
            if piece:
                found.append([stream, piece])
        size = sum(len(piece) for _, piece in found)
        more = size == PAGE_CHARS
        return {"parts": found, "next": args["offset"] + size, "more": more}

    def _on_find(self, args: dict[str, Any]) -> dict[str, Any]:
        words = f"{args['text']} {args['state']}".strip()
        tasks = [{"number": 50_000 + n, "label": f"solve #{50_000 + n}", "state": args["state"] or "done", "cell": 2, "worker": 1} for n in range(3)]
        return {"tasks": tasks if words else [], "next": None if args["offset"] else 100}

    def _on_members(self, args: dict[str, Any]) -> dict[str, Any]:
        return self.projection.members(args["group"], args["offset"])
