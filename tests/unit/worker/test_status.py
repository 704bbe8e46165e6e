"""The status page as its reader sees it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from treadle_runtime.worker.status import StatusPage, StatusReader


def test_a_page_tells_what_runs(tmp_path: Path) -> None:
    page = StatusPage(tmp_path / "1")
    reader = StatusReader(tmp_path / "1")
    assert (reader.read().pid, reader.read().number) == (os.getpid(), 0)
    page.begin(17, 2, 123456789, 5, 100, 7)
    page.wish(17, 2)
    page.peak(4096)
    status = reader.read()
    assert (status.number, status.attempt, status.started_ns, status.done) == (17, 2, 123456789, 5)
    assert (status.out_offset, status.err_offset, status.wish, status.peak_kib) == (100, 7, (17, 2), 4096)
    page.end()
    assert reader.read().number == 0
    page.close()
    reader.close()
    assert os.stat(tmp_path / "1").st_mode & 0o077 == 0


def test_a_page_can_be_read_after_its_writer_was_killed(tmp_path: Path) -> None:
    code = (
        "import os, sys, signal, pathlib\n"
        "from treadle_runtime.worker.status import StatusPage\n"
        "page = StatusPage(pathlib.Path(sys.argv[1]))\n"
        "page.begin(99, 1, 1, 0, 0, 0)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run([sys.executable, "-c", code, tmp_path / "1"], check=False, env=environ).returncode == -9
    reader = StatusReader(tmp_path / "1")
    assert reader.read().number == 99
    reader.close()


def test_there_is_no_page_before_the_worker_is_up(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        StatusReader(tmp_path / "1")
    (tmp_path / "1").touch()
    with pytest.raises(ValueError, match="mmap"):
        StatusReader(tmp_path / "1")
