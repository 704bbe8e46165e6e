"""What a future is and is not (docs/guide.md, "Futures")."""

from __future__ import annotations

import asyncio
import concurrent.futures
import copy
import pickle

import numpy as np
import pytest

from treadle_runtime.api import (
    INOUT,
    Future,
    as_completed,
    barrier,
    cancel,
    future,
    futures,
    map,
    put,
    task,
    wait_on,
)
from treadle_runtime.errors import FutureUsedAsValue, TaskCancelled, UpstreamFailed, UsageError


@task
def add(a, b=0):
    return a + b


@task
def fail(text="broken"):
    raise ValueError(text)


@task(returns=2)
def pair(x):
    return x, x + 1


def test_is_a_standard_future():
    x = add(1, 2)
    assert isinstance(x, Future)
    assert isinstance(x, concurrent.futures.Future)
    assert x.result() == 3
    assert x.done()
    assert not x.running()
    assert not x.cancelled()
    assert x.exception() is None


def test_wait_and_as_completed_of_the_standard_library():
    fs = [add(i) for i in range(5)]
    done, left = concurrent.futures.wait(fs, timeout=30)
    assert done == set(fs)
    assert not left
    again = [add(i) for i in range(5)]
    assert sorted(f.result() for f in concurrent.futures.as_completed(again, timeout=30)) == [0, 1, 2, 3, 4]


def test_wait_for_the_first_exception():
    f = fail()
    done, _ = concurrent.futures.wait([f], timeout=30, return_when=concurrent.futures.FIRST_EXCEPTION)
    assert done == {f}
    assert isinstance(f.exception(), ValueError)


def test_callbacks_run_once_and_at_once_when_done():
    seen = []
    x = add(1)
    x.add_done_callback(seen.append)
    wait_on(x)
    barrier()
    x.add_done_callback(seen.append)
    assert seen == [x, x]


def test_awaiting_what_is_done():
    async def run():
        with pytest.raises(ValueError, match="broken"):
            await bad
        return await good, await asyncio.wrap_future(good)

    good, bad = add(1, 1), fail()
    wait_on(good)
    bad.exception()
    assert asyncio.run(run()) == (2, 2)


def test_awaiting_what_is_yet_to_come():
    async def run():
        first = await asyncio.wrap_future(add(1, 1))
        second = await add(2, 2)
        return first, second, await asyncio.gather(add(3), add(4))

    assert asyncio.run(run()) == (2, 4, [3, 4])


def test_a_callback_may_call_tasks_and_wait():
    seen = []
    x = add(1)
    x.add_done_callback(lambda f: seen.append(add(f, 1)))
    wait_on(x)
    barrier()
    assert wait_on(seen) == [2]


def test_gathers_several_with_await(engine):
    if engine == "virtual":
        return  # an event loop can't drive the simulation

    async def run():
        return await asyncio.gather(*(add(i, i) for i in range(4)))

    assert asyncio.run(run()) == [0, 2, 4, 6]


@pytest.mark.parametrize(
    "use",
    [
        bool,
        len,
        iter,
        float,
        int,
        complex,
        lambda x: x + 1,
        lambda x: 1 + x,
        lambda x: -x,
        lambda x: x @ x,
        lambda x: x < 1,
        lambda x: x[0],
        lambda x: x(),
        lambda x: f"{x}",
        lambda x: np.asarray(x),
        lambda x: np.ones(2) + x,
        lambda x: 3 in x,
        lambda x: x.__setitem__(0, 1),
        lambda x: range(3)[x],
        pickle.dumps,
        lambda x: x.shape,
        lambda x: round(x),
    ],
)
def test_using_it_as_a_value_says_what_to_do(use):
    x = add(1)
    with pytest.raises(FutureUsedAsValue, match=r"x is the future of add #\d+ \(\w+\).*wait_on\(x\)"):
        use(x)


def test_unpacking_names_returns():
    with pytest.raises(FutureUsedAsValue, match=r"@task\(returns=2\)"):
        _a, _b = add(1)


def test_missing_attributes_are_attribute_errors():
    x = add(1)
    assert not hasattr(x, "shape")
    assert getattr(x, "shape", None) is None


def test_identity():
    x, y = add(1), add(1)
    assert x == x
    assert x != y
    assert len({x, y}) == 2
    assert copy.copy(x) is x
    assert copy.deepcopy([x])[0] is x


def test_repr_is_one_line():
    x = add(1)
    wait_on(x)
    assert repr(x).startswith("<Future add #")
    assert repr(x).endswith(" done>")


def test_returns():
    a, b = pair(5)
    assert wait_on(a, b) == [5, 6]
    assert wait_on(task(lambda: (1, 2))()) == (1, 2)


def test_wrong_number_of_results_says_both():
    a, _b = task(returns=2)(lambda: (1, 2, 3))()
    with pytest.raises(UsageError, match="returns=2 but gave 3 values"):
        wait_on(a)


def test_wait_on_containers_keeps_their_kinds():
    x, y = add(1), add(2)
    assert wait_on({"x": [x, (y, 7)], "z": "text"}) == {"x": [1, (2, 7)], "z": "text"}
    same = [1, 2]
    assert wait_on(same) is same
    assert wait_on(x, [y]) == [1, [2]]


