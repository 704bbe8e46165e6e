"""The Stop button: pressed once, twice, in a storm; while a cell blocks, awaits, or runs its own code."""

from __future__ import annotations

import time

import pytest

SLOW = (
    "@task\ndef slow(path, n=0):\n    import os, time\n    while not os.path.exists(path):\n"
    "        time.sleep(0.01)\n    return 'done'"
)
TELL = (
    "import signal, threading, time\ndef tell(token):\n"
    "    while type(signal.getsignal(signal.SIGINT)).__name__ != 'Presses':\n        time.sleep(0.01)\n"
    "    print(token, flush=True)"
)
WAITS = {
    "wait_on": "wait_on(xs)",
    "result": "xs[0].result()",
    "barrier": "treadle.barrier()",
    "as_completed": "[f.result() for f in treadle.as_completed(xs)]",
    "stop": "treadle.stop()",
    "await": "[await x for x in xs]",
    "gather": "import asyncio\nawait asyncio.gather(*xs)",
    "wait_for": "import asyncio\nawait asyncio.wait_for(both(xs), 100)",
    "task": "import asyncio\nasync def all_of():\n    await asyncio.wait([asyncio.ensure_future(x) for x in xs])\nawait asyncio.create_task(all_of())",
    "async for": "async for f in treadle.as_completed(xs):\n    f.result()",
}


@pytest.fixture(scope="module", autouse=True)
def loaded(notebook):
    notebook.ok("%load_ext treadle")
    notebook.ok(SLOW)
    notebook.ok(TELL)
    notebook.ok("import asyncio\nasync def both(xs):\n    return await asyncio.gather(*xs)")
    return notebook


@pytest.fixture
def gate(tmp_path):
    return tmp_path / "gate"


def submit(notebook, gate) -> None:
    notebook.ok(f"xs = [slow({str(gate)!r}, n) for n in range(3)]")


def wait(notebook, code: str) -> str:
    """Start a cell that waits; returns when it does, which another thread of the kernel sees by the handler."""
    token = f"waiting {len(notebook.cells)}"
    notebook.ok(f"threading.Thread(target=tell, args=({token!r},), daemon=True).start()")
    cell = notebook.start(code)
    notebook.until(lambda: any(token in ran.text for ran in notebook.cells.values()), "the wait")
    return cell


def ended(notebook, cell: str):
    notebook.until(lambda: notebook.cells[cell].status == "idle", "the end of the cell")
    return notebook.cells[cell]


def press(notebook, cell: str) -> None:
    notebook.manager.interrupt_kernel()
    notebook.until(lambda: "stopped waiting" in notebook.cells[cell].text, "what the press did")


def test_one_press_ends_the_wait_after_two_seconds_and_cancel_the_tasks_later(notebook, gate):
    submit(notebook, gate)
    cell = wait(notebook, "wait_on(xs[1:])")
    pressed = time.monotonic()
    press(notebook, cell)
    assert (
        "stopped waiting; 2 tasks go on. Press again within 2 s to cancel them" in notebook.cells[cell].text
    )
    assert notebook.cells[cell].status == "busy"
    ran = ended(notebook, cell)
    assert 1.5 < time.monotonic() - pressed < 15
    assert "KeyboardInterrupt" in ran.error
    assert "----> 1 wait_on(xs[1:])" in ran.error
    assert "treadle_runtime" not in ran.error
    assert "cancelling 2 tasks" in notebook.ok("%treadle cancel").text
    gate.touch()
    assert notebook.value("wait_on(xs[0])") == "done"
    assert "no cell was interrupted whose tasks still run" in notebook.ok("%treadle cancel").text


@pytest.mark.parametrize("how", [how for how in WAITS if how not in ("result", "await")])
def test_second_press_cancels_the_tasks(notebook, gate, how):
    submit(notebook, gate)
    cell = wait(notebook, WAITS[how])
    press(notebook, cell)
    assert (
        "stopped waiting; 3 tasks go on. Press again within 2 s to cancel them" in notebook.cells[cell].text
    )
    time.sleep(0.35)  # what a second press is, in time
    notebook.manager.interrupt_kernel()
    ran = ended(notebook, cell)
    assert "cancelled 3 tasks" in ran.text
    assert "KeyboardInterrupt" in ran.error
    assert "CancelledError" not in ran.error
    assert notebook.reply(cell)["ename"] == "KeyboardInterrupt"
    assert notebook.value("[f.cancelled() for f in treadle.as_completed(xs)]") == [True] * 3


