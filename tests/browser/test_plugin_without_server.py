"""The plugin where the Jupyter server serves no runtimes: panel, status item and buttons over the kernels of open notebooks."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.browser.conftest import ROOT, Opener, serve
from tests.browser.test_plugin import FACES, SLOW_MS, command, in_panel, row

pytestmark = pytest.mark.long

SETUP = """\
%load_ext treadle
import asyncio, os, re, time
from treadle import task

@task
def work(n, gate=None):
    while gate and not os.path.exists(gate):
        time.sleep(0.02)
    if n == 3 and not os.path.exists("mended"):
        raise ValueError("three is not possible")
    return n
"""
SUBMIT = "results = [work(n, GATE if n > 3 else None) for n in range(8)]"
AWAIT = "while not results[4].done():\n    await asyncio.sleep(0.05)\nprint(results[4].cancelled())"
SLEEP = "while not os.path.exists(GATE + '-2'):\n    time.sleep(0.05)\nprint(results[5].cancelled())"
HOLD = "re.match(r'(a+)+$', 'a' * 27 + 'b')\nprint('freed')"  # lets no other thread run


@pytest.fixture(scope="module")
def disabled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A server whose owner has switched the extension off, and whose environment has no widgets."""
    base = tmp_path_factory.mktemp("disabled")
    shutil.copytree(ROOT / "kernel_ext" / "treadle" / "server" / "config", base / "config" / "jupyter_server_config.d")
    known = os.pathsep.join([str(ROOT / "runtime"), str(ROOT / "kernel_ext")])
    environment = {**os.environ, "JUPYTER_CONFIG_DIR": str(base / "config"), "PYTHONPATH": known}
    words = [sys.executable, "-m", "jupyter", "server", "extension", "disable", "--user", "treadle.server"]
    subprocess.run(words, env=environment, check=True, capture_output=True, timeout=60)
    yield from serve(base, disabled=["anywidget"], knows_treadle=False)


def open_notebook(page: Page, server: Any, face: str, name: str, gate: Any, *more: str) -> Any:
    cells = (SETUP, f"GATE = {str(gate)!r}\n{SUBMIT}", *more)
    notebook = getattr(Opener(page, server), face)(server.notebook(name, *cells))
    command(page, "treadle:open")
    expect(page.locator("#treadle-panel .trd-p-hint")).to_contain_text("open notebooks are reached over their kernels")
    notebook.run(0)
    notebook.run(1)
    return notebook


def cancel_button(view: Locator, number: int) -> Locator:
    """Choose a task; return the button that cancels it."""
    view.get_by_role("tab", name="Tasks").click()
    view.locator(f'.trd-task-table [data-number="{number}"]').click()
    return view.locator(".trd-details [data-deed=cancel]")


@FACES
def test_the_panel_sees_and_steers_over_the_kernel(
    disabled: Any, page: Page, gate: Any, face: str, shoot: Callable[[Locator, str], None]
) -> None:
    name = f"kernel-{face}.ipynb"
    notebook = open_notebook(page, disabled, face, name, gate, AWAIT, SLEEP, HOLD)
    view = in_panel(page)
    expect(row(page, name)).to_contain_text("2/2 busy · 1 failed", timeout=SLOW_MS)  # idle between cells
    expect(view.locator(".trd-status")).to_contain_text("live via kernel")
    expect(view.locator('[data-task="5"]')).to_have_attribute("data-state", "running")
    if face == "lab":
        expect(page.locator(".trd-p-status")).to_have_text("treadle 2/2 busy · 1 failed")
    shoot(page.locator("#treadle-panel"), f"kernel-{face}")
    notebook.start(2)  # awaits
    cancel_button(view, 5).click()
    notebook.wait_for_end(2)
    assert notebook.output(2).strip() == "True"
    notebook.start(3)  # blocks
    cancel_button(view, 6).click()
    expect(view.locator('[data-task="6"]')).to_have_attribute("data-state", "cancelled", timeout=SLOW_MS)
    assert notebook.is_busy(3)
    gate.with_name(gate.name + "-2").touch()
    notebook.wait_for_end(3)
    cancel = cancel_button(view, 7)
    notebook.start(4)  # holds the interpreter
    cancel.click()
    expect(view.locator(".trd-details")).to_contain_text("waits for the running cell", timeout=SLOW_MS)
    assert notebook.is_busy(4)
    shoot(page.locator("#treadle-panel"), f"kernel-waits-{face}")
    notebook.wait_for_end(4)
    expect(view.locator('[data-task="7"]')).to_have_attribute("data-state", "cancelled", timeout=SLOW_MS)
    (disabled.folder / "mended").touch()
    command(page, "treadle:retry-failed")
    expect(row(page, name)).not_to_contain_text("failed")
    (disabled.folder / "mended").unlink()
    row(page, name).locator("button", has_text="Stop").click()
    page.locator(".jp-Dialog").get_by_role("button", name="Stop").click()
    expect(row(page, name)).to_have_count(0, timeout=SLOW_MS)


def test_it_says_that_commands_wait_where_the_page_may_not_use_subshells(disabled: Any, page: Page, gate: Any) -> None:
    chosen = disabled.folder.parent / "settings" / "@jupyterlab" / "apputils-extension" / "kernels-settings.jupyterlab-settings"
    chosen.write_text(json.dumps({"commsOverSubshells": "disabled"}))
    try:
        notebook = open_notebook(page, disabled, "lab", "waits.ipynb", gate, SLEEP)
        view = in_panel(page)
        expect(view.locator(".trd-status")).to_contain_text("live via kernel", timeout=SLOW_MS)
        cancel = cancel_button(view, 6)
        notebook.start(2)
        expect(view.locator(".trd-status")).to_contain_text("waits for the running cell")
        cancel.click()
        expect(view.locator(".trd-details")).to_contain_text("waits for the running cell")
        assert notebook.is_busy(2)
        gate.with_name(gate.name + "-2").touch()
        expect(view.locator('[data-task="6"]')).to_have_attribute("data-state", "cancelled", timeout=SLOW_MS)
        expect(view.locator(".trd-status")).to_contain_text("live via kernel")
    finally:
        chosen.unlink()


def test_after_a_restart_and_a_reload_the_line_is_opened_again(disabled: Any, page: Page, gate: Any) -> None:
    notebook = open_notebook(page, disabled, "lab", "again.ipynb", gate, "%load_ext treadle")
    view = in_panel(page)
    expect(view.locator('[data-task="5"]')).to_have_attribute("data-state", "running", timeout=SLOW_MS)
    page.evaluate("async () => { await jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart(); }")
    expect(page.locator("#treadle-panel")).to_contain_text("No runtime yet")
    notebook.wait_for_kernel()
    notebook.run(2)
    expect(view.locator('[data-task="5"]')).to_have_attribute("data-state", "running", timeout=SLOW_MS)
    notebook.save()
    page.reload()
    page.wait_for_function("() => window.jupyterapp?.commands.hasCommand('treadle:open')", timeout=SLOW_MS)
    page.evaluate("async () => { await jupyterapp.restored; jupyterapp.commands.execute('treadle:open') }")
    expect(view.locator('[data-task="5"]')).to_have_attribute("data-state", "running", timeout=SLOW_MS)
