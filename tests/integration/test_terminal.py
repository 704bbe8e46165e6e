"""A script at a terminal: a long wait shows how far it is, on one line that is gone afterwards."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCRIPT = """
import time, treadle

@treadle.task
def nap(i):
    time.sleep(0.2)
    return i

print(sum(treadle.wait_on([nap(i) for i in range(16)])))
"""


def at_terminal(script: Path, **variables: str) -> str:
    """Run a script with a terminal as its stderr and stdout; return all that was written there."""
    paths = os.pathsep.join([str(ROOT / "runtime"), str(ROOT / "kernel_ext")])
    mine, its = pty.openpty()
    environment = {
        **os.environ,
        "PYTHONPATH": paths,
        "TREADLE_WORKERS": "2",
        "TREADLE_MEMORY": "64MB",
        **variables,
    }
    with subprocess.Popen(
        [sys.executable, str(script)], stdin=its, stdout=its, stderr=its, env=environment, close_fds=True
    ) as process:
        os.close(its)
        written = b""
        try:
            while part := os.read(mine, 4096):
                written += part
        except OSError:  # its end is closed
            pass
        finally:
            os.close(mine)
    assert process.returncode == 0, written
    return written.decode()


def last_lines(written: str) -> list[str]:
    """Return what stands on the screen at the end."""
    lines = []
    for line in written.replace("\r\n", "\n").split("\n"):
        shown = ""
        for part in line.split("\r"):
            shown = part + shown[len(part) :]
        lines.append(shown.rstrip())
    return [line for line in lines if line]


def test_a_long_wait_is_seen_and_leaves_nothing(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    written = at_terminal(script)
    assert "to go · " in written
    assert last_lines(written) == ["120"]


def test_it_can_be_switched_off(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    assert at_terminal(script, TREADLE_PROGRESS="0").strip() == "120"