def test_futures_stay_usable():
    x = add(1)
    assert wait_on(x) == 1
    assert wait_on(add(x, x)) == 2
    assert wait_on(x) == 1
    assert x.result() is x.result()


def test_futures_at_any_depth():
    class Box:
        def __init__(self, value):
            self.value = value

    x = add(1)
    total = task(lambda box, table: box.value[0] + table["k"][1][0])
    assert wait_on(total(Box([x]), {"k": (0, [x])})) == 2


def test_the_users_own_exception():
    x = fail("as given")
    with pytest.raises(ValueError, match="as given") as caught:
        wait_on(x)
    assert caught.value.task == x._call.number
    assert caught.value.attempt == 1
    assert isinstance(x.exception(), ValueError)


def test_exceptions_of_ones_own_class_and_with_a_cause():
    class OddError(OSError):
        def __init__(self, a, b):  # it can't be made from what it hands on
            super().__init__(a, f"{a}-{b}", "file")
            self.extra = b

    def run():
        try:
            {}["k"]
        except KeyError as error:
            raise OddError(1, 2) from error

    with pytest.raises(OddError, match="1-2") as caught:
        wait_on(task(run)())
    assert (caught.value.extra, caught.value.errno, caught.value.filename) == (2, 1, "file")
    assert isinstance(caught.value.__cause__, KeyError)


def test_groups_of_exceptions_come_as_they_are():
    class TwoError(Exception):
        def __init__(self, code, where):
            super().__init__(f"{code} at {where}")
            self.where = where

    @task
    def fails():
        raise ExceptionGroup("several", [ValueError(1), ExceptionGroup("inner", [TwoError(3, "here")])])

    with pytest.raises(ExceptionGroup) as caught:
        wait_on(fails())
    inner = caught.value.exceptions[1].exceptions[0]
    assert isinstance(inner, TwoError)
    assert (str(inner), inner.where) == ("3 at here", "here")


def test_what_depends_on_a_failure_names_the_root():
    x = fail("the root")
    y = add(add(x, 1), 2)
    with pytest.raises(UpstreamFailed, match=f"fail #{x._call.number}.*ValueError: the root") as caught:
        wait_on(y)
    assert caught.value.root == x._call.number
    assert isinstance(caught.value.__cause__, ValueError)


def test_barrier_raises_the_first_failure_nobody_looked_at():
    barrier()
    a, b, c = fail("a"), fail("b"), fail("c")
    assert isinstance(a.exception(), ValueError)
    with pytest.raises(ValueError, match="b") as caught:
        barrier()
    assert any("1 more" in note for note in caught.value.__notes__)
    barrier()
    del b, c


def test_put_is_shared_and_constant():
    big = np.arange(50_000.0)
    shared = put(big)
    assert wait_on(task(np.sum)(shared)) == big.sum()
    assert wait_on(shared).shape == big.shape
    grow = task(c=INOUT)(lambda c: c)
    with pytest.raises(UsageError, match="constant"):
        grow(shared)


def test_map_in_order():
    assert wait_on(map(pow, [1, 2, 3], [2, 2, 2])) == [1, 4, 9]
    assert wait_on(map(add, range(7), chunk=3)) == list(range(7))
    assert map(add, []) == []
    with pytest.raises(UsageError, match="chunk"):
        map(add, [1], chunk=0)


def test_as_completed_gives_each_once():
    fs = [add(i) for i in range(4)]
    assert {f.result() for f in as_completed(fs)} == {0, 1, 2, 3}


def test_finding_tasks():
    x = fail("find me")
    x.exception()
    assert future(x._call.number).done()
    assert any(f._call is x._call for f in futures(function="fail", state="failed"))
    with pytest.raises(UsageError, match="No task #999999999"):
        future(999_999_999)


def test_cancel_of_what_has_ended_changes_nothing():
    x = add(1)
    wait_on(x)
    assert cancel(x) == 0
    assert x.cancel() is False


def test_a_cancelled_task_takes_along_what_needs_it(engine):
    if engine == "inline":
        return  # it has ended when the call returns
    first = task(_wait_for_file)(30.0) if engine == "local" else add(1)
    second = task(lambda x: x)(first)
    assert first.cancel()
    if engine == "local":
        with pytest.raises(TaskCancelled, match="was cancelled"):
            wait_on(first)
        with pytest.raises(concurrent.futures.CancelledError, match=f"#{first._call.number}"):
            wait_on(second)


def _wait_for_file(limit_s):
    import time

    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        time.sleep(0.01)


def test_nothing_to_wait_for():
    with pytest.raises(UsageError, match="barrier"):
        wait_on()
    assert wait_on(3) == 3


def test_a_task_in_a_task_runs_there():
    def outer(n):
        return wait_on([add(i, 1) for i in range(n)])

    assert wait_on(task(outer)(3)) == [1, 2, 3]


def test_result_with_timeout(engine):
    if engine != "local":
        return  # time does not pass in the simulation, and inline nothing is ever under way
    x = task(_wait_for_file)(30.0)
    with pytest.raises(TimeoutError):
        x.result(timeout=0.01)
    assert x.cancel()
    with pytest.raises(concurrent.futures.CancelledError):
        x.result(timeout=30)
