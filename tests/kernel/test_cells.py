"""Cells as tasks and what tasks print, in a real kernel with workers."""

from __future__ import annotations

import re

import pytest


@pytest.fixture(scope="module", autouse=True)
def loaded(notebook):
    notebook.ok("%load_ext treadle")
    notebook.ok("from pathlib import Path\nimport tempfile, time, os\ngate = tempfile.mkdtemp()")
    notebook.ok(
        "@task\ndef talk(text, gate, wait=True):\n"
        "    import os, time\n"
        "    print('before', text, flush=True)\n"
        "    while wait and not os.path.exists(gate + '/' + text):\n        time.sleep(0.01)\n"
        "    print('after', text)\n    return text\n"
    )
    return notebook


def last_shown(ran) -> str:
    return ran.shown[-1]["text/plain"]


# ---------------------------------------------------------------- printed output
def test_output_appears_below_its_cell_while_later_cells_run_and_after(notebook):
    cell = notebook.start("slow = talk('one', gate)")
    notebook.until(lambda: notebook.cells[cell].text == "before one\n", "the first line")
    later = notebook.ok("print('later')")
    notebook.ok("Path(gate, 'one').touch()")
    notebook.until(lambda: notebook.cells[cell].text == "before one\nafter one\n", "the second line")
    assert later.text == "later\n"
    assert notebook.value("wait_on(slow)") == "one"


def test_output_arrives_before_the_wait_ends(notebook):
    assert notebook.ok("_ = wait_on(talk('x', gate, wait=False))\nprint('waited')").text.split("\n")[:3] == [
        "before x",
        "after x",
        "waited",
    ]


def test_lines_of_several_tasks_begin_with_their_task(notebook):
    ran = notebook.ok("_ = wait_on([talk(f'n{i}', gate, wait=False) for i in range(5)])")
    lines = ran.text.splitlines()
    assert len(lines) == 10
    assert all(re.fullmatch(r"talk#\d+ (before|after) n\d", line) for line in lines)
    assert len({line.split()[0] for line in lines}) == 5


def test_stderr_stays_stderr(notebook):
    ran = notebook.ok(
        "@task\ndef moan():\n    import sys\n    print('oh', file=sys.stderr)\n_ = wait_on(moan())"
    )
    assert next(output for output in ran.outputs if output.get("name") == "stderr")["text"] == "oh\n"


# ---------------------------------------------------------------- %%task
def test_cell_becomes_a_task_and_shows_its_last_value(notebook):
    notebook.ok("base = 10")
    cell = notebook.start("%%task\nimport math\nk = base * 2\nprint('inside')\nmath.sqrt(k + 5)")
    notebook.until(
        lambda: notebook.cells[cell].shown and last_shown(notebook.cells[cell]) == "5.0", "the value"
    )
    assert notebook.cells[cell].text == "inside\n"
    assert notebook.value("[k, wait_on(k), math.pi > 3]") == [20, 20, True]


@pytest.mark.parametrize("body", ["b = = 2", "return 2"])
def test_a_cell_that_is_no_python_is_shown_by_its_line_alone(notebook, body):
    error = notebook.fails(f"%%task\na = 1\n{body}")
    assert re.fullmatch(rf"\s*Cell In\[\d+\], line 3\n +{body}\n +\^\nSyntaxError: .*\n?", error)
    assert "interactiveshell.py" in notebook.run("exec('c = = 3')").error  # the shell is as it was


def test_the_value_stands_below_what_the_cell_has_printed(notebook):
    cell = notebook.start("%%task\nprint('before')\n'value'")
    notebook.until(lambda: all(word in str(notebook.cells[cell].shown) for word in ("done", "'value'")), "the end")
    *above, value = notebook.cells[cell].outputs
    (printed,) = (output for output in above if "text" in output)
    (card,) = (output for output in above if output is not printed)  # a task may print before its card stands there
    assert "done" in card["data"]["text/plain"]
    assert printed["text"] == "before\n"
    assert value["data"] == {"text/plain": "'value'"}


