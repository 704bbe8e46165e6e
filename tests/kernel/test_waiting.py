"""Waiting in a cell while the kernel goes on serving the page."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module", autouse=True)
def folder(notebook, tmp_path_factory):
    """Where a file lets a task go on."""
    made = tmp_path_factory.mktemp("gates")
    notebook.ok(f"%load_ext treadle\nimport os, time, asyncio\nfolder = {str(made)!r}")
    notebook.ok(
        "def gate(name):\n    while not os.path.exists(folder + '/' + name):\n        time.sleep(0.01)\n"
        "@task\ndef slow(name):\n    gate(name)\n    return name\n"
        "async def touch(name):\n    await asyncio.sleep(0.2)\n    open(folder + '/' + name, 'w').close()\n"
        "def soon(name):\n    return asyncio.ensure_future(touch(name))\n"
    )
    return made


def test_wait_for_names_lets_the_event_loop_go_on(notebook):
    # only the loop of this very kernel opens the gate
    notebook.ok("x = slow('x')\nstarted = soon('x')\n%treadle wait x\ndone = x.done()")
    assert notebook.value("[done, isinstance(x, treadle.Future)]") == [True, True]


def test_the_page_is_heard_while_a_cell_waits(notebook):
    if notebook.value("import ipykernel\nipykernel.version_info[:2] < (7, 4)"):
        return  # kernels before hear it only when the cell has ended
    notebook.ok(
        "def opened(comm, message):\n    comm.on_msg(lambda m: open(folder + '/page', 'w').close())\n"
        "get_ipython().kernel.comm_manager.register_target('page', opened)"
    )
    cell = notebook.start("p = slow('page')\n%treadle wait p")
    notebook.until(lambda: notebook.cells[cell].status == "busy", "the cell")
    for kind, content in (("comm_open", {"target_name": "page"}), ("comm_msg", {})):
        message = notebook.client.session.msg(kind, {"comm_id": "1", "data": {}, **content})
        notebook.client.shell_channel.send(message)
    notebook.until(
        lambda: notebook.cells[cell].status == "idle", "the cell that a message of the page lets go on"
    )
    assert not notebook.cells[cell].error


def test_wait_for_everything(notebook):
    notebook.ok(
        "xs = [slow('all') for _ in range(3)]\nstarted = soon('all')\n%treadle wait\ndone = [x.done() for x in xs]"
    )
    assert notebook.value("done") == [True] * 3


def test_wait_raises_what_the_task_raised(notebook):
    notebook.ok("@task\ndef bad(): return 1 / 0\nb = bad()")
    error = notebook.run("%treadle wait b").error
    assert "ZeroDivisionError" in error
    assert "kernel_ext" not in error
    assert "no name of the notebook" in notebook.run("%treadle wait missing").text


def test_cell_that_waits_for_its_task(notebook):
    notebook.ok("started = soon('cell')")
    ran = notebook.ok("%%task --wait\ngate('cell')\nmade = 7\nmade + 1")
    assert notebook.value("treadle.futures(state='running')") == []
    notebook.until(lambda: ran.shown[-1]["text/plain"] == "8", "the value")
    assert notebook.value("made") == 7


def test_cell_that_waits_fails_with_its_task_and_shows_that_once(notebook):
    ran = notebook.run("%%task --wait\nfirst = 1\nfirst / 0")
    assert "----> 3 first / 0" in ran.error
    assert "ZeroDivisionError" in ran.error
    assert "treadle" not in ran.error.replace("%treadle", "")
    notebook.until(lambda: "failed" in ran.shown[-1]["text/plain"], "the card")
    assert "ZeroDivisionError" not in str(ran.shown)


def test_items_that_are_waited_for(notebook):
    notebook.ok("started = soon('items')\n")
    notebook.ok("%%task --wait --for i in range(3) --collect got\ngate('items')\ngot = i")
    assert notebook.value("[f.done() for f in globals()['got']]") == [True] * 3


def test_in_functions_and_inside_other_cells_it_blocks(notebook):
    notebook.ok("def wait_here():\n    %treadle wait y\n    return y.done()\ny = slow('x')")
    assert notebook.value("wait_here()") is True
    notebook.ok("%%capture\n%treadle wait y")


def test_without_autoawait_it_blocks(notebook):
    notebook.ok("%autoawait off")
    notebook.ok("y = slow('x')\n%treadle wait y\nassert y.done()")
    notebook.ok("%autoawait on")
