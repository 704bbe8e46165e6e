"""What is printed when something fails: the user's lines alone."""

from __future__ import annotations

import traceback

import pytest

import treadle
from treadle import task, wait_on


@task
def divide(a, b):
    return a / b


@pytest.fixture(autouse=True)
def inline():
    with treadle.start(engine="inline"):
        yield


def printed(call) -> str:
    with pytest.raises(BaseException) as caught:
        call()
    return "".join(traceback.format_exception(caught.value))


CASES = {
    "wait_on": lambda: wait_on(divide(1, 0)),
    "nested": lambda: wait_on([divide(1, 1), (divide(1, 0),)]),
    "result": lambda: divide(1, 0).result(),
    "upstream": lambda: wait_on(divide(divide(1, 0), 1)),
    "missing argument": lambda: divide(1),
    "bad options": lambda: treadle.start(workers=0),
    "as a value": lambda: divide(1, 1) + 1,
    "truth": lambda: bool(divide(1, 1)),
    "attribute": lambda: divide(1, 1).shape,
    "unpacking": lambda: list(divide(1, 1)),
    "no such task": lambda: treadle.future(123456),
    "no function": lambda: task(3),
}


@pytest.mark.parametrize("case", CASES)
def test_no_frame_of_treadle(case):
    assert "/treadle_runtime/" not in printed(CASES[case])
    assert "/kernel_ext/" not in printed(CASES[case])


def waiting_for(future) -> str:
    return printed(lambda: wait_on(future))


def test_lines_of_the_caller_and_of_the_task_and_what_it_was_given():
    future = divide(1, 0)
    for _ in range(2):
        text = waiting_for(future)
        assert text.count("in divide\n    return a / b\n") == 1
        assert text.count("wait_on(future)") == 1
        assert "called with (1, 0)" in text


def test_waiting_twice_for_a_task_that_never_ran_shows_one_wait():
    future = divide(divide(1, 0), 1)
    for _ in range(2):
        assert waiting_for(future).count("wait_on(future)") == 1
