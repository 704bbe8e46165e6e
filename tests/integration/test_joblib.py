"""joblib on Treadle's workers, and scikit-learn through it."""

from __future__ import annotations

import math
import multiprocessing
import subprocess
import sys
import time
import warnings

import joblib
import numpy as np
import pytest
from joblib import Parallel, delayed, parallel_config
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV
from sklearn.svm import SVC

import treadle


@pytest.fixture(scope="module", autouse=True)
def session():
    with treadle.start(workers=2), parallel_config("treadle"):
        yield


def test_results_in_order():
    assert Parallel()(delayed(math.sqrt)(n) for n in range(100)) == [math.sqrt(n) for n in range(100)]


def test_it_ran_in_our_workers():
    before = len(treadle.futures())
    Parallel(n_jobs=2)(delayed(pow)(n, 2) for n in range(10))
    ours = treadle.futures()[before:]
    assert ours
    assert all("pow" in repr(future) for future in ours)


def test_n_jobs_means_what_it_means_elsewhere():
    backend, _ = joblib.parallel.get_active_backend()
    assert [backend.effective_n_jobs(n) for n in (None, -1, -2, -9, 3)] == [2, 2, 1, 1, 3]
    with pytest.raises(ValueError, match="n_jobs == 0"):
        backend.effective_n_jobs(0)


def test_the_functions_own_error_ends_the_call():
    with pytest.raises(ZeroDivisionError):
        Parallel()(delayed(lambda n: 1 / (n - 50))(n) for n in range(100))
    assert Parallel()(delayed(abs)(-n) for n in range(3)) == [0, 1, 2]  # and the next call is as good as ever


def test_results_one_by_one():
    shapes = [a.shape for a in Parallel(return_as="generator")(delayed(np.ones)(40_000 + n) for n in range(4))]
    assert shapes == [(40_000,), (40_001,), (40_002,), (40_003,)]
    some = Parallel(return_as="generator_unordered")(delayed(np.full)(40_000, n) for n in range(4))
    assert sorted(int(a[0]) for a in some) == [0, 1, 2, 3]


def test_a_timeout_ends_the_call_and_what_it_submitted():
    with pytest.raises(multiprocessing.TimeoutError):
        Parallel(n_jobs=2, timeout=0.3)(delayed(time.sleep)(60) for _ in range(2))
    assert Parallel()(delayed(abs)(-n) for n in range(3)) == [0, 1, 2]


def test_calls_inside_of_a_call_run_there():
    def inner(n):
        return sum(Parallel(n_jobs=2)(delayed(pow)(n, k) for k in range(3)))

    assert Parallel()(delayed(inner)(n) for n in range(4)) == [1 + n + n * n for n in range(4)]


def test_inside_a_task_it_runs_there():
    @treadle.task
    def inner(n):
        import treadle  # noqa: F401 - makes the backend known

        with parallel_config("treadle"):
            return Parallel()(delayed(pow)(n, k) for k in range(3))

    assert treadle.wait_on(inner(3)) == [1, 3, 9]


def test_what_a_call_changes_of_its_arguments_is_no_matter():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert Parallel()(delayed(list.append)([n], 1) for n in range(3)) == [None] * 3


def test_grid_search_equals_the_sequential_one():
    x, y = load_iris(return_X_y=True)
    grid = {"C": [0.1, 1, 10], "gamma": [0.01, 0.1]}
    ours = GridSearchCV(SVC(), grid, cv=3).fit(x, y)
    with parallel_config("sequential"):
        expected = GridSearchCV(SVC(), grid, cv=3).fit(x, y)
    assert ours.best_params_ == expected.best_params_
    assert np.array_equal(ours.cv_results_["mean_test_score"], expected.cv_results_["mean_test_score"])


@pytest.mark.parametrize("order", ["import treadle, joblib", "import joblib, treadle"])
def test_the_backend_is_known_whichever_is_imported_first(order):
    code = f"import sys\n{order}\nassert 'treadle' in joblib.parallel.BACKENDS\nprint(len(sys.meta_path))"
    left = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    plain = subprocess.run(
        [sys.executable, "-c", "import sys, joblib; print(len(sys.meta_path))"], capture_output=True, text=True, check=True
    )
    assert left.stdout == plain.stdout  # nothing stays in the import system


def test_joblib_is_not_imported_by_us():
    code = "import sys, treadle; assert 'joblib' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], timeout=60, check=True)