@pytest.mark.parametrize("how", ["gather", "wait_for"])
def test_one_press_while_the_loop_waits_for_several(notebook, gate, how):
    submit(notebook, gate)
    cell = wait(notebook, WAITS[how])
    press(notebook, cell)
    ran = ended(notebook, cell)
    assert "KeyboardInterrupt" in ran.error
    assert "----> 2 await asyncio" in ran.error
    assert "treadle_runtime" not in ran.error
    assert "kernel_ext" not in ran.error
    assert notebook.reply(cell)["ename"] == "KeyboardInterrupt"
    gate.touch()
    assert notebook.value("wait_on(xs)") == ["done"] * 3
    # the shell is as it was: a cancelled coroutine is that
    assert "CancelledError" in notebook.run("raise asyncio.CancelledError").error


def test_what_goes_on_in_the_background_is_left_alone(notebook, gate):
    submit(notebook, gate)
    cell = wait(notebook, "async def watch():\n    return await xs[0]\nwatcher = asyncio.create_task(watch())\nawait xs[1]")
    press(notebook, cell)
    assert "KeyboardInterrupt" in ended(notebook, cell).error
    gate.touch()
    assert notebook.value("await watcher") == "done"


@pytest.mark.parametrize("how", ["result", "await"])
def test_storm_of_presses_is_one(notebook, gate, how):
    submit(notebook, gate)
    cell = wait(notebook, WAITS[how])
    for _ in range(50):
        notebook.manager.interrupt_kernel()
        time.sleep(0.004)
    ran = ended(notebook, cell)
    assert ran.text.count("stopped waiting; 1 task goes on. Press again within 2 s to cancel it") == 1
    assert "cancelled" not in ran.text
    assert "KeyboardInterrupt" in ran.error
    assert f"----> 1 {WAITS[how]}" in ran.error
    assert "kernel_ext" not in ran.error
    gate.touch()
    assert notebook.value("wait_on(xs)") == ["done"] * 3


def test_in_the_persons_own_code_it_is_an_ordinary_interrupt(notebook, gate):
    submit(notebook, gate)
    cell = notebook.start(f"ys = [slow({str(gate)!r})]\nprint('looping', flush=True)\nwhile True: pass")
    notebook.until(lambda: "looping" in notebook.cells[cell].text, "the loop")
    notebook.manager.interrupt_kernel()
    ran = ended(notebook, cell)
    assert "KeyboardInterrupt" in ran.error
    assert "stopped waiting" not in ran.text
    assert "cancelling 1 task" in notebook.ok("%treadle cancel").text  # of this cell: the others go on
    gate.touch()
    assert notebook.value("wait_on(xs)") == ["done"] * 3


def test_stop_while_a_plain_cell_waits_for_a_name(notebook, gate):
    notebook.ok(
        f"%%task\nimport os, time\nwhile not os.path.exists({str(gate)!r}):\n    time.sleep(0.01)\nlate = 1"
    )
    cell = wait(notebook, "a = 1\nlate")
    press(notebook, cell)
    time.sleep(0.35)  # what a second press is, in time
    notebook.manager.interrupt_kernel()
    ran = ended(notebook, cell)
    assert "cancelled 1 task" in ran.text
    assert "----> 2 late" in ran.error
    assert "KeyboardInterrupt" in ran.error
    assert "TaskCancelled" in notebook.run("late").error


def test_cancel_takes_numbers_cells_and_all(notebook, gate):
    submit(notebook, gate)
    number = notebook.value("len(In) - 2")
    first = notebook.value("xs[0]._call.number")
    assert "cancelling 1 task" in notebook.ok(f"%treadle cancel #{first}").text
    assert notebook.value("next(treadle.as_completed(xs[:1])).cancelled()") is True
    assert "cancelling 2 tasks" in notebook.ok(f"%treadle cancel [{number}]").text
    assert notebook.value("[f.cancelled() for f in treadle.as_completed(xs)]") == [True] * 3  # else `all` counts them, too
    submit(notebook, gate)
    assert "cancelling 3 tasks" in notebook.ok("%treadle cancel all").text
    assert notebook.value("[f.cancelled() for f in treadle.as_completed(xs)]") == [True] * 3
    assert "No task #4711 is known" in notebook.run("%treadle cancel 4711").text
    assert "Cell [4711] has no tasks" in notebook.run("%treadle cancel [4711]").text
    assert "neither the number of a task (17, #17, f#17) nor a name" in notebook.run("%treadle cancel this").text
    submit(notebook, gate)
    assert "cancelling 3 tasks" in notebook.ok("%treadle cancel xs").text
