"""What a failed task was given, and the text that repeats its call, on every engine."""

from __future__ import annotations

import ast

import numpy as np
import pytest

from treadle_runtime.api import as_code, inputs, task
from treadle_runtime.errors import UsageError


@task
def fail(a, n=3, *, mode="x"):
    raise ValueError(a, n, mode)


@task
def many(*values, **named):
    raise ValueError(values, named)


@task
def double(x):
    return x * 2


def test_inputs_by_name_as_they_were():
    a = np.arange(20_000.0)
    x = fail(a, mode="fast")
    x.exception()
    a[:] = 0
    given = inputs(x)
    assert list(given) == ["a", "mode"]
    assert given["mode"] == "fast"
    assert given["a"].sum() == np.arange(20_000.0).sum()
    given["a"][:] = -1  # a copy: nobody else sees it
    assert inputs(x._call.number, "a")["a"].min() == 0
    with pytest.raises(UsageError, match="was given no 'b'"):
        inputs(x, "b")


def test_inputs_that_other_tasks_made():
    x = fail(double([1, 2]))
    x.exception()
    assert inputs(x) == {"a": [1, 2, 1, 2]}


def test_what_was_not_run_has_no_inputs():
    x = double(fail(1))
    x.exception()
    with pytest.raises(UsageError, match=r"was not run, so it has no inputs. Look at task #\d+"):
        inputs(x)


def test_code_that_repeats_the_call():
    x = fail([1, 2], 7)
    x.exception()
    assert as_code(x) == "fail(a=[1, 2], n=7)"
    big = fail(np.zeros(3), n=1)
    big.exception()
    number = big._call.number
    assert as_code(number) == f"fail(n=1, **treadle.inputs({number}, 'a'))"
    call = ast.parse(as_code(big), mode="eval").body
    assert isinstance(call, ast.Call)


def test_code_of_calls_with_stars():
    x = many(1, "two", three=3.0)
    x.exception()
    assert inputs(x) == {"values": (1, "two"), "three": 3.0}
    assert as_code(x) == "many(*(1, 'two'), three=3.0)"


def test_unknown_numbers_are_told():
    with pytest.raises(UsageError, match="No task #999999"):
        inputs(999_999)
