"""Fix and go on: what failed is tried again, with the same futures and objects, on every engine."""

from __future__ import annotations

import asyncio
import concurrent.futures

import numpy as np
import pytest

from treadle_runtime.api import INOUT, cancel, futures, retry, task, wait_on
from treadle_runtime.errors import TaskCancelled, UpstreamFailed, UsageError

BROKEN = True
RUNS: list[str] = []


@task
def shaky(x):
    if BROKEN:
        raise ValueError(f"no {x}")
    return x + 1


@task
def times_ten(x):
    return x * 10


@task(c=INOUT)
def append(c, x):
    if BROKEN and x:
        raise KeyError(x)
    c.append(x)


@task(a=INOUT)
def bump(a):
    if BROKEN:
        raise KeyError("a")
    a += 1


@pytest.fixture(autouse=True)
def broken():
    """Every test begins with functions that fail; `repair` edits them, as a person would in the notebook."""
    global BROKEN
    BROKEN = True


def repair():
    global BROKEN
    BROKEN = False


def test_the_same_future_stands_for_the_new_attempt():
    x = shaky(1)
    with pytest.raises(ValueError, match="no 1"):
        wait_on(x)
    repair()
    assert retry(x) == 1
    assert x.result() == 2
    assert x.done()
    assert x.exception() is None


def test_all_that_needs_it_follows_and_what_it_needs_comes_first():
    y = times_ten(shaky(1))  # nobody holds the future that failed
    z = times_ten(y)
    with pytest.raises(UpstreamFailed):
        wait_on(z)
    repair()
    assert retry(y) == 3
    assert wait_on([y, z]) == [20, 200]


def test_what_had_succeeded_is_not_computed_again(tmp_path):
    @task
    def once(path):
        with path.open("a") as file:
            file.write("x")
        return 5

    x = shaky(once(tmp_path / "runs"))
    with pytest.raises(ValueError, match="no 5"):
        wait_on(x)
    repair()
    retry(x)
    assert wait_on(x) == 6
    assert (tmp_path / "runs").read_text() == "x"


def test_one_that_fails_again_fails_again_with_its_cone():
    x = shaky(1)
    y = times_ten(x)
    first = y.exception()
    assert retry(x) == 2
    second = y.exception()
    assert isinstance(second, UpstreamFailed)
    assert second is not first
    assert x.exception().attempt == 2
    repair()
    retry(x)
    assert wait_on(y) == 20


def test_an_object_gets_what_the_retried_tasks_write():
    c = [0]
    append(c, 0)
    append(c, 1)
    append(c, 2)
    with pytest.raises(UpstreamFailed):
        wait_on(c)
    assert c == [0, 0]  # the last good version
    repair()
    assert retry(c) == 2
    c = wait_on(c)
    assert c == [0, 0, 1, 2]


def test_an_object_nobody_waited_for_yet():
    a = np.zeros(20_000)
    f = bump(a)
    g = bump(a)
    f.exception()
    repair()
    assert retry(f) == 2
    a = wait_on(a)
    assert a.sum() == 40_000
    assert g.result() is None


def test_an_object_that_went_on_without_its_task_stays_as_it_is():
    c = [0]
    f = append(c, 1)
    with pytest.raises(KeyError):
        wait_on(c)
    c.append("mine")
    repair()
    with pytest.warns(UserWarning, match="c was changed or used since append #.* failed: the retry does not change it"):
        retry(f)
    wait_on(f)
    assert wait_on(c) == [0, "mine"]


def test_a_function_defined_again_is_the_one_that_is_called():
    global shaky
    before = shaky
    x = shaky(1)
    x.exception()

    @task
    def shaky(x, by=100):
        return x + by

    shaky.function.__qualname__ = "shaky"
    try:
        retry(x)
        assert wait_on(x) == 101
    finally:
        shaky = before


def test_a_helper_that_was_repaired_is_the_one_that_is_called():
    def helper(x):
        raise ValueError(x)

    @task
    def outer(x):
        return helper(x)

    x = outer(1)
    x.exception()

    def helper(x):  # noqa: F811 - what a person does
        return x + 7

    retry(x)
    assert wait_on(x) == 8


def test_data_the_new_code_reads_is_that_of_now():
    table = {"a": np.ones(9000)}

    @task
    def total(x):
        return float(table["b"].sum()) + x

    x = total(1)
    with pytest.raises(KeyError):
        wait_on(x)
    table["b"] = np.full(9000, 2.0)
    retry(x)
    assert wait_on(x) == 18_001
    table["b"] = np.zeros(1)


