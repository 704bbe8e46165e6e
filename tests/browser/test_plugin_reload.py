"""A page that is reloaded while a cell blocks: the panel, lines and output go on, in JupyterLab and in Notebook 7."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

DEADLINE_S = 60.0
SLOW_MS = 30_000
SETUP = """\
%load_ext treadle
import os, time
from treadle import task, wait_on

@task
def work(n, gates):
    while not os.path.exists(os.path.join(gates, str(n))):
        time.sleep(0.02)
    print("said", n)
    open(os.path.join(gates, f"said-{n}"), "w").close()
    return n
"""
SUBMIT = "results = [work(n, GATES) for n in range(6)]"
WAIT = "print('sum', sum(wait_on(results)))"


@pytest.fixture
def gates(tmp_path: Path) -> Iterator[Path]:
    """One file for each task: it ends when its file is there."""
    yield tmp_path
    for n in range(6):
        (tmp_path / str(n)).touch()


@pytest.mark.long
@pytest.mark.parametrize("face", ["lab", "notebook7"])
def test_output_goes_on_after_a_reload_and_what_was_missed_is_there(
    opener: Any, page: Page, gates: Path, face: str, shoot: Callable[[Locator, str], None]
) -> None:
    name = opener.server.notebook(f"reload-{face}.ipynb", SETUP, f"GATES = {str(gates)!r}\n{SUBMIT}", WAIT)
    notebook = getattr(opener, face)(name)
    notebook.run(0)
    notebook.run(1)
    notebook.start(2)
    output = notebook.cells.nth(1).locator(".jp-OutputArea")
    (gates / "0").touch()
    expect(output).to_contain_text("said 0", timeout=SLOW_MS)
    expect(output.locator(".treadle-line")).to_contain_text("2 running", timeout=SLOW_MS)
    notebook.save()
    page.goto("about:blank")
    (gates / "1").touch()  # said while nobody looks
    _until_there(gates / "said-1")
    page.goto(f"{opener.server.url}{'/lab/tree' if face == 'lab' else '/notebooks'}/{name}")
    expect(output).to_contain_text("said 1", timeout=SLOW_MS)
    expect(output.locator(".treadle-line")).to_contain_text("2 done")
    prompt = notebook.cells.nth(2).locator(".jp-InputPrompt")
    expect(prompt).to_have_text("[*]:", timeout=SLOW_MS)  # it runs, though this page has not started it
    (gates / "2").touch()
    expect(output).to_contain_text("said 2", timeout=SLOW_MS)
    expect(output.locator(".treadle-line")).to_contain_text("3 done")
    shoot(output, f"reload-{face}")
    button = output.locator(".trd-p-cancel")
    button.click()
    expect(output.locator(".treadle-line")).to_contain_text("3 cancelled", timeout=SLOW_MS)
    expect(button).to_have_count(0)
    expect(prompt).to_have_text("[3]:", timeout=SLOW_MS)
    for n in range(3):
        assert output.inner_text().count(f"said {n}") == 1
    assert "open" not in str(output.locator(".treadle-line").get_attribute("class"))


def _until_there(file: Path) -> None:
    """Wait for a trace of a task while there is no page that could tell."""
    deadline = time.monotonic() + DEADLINE_S
    while not file.exists():
        assert time.monotonic() < deadline, f"{file.name} does not come"
        time.sleep(0.02)


@pytest.mark.long
@pytest.mark.parametrize("face", ["lab", "notebook7"])
def test_the_panel_is_there_soon_although_the_kernel_lets_nobody_run(opener: Any, page: Page, gates: Path, face: str) -> None:
    """The cell holds the GIL: the kernel can neither send nor answer."""
    hold = "import re\nre.match(r'(a+)+$', 'a' * 27 + 'b')\nprint('freed')"
    name = opener.server.notebook(f"gil-{face}.ipynb", SETUP, f"GATES = {str(gates)!r}\n{SUBMIT}", hold)
    notebook = getattr(opener, face)(name)
    notebook.run(0)
    notebook.run(1)
    line = notebook.cells.nth(1).locator(".treadle-line")
    expect(line).to_contain_text("2 running", timeout=SLOW_MS)
    page.evaluate("() => { jupyterapp.commands.execute('treadle:open') }")
    view = page.locator("#treadle-panel .trd")
    expect(view.locator('[data-task="1"]')).to_have_attribute("data-state", "running", timeout=SLOW_MS)
    notebook.save()
    notebook.start(2)
    (gates / "0").touch()
    expect(view.locator('[data-task="1"]')).to_have_attribute("data-state", "done", timeout=5_000)
    page.reload()
    page.wait_for_function("() => window.jupyterapp?.commands.hasCommand('treadle:open')", timeout=SLOW_MS)
    page.evaluate("async () => { await jupyterapp.restored; jupyterapp.commands.execute('treadle:open') }")
    expect(view.locator('[data-task="1"]')).to_have_attribute("data-state", "done", timeout=SLOW_MS)
    expect(line).to_contain_text("1 done", timeout=SLOW_MS)
