"""The line below a cell that calls tasks, in a real kernel with two workers."""

from __future__ import annotations

import re

import pytest

TASKS = """import os, time, tempfile
from pathlib import Path
gate = tempfile.mkdtemp()

@task
def step(i, s=0.05):
    time.sleep(s)
    return i

@task
def fragile(i, s=0.03):
    time.sleep(s)
    if i % 3 == 0:
        raise ValueError(f"no {i}")
    return i

@task
def slow(i):
    time.sleep(0.2)

@task
def held(name):
    while not os.path.exists(f"{gate}/{name}"):
        time.sleep(0.01)
    return name
"""


@pytest.fixture(scope="module", autouse=True)
def loaded(notebook):
    notebook.ok("%load_ext treadle")
    notebook.ok(TASKS)
    notebook.ok("wait_on(step(0, 0))")
    return notebook


def lines(ran) -> list[dict[str, str]]:
    return [data for data in ran.shown if "treadle-line" in data.get("text/html", "")]


def updates_of(notebook, ran) -> list[str]:
    (display,) = [
        o["transient"]["display_id"] for o in ran.outputs if "treadle-line" in str(o.get("transient"))
    ]
    return [u["data"]["text/plain"] for u in notebook.updates if u["transient"]["display_id"] == display]


def test_a_line_follows_the_tasks_of_its_cell_and_ends_with_what_they_took(notebook):
    ran = notebook.ok("got = wait_on([step(i) for i in range(40)])")
    (line,) = lines(ran)
    words = re.fullmatch(
        r"40 done in (\d+\.\d) s, (\d\.\d)x \((\d+\.\d) s of work on 2 workers\)", line["text/plain"]
    )
    assert words, line["text/plain"]
    assert float(words[1]) >= 1.0
    assert float(words[3]) >= 2.0
    seen = updates_of(notebook, ran)
    assert any(
        re.match(r"[12] running · \d+ waiting · \d+ done \(as of \d\d:\d\d:\d\d\)", text) for text in seen
    ), seen
    assert len(seen) == len(set(seen))  # only on change
    assert len(seen) <= 6 * float(words[1]) + 2  # about five a second


def test_short_cells_have_no_line(notebook):
    for _ in range(20):  # a busy machine may make even this long
        ran = notebook.ok(
            "began = time.monotonic()\ngot = wait_on([step(i, 0.001) for i in range(20)])\ntook = time.monotonic() - began"
        )
        if notebook.value("took") < 0.4:
            break
    assert not lines(ran)


def test_a_cell_without_tasks_has_no_line(notebook):
    assert not lines(notebook.ok("time.sleep(0.7)"))


def test_the_line_goes_on_when_the_cell_has_ended_and_others_run(notebook):
    cell = notebook.start("late = [held('late') for _ in range(4)]")
    notebook.until(lambda: notebook.cells[cell].status == "idle", "the end of the cell")
    other = notebook.ok("time.sleep(1.0)\n1 + 1")
    ran = notebook.cells[cell]
    assert not lines(other)
    assert "2 running · 2 waiting" in lines(ran)[0]["text/plain"]
    assert re.search(r"as of \d\d:\d\d:\d\d", lines(ran)[0]["text/html"])
    assert re.search(r"%treadle cancel \[\d+\]", lines(ran)[0]["text/html"])
    notebook.ok("Path(gate, 'late').touch()")
    notebook.until(lambda: "4 done in" in lines(ran)[0]["text/plain"], "the end of the tasks")
    assert "as of" not in lines(ran)[0]["text/html"]
    assert "cancel" not in lines(ran)[0]["text/html"]


def test_failures_stand_in_the_line_by_kind_with_their_place(notebook):
    notebook.ok("tries = [fragile(i) for i in range(60)]\nfor f in tries: f.exception()")
    ran = notebook.ok("tries = [fragile(i) for i in range(60)]\nfor f in tries: f.exception()")
    (line,) = lines(ran)
    head, group = line["text/plain"].splitlines()
    assert head.startswith("40 done · 20 failed in ")
    assert re.fullmatch(r"20 x ValueError, fragile, \[\d+\] line 14: no 0", group), group


