"""The CPU time of a small task stays near its budgets (benchmarks/budgets.py)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BUDGETS = Path(__file__).parents[2] / "benchmarks" / "budgets.py"


@pytest.mark.alone
def test_no_part_of_a_task_costs_a_multiple_of_its_budget():
    # three times the budget: this is to find what became slow, on machines that do other things meanwhile
    run = subprocess.run([sys.executable, str(BUDGETS), "--slack", "3"], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stdout + run.stderr
