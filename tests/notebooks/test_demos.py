"""The demo notebooks on their real input, as `make demo` runs them, and the runner that judges them."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

import nbformat
import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def runner() -> ModuleType:
    spec = importlib.util.spec_from_file_location("run_demo", ROOT / "notebooks/run_demo.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["run_demo"] = module  # its dataclass looks for it
    spec.loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def paths(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT / "runtime"), str(ROOT / "kernel_ext")]))
    monkeypatch.setenv("TREADLE_KEEP_ALIVE", "10s")


DEMOS = ["01-tour", "02-heat-uncertainty", "03-blocked-matmul", "04-text", "05-cells", "06-failures", "08-pruning"]
MEASURE = {"02-heat-uncertainty", "08-pruning"}


@pytest.mark.parametrize("name", [pytest.param(each, marks=[pytest.mark.alone] if each in MEASURE else []) for each in DEMOS])
def test_a_demo_finds_what_it_should(runner: ModuleType, name: str, tmp_path: Path) -> None:
    outcome = runner.execute(ROOT / "notebooks" / f"{name}.ipynb", tmp_path)
    assert outcome.passed, f"{outcome.result}: {outcome.check}"
    assert (tmp_path / f"{name}.html").stat().st_size > 100_000
    executed = nbformat.read(tmp_path / f"{name}.ipynb", as_version=4)
    outputs = [output for cell in executed.cells for output in cell.get("outputs", ())]
    complaints = [output.text for output in outputs if output.get("name") == "stderr" or "Warning" in output.get("text", "")]
    assert not complaints


def test_a_wrong_result_and_a_failing_cell_make_the_run_fail(
    runner: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    left = "display({'application/vnd.treadle.result+json': {'result': 'r', 'check': 'c', 'passed': %s}, 'text/plain': ''}, raw=True)"
    for name, source in {"good": left % "True", "wrong": left % "False", "none": "1", "broken": "1/0"}.items():
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
        nbformat.write(notebook, tmp_path / f"{name}.ipynb")
    build = ["--build", str(tmp_path / "build")]
    assert runner.main([str(tmp_path / "good.ipynb"), *build]) == 0
    assert "ok      good" in capsys.readouterr().out
    assert runner.main([str(tmp_path / f"{name}.ipynb") for name in ("good", "wrong", "none", "broken")] + build) == 1
    out = capsys.readouterr().out
    assert [line.split()[:2] for line in out.splitlines() if line.startswith("FAILED")] == [
        ["FAILED", "wrong"], ["FAILED", "none"], ["FAILED", "broken"],
    ]  # fmt: skip
    assert "ZeroDivisionError: division by zero" in out
