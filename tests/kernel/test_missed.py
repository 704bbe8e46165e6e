"""A page that was reloaded while a cell runs asks on the control channel what it missed."""

from __future__ import annotations

import time
from typing import Any

from .conftest import DEADLINE_S, Notebook

TASKS = """\
import time
from treadle import task, wait_on
@task
def f(n, gate):
    import os
    print("said", n)
    while not os.path.exists(gate):
        time.sleep(0.02)
fs = [f(n, GATE) for n in range(3)]
wait_on(fs)"""


def missed(notebook: Notebook, **asked: list[str]) -> dict[str, Any]:
    """Ask as the plugin does; the answer comes while the cell runs."""
    client: Any = notebook.client
    message = client.session.msg("treadle_missed", asked)
    client.control_channel.send(message)
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        reply: dict[str, Any] = client.get_control_msg(timeout=DEADLINE_S)
        if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
            content: dict[str, Any] = reply["content"]
            return content
    raise AssertionError("no reply")


def test_what_tasks_said_below_a_cell_is_told_while_it_runs_and_when_it_has_ended(notebook: Notebook, tmp_path: Any) -> None:
    gate = tmp_path / "gate"
    notebook.ok(f"%load_ext treadle\nGATE = {str(gate)!r}")
    cell = notebook.start(TASKS, cell_id="cell-a")
    notebook.until(lambda: any("treadle-line" in str(o) for o in notebook.cells[cell].outputs), "the line")
    reply = missed(notebook, cells=[], others=["cell-a", "cell-b"])
    running = reply["running"]
    assert (running["cell"], running["request"]) == ("cell-a", cell)
    told = reply["cells"]
    assert set(told) == {"cell-a"}, "open, while the cell runs"
    assert told["cell-a"]["request"] == cell
    lines = [piece for piece in told["cell-a"]["pieces"] if "treadle-line" in piece.get("display", "")]
    assert "treadle-open" in lines[0]["data"]["text/html"]
    gate.touch()
    notebook.until(lambda: notebook.cells[cell].status == "idle", "the end of the cell")
    assert notebook.value("len(In)") == running["number"] + 2  # this cell, and none of number 0
    reply = missed(notebook, cells=[], others=["cell-a"])
    assert (reply["cells"], reply["running"]) == ({}, None)
    told = missed(notebook, cells=["cell-a"], displays=[lines[0]["display"]])
    said = "".join(piece.get("text", "") for piece in told["cells"]["cell-a"]["pieces"])
    assert all(f"said {n}" in said for n in range(3))
    assert "3 done" in told["displays"][lines[0]["display"]]["text/html"]
