"""`treadle.Executor` follows the standard library (docs/guide.md, "Code that knows other libraries")."""

from __future__ import annotations

import concurrent.futures
import threading

import pytest

from treadle_runtime.api import task, wait_on
from treadle_runtime.errors import NotSerializable, UsageError
from treadle_runtime.interop.executor import Executor


def fail(x):
    raise ValueError(x)


def test_it_is_an_executor_of_the_standard_library():
    with Executor() as executor:
        assert isinstance(executor, concurrent.futures.Executor)
        future = executor.submit(pow, 2, exp=5)
        assert isinstance(future, concurrent.futures.Future)
        assert future.result(timeout=60) == 32
        several = [executor.submit(abs, -n) for n in range(5)]
    assert all(future.done() for future in several)  # leaving the block has waited


def test_closures_and_futures_are_welcome():
    factor = 3
    with Executor() as executor:
        triple = executor.submit(lambda x: x * factor, 5)
        assert executor.submit(lambda x: x + 1, triple).result() == 16


@pytest.mark.parametrize("chunksize", [1, 2, 100])
def test_map_gives_results_in_order(chunksize):
    with Executor() as executor:
        assert list(executor.map(pow, range(7), [2] * 9, chunksize=chunksize)) == [n * n for n in range(7)]
        assert list(executor.map(abs, [], chunksize=chunksize)) == []


def test_map_raises_where_the_item_stands():
    with Executor() as executor:
        results = executor.map(lambda x: 10 // x, [5, 0, 2])
        assert next(results) == 2
        with pytest.raises(ZeroDivisionError):
            next(results)


def test_bad_chunks_are_refused():
    with Executor() as executor, pytest.raises(ValueError, match="chunksize"):
        executor.map(abs, [1], chunksize=0)


def test_errors_are_the_functions_own():
    with Executor() as executor:
        future = executor.submit(fail, "mine")
        with pytest.raises(ValueError, match="mine"):
            future.result()
        with pytest.raises(NotSerializable):
            executor.submit(abs, threading.Lock())


def test_after_shutdown_nothing_is_taken():
    executor = Executor()
    future = executor.submit(abs, -1)
    executor.shutdown()
    assert future.done()
    with pytest.raises(RuntimeError, match="after shutdown"):
        executor.submit(abs, -1)
    with pytest.raises(RuntimeError, match="after shutdown"):
        executor.map(abs, [-1])
    executor.shutdown()


def test_two_executors_end_apart():
    first, second = Executor(), Executor()
    first.shutdown()
    assert second.submit(abs, -4).result() == 4
    second.shutdown()


def test_a_number_of_workers_is_the_sessions_matter():
    with pytest.raises(UsageError, match=r"Say treadle\.start\(workers=4\)"):
        Executor(max_workers=4)


def test_inside_a_task_it_runs_there():
    @task
    def inner():
        with Executor() as executor:
            return list(executor.map(abs, [-1, 2])), repr(executor.submit(fail, 3).exception())

    assert wait_on(inner()) == ([1, 2], "ValueError(3)")
