"""Idle culling: running tasks keep the kernel alive, and only they (docs/hpc.md)."""

from __future__ import annotations

import queue
import time

import pytest

QUIET_S = 1.5  # of a kernel whose signs of life come every 0.3 s


@pytest.fixture
def opened(open_notebook):
    notebooks = []

    def start(**environ):
        notebooks.append(open_notebook(**environ))
        notebooks[-1].ok("%load_ext treadle")
        return notebooks[-1]

    yield start
    for notebook in notebooks:
        notebook.client.stop_channels()
        notebook.manager.shutdown_kernel()


def submit(notebook, until):
    notebook.ok(
        "import os, time\n@task\ndef wait_for(path):\n    while not os.path.exists(path):\n        time.sleep(0.05)\n"
        f"x = wait_for({str(until)!r})"
    )


def becomes_quiet(notebook):
    """Tell whether nothing that a server counts as activity comes any more, once the last pictures are through."""
    end = time.monotonic() + 30.0
    while time.monotonic() < end:
        try:
            notebook.client.get_iopub_msg(timeout=QUIET_S)
        except queue.Empty:
            return True
    return False


def test_only_running_tasks_keep_the_kernel_alive(opened, tmp_path):
    notebook = opened(TREADLE_KEEPALIVE="0.3")
    notebook.ok("treadle.dashboard()")
    submit(notebook, tmp_path / "go")
    notebook.until(lambda: sum("" in u["data"].values() for u in notebook.updates) >= 2, "two signs of life")
    (tmp_path / "go").touch()
    notebook.ok("wait_on(x)")
    assert becomes_quiet(notebook)


def test_it_can_be_switched_off(opened, tmp_path):
    notebook = opened(TREADLE_KEEPALIVE="0")
    submit(notebook, tmp_path / "go")
    assert becomes_quiet(notebook)
    (tmp_path / "go").touch()
    notebook.ok("wait_on(x)")
