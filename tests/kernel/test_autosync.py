"""Names of `%%task` cells in plain cells, in a real kernel."""

from __future__ import annotations

import pathlib
import time

import pytest


@pytest.fixture(scope="module", autouse=True)
def folder(notebook, tmp_path_factory):
    """Where a file lets a task go on."""
    made = tmp_path_factory.mktemp("gates")
    notebook.ok("%load_ext treadle")
    notebook.ok(f"import os, time\nimport numpy as np\nfolder = {str(made)!r}")
    notebook.ok(
        "def gate(name):\n    while not os.path.exists(folder + '/' + name):\n        time.sleep(0.01)\n"
        "def futures(*names):\n    return [name for name in names if isinstance(globals()[name], treadle.Future)]"
    )
    return made


def waits(notebook, code: str, gate: pathlib.Path):
    """Run a cell that must wait until the gate is opened."""
    began = notebook.start("print('before')")
    cell = notebook.start(code)
    notebook.until(lambda: notebook.cells[began].status == "idle", "the cell before")
    notebook.until(lambda: notebook.cells[cell].status == "busy", "the cell")
    look = time.monotonic() + 0.3
    notebook.until(lambda: time.monotonic() > look or notebook.cells[cell].status == "idle", "nothing")
    assert notebook.cells[cell].status == "busy"
    gate.touch()
    notebook.until(lambda: notebook.cells[cell].status == "idle", "the cell that reads")
    assert not notebook.cells[cell].error, notebook.cells[cell].error
    return notebook.cells[cell]


def test_names_that_are_read_are_values_and_the_others_go_on(notebook, folder):
    notebook.ok("%%task\ngate('a')\nread = [1, 2]\nalso = 5\nunread = 7")
    notebook.ok("%%task\ngate('b')\nslow = 1")
    assert waits(notebook, "len(read) + also", folder / "a").shown[-1]["text/plain"] == "7"
    assert notebook.value("futures('read', 'also', 'unread', 'slow')") == ["unread", "slow"]
    (folder / "b").touch()
    assert notebook.value("slow") == 1


def test_it_waits_inside_the_cell_where_the_name_is_read(notebook):
    notebook.ok("none = 0\n")
    notebook.ok("%%task\nbroken = 1 / none")
    error = notebook.run("a = 1\nb = 2\nprint(broken)").error
    assert "----> 3 print(broken)" in error
    assert "----> 2 broken = 1 / none" in error
    assert "ZeroDivisionError" in error
    assert "kernel_ext" not in error
    assert "treadle_runtime" not in error
    assert "autosync" not in error
    assert "name 'a' is not defined" in notebook.run("a").error  # nothing of the cell has run


def test_by_functions_magics_and_shell_commands(notebook):
    notebook.ok("%%task\nn1 = 11\nn2 = 12\nn3 = 13\nn4 = 14\nn5 = 15")
    notebook.ok("def use():\n    return n1 + 1")
    assert notebook.value("use()") == 12
    notebook.ok("%time m2 = n2 + 1")
    notebook.ok("%%time\nm3 = n3 + 1")
    notebook.ok("%timeit -n 1 -r 1 n4 + 1")
    assert notebook.ok("!echo {n5}").text.strip() == "15"
    assert notebook.value("[m2, m3, futures('n1', 'n2', 'n3', 'n4', 'n5')]") == [13, 14, []]


def test_in_cells_that_await_the_event_loop_goes_on(notebook):
    notebook.ok("%%task\ngate('await')\nlate = 20")
    # only the loop of this very kernel opens the gate
    notebook.ok(
        "import asyncio\nasync def touch():\n    await asyncio.sleep(0.2)\n    open(folder + '/await', 'w').close()\n"
        "touching = asyncio.ensure_future(touch())"
    )
    assert notebook.value("await asyncio.sleep(0)\nlate + 1") == 21


def test_awaiting_the_name_itself(notebook):
    notebook.ok("%%task\nsoon = 30")
    assert notebook.value("got = await soon\n[got, futures('soon')]") == [30, ["soon"]]
    assert notebook.value("soon") == 30


def test_explicit_waits_can_be_caught_where_they_stand(notebook):
    notebook.ok("%%task\nfails = 1 / none")
    assert (
        notebook.value("try:\n    wait_on(fails)\nexcept ZeroDivisionError:\n    got = 'caught'\ngot")
        == "caught"
    )


def test_objects_that_a_cell_changes_in_place(notebook, folder):
    notebook.ok("field = np.zeros(3)\nalias = field\nrows = [1]")
    notebook.ok("%%task\ngate('field')\nfield[1] = 5\nrows.append(2)")
    assert waits(notebook, "alias.tolist(), field is alias", folder / "field").shown[-1]["text/plain"] == (
        "([0.0, 5.0, 0.0], True)"
    )
    assert notebook.value("rows") == [1, 2]


def test_changing_it_in_a_plain_cell_comes_after_the_task(notebook):
    notebook.ok("%%task\nfield += 1")
    notebook.ok("field[0] = 100")
    assert notebook.value("field.tolist()") == [100.0, 6.0, 1.0]


def test_names_that_were_bound_anew_or_deleted_are_the_persons(notebook, folder):
    notebook.ok("%%task\ngate('own')\nmine = 1\ngone = 2\nkept = 3")
    notebook.ok("mine = 'own'\ndel gone")
    assert notebook.value("mine") == "own"
    assert "name 'gone' is not defined" in notebook.run("gone").error
    (folder / "own").touch()
    assert notebook.value("kept") == 3


def test_futures_of_task_calls_stay_futures(notebook):
    notebook.ok("@task\ndef double(x): return 2 * x\ncalled = double(4)\nasked = %task double(1)")
    assert notebook.value("[futures('called', 'asked'), isinstance(called, treadle.Future)]") == [
        ["called", "asked"],
        True,
    ]


def test_value_of_a_cell_in_out(notebook, folder):
    notebook.ok("%%task\ngate('out')\n6 * 7")
    number = notebook.value("len(In) - 2")
    assert (
        waits(notebook, f"Out[{number}] + 1, _{number}", folder / "out").shown[-1]["text/plain"] == "(43, 42)"
    )
    notebook.ok("%%task\n'underscore'")
    assert notebook.value("_ + '!'") == "underscore!"
    notebook.ok("%%task\nnone / none")
    notebook.ok("%%task\nNone")
    assert notebook.value("[len(In) - 2 in Out, 42 in Out.values()]") == [False, True]


@pytest.mark.parametrize("awaits", ["", "import asyncio; await asyncio.sleep(0); "])
def test_a_task_that_fails_while_out_is_waited_for_fails_only_who_reads_its_own_value(
    notebook, folder, awaits
):
    name = f"late{len(awaits)}"
    notebook.ok(f"%%task\ngate('{name}')\nnone / none")
    number = notebook.value("len(In) - 2")
    reply = waits(notebook, f"{awaits}len(Out) > 0", folder / name)
    assert reply.error == ""
    assert "none" in notebook.run(f"Out[{number}] + 1").error


def test_off_and_on(notebook):
    assert "off" in notebook.ok("%treadle autosync off").text
    notebook.ok("%%task\nraw = 1")
    assert notebook.value("isinstance(raw, treadle.Future)") is True
    notebook.ok("%treadle autosync on")
    assert notebook.value("raw") == 1


def test_reset_forgets_the_names(notebook):
    notebook.ok("%%task\nwiped = 1")
    notebook.ok("%reset -f")
    assert "name 'wiped' is not defined" in notebook.run("wiped").error
