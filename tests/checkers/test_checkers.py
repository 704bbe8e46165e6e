"""Type checkers see what `calls.py` asserts: futures of the right kind, values from `wait_on`, and every mistake."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def test_mypy_sees_what_calls_give_and_finds_every_mistake():
    path = HERE / "calls.py"
    wanted = {
        (number, found[1])
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if (found := re.search(r"# WRONG ([\w-]+)$", line))
    }
    ran = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--hide-error-context", str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ran.stderr == ""
    found = re.findall(r"^\S*calls\.py:(\d+): error: .*\[([\w-]+)\]$", ran.stdout, re.MULTILINE)
    assert {(int(number), code) for number, code in found} == wanted, ran.stdout
    assert len(found) == len(wanted), ran.stdout