def test_arguments_are_as_they_were():
    a = np.arange(20_000.0)
    rows = [1, 2]

    @task
    def total(a, rows):
        if BROKEN:
            raise ValueError("not yet")
        return float(a.sum()) + sum(rows)

    x = total(a, rows)
    x.exception()
    a[:] = 0
    rows.append(100)
    repair()
    retry(x)
    assert wait_on(x) == np.arange(20_000.0).sum() + 3


def test_a_cancelled_task_can_be_tried_again():
    @task
    def interrupted():
        if BROKEN:
            raise KeyboardInterrupt
        return 1

    x = times_ten(shaky(1))
    x.exception()
    y = times_ten(x)  # stillborn
    assert isinstance(y.exception(), UpstreamFailed)
    repair()
    retry(y)
    assert wait_on([x, y]) == [20, 200]


def test_callbacks_that_fired_are_not_repeated_and_later_ones_wait():
    x = shaky(1)
    calls = []
    x.add_done_callback(lambda f: calls.append(("first", type(f.exception()))))
    x.exception()
    assert calls == [("first", ValueError)]
    repair()
    retry(x)
    x.add_done_callback(lambda f: calls.append(("second", f.result())))
    assert wait_on(x) == 2
    assert calls == [("first", ValueError), ("second", 2)]


def test_standard_waits_wait_for_the_new_attempt():
    x = shaky(1)
    done, _ = concurrent.futures.wait([x], timeout=30)
    assert done == {x}

    async def wrapped():
        return await asyncio.wrap_future(x)

    with pytest.raises(ValueError, match="no 1"):
        asyncio.run(wrapped())
    for _ in range(2):
        retry(x)
        done, _ = concurrent.futures.wait([x], timeout=30)
        assert isinstance(x.exception(), ValueError)
    repair()
    retry(x)
    assert concurrent.futures.wait([x], timeout=30).done == {x}
    assert asyncio.run(wrapped()) == 2


def test_without_arguments_all_that_failed():
    xs = [shaky(i) for i in range(5)]
    shaky(99)  # whose future is gone
    while not all(future.done() for future in futures(function="shaky")):
        wait_on(times_ten(1))
    for x in xs:
        x.exception()
    repair()
    assert retry() >= 6
    assert wait_on(xs) == [1, 2, 3, 4, 5]
    with pytest.raises(UsageError, match="No task has failed"):
        retry()


def test_what_has_not_failed_is_passed_over_or_told():
    fine = times_ten(1)
    wait_on(fine)
    with pytest.raises(UsageError, match=r"times_ten #\d+ is done, so there is nothing to retry"):
        retry(fine)
    with pytest.raises(UsageError, match="comes from a task"):
        retry([1.5, "x"])
    x = shaky(1)
    x.exception()
    repair()
    assert retry([fine, {"x": x}]) == 1
    assert wait_on(x) == 2


def test_a_future_that_is_passed_on_after_the_retry():
    x = shaky(1)
    x.exception()
    repair()
    retry(x)
    assert wait_on(times_ten(x)) == 20


def test_several_results_and_an_object_written_by_one_task():
    @task(returns=2, c=INOUT)
    def split(c):
        c.append("seen")
        if BROKEN:
            raise ValueError("split")
        return 1, 2

    c = []
    a, b = split(c)
    later = times_ten(b)
    with pytest.raises(UpstreamFailed):
        wait_on(later)
    del a
    repair()
    retry(later)
    assert wait_on([b, later]) == [2, 20]
    assert wait_on(c) == ["seen"]


def test_retried_counts_as_looked_at():
    from treadle_runtime.api import barrier

    x = shaky(1)
    while not x.done():
        wait_on(times_ten(1))
    repair()
    retry(x)
    barrier()  # raises nothing: what failed was retried, and is fine
    assert x.result() == 2


def test_cancelled_by_its_person(engine):
    if engine != "local":
        return  # nowhere else does a task wait long enough to be cancelled

    @task
    def slow():
        import time

        time.sleep(30 if BROKEN else 0)
        return 3

    x = slow()
    y = times_ten(x)
    cancel(x)
    with pytest.raises(TaskCancelled):
        wait_on(y)
    repair()
    assert retry(x) == 2
    assert wait_on(y) == 30


def test_two_objects_written_by_one_task():
    a, b = np.zeros(3), np.ones(3)

    @task(a=INOUT, b=INOUT)
    def both(a, b):
        if BROKEN:
            raise KeyError("both")
        a += 1
        b += 1

    both(a, b)
    for one in (a, b):
        with pytest.raises(KeyError):
            wait_on(one)
    repair()
    retry(b)
    assert wait_on(a).sum() == 3
    assert wait_on(b).sum() == 6
