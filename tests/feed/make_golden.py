"""Write tests/feed/golden/*.json anew from scripts of deltas: python tests/feed/make_golden.py (then read the diff)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from treadle_runtime.core.facts import Fact
from treadle_runtime.feed.projection import Projection
from treadle_runtime.feed.reducer import nothing, reduce

GOLDEN = Path(__file__).parent / "golden"


def d(seq: int, epoch: str = "e1", **verbs: Any) -> dict[str, Any]:
    """Return a delta by hand."""
    verbs = {"del" if verb == "take" else verb: what for verb, what in verbs.items()}
    return {"feed": 1, "epoch": epoch, "seq": seq, **verbs}


def by_hand() -> dict[str, list[dict[str, Any]]]:
    """Return the scripts that exercise each rule of the reducer."""
    fail = {"number": 3, "type": "ValueError", "message": "<b>no</b> ünïcode \u2028", "count": 1}
    return {
        "put-merges-and-null-takes-away": [
            d(0, reset=True, put={"task": {"1": {"fn": 1, "state": "running", "since": 12.5}}}),
            d(1, put={"task": {"1": {"state": "done", "since": None}, "2": {"fn": 1, "in": [1]}}}),
        ],
        "del-comes-before-put": [
            d(0, reset=True, put={"task": {"1": {"fn": 1, "in": [9]}, "2": {"fn": 2}}}),
            d(1, take={"task": ["1", "2", "77"]}, put={"task": {"1": {"fn": 5}}}),
        ],
        "add-appends-and-replaces-by-number": [
            d(0, reset=True, add={"failure": [fail]}),
            d(1, add={"failure": [{"number": 8, "type": "KeyError"}]}),
            d(2, add={"failure": [{**fail, "count": 2}]}),
            d(3, take={"failure": ["8"]}, add={"failure": [{"number": 9}]}),
        ],
        "gap-changes-nothing": [
            d(0, reset=True, put={"worker": {"1": {"state": "idle"}}}),
            d(2, take={"worker": ["1"]}),
        ],
        "new-epoch-changes-nothing": [
            d(4, reset=True, put={"session": {"self": {"name": "a"}}}),
            d(5, "e2", put={}),
        ],
        "old-news-is-passed-over": [
            d(4, reset=True, put={"function": {"1": {"name": "f", "counts": {"done": 2}}}}),
            d(3, put={"function": {"1": {"counts": {"done": 1}}}}),
            d(4, put={"function": {"1": {"counts": {"done": 0}}}}),
        ],
        "reset-begins-from-nothing": [
            d(
                9,
                reset=True,
                put={"task": {"1": {"fn": 1}}, "group": {"g1": {"fn": 1, "counts": {"done": 9}}}},
            ),
            d(0, "e2", reset=True, put={"task": {"5": {"fn": 2}}}),
        ],
    }


def from_projection() -> list[dict[str, Any]]:
    """Return the deltas of a small run: a diamond with a failure, then a cell too large to be shown one by one."""
    projection = Projection(limit_tasks=6, epoch="e1")
    projection.functions({1: "load", 2: "solve", 3: "mean"})
    deltas = [projection.snapshot()]

    def step(*facts: Fact) -> None:
        projection.apply(facts)
        if (delta := projection.delta()) is not None:
            deltas.append(delta)

    step(("w", 1, "idle", "", 0.0), ("b", 1, 1, 0, 2, 0, (), None, 0.0), ("t", 1, "ready", 0, 0.0))
    step(
        ("t", 1, "running", 1, 0.5), ("b", 2, 2, 0, 2, 1, (1,), "case <2>", 0.5), ("t", 2, "waiting", 0, 0.5)
    )
    step(("b", 3, 2, 0, 2, 1, (1,), None, 0.5), ("t", 3, "waiting", 0, 0.5), ("t", 1, "done", 1, 0.9))
    step(("b", 4, 3, 0, 2, 2, (2, 3), None, 1.0), ("t", 4, "waiting", 0, 1.0), ("t", 3, "failed", 1, 1.0))
    projection.ran([(1, 0.9, [(1, 0, 0.4)]), (1, 1.0, [(3, 1, 0.1)])])
    projection.failures(
        [{"number": 3, "function": "solve", "type": "ValueError", "message": "no", "traceback": "T"}]
    )
    step(("t", 4, "upstream", 0, 1.0), ("t", 2, "done", 1, 1.1))
    step(*[f for n in range(5, 15) for f in (("b", n, 2, 0, 3, 0, (), None, 2.0), ("t", n, "ready", 0, 2.0))])
    step(("t", 5, "running", 1, 3.0), ("t", 6, "done", 1, 3.0), ("e", 1))
    projection.reports({5: (0.42, "epoch 3")})
    projection.ran([(1, 3.0, [(6, 0, 0.0015), (7, 0, 0.001)])])
    projection.gpus([{"name": "A100", "busy": 7, "used": 1 << 30, "total": 80 << 30}])
    projection.session({"store": 1 << 20, "store_limit": 1 << 30})
    step()
    projection.seen([3])
    projection.gpus([])
    step(("t", 5, "done", 1, 3.5), ("w", 1, "gone", "killed by signal 9", 3.6))
    return deltas


def main() -> None:
    """Write the files."""
    for name, deltas in {**by_hand(), "small-run": from_projection()}.items():
        state = nothing()
        taken = [reduce(state, delta) for delta in deltas]
        text = json.dumps({"deltas": deltas, "taken": taken, "state": state}, indent=1, ensure_ascii=False)
        (GOLDEN / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
