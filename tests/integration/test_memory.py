"""A notebook that is idle, with its runtime and two workers, takes less than 350 MB (benchmarks/memory.py)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_idle_stack_is_small():
    path = os.pathsep.join([str(ROOT / "runtime"), str(ROOT / "kernel_ext")])
    run = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "memory.py"), "--limit", "350"],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "worker 2" in run.stdout
