"""Random programs give on the virtual cluster, and inline, what the same code gives without tasks."""

from __future__ import annotations

import os
import sys
import warnings

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings

from treadle_runtime.api.session import TreadleWarning, start
from treadle_runtime.testing import VirtualCluster

sys.path.insert(0, os.path.dirname(__file__))
from programs import PROGRAMS, Oracle, WithTasks

EXAMPLES = int(os.environ.get("TREADLE_TEST_PROGRAMS", "2000"))
relaxed = settings(deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


def sequential(program):
    oracle = Oracle()
    return oracle.run(program), oracle.decisions


@settings(relaxed, max_examples=EXAMPLES)
@given(PROGRAMS, st.integers(0, 2**16), st.integers(1, 4), st.sampled_from([0.0, 0.0, 0.1, 0.3]))
def test_virtual_cluster_equals_sequential(program, seed, workers, deaths):
    expected, decisions = sequential(program)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TreadleWarning)
        with VirtualCluster(seed, workers, deaths):
            assert WithTasks(decisions).run(program) == expected


@settings(relaxed, max_examples=EXAMPLES // 4)
@given(PROGRAMS)
def test_inline_equals_sequential(program):
    expected, decisions = sequential(program)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TreadleWarning)
        with start(engine="inline"):
            assert WithTasks(decisions).run(program) == expected
