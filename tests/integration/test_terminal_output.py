"""Plain IPython in a terminal: what tasks say is text there, and the log has it all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODULE = """
import logging, warnings
from IPython.display import HTML, display
from treadle import task

@task
def talk(i):
    print("hello", i)
    display(HTML("<b>x</b>"))
    warnings.warn("use new", FutureWarning)
    logging.getLogger("lib").warning("careful")

@task
def flood():
    for line in range(1200):
        print("line", line)
"""
CELLS = """
%load_ext treadle
import sys; sys.path.insert(0, ".")
from talking import talk, flood
wait_on([talk(i) for i in range(2)])
wait_on(flood())
%treadle log
exit
"""


def test_text_records_warnings_and_the_log(tmp_path: Path) -> None:
    (tmp_path / "talking.py").write_text(MODULE)
    paths = os.pathsep.join([str(ROOT / "runtime"), str(ROOT / "kernel_ext")])
    limits = {"TREADLE_WORKERS": "2", "TREADLE_MEMORY": "64MB", "IPYTHONDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "IPython", "--simple-prompt", "--no-banner", "--colors=NoColor"],
        input=CELLS,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": paths, **limits},
        check=True,
    )
    first, _, log = done.stdout.partition("more: %treadle log [")
    assert "talk#1 hello 0\n" in first
    assert "talk#2 hello 1\n" in first
    assert first.count("<IPython.core.display.HTML object>") == 2
    folded = int(first.split()[-1])
    assert folded >= 200  # 1,000 lines a cell, 200 a second
    assert first.count("\nline ") + first.startswith("line ") + folded in (
        1199,
        1200,
    )  # one may follow the prompt
    assert [f"line {i}" for i in range(1, 1200)] == [
        each for each in log.splitlines() if each.startswith("line")
    ][-1199:]
    assert "talk#1 careful" in done.stderr
    assert "FutureWarning in talk, talking.py line 10: use new (x 2)" in done.stderr
