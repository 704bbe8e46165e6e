"""Tasks through real processes: submitted, run, finished, fetched, failed, cancelled."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np

from treadle_runtime.core.model import vid_of
from treadle_runtime.wire import messages as m


def test_a_task_gives_its_value(place: Any) -> None:
    caller = place.start()
    plus = caller.define(lambda a, b: a + b)
    assert caller.value(caller.call(plus, 20, 22)) == 42


def test_a_chain_passes_each_value_on(place: Any) -> None:
    caller = place.start()
    plus = caller.define(lambda a, b: a + b)
    number = caller.call(plus, 0, 1)
    for _ in range(50):
        number = caller.call(plus, 1, reads=(vid_of(number, 0),))
    assert caller.value(number) == 51


def test_many_tasks_all_finish_once(place: Any) -> None:
    caller = place.start()
    square = caller.define(lambda a: a * a)
    numbers = [caller.call(square, i) for i in range(2000)]
    caller.wait(*numbers)
    rows = [row for message in caller.log if isinstance(message, m.Finished) for row in message.rows]
    assert sorted(row[0] for row in rows) == numbers
    assert [caller.value(number) for number in numbers[::500]] == [0, 250_000, 1_000_000, 2_250_000]


def test_a_large_result_comes_as_a_file_and_goes_with_its_handle(place: Any, eventually: Any) -> None:
    caller = place.start()
    ones = caller.define(lambda n: np.ones(n))
    number = caller.call(ones, 1_000_000)
    assert caller.value(number).sum() == 1_000_000
    store = Path(caller.link.welcome.store)
    assert sum(file.stat().st_size for file in store.iterdir()) > 8_000_000
    caller.link.send(m.Release([vid_of(number, 0)]))
    eventually(lambda: [file.name for file in store.iterdir()] == ["owner.json"])


def test_a_failure_names_its_root_and_the_rest_goes_on(place: Any) -> None:
    caller = place.start()
    divide = caller.define(lambda a, b: a / b)
    bad = caller.call(divide, 1, 0)
    heir = caller.call(divide, 1, reads=(vid_of(bad, 0),))
    good = caller.call(divide, 8, 2)
    assert caller.value(good) == 4
    caller.wait(bad, heir)
    assert caller.finished[bad][1] == "failed"
    assert b"ZeroDivisionError" in caller.finished[bad][3]
    assert caller.finished[heir][1] == "upstream"
    assert caller.finished[heir][4] == bad
    assert b"ZeroDivisionError" in caller.finished[heir][3]


def test_what_is_read_after_its_failure_names_the_reason_too(place: Any) -> None:
    caller = place.start()
    divide = caller.define(lambda a, b: a / b)
    bad = caller.call(divide, 1, 0)
    caller.wait(bad)
    heir = caller.call(divide, 1, reads=(vid_of(bad, 0),))
    assert b"ZeroDivisionError" in caller.wait(heir)[3]


def test_a_running_task_is_cancelled_at_once_and_a_waiting_one_never_runs(place: Any) -> None:
    caller = place.start(workers=1)
    sleep = caller.define(time.sleep)
    running = caller.call(sleep, 60)
    waiting = caller.call(sleep, 60, options=None)
    caller.link.wait(lambda: any(each["task"] == running for each in caller.workers()), 20)
    begin = time.monotonic()
    caller.link.send(m.Cancel([running, waiting]))
    caller.wait(running, waiting)
    assert time.monotonic() - begin < 10
    assert [caller.finished[n][1] for n in (running, waiting)] == ["cancelled", "cancelled"]


def test_what_a_task_prints_comes_before_its_result(place: Any) -> None:
    caller = place.start()

    def talk(name: str) -> str:
        import sys

        print(f"hello {name}")
        print("no line end", end="")
        print("trouble", file=sys.stderr)
        return name

    say = caller.define(talk)
    numbers = [caller.call(say, f"number {i}") for i in range(20)]
    caller.wait(*numbers)
    for i, number in enumerate(numbers):
        kinds = [
            type(message).__name__
            for message in caller.log
            if isinstance(message, m.Output | m.Finished) and any(row[0] == number for row in message.rows)
        ]
        assert kinds[-1] == "Finished"
        assert "Output" in kinds
        texts = dict.fromkeys(("stdout", "stderr"), "")
        for message in caller.log:
            if isinstance(message, m.Output):
                for row in message.rows:
                    if row[0] == number:
                        texts[row[1]] += row[2]
        assert texts == {"stdout": f"hello number {i}\nno line end", "stderr": "trouble\n"}
    assert dict(caller.link.ask("log", {"number": numbers[3]}))["stdout"] == "hello number 3\nno line end"


def test_output_arrives_while_the_task_runs_in_whole_lines(place: Any) -> None:
    caller = place.start(workers=1)

    def talk(flag: str) -> None:
        import os
        import time

        print("first line")
        print("second, unfi", end="", flush=True)
        while not os.path.exists(flag):
            time.sleep(0.01)
        print("nished")

    flag = place.folder / "flag"
    number = caller.call(caller.define(talk), str(flag))
    assert caller.link.wait(lambda: number in caller.output, 20)
    assert caller.output[number] == "first line\n"
    assert number not in caller.finished
    flag.touch()
    caller.wait(number)
    assert caller.output[number] == "first line\nsecond, unfinished\n"
    flag.unlink()


def test_the_feed_shows_tasks_and_workers(place: Any) -> None:
    caller = place.start()
    caller.link.send(m.Watch(True))
    double = caller.define(lambda a: 2 * a)
    caller.wait(*[caller.call(double, i) for i in range(10)])

    def done() -> bool:
        put: dict[str, Any] = {}
        for message in caller.log:
            if isinstance(message, m.Delta):
                for key, record in message.data.get("put", {}).get("task", {}).items():
                    put.setdefault(key, {}).update(record)
        return len([record for record in put.values() if record.get("state") == "done"]) == 10

    assert caller.link.wait(done, 10)
    deltas = [message.data for message in caller.log if isinstance(message, m.Delta)]
    assert any(delta.get("put", {}).get("worker") for delta in deltas)


def test_questions_are_answered_and_wrong_ones_explained(place: Any) -> None:
    import pytest

    from treadle_runtime.errors import UsageError

    caller = place.start()
    double = caller.define(lambda a: 2 * a)
    number = caller.call(double, 1)
    caller.wait(number)
    status = caller.link.ask("status", {})
    assert status["counts"]["done"] == 1
    assert status["clients"] == 1
    assert caller.link.ask("functions", {}) == [[1, "<lambda>"]]
    assert caller.link.ask("tasks", {})[0]["number"] == number
    assert caller.link.ask("story", {"number": number})
    assert isinstance(caller.link.ask("explain", {"number": number}), str)
    with pytest.raises(UsageError, match="no question 'wherefore'"):
        caller.link.ask("wherefore", {})
    with pytest.raises(UsageError, match="explain"):
        caller.link.ask("explain", {"nummer": 3})


def test_workers_of_a_notebook_are_nice_and_those_of_a_script_are_not(place: Any) -> None:
    mine = os.nice(0)
    for interactive, expected in ((True, max(5, mine)), (False, mine)):
        caller = place.start(workers=1, interactive=interactive)
        assert caller.value(caller.call(caller.define(lambda: os.nice(0)))) == expected
