"""What a failed task looks like wherever a person meets it."""

from __future__ import annotations

import re

import pytest

CELL = "@task\ndef divide(a, b):\n    c = a\n    return c / b"


@pytest.fixture(scope="module", autouse=True)
def loaded(notebook):
    notebook.ok("%load_ext treadle")
    notebook.ok(CELL)
    return notebook


def test_traceback_in_the_waiting_cell(notebook):
    notebook.ok("broken = divide(1, 0)")
    for _ in range(2):
        error = notebook.fails("y = 2\nwait_on(broken)")
        assert error.count("----> 2 wait_on(broken)") == 1
        assert error.count("----> 4     return c / b") == 1
        assert ", line 4, in divide" in error
        assert "called with (1, 0)" in error
        assert error.rstrip().endswith("edit the function and `%treadle retry` to go on")
        assert "ZeroDivisionError: division by zero" in error


def test_traceback_of_a_cell_task_shows_the_cells_lines(notebook):
    notebook.ok("zero = 0")
    notebook.ok("%%task\none = 1\nfailed = [one / zero\n          for _i in range(3)]")
    error = notebook.fails("wait_on(failed)")
    assert "----> 3 failed = [one / zero" in error
    assert "      1 %%task" in error


def test_traceback_through_functions_of_other_cells(notebook):
    notebook.ok("def inner(v):\n    return v['missing']")
    notebook.ok("@task\ndef outer(v):\n    return inner(v)")
    error = notebook.fails("wait_on(outer({}))")
    assert (
        error.index("wait_on(outer({}))")
        < error.index("return inner(v)")
        < error.index("return v['missing']")
    )
    assert "KeyError: 'missing'" in error


def test_cause_is_shown_too(notebook):
    notebook.ok(
        "@task\ndef wrap():\n    try:\n        {}['k']\n    except KeyError as e:\n        raise RuntimeError('no k') from e"
    )
    error = notebook.fails("wait_on(wrap())")
    assert (
        error.index("KeyError")
        < error.rindex("direct cause")
        < error.index("RuntimeError: no k")
        < error.index("in task wrap")
    )
    assert error.count("Traceback") == 2


def test_successor_names_the_first_failure(notebook):
    error = notebook.fails("wait_on(divide(broken, 1))")
    assert "UpstreamFailed" in error
    assert "return c / b" in error


def test_caught_by_its_own_class_in_the_cell(notebook):
    assert (
        notebook.value("try:\n    wait_on(broken)\nexcept ZeroDivisionError as e:\n    got = e.task > 0\ngot")
        is True
    )


def test_display_of_the_future(notebook):
    notebook.ok("fine = divide(4, 2)\nwait_on(fine)")
    shown = notebook.ok("fine").shown[-1]
    assert shown["text/plain"].count("\n") == 0
    assert "divide #" in shown["text/html"]
    shown = notebook.ok("broken").shown[-1]
    assert "return c / b" in notebook.clean(shown["text/html"])
    assert "ZeroDivisionError" in shown["text/html"]
    assert "/tmp" not in shown["text/html"]


def test_display_of_a_list_of_futures_is_one_card(notebook):
    notebook.ok("many = [divide(i, 1) for i in range(20)]\n_ = wait_on(many)")
    assert "20 futures: 20 done" in notebook.ok("many").shown[-1]["text/html"]
    assert "text/html" not in notebook.ok("[1, 2]").shown[-1]
    assert "text/html" not in notebook.ok("[]").shown[-1]


def test_hostile_repr_stays_text(notebook):
    notebook.ok(
        "@task\ndef hostile():\n    raise ValueError('<script>alert(1)</script>')\nbad = hostile()\nbad.exception()"
    )
    assert "<script>" not in notebook.ok("bad").shown[-1]["text/html"]


def test_failed_cell_task_is_shown_below_its_cell(notebook):
    cell = notebook.start("%%task\nworse = 1 / zero")
    notebook.until(lambda: "ZeroDivisionError" in str(notebook.cells[cell].shown), "the failure")
    assert "---->" in notebook.cells[cell].shown[-1]["text/plain"]
    assert "worse = 1 / zero" in notebook.clean(notebook.cells[cell].shown[-1]["text/html"])


def test_log_shows_what_was_printed_and_the_failure(notebook):
    notebook.ok(
        "@task\ndef loud():\n    print('last words')\n    raise ValueError('loud')\nx = loud()\nx.exception()"
    )
    ran = notebook.ok("get_ipython().run_line_magic('treadle', f'log {x.exception().task}')")
    assert "last words" in ran.text
    assert "ValueError: loud" in ran.text
    assert "neither the number of a task" in notebook.run("%treadle log seventeen").text
    assert "No task #9999 is known here" in notebook.run("%treadle log 9999").text
    assert "Cell [9999] has no tasks" in notebook.run("%treadle log [9999]").text


def test_wrong_use_of_a_future_is_told_at_its_line(notebook):
    error = notebook.fails("fine + 1")
    assert "FutureUsedAsValue" in error
    assert "use wait_on(x)" in error


def test_what_a_failed_task_keeps_for_a_retry_is_named(notebook):
    notebook.ok(
        "import numpy as np\n"
        "@task\n"
        "def large():\n"
        "    return np.zeros(250_000)\n"
        "@task\n"
        "def refuses(a):\n"
        "    raise ValueError('no')\n"
        "x = large()\n"
        "refused = refuses(x)\n"
        "refused.exception()\n"
        "del x"
    )
    told = notebook.ok("%treadle tasks --held").text
    assert re.search(r"refuses #\d+, which failed, keeps its inputs for %treadle retry: 2.0 MB", told)
