"""A program whose tasks fail at first and are retried gives what it gives when they do not fail."""

from __future__ import annotations

import functools
import os
import sys
import warnings

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings

from treadle_runtime.api import Future, retry, task, wait_on
from treadle_runtime.api.directions import INOUT, OUT
from treadle_runtime.api.session import TreadleWarning, start
from treadle_runtime.errors import UpstreamFailed
from treadle_runtime.testing import VirtualCluster
from treadle_runtime.worker.context import current_task

sys.path.insert(0, os.path.dirname(__file__))
from programs import FAIL, FILL, PROGRAMS, TASKS, BrokenError, Oracle, WithTasks, values_in_place

EXAMPLES = int(os.environ.get("TREADLE_TEST_PROGRAMS", "400")) // 2
relaxed = settings(deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
BUMP = 2


def _flaky(function, which, every):
    """The task, which in its first attempt changes what it is given and then fails, unless its number says otherwise."""

    @functools.wraps(function)
    def first_fails(*args):
        result = function(*args)
        running = current_task()
        if running.attempt == 1 and running.number % every == 0:
            raise BrokenError("at first")
        return result

    first_fails.__qualname__ = f"_flaky.<locals>.{function.__name__}"  # not what has this name in its module
    written = TASKS[which][2]
    names = ("c", "d")[: len(written)]
    return task(**dict.fromkeys(names, OUT if which == FILL else INOUT))(first_fails)


class Retrying(WithTasks):
    """The program with tasks that fail at first; who waits for one that failed has all of them tried again."""

    def __init__(self, decisions, every):
        super().__init__(decisions)
        self.tasks = [_flaky(entry[0].function, which, every) for which, entry in enumerate(TASKS)]

    def call(self, which, args, written):  # noqa: ARG002
        decision = next(self.decisions)
        result = self.tasks[which](*args)
        if decision == "keep":
            self.keep(result)

    def settled(self, value):
        for _ in range(10):
            try:
                waited = wait_on(value)
                return values_in_place(waited if isinstance(value, Future) else value)
            except (BrokenError, UpstreamFailed):
                assert retry() > 0
        raise AssertionError("retrying goes on failing")


def without_failures(program):
    program = [(BUMP if operation % 17 == FAIL else operation, a, b) for operation, a, b in program]
    oracle = Oracle()
    return program, oracle.run(program), oracle.decisions


@settings(relaxed, max_examples=EXAMPLES)
@given(PROGRAMS, st.integers(0, 2**16), st.integers(1, 3), st.sampled_from([0.0, 0.0, 0.2]), st.integers(1, 3))
def test_virtual_cluster_with_retries_equals_sequential(program, seed, workers, deaths, every):
    program, expected, decisions = without_failures(program)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TreadleWarning)
        with VirtualCluster(seed, workers, deaths):
            assert Retrying(decisions, every).run(program) == expected


@settings(relaxed, max_examples=EXAMPLES // 4)
@given(PROGRAMS, st.integers(1, 3))
def test_inline_with_retries_equals_sequential(program, every):
    program, expected, decisions = without_failures(program)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TreadleWarning)
        with start(engine="inline"):
            assert Retrying(decisions, every).run(program) == expected
