"""Random programs give on worker processes what the same code gives without tasks."""

from __future__ import annotations

import os
import sys
import warnings

import pytest
from hypothesis import HealthCheck, given, settings

from treadle_runtime.api.session import TreadleWarning, start

sys.path.insert(0, os.path.dirname(__file__))
from programs import PROGRAMS, Oracle, WithTasks

EXAMPLES = int(os.environ.get("TREADLE_TEST_REAL_PROGRAMS", "200"))


@pytest.fixture(scope="module")
def runtime():
    with start(workers=3) as session:
        yield session


@pytest.mark.usefixtures("runtime")
@settings(deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, max_examples=EXAMPLES)
@given(PROGRAMS)
def test_workers_equal_sequential(program):
    oracle = Oracle()
    expected = oracle.run(program)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TreadleWarning)
        assert WithTasks(oracle.decisions).run(program) == expected