def test_the_line_is_plain_html_that_an_untrusted_notebook_keeps(notebook):
    ran = notebook.ok("tries = [fragile(i) for i in range(60)]\nfor f in tries: f.exception()")
    html = lines(ran)[0]["text/html"]
    assert not re.search(r"<(svg|style|script|button)|onclick|javascript:", html)
    assert re.match(
        r'<div class="treadle-line treadle-line-[0-9a-f]{12} treadle-in-\w+ treadle-tasks-\d+-\d+ treadle-of-\d+"',
        html,
    )
    assert "/tmp" not in html
    assert len(html) < 4000


def test_running_a_cell_again_puts_what_nobody_can_reach_last_and_says_so(notebook):
    source = "again = [held('first') for _ in range(6)]"
    first = notebook.start(source, cell_id="cell-1")
    notebook.until(lambda: notebook.cells[first].status == "idle", "the first run")
    second = notebook.start("again = [slow(i) for i in range(3)]", cell_id="cell-1")
    notice = r"4 tasks of the previous run still wait · cancel: %treadle cancel \[\d+\]"
    notebook.until(
        lambda: any(re.search(notice, line["text/plain"]) for line in lines(notebook.cells[second])),
        "the notice",
    )
    notebook.ok(
        "marks = []\nagain[0].add_done_callback(lambda f: marks.append(len(treadle.futures(function='held', state='done'))))"
    )
    before = notebook.value("len(treadle.futures(function='held', state='done'))")
    notebook.ok("Path(gate, 'first').touch()")
    notebook.until(
        lambda: "3 done in" in lines(notebook.cells[second])[0]["text/plain"], "the end of the second run"
    )
    notebook.ok("treadle.barrier()")
    notebook.until(
        lambda: "still wait" not in lines(notebook.cells[second])[0]["text/plain"], "the end of the first run"
    )
    assert notebook.value("marks[0]") - before == 2  # those that ran already


def test_ten_thousand_tasks_of_one_cell(notebook):
    notebook.ok("@task\ndef tiny(i):\n    return i\n_ = wait_on(tiny(1))")
    ran = notebook.ok("many = treadle.map(tiny, range(10_000))\ntotal = sum(wait_on(many))\ntotal")
    assert ran.shown[-1]["text/plain"] == str(sum(range(10_000)))
    for line in lines(ran):
        assert line["text/plain"].startswith("10000 done in")


# ---------------------------------------------------------------- failures and pending writes
def test_failures_are_listed_by_kind(notebook):
    notebook.ok("treadle.stop()")
    assert notebook.ok("%treadle failures").text == "no task has failed\n"
    notebook.ok("tries = [fragile(i, 0) for i in range(9)]\ntry: treadle.barrier()\nexcept ValueError: pass")
    text = notebook.ok("%treadle failures").text
    assert re.match(
        r"3 x ValueError, fragile, \[\d+\] line 14: no 0\n    #1, #4, #7: %treadle log 1\n", text
    ), text


def test_failures_nobody_looked_at_are_listed_at_stop(notebook):
    notebook.ok("tries = [fragile(i, 0) for i in range(9)]")
    text = notebook.ok("treadle.stop()").text
    assert "3 tasks failed and nobody has looked:" in text
    assert re.search(r"3 x ValueError, fragile, \[\d+\] line 14: no 0", text)


def test_showing_what_tasks_still_write_says_so(notebook):
    notebook.ok(
        "@task(c=treadle.INOUT)\ndef add(c, name):\n    while not os.path.exists(f'{gate}/{name}'):\n        time.sleep(0.01)\n    c.append(name)"
    )
    ran = notebook.ok("c = []\nfor _ in range(12): _ = add(c, 'write')\nc")
    assert ran.outputs[-1]["text"] == "c: 12 writes pending; wait_on(c)\n"
    assert ran.shown[-1]["text/plain"] == "[]"
    assert not notebook.ok("c;").outputs
    notebook.ok("Path(gate, 'write').touch()")
    notebook.ok("treadle.barrier()")
    assert "c: tasks have written it since; wait_on(c)" in notebook.ok("c").text
    assert not notebook.ok("c = wait_on(c)\nc").text


def test_verbs_take_a_view_for_the_array_that_tasks_write(notebook):
    notebook.ok("import numpy as np\nwhole = np.ones(4); view = whole[:2]\ntask(a=treadle.INOUT)(lambda a: a.fill(2))(whole)")
    assert re.match(r"<lambda> #\d+ (is|will|runs|has|was)", notebook.ok("%treadle why view").text)


