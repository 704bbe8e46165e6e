"""Workers that have had nothing to do for long end, one by one, and come back when there is something for them."""

from __future__ import annotations

import time
from typing import Any

from treadle_runtime.core.model import vid_of

IDLE_S = 0.2


def holding(caller: Any) -> int:
    """Define a task that runs until a file is there and returns who ran it."""

    def hold(go: str) -> int:
        import os
        import time

        end = time.monotonic() + 20
        while not os.path.exists(go) and time.monotonic() < end:
            time.sleep(0.002)
        return os.getpid()

    return int(caller.define(hold))


def pids(caller: Any) -> set[int]:
    return {row["pid"] for row in caller.workers()}


def working(caller: Any) -> set[int]:
    return {row["pid"] for row in caller.workers() if row["task"]}


def test_idle_workers_go_home_and_come_back_with_the_next_task(place: Any, eventually: Any) -> None:
    caller = place.start(idle_s=IDLE_S)
    big = caller.call(caller.define(lambda n: bytes(n)), 100_000)
    caller.wait(big)
    eventually(lambda: caller.workers() == [])
    assert len(caller.value(big)) == 100_000  # it was written down first
    assert caller.workers() == []
    length = caller.call(caller.define(lambda data: len(data)), reads=(vid_of(big, 0),))
    assert caller.value(length) == 100_000
    eventually(lambda: caller.workers() == [])


def test_one_that_is_idle_goes_while_another_works_and_comes_back(place: Any, eventually: Any) -> None:
    caller = place.start(idle_s=IDLE_S)
    first, second = (str(place.folder / name) for name in ("first", "second"))
    hold = holding(caller)
    long = caller.call(hold, first)
    eventually(lambda: len(working(caller)) == len(pids(caller)) == 1)
    [busy] = pids(caller)
    other = caller.call(hold, second)
    eventually(lambda: len(working(caller)) == 2)
    open(second, "w").close()
    assert caller.value(other) != busy
    assert caller.link.ask("status", {})["wanted"] == 2
    open(first, "w").close()
    assert caller.value(long) == busy  # it was never disturbed


def test_a_chain_calls_nobody_back_that_it_has_no_work_for(place: Any, eventually: Any) -> None:
    caller = place.start(workers=3, idle_s=IDLE_S)
    go = str(place.folder / "go")
    first = caller.call(holding(caller), go)
    after = caller.define(lambda pid: pid)
    last = first
    for _ in range(5):
        last = caller.call(after, reads=(vid_of(last, 0),))
    eventually(lambda: len(working(caller)) == len(pids(caller)) == 1)
    seen, end = set(), time.monotonic() + 3 * IDLE_S
    while time.monotonic() < end:
        seen.add(len(pids(caller)))
    assert seen == {1}
    open(go, "w").close()
    assert caller.value(last) == caller.value(first)


def test_as_many_come_back_as_there_are_tasks_also_after_a_resize(place: Any, eventually: Any) -> None:
    caller = place.start(workers=2, idle_s=IDLE_S)
    eventually(lambda: caller.workers() == [])
    assert caller.link.ask("resize", {"workers": 3, "threads": 1, "memory": 1 << 30})
    assert caller.workers() == []
    go = str(place.folder / "go")
    hold = holding(caller)
    two = [caller.call(hold, go) for _ in range(2)]
    eventually(lambda: len(working(caller)) == 2)
    assert len(pids(caller)) == 2
    many = [caller.call(hold, go) for _ in range(4)]
    eventually(lambda: len(working(caller)) == 3)
    open(go, "w").close()
    caller.wait(*two, *many)