def test_a_card_says_what_its_cell_does_and_how_far_it_is(notebook):
    notebook.ok("import os, tempfile, time, treadle\ngate = tempfile.mkdtemp()")
    cell = notebook.start(
        "%%task\ntreadle.progress(3, 4, 'epoch 3')\nwhile not os.path.exists(f'{gate}/open'):\n"
        "    time.sleep(0.01)\nresult = 1"
    )
    notebook.until(lambda: "75 %, epoch 3" in str(notebook.cells[cell].shown), "the progress")
    (card,) = notebook.cells[cell].shown  # and no line besides
    assert ">running</span>" in card["text/html"]
    assert "\N{RIGHTWARDS ARROW} result · on worker" in card["text/html"]
    assert "cancel: <code>%treadle cancel" in card["text/html"]
    notebook.ok("open(f'{gate}/open', 'w').close()")
    notebook.until(lambda: ">done</span>" in notebook.cells[cell].shown[0]["text/html"], "the end")
    assert "as of" not in notebook.cells[cell].shown[0]["text/html"]


def test_value_is_in_out(notebook):
    cell = notebook.start("%%task\n6 * 7")
    notebook.until(
        lambda: notebook.cells[cell].shown and last_shown(notebook.cells[cell]) == "42", "the value"
    )
    assert notebook.value("42 in [v for v in Out.values() if isinstance(v, int)]") is True


def test_chain_of_cells(notebook):
    notebook.ok("%%task\nrows = list(range(5))")
    notebook.ok("%%task\nrows.append(100)\ntotal = 0\nfor row in rows:\n    total += row")
    assert notebook.value("wait_on(rows, total)") == [[0, 1, 2, 3, 4, 100], 110]
    assert notebook.value("'row' in dir()") is False


def test_live_object_is_changed_in_place(notebook):
    notebook.ok("import numpy as np\nfield = np.zeros(3)\nalias = field")
    notebook.ok("%%task\nfield[1] = 5")
    notebook.ok("%%task\nfield += 1")
    assert notebook.value("wait_on(field).tolist()") == [1.0, 6.0, 1.0]
    assert notebook.value("alias is field and alias.tolist()") == [1.0, 6.0, 1.0]


def test_number_is_rebound(notebook):
    notebook.ok("count = 1\nold = count")
    for _ in range(3):
        notebook.ok("%%task\ncount += 1")
    assert notebook.value("[wait_on(count), old]") == [4, 1]


def test_classes_of_the_cell_are_the_notebooks(notebook):
    notebook.ok("%%task\nclass Point:\n    def __init__(self, x): self.x = x\npoint = Point(3)")
    assert notebook.value("[isinstance(wait_on(point), Point), wait_on(point).x]") == [True, 3]


def test_name_that_no_path_assigned(notebook):
    notebook.ok("%%task\nif base > 5:\n    big = 1\nelse:\n    small = 1")
    assert notebook.value("wait_on(big)") == 1
    assert "NameError: name 'small' is not defined" in notebook.run("wait_on(small)").error


def test_failed_name_does_not_poison_the_cell_that_makes_it_anew(notebook):
    source = "%%task\nif base:\n    fragile = 1 / divisor"
    notebook.ok("divisor = 0")
    notebook.ok(source)
    assert "ZeroDivisionError" in notebook.run("wait_on(fragile)").error
    notebook.ok("divisor = 4")
    notebook.ok(source)
    assert notebook.value("wait_on(fragile)") == 0.25


def test_options(notebook):
    ran = notebook.ok("%%task -o i --name 'count to {base}'\nfor i in range(base): pass")
    assert last_shown(ran).startswith("count to 10 #")
    assert notebook.value("i") == 9
    notebook.ok("def grow(b): b.append(1)\nbox = []")
    notebook.ok("%%task --inout box\ngrow(box)")
    assert notebook.value("wait_on(box)") == [1]