# ---------------------------------------------------------------- the summary
def test_the_summary_says_in_five_lines_what_held_a_cell_back(notebook):
    notebook.ok("@task\ndef add_slowly(a, b):\n    time.sleep(0.05)\n    return a + b")
    cell = notebook.ok("x = add_slowly(0, 1)\nfor _ in range(7): x = add_slowly(x, 1)\nwait_on(x)")
    assert cell.shown
    number = notebook.value("treadle.futures(function='add_slowly')[-1]._call.cell")
    (bundle,) = notebook.ok("%treadle summary").shown
    head, *lines = bundle["text/plain"].splitlines()
    assert re.match(rf"\[{number}\] 8 tasks in \d\.\d s: 0\.[4-9] s of work on 2 workers, [01]\.\dx", head), (
        head
    )
    assert [line.split(":")[0].strip() for line in lines] == [
        "critical path",
        "idle workers",
        "short tasks",
        "data",
        "waiting in the notebook",
    ]
    assert re.search(r"0\.[4-9] s in 8 tasks", lines[0])
    assert bundle["text/html"].count("<tr") == 5
    assert notebook.ok(f"%treadle summary [{number}]").shown[0]["text/plain"].splitlines()[0] == head
    assert "has no tasks" in notebook.run("%treadle summary 1").text


# ---------------------------------------------------------------- tasks that say how far they are, and %%task cells
def test_the_line_says_how_far_the_running_task_is(notebook):
    notebook.ok(
        "@task\ndef train(name):\n    treadle.progress(3, 4, 'epoch 3')\n"
        "    while not os.path.exists(f'{gate}/{name}'):\n        time.sleep(0.01)"
    )
    cell = notebook.start("t = train('train')")
    notebook.until(lambda: ": 75 %, epoch 3" in str(lines(notebook.cells[cell])), "the progress")
    assert re.match(r"1 running · #\d+: 75 %, epoch 3 \(as of", lines(notebook.cells[cell])[0]["text/plain"])
    notebook.ok("Path(gate, 'train').touch()")
    notebook.until(lambda: "1 done in" in str(lines(notebook.cells[cell])), "the end")


def test_a_task_cell_has_its_card_and_a_line_only_for_more(notebook):
    ran = notebook.ok("%%task\ntime.sleep(0.8)")
    many = notebook.ok("%%task --for i in range(6) --collect n\n_slept = time.sleep(0.3)\nn = i")
    notebook.until(lambda: "6 done in" in str(lines(many)), "the end")
    notebook.ok("wait_on(n)")
    assert not lines(ran)


def test_a_retry_brings_the_line_back_to_life(notebook):
    notebook.ok(
        "@task\ndef flaky(i):\n    time.sleep(0.2)\n    if not os.path.exists(f'{gate}/mended'):\n        raise OSError('not there')\n    return i"
    )
    ran = notebook.ok("fs = [flaky(i) for i in range(8)]\nfor f in fs: f.exception()")
    assert lines(ran)[0]["text/plain"].startswith("8 failed in ")
    notebook.ok("Path(gate, 'mended').touch()")
    notebook.ok("_ = treadle.retry(fs)")
    notebook.until(lambda: lines(ran)[0]["text/plain"].startswith("8 done in "), "the end of the retry")
    assert "OSError" not in lines(ran)[0]["text/plain"]


def test_tasks_are_found_by_what_they_do_now(notebook):
    notebook.ok("waits = [held('found') for _ in range(5)]\nlast = slow(waits[0])")
    notebook.until(
        lambda: notebook.value("len(treadle.futures(state='running', function='held'))") == 2, "two that run"
    )
    assert notebook.value("len(treadle.futures(state='ready', function='held'))") == 3
    assert notebook.value("[f is not None for f in treadle.futures(state='waiting')]") == [True]
    assert notebook.value("treadle.future(last._call.number)._call is last._call") is True
    assert "2 running · 3 ready" in notebook.ok("%treadle tasks").text
    assert notebook.ok("%treadle tasks running").text.count("running") == 2
    notebook.ok("Path(gate, 'found').touch()")
    notebook.ok("treadle.barrier()")
