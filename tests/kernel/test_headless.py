"""A notebook run without a page: what is stored in it is complete."""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]


def test_stored_outputs_are_complete(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT / "runtime"), str(ROOT / "kernel_ext")]))
    monkeypatch.setenv("TREADLE_WORKERS", "2")
    monkeypatch.setenv("TREADLE_MEMORY", "64MB")
    sources = [
        "%load_ext treadle",
        "%%task\nimport time\nprint('inside')\nk = 20\ntime.sleep(0.2)\nk + 1",
        "%%task\n1 / 0",
        "wait_on(k)",
        "treadle.dashboard()",
    ]
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    outputs = [cell.outputs for cell in notebook.cells]
    assert [o["text"] for o in outputs[1] if o.output_type == "stream"] == ["inside\n"]
    assert [o["data"]["text/plain"] for o in outputs[1] if o.output_type == "display_data"] == ["21"]
    assert "ZeroDivisionError" in outputs[2][0]["data"]["text/plain"]
    assert outputs[3][0]["data"]["text/plain"] == "20"
    view = outputs[4][0]["data"]
    assert "1 done" in view["text/plain"]
    assert "1 failed" in view["text/html"]
