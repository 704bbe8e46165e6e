"""Notebooks run by nbclient, as nbconvert and papermill do: what is stored is complete."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def paths(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT / "runtime"), str(ROOT / "kernel_ext")]))
    monkeypatch.setenv("TREADLE_WORKERS", "2")
    monkeypatch.setenv("TREADLE_KEEP_ALIVE", "5s")


def execute(folder: Path, *sources: str) -> list[Any]:
    """Run cells in a fresh kernel and give their outputs."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    NotebookClient(notebook, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(folder)}}).execute()
    return [cell.outputs for cell in notebook.cells]


def plain(outputs: list[Any]) -> str:
    return "".join(output["data"]["text/plain"] for output in outputs if "data" in output)


def test_the_stored_view_shows_how_everything_ended(tmp_path: Path) -> None:
    outputs = execute(
        tmp_path,
        "%load_ext treadle\nfrom treadle import task, wait_on",
        "%treadle",
        "@task\ndef f(x):\n    return 1 / x\n\nx = wait_on([f(i) for i in range(1, 20)])",
        "try:\n    wait_on(f(0))\nexcept ZeroDivisionError:\n    pass",
    )
    assert "Treadle: 19 done, 1 failed" in plain(outputs[1])


def test_a_view_asked_for_late_is_not_empty(tmp_path: Path) -> None:
    outputs = execute(
        tmp_path,
        "%load_ext treadle\nfrom treadle import task, wait_on\n@task\ndef f(x):\n    return x\nwait_on([f(i) for i in range(5)])",
        "%treadle graph",
    )
    assert "Treadle: 5 done" in plain(outputs[1])
