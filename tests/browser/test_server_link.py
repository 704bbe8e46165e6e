"""The view over the Jupyter server: it needs nothing of the kernel, so nothing the kernel does can hold it up."""

from __future__ import annotations

import os
import time
from typing import Any

import pytest
from playwright.sync_api import expect

SETUP = """\
%load_ext treadle
import os, time, treadle
open("kernel", "w").write(str(os.getpid()))
treadle.start(workers=2)
@treadle.task
def nap():
    while os.path.exists("kernel"):
        time.sleep(0.05)
"""
BLOCK = """\
n = 50_000_000
begun = time.monotonic()
sum(range(n))
each = (time.monotonic() - begun) / n
open("begun", "w").close()
sum(range(int({seconds} / each)))  # one call of C code that keeps the interpreter's lock
open("over", "w").close()
"""


def cancel_one(view: Any) -> None:
    """Choose a running task by keyboard and click on Cancel."""
    running = view.locator("[data-task][data-state=running]")
    expect(running).to_have_count(2, timeout=30_000)
    view.locator(".trd-tasks").focus()
    view.page.keyboard.press("Home")
    for _ in range(10):
        if view.locator(".trd-tasks [aria-selected=true][data-state=running]").count():
            break
        view.page.keyboard.press("ArrowDown")
    view.get_by_role("button", name="Cancel", exact=True).click()


def test_it_works_while_c_code_holds_the_interpreter_and_after_a_reload(opener: Any) -> None:
    cells = (SETUP, "treadle.dashboard()", "all = [nap() for _ in range(8)]", BLOCK.format(seconds=60))
    notebook = opener.lab(opener.server.notebook("blocked.ipynb", *cells))
    for index in range(3):
        notebook.run(index)
    over = opener.server.folder / "over"
    view = notebook.cells.nth(1).locator(".trd")
    expect(view.locator(".trd-tasks [data-task]")).to_have_count(8, timeout=20_000)
    notebook.start(3)
    try:
        begun, deadline = opener.server.folder / "begun", time.monotonic() + 60
        while not begun.exists() and time.monotonic() < deadline:
            notebook.page.wait_for_timeout(50)
        cancel_one(view)
        expect(view.locator("[data-chip=cancelled]")).to_have_text("1 cancelled", timeout=5000)
        assert notebook.is_busy(3)
        notebook.save()
        notebook.page.reload()
        again = notebook.cells.nth(1).locator(".trd")
        expect(again.locator(".trd-tasks [data-task]")).to_have_count(8, timeout=40_000)
        cancel_one(again)
        expect(again.locator("[data-chip=cancelled]")).to_have_text("2 cancelled", timeout=5000)
        assert not over.exists()
    finally:
        kernel = opener.server.folder / "kernel"
        os.kill(int(kernel.read_text()), 9)  # it would listen to nothing else
        kernel.unlink()


@pytest.mark.long
def test_without_the_server_extension_the_kernel_serves(opener: Any) -> None:
    cells = (SETUP, "treadle.dashboard()", "all = [nap() for _ in range(4)]", "time.sleep(15)")
    notebook = opener.lab(opener.server.notebook("by-kernel.ipynb", *cells))
    notebook.page.route_web_socket("**/treadle/ws/**", lambda socket: socket.close())
    for index in range(3):
        notebook.run(index)
    view = notebook.cells.nth(1).locator(".trd")
    expect(view.locator(".trd-status")).to_contain_text("live via kernel", timeout=20_000)
    notebook.start(3)
    cancel_one(view)
    expect(view.locator("[data-chip=cancelled]")).to_have_text("1 cancelled", timeout=8000)
    assert notebook.is_busy(3)
    (opener.server.folder / "kernel").unlink()
