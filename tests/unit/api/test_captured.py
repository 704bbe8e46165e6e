"""Data among the globals of a function: futures, large arrays, what is pending; each as an argument would be."""

from __future__ import annotations

import time
from concurrent.futures import Future
from typing import Any

import numpy as np
import pytest

from treadle_runtime.api.captured import COMPLETE


def look(session: Any, name: str) -> tuple[Any, tuple[Any, ...]]:
    found: tuple[Any, tuple[Any, ...]] = session.book.version_of(session.notebook[name])
    return found


def test_futures_go_as_they_are_at_any_depth(session: Any) -> None:


    future: Future[Any] = Future()
    session.notebook.names.update(x=future, several=[future, {"a": future}])
    session.cell("def f():\n    return x, several\ndef make(y):\n    return lambda: y\ng = make(x)")
    assert look(session, "f")[1] == (future, [future, {"a": future}])
    assert look(session, "g")[1] == (future,)
    assert not session.kept


def test_small_arrays_go_along_large_ones_are_stored_once(session: Any) -> None:
    session.cell("import numpy as np\nsmall = np.arange(3)\nlarge = np.arange(100_000)\ndef f():\n    return int(small.sum() + large.sum())")
    total = sum(range(100_000)) + 3
    assert [session.run("f") for _ in range(3)] == [total] * 3
    assert len(session.kept) == 1
    session.cell("large[0] = 5\nsmall[0] = 1")
    assert session.run("f") == total + 6
    session.cell("large = np.arange(100_000)\nlarge[0] = 5")
    assert session.run("f") == total + 6
    assert len(session.kept) == 2, "another array with the same content need not be stored again"
    assert len(session.defined) == 1


def test_a_list_that_grows_becomes_heavy(session: Any) -> None:
    session.cell("items = []\ndef f():\n    return len(items)")
    for n in (0, 10, 10_000, 10_001):
        session.notebook["items"].extend(range(n - len(session.notebook["items"])))
        assert session.run("f") == n
    assert len(session.kept) == 2


def test_while_writes_are_pending_the_object_itself_goes(session: Any) -> None:
    session.cell("import numpy as np\nlarge = np.zeros(100_000)\ndef f():\n    return large[0]")
    session.run("f")
    session.pending = True
    assert look(session, "f")[1][0] is session.notebook["large"]
    session.pending = False
    assert look(session, "f")[1][0] is not session.notebook["large"]


def test_a_call_that_writes_gets_the_objects_themselves(session: Any) -> None:
    session.cell("import numpy as np\nlarge = np.zeros(100_000)\ndef f(c):\n    c += 1\n    return large[0]")
    version, captured = session.book.watch(session.notebook["f"]).look(as_is=True)
    assert captured[0] is session.notebook["large"]
    assert session.worker().call(version, captured, (session.notebook["large"],), {}) == 1


def test_beyond_the_limit_a_sample_and_one_line(session: Any) -> None:
    session.notebook.names["df"] = np.zeros(COMPLETE // 8 + 1000)
    session.cell("def f():\n    return df.shape")
    for _ in range(3):
        look(session, "f")
    assert session.notices == [
        "f reads the global df (34 MB): pass it as an argument, or df = put(df); changes inside it may be missed."
    ]
    assert len(session.kept) == 1
    session.notebook["df"][:] = 1
    look(session, "f")
    assert len(session.kept) == 2, "a change all over is seen"


def test_a_large_structure_of_small_parts_is_sampled(session: Any) -> None:
    session.cell("table = {i: [i] for i in range(200_000)}\ndef f():\n    return len(table)")
    look(session, "f")
    start = time.thread_time()
    for _ in range(10):
        look(session, "f")
    assert (time.thread_time() - start) / 10 < 0.005
    assert "f reads the global table" in session.notices[0]
    session.cell("table['new'] = 1")
    look(session, "f")
    assert len(session.kept) == 2


def test_the_same_object_as_argument_and_global_is_one_object(session: Any) -> None:
    session.cell("data = [1]\ndef f(x):\n    return x is data")
    version, captured = look(session, "f")
    assert captured[0] is session.notebook["data"]
    assert session.worker().call(version, captured, (session.notebook["data"],), {}) is True


def test_checks_of_unchanged_functions_are_quick(session: Any) -> None:
    session.cell("import math\nN = 3\ndef helper(x):\n    return math.sqrt(x) + N\ndef f(x):\n    return helper(x)")
    watch = session.book.watch(session.notebook["f"])
    watch.look()
    start = time.thread_time()
    for _ in range(20_000):
        watch.look()
    assert (time.thread_time() - start) / 20_000 < 3e-6


def test_a_full_check_of_32_mb_is_quick(session: Any) -> None:
    session.notebook.names["a"] = np.random.default_rng(0).random(COMPLETE // 8 - 1000)
    session.cell("def f():\n    return a[0]")
    watch = session.book.watch(session.notebook["f"])
    watch.look()
    times = []
    for _ in range(5):
        start = time.thread_time()
        watch.look()
        times.append(time.thread_time() - start)
    assert min(times) < 0.02
    assert not session.notices


@pytest.mark.parametrize("value", ["x" * 10_000, b"y" * 10_000, tuple(range(5000))])
def test_large_constants_are_part_of_the_code_until_they_change(session: Any, value: Any) -> None:
    session.notebook.names["text"] = value
    session.cell("def f():\n    return text")
    assert session.run("f") == value
    session.notebook.names["text"] = value[1:]
    assert session.run("f") == value[1:]
    session.notebook.names["text"] = value[2:]
    assert session.run("f") == value[2:]
    assert len(session.defined) == 2


def test_a_sentinel_is_itself_as_default_global_and_argument(session: Any) -> None:
    session.cell("NONE = object()\ndef f(x=NONE):\n    return x is NONE")
    assert session.run("f") is True
    version, captured = look(session, "f")
    assert session.worker().call(version, captured, (session.notebook["NONE"],), {}) is True
    assert session.run("f", 1) is False
