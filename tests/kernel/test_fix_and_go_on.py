"""Looking at a failure, correcting it, and going on, in a real kernel."""

from __future__ import annotations

import queue
import time

import pytest

CELL = "@task\ndef divide(a, b):\n    c = a * 2\n    return c / b"


@pytest.fixture(scope="module", autouse=True)
def loaded(notebook):
    notebook.ok("%load_ext treadle")
    notebook.ok(CELL)
    return notebook


def talk(notebook, code: str, *answers: str) -> str:
    """Run a cell that asks; returns all it printed."""
    cell = notebook.client.execute(code, allow_stdin=True)
    notebook.cells[cell] = type(next(iter(notebook.cells.values())))()
    waiting = list(answers)
    end = time.monotonic() + 60
    while notebook.cells[cell].status != "idle":
        assert time.monotonic() < end, notebook.cells[cell]
        try:
            request = notebook.client.get_stdin_msg(timeout=0.1)
        except queue.Empty:
            request = None
        if request is not None:
            assert request["msg_type"] == "input_request"
            notebook.client.input(waiting.pop(0) if waiting else "q")
        try:
            notebook._take(notebook.client.get_iopub_msg(timeout=0.1))
        except queue.Empty:
            continue
    assert not waiting, f"never asked for {waiting}: {notebook.cells[cell]}"
    return notebook.cells[cell].text + notebook.cells[cell].error


def test_the_traceback_says_what_to_do(notebook):
    notebook.ok("broken = divide(1, 0)\nlater = divide(broken, 1)")
    error = notebook.fails("y = 2\nwait_on(broken)")
    number = notebook.value("broken.exception().task")
    assert error.rstrip().endswith(
        f"`%treadle debug {number}` to look; edit the function and `%treadle retry` to go on"
    )
    assert "----> 2 wait_on(broken)" in error
    assert "----> 4     return c / b" in error
    assert "called with (1, 0)" in error


def test_debug_after_a_failed_wait_shows_the_tasks_line_and_values(notebook):
    notebook.run("wait_on(broken)")
    text = talk(notebook, "%debug", "p (a, b, c)", "p divide", "q")
    assert "return c / b" in text
    assert "(1, 0, 2)" in text
    assert "<task divide>" in text  # names of the notebook are there as well


def test_debug_runs_the_task_again_in_the_kernel(notebook):
    number = notebook.value("broken.exception().task")
    text = talk(notebook, f"%treadle debug {number}", "p c + 40", "q")
    assert "divide(1, 0), as task divide #" in text
    assert "ZeroDivisionError: division by zero" in text
    assert "return c / b" in text
    assert "42" in text
    notebook.clean(text)


def test_debug_where_nobody_can_answer(notebook):
    cell = notebook.client.execute("%treadle debug broken", allow_stdin=False)
    notebook.cells[cell] = type(next(iter(notebook.cells.values())))()
    notebook.until(lambda: notebook.cells[cell].status == "idle", "the end")
    assert "nobody can answer here" in notebook.cells[cell].text + notebook.cells[cell].error


def test_why_story_code_by_number_and_name(notebook):
    number = notebook.value("broken.exception().task")
    for word in (number, f"#{number}", f"divide#{number}", "broken"):
        assert f"divide #{number} failed" in notebook.ok(f"%treadle why {word}").text
    why = notebook.ok("%treadle why later").text
    assert f"divide #{number}, which it needs, failed" in why
    assert why.count("which it needs") == 1
    assert "return c / b" in why
    story = notebook.ok("%treadle story broken").text
    assert "submitted by cell [" in story
    assert story.index("ready") < story.index("failed")
    assert notebook.ok("%treadle code broken").text == "divide(a=1, b=0)\n"
    assert "neither the number of a task" in notebook.run("%treadle why nonsense").text


def test_edit_the_function_and_retry(notebook):
    notebook.ok("@task\ndef divide(a, b):\n    return a / b if b else -1")
    ran = notebook.ok("%treadle retry")
    assert "2 tasks are tried again: divide #" in ran.text
    assert notebook.value("wait_on([broken, later])") == [-1, -1.0]
    assert "No task has failed" in notebook.run("%treadle retry").text


def test_a_cell_task_is_retried_with_a_corrected_helper(notebook):
    notebook.ok("def helper(v):\n    raise ValueError(v)")
    cell = notebook.start("%%task\ngot = helper(7)")
    notebook.until(lambda: "ValueError" in str(notebook.cells[cell].shown), "the failure")
    notebook.ok("def helper(v):\n    return v + 1")
    notebook.ok("%treadle retry got")
    assert notebook.value("wait_on(got)") == 8


def test_retry_of_a_cell(notebook):
    notebook.ok("flag = [True]\n@task\ndef fails(i):\n    assert not flag[0], i\n    return i")
    notebook.ok("many = [fails(i) for i in range(3)]\ncell = [f.exception().cell for f in many][0]")
    notebook.ok("flag[0] = False")
    ran = notebook.ok("get_ipython().run_line_magic('treadle', f'retry [{cell}]')")
    assert "3 tasks are tried again" in ran.text
    assert notebook.value("wait_on(many)") == [0, 1, 2]


def test_log_follows_until_the_end(notebook):
    notebook.ok("@task\ndef talks():\n    import time\n    for i in range(3):\n        print('line', i)\n        time.sleep(0.2)\nt = talks()")
    assert notebook.ok("%treadle log t --follow").text.count("line 2") >= 1
    assert notebook.value("t.done()") is True


def test_profile_of_a_running_and_of_a_finished_task(notebook):
    notebook.ok(
        "@task\ndef busy(n):\n    import time\n    end = time.perf_counter() + n\n    while time.perf_counter() < end:\n"
        "        spin()\n    return n\ndef spin():\n    return sum(range(1000))"
    )
    notebook.ok("b = busy(3)")
    shown = notebook.ok("%treadle profile b --seconds 0.3").shown[-1]
    assert "line 9, in spin" in shown["text/plain"]
    assert "samples in 0." in shown["text/plain"]
    assert "data:image/svg+xml;base64," in shown["text/html"]
    notebook.ok("short = busy(0.4)\nwait_on(short)")
    again = notebook.ok("%treadle profile short").shown[-1]["text/plain"]
    assert "run once more" in again
    assert "in spin" in notebook.clean(again)
    assert notebook.value("short.result()") == 0.4
    assert "too short" in notebook.run("tiny = busy(0)\nwait_on(tiny)\n%treadle profile tiny").text


def test_words_that_mean_nothing_are_one_sentence(notebook):
    notebook.ok("seven = 1")
    assert "no closing quotation" in notebook.run("%treadle why '").text
    assert "seven is no future" in notebook.run("%treadle retry seven").text  # not task #1


def test_what_passes_through_other_code_has_no_frame_of_ours(notebook):
    assert "ValueError" in notebook.fails("list(treadle.Executor().map(int, ['1', 'x']))")
    assert "ValueError" in notebook.fails("list(treadle.Executor().map(int, ['1', 'x'], chunksize=2))")
    assert "FutureUsedAsValue" in notebook.fails("import pickle\npickle.dumps(divide(1, 1))")
