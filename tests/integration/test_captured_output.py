"""What a task had printed hangs on the exception it raised, and on where it was raised."""

from __future__ import annotations

import subprocess
import sys

import pytest

from treadle_runtime.api import start, stop, task, wait_on
from treadle_runtime.errors import TaskTimeout, TreadleError


@pytest.fixture(scope="module", autouse=True)
def session():
    stop(cancel=True)
    yield start(workers=1)
    stop(cancel=True)


def failure_of(future):
    with pytest.raises(Exception) as caught:
        wait_on(future)
    return caught.value


def test_an_exception_carries_what_its_task_printed_and_nothing_of_others():
    @task
    def parse(text):
        print("reading", text)
        print("not a number", file=sys.stderr)
        return int(text)

    assert wait_on(parse("7")) == 7
    error = failure_of(parse("seven"))
    assert isinstance(error, ValueError)
    assert error.output == "reading seven\nnot a number\n"
    assert error.__cause__.output == error.output
    assert failure_of(parse("eight")).output.startswith("reading eight")


def test_of_much_output_the_end():
    @task
    def talk():
        for n in range(10_000):
            print("line", n)
        raise ValueError

    output = failure_of(talk()).output
    assert len(output) == 2000
    assert output.endswith("line 9999\n")


def test_a_run_that_took_too_long_has_its_output():
    @task(timeout=0.2)
    def endless():
        print("began")
        while True:
            pass

    error = failure_of(endless())
    assert isinstance(error, TaskTimeout)
    assert error.output == "began\n"


def test_attributes_of_the_users_own_class_stay():
    @task
    def fail():
        print("printed")
        raise subprocess.CalledProcessError(3, "tool", output="of the tool")

    error = failure_of(fail())
    assert error.output == "of the tool"
    assert error.__cause__.output == "printed\n"


def test_every_message_ends_with_its_class():
    @task(returns=2)
    def one():
        return 1

    error = failure_of(one()[0])
    assert isinstance(error, TreadleError)
    assert str(error) == f"{error.message} (UsageError)"
