"""The core can't wait, measure, draw lots or touch the outside, and nothing in it depends on chance.

What it may import is listed in test_structure.py; here is what imports don't show.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CORE = sorted((ROOT / "runtime/treadle_runtime/core").rglob("*.py"))
OUTSIDE = {"open", "print", "input", "exec", "eval", "id", "hash", "__import__", "breakpoint"}


@pytest.mark.parametrize("path", CORE, ids=lambda path: path.name)
def test_no_builtin_that_reaches_outside_or_differs_from_run_to_run(path: Path) -> None:
    calls = {
        node.func.id
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert not calls & OUTSIDE


@pytest.mark.parametrize("path", CORE, ids=lambda path: path.name)
def test_nothing_walks_over_a_set(path: Path) -> None:
    """Sets are for asking only: their order differs from process to process. (Sorted ones are fine.)"""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        walked = node.iter if isinstance(node, ast.For | ast.comprehension) else None
        is_set = isinstance(walked, ast.Set | ast.SetComp) or (
            isinstance(walked, ast.Call) and isinstance(walked.func, ast.Name) and walked.func.id in ("set", "frozenset")
        )
        assert not is_set


def test_loading_the_core_loads_nothing_that_could_wait() -> None:
    code = """
import sys
for name in ("scheduler", "invariants", "explain"):
    __import__("treadle_runtime.core." + name)
unwanted = {"zmq", "asyncio", "threading", "random", "socket", "subprocess", "logging", "selectors", "multiprocessing"}
print(sorted(unwanted & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT / "runtime")},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert done.stdout.strip() == "[]"