def test_lost_change_of_an_input_is_told_in_the_cell(notebook):
    cell = notebook.start("%%task\ngrow(box)")
    told = "box was changed by this cell but is an input; its change is lost: add --inout box"
    notebook.until(lambda: told in notebook.cells[cell].text, "the line")


def test_lost_change_is_told_at_every_run_below_its_own_cell(notebook):
    notebook.ok(
        "import time\nclass Model:\n    def fit(self): self.fitted = True; return self\nmodel = Model()"
    )
    for _ in range(2):
        cell = notebook.start("%%task -i model\ntime.sleep(0.2)\nmodel.fit()")
        later = notebook.ok("print('later')")
        told = "model was changed by this cell but is an input; its change is lost: add --inout model"
        notebook.until(lambda cell=cell, told=told: told in notebook.cells[cell].text, "the line")
        assert told not in later.text


def test_modules_functions_and_classes_are_inputs_that_nothing_is_said_about(notebook):
    notebook.ok("calls = 0\ndef counted():\n    counted.n = 1\n    return 2")
    cell = notebook.start("%%task\ncounted()\nModel.tag = 3\nvia = counted() + 1")
    assert notebook.value("via") == 3
    notebook.until(lambda: "done" in last_shown(notebook.cells[cell]), "the end")
    assert "is lost" not in notebook.cells[cell].text


def test_change_that_comes_back_under_its_name_is_not_told(notebook):
    notebook.ok("%%task\ngrid = [0, 0]")
    cell = notebook.start("%%task\ngrid += [1]\ngrid[0] = 7")
    assert notebook.value("wait_on(grid)") == [7, 0, 1]
    notebook.until(lambda: "done" in last_shown(notebook.cells[cell]), "the end")
    assert notebook.cells[cell].text == ""


def test_tasks_and_waits_inside_a_cell_run_there(notebook):
    notebook.ok("@task\ndef square(v): return v * v")
    notebook.ok("%%task\ninside = wait_on(square(3)) + square(2)")
    assert notebook.value("wait_on(inside)") == 13


def test_result_that_cannot_be_pickled_is_told_without_anybodys_frames(notebook):
    notebook.ok("%%task\nstream = (i for i in range(3))")
    error = notebook.run("wait_on(stream)").error
    assert "NotSerializable: result[1] cannot be pickled" in error
    assert "cloudpickle" not in error


def test_line_magic(notebook):
    notebook.ok("%task power = base ** 2")
    assert notebook.value("wait_on(power)") == 100
    notebook.ok("made = %task base + 1")
    assert notebook.value("wait_on(made)") == 11


def test_cell_that_failed_shows_its_value_after_a_retry(notebook):
    notebook.ok("def tool(v):\n    return v / 0")
    cell = notebook.start("%%task\nfixed = tool(8)\nfixed + 1")
    notebook.until(lambda: "ZeroDivisionError" in str(notebook.cells[cell].shown), "the failure")
    notebook.ok("def tool(v):\n    return v / 2\ntreadle.retry(fixed)")
    notebook.until(lambda: last_shown(notebook.cells[cell]) == "5.0", "the value")
    assert notebook.value("fixed") == 4.0


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("%%task\nx = 1\n!ls", "line 3 `!ls` is a magic"),
        ("%%task -o nothing\nx = 1", "-o names `nothing`"),
        ("%%task --wrong\nx = 1", "does not know '--wrong'"),
        ("%task", "needs a statement"),
    ],
)
def test_mistake_is_one_sentence(notebook, cell, told):
    ran = notebook.run(cell)
    assert ran.error == ""
    assert ran.text.startswith("UsageError: ")
    assert told in ran.text
    assert ran.text.count("\n") <= 2


def test_syntax_error_names_the_cells_line(notebook):
    error = notebook.run("%%task\nx = 1\ny = = 2").error
    assert "line 3" in error
    assert "y = = 2" in error
    assert "kernel_ext" not in error


def test_failing_import_is_shown_at_its_line(notebook):
    error = notebook.run("%%task\nimport no_such_module\nx = 1").error
    assert "----> 2 import no_such_module" in error
    assert "kernel_ext" not in error
