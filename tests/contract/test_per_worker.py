"""`per_worker`: what is expensive to make is made once in each worker (docs/guide.md, "Once in each worker")."""

from __future__ import annotations

import gc
import os
import threading
import types
import weakref
from pathlib import Path

import numpy as np
import pytest

from treadle_runtime.api import per_worker, task, wait_on
from treadle_runtime.errors import UsageError


def notebook(code, names):
    """Run a cell: names of a namespace of its own, which tasks take with them."""
    names.setdefault("__name__", "__main__")
    exec(compile(code, "<cell>", "exec"), names)  # noqa: S102 - a notebook does the same
    return types.SimpleNamespace(**names)


def runs(log):
    """Which process made what."""
    return Path(log).read_text().split() if os.path.exists(log) else []


CELL = """
import os
from treadle import per_worker, task
@per_worker
def model():
    with open(LOG, "a") as log:
        log.write(f"{os.getpid()}:{WEIGHTS} ")
    return dict(weights=WEIGHTS, used=[])
@task
def use(n):
    model()["used"].append(n)
    return os.getpid(), id(model()), model()["weights"]
@task
def use_too(n):
    return os.getpid(), id(model()), model()["weights"]
"""


def test_once_in_each_worker_whichever_task_comes_first(tmp_path):
    log = str(tmp_path / "log")
    cell = notebook(CELL, {"LOG": log, "WEIGHTS": 1})
    used = wait_on([f(n) for n in range(20) for f in (cell.use, cell.use_too)])
    assert sorted(runs(log)) == sorted({f"{pid}:1" for pid, _, _ in used}), "once each"
    assert len({(pid, at) for pid, at, _ in used}) == len(runs(log)), "one object in each"


def test_a_new_version_is_made_anew_and_the_old_one_goes(tmp_path):
    names = {"LOG": str(tmp_path / "log"), "WEIGHTS": 1}
    assert {w for *_, w in wait_on([notebook(CELL, names).use(n) for n in range(4)])} == {1}
    assert {w for *_, w in wait_on([notebook(CELL, names).use(n) for n in range(4)])} == {1}
    for weights in (2, 3, "a", Path("b"), Path("c"), 4):  # constants and data: each time something else
        names["WEIGHTS"] = weights
        assert {w for *_, w in wait_on([names["use"](n) for n in range(4)])} == {weights}
    assert len(set(runs(names["LOG"]))) == len(runs(names["LOG"])), "once in each worker, of each version"
    changed = notebook(CELL.replace("used", "uses"), names)
    assert {w for *_, w in wait_on([changed.use(n) for n in range(4)])} == {4}


def test_in_the_kernel_it_runs_once_and_what_older_code_made_goes(tmp_path):
    names = {"LOG": str(tmp_path / "log"), "WEIGHTS": 1}
    names["Kept"] = Kept
    kept = CELL.replace("dict(", "Kept(")
    cell = notebook(kept, dict(names))
    first = cell.model()
    assert cell.model() is first
    assert runs(names["LOG"]) == [f"{os.getpid()}:1"]
    gone = weakref.ref(first)
    del first
    notebook(kept.replace("WEIGHTS, ", "WEIGHTS + 1, "), dict(names)).model()
    gc.collect()
    assert gone() is None


class Kept(dict):
    pass


def test_arguments_from_closures_and_threads():
    made = []

    @per_worker
    def table(n, *, power=2):
        made.append(n)
        return np.arange(n) ** power

    @task
    def look(n):
        found = []
        threads = [threading.Thread(target=lambda: found.append(table(n, power=3))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return len({id(one) for one in found}), int(found[0].sum()), table(n) is table(n)

    assert wait_on([look(3), look(4), look(3)]) == [(1, 9, True), (1, 36, True), (1, 9, True)]
    with pytest.raises(UsageError, match="table is per_worker, so its arguments must be hashable"):
        wait_on(task(lambda: table([1]))())


def test_what_it_raises_is_not_kept(tmp_path):
    go = str(tmp_path / "go")

    @per_worker
    def late():
        if not os.path.exists(go):
            raise FileNotFoundError(go)
        return 5

    use = task(lambda: late() + 1)
    for _ in range(2):
        with pytest.raises(FileNotFoundError):
            wait_on(use())
    Path(go).touch()
    assert wait_on(use()) == 6


def test_functions_that_one_def_makes_keep_their_own(tmp_path):
    log = str(tmp_path / "log")

    def for_size(n):
        @per_worker
        def made():
            with open(log, "a") as out:
                out.write(f"{os.getpid()}:{n} ")
            return [n]

        return made

    three, four = for_size(3), for_size(4)
    use = task(lambda: (three()[0], four()[0]))
    assert wait_on([use() for _ in range(10)]) == [(3, 4)] * 10
    assert len(runs(log)) == len(set(runs(log)))


def test_given_as_an_argument_and_used_by_another():
    @per_worker
    def first():
        return [1]

    @per_worker
    def second():
        return (first(), 2)

    assert wait_on(task(lambda f: f()[0] is first())(second)) is True


async def asynchronous(): ...


def generator():
    yield 1


@pytest.mark.parametrize(
    ("thing", "says"),
    [
        (3, "needs a function, not int"),
        (asynchronous, "an async function"),
        (generator, "a generator function"),
    ],
)
def test_what_it_can_be(thing, says):
    with pytest.raises(UsageError, match=says):
        per_worker(thing)
