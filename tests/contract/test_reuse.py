"""`@task(reuse=True)`: equal calls join (docs/guide.md, "Running a cell again")."""

from __future__ import annotations

import numpy as np
import pytest

from treadle_runtime.api import INOUT, current, task, wait_on
from treadle_runtime.errors import UsageError

SOURCE = "def measure(x):\n    return (x, factor)"


def defined(factor=1, source=SOURCE):
    """The function as a cell that is run (again) would define it."""
    namespace = {"factor": factor, "__name__": "__main__"}
    exec(source, namespace)  # noqa: S102 - what a shell does with a cell
    return task(reuse=True)(namespace["measure"])


def test_equal_calls_are_one_task():
    measure = defined()
    first, again, other = measure(1), measure(1), measure(2)
    assert again is first
    assert other is not first
    assert wait_on(first, other) == [(1, 1), (2, 1)]
    assert measure(1) is first  # done, and still joined


def test_a_cell_that_is_run_again_joins_too():
    first = defined()(10)
    assert defined()(10) is first
    assert defined(source=SOURCE + "  # as it was")(10) is first


def test_other_code_or_data_is_another_call():
    first = defined()(20)
    assert defined(factor=2)(20) is not first
    assert defined(source=SOURCE.replace("(x, factor)", "(x, -factor)"))(20) is not first
    assert wait_on(defined(factor=2)(20)) == (20, 2)


def test_data_is_compared_by_content():
    measure = task(reuse=True)(lambda array, options: array.sum() + len(options))
    for size in (10, 100_000):
        first = measure(np.arange(size), {"a": [1, 2]})
        assert measure(np.arange(size), {"a": [1, 2]}) is first
        assert measure(np.arange(size) + 1, {"a": [1, 2]}) is not first
        assert measure(np.arange(size), {"a": [1, 3]}) is not first


def test_futures_as_arguments_count_by_what_made_them():
    measure = defined()
    first = measure(measure(30))
    assert measure(measure(30)) is first
    assert measure(measure(31)) is not first


def test_several_results():
    @task(reuse=True, returns=2)
    def pair(x):
        return x, -x

    assert pair(3) is not None
    assert pair(3)[1] is pair(3)[1]
    assert wait_on(*pair(3)) == [3, -3]


def test_a_failure_is_not_joined():
    @task(reuse=True)
    def fail(x):
        raise ValueError(x)

    first = fail(1)
    with pytest.raises(ValueError, match="1"):
        wait_on(first)
    again = fail(1)
    assert again is not first
    with pytest.raises(ValueError, match="1"):
        wait_on(again)


def test_calls_that_write_never_join():
    @task(reuse=True, c=INOUT)
    def add(c):
        c.append(1)

    c = [0]
    assert add(c) is not add(c)
    assert wait_on(c) == [0, 1, 1]


def test_it_is_off_unless_asked_for():
    plain = task(lambda x: x)
    assert plain(1) is not plain(1)
    current().reuse.on = True
    try:
        assert plain(2) is plain(2)
    finally:
        current().reuse.on = False
    assert plain(2) is not plain(2)


def test_it_takes_yes_or_no():
    with pytest.raises(UsageError, match="reuse"):
        task(reuse="yes")(lambda x: x)
