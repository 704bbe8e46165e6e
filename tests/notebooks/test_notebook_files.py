"""The notebooks as files: clean, explicit, readable; and the result that their runner reads."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
DEMOS = sorted(NOTEBOOKS.glob("0*.ipynb"))


def cells(path: Path, kind: str = "code") -> list[dict[str, Any]]:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return [cell for cell in notebook["cells"] if cell["cell_type"] == kind]


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def python(path: Path) -> ast.Module:
    """The notebook's code without its magics."""
    plain = [
        "\n".join(line for line in source(cell).splitlines() if not line.startswith("%")) for cell in cells(path)
    ]
    return ast.parse("\n".join(plain))


def test_the_demonstrations_are_there() -> None:
    assert [path.stem for path in DEMOS] == ["01-tour", "02-heat-uncertainty", "03-blocked-matmul", "04-text", "05-cells", "06-failures", "08-pruning"]


@pytest.mark.parametrize("path", DEMOS, ids=lambda path: path.stem)
def test_no_outputs_no_counts_and_every_cell_has_an_id(path: Path) -> None:
    every = json.loads(path.read_text(encoding="utf-8"))["cells"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in cells(path))
    ids = [cell["id"] for cell in every]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z][a-z0-9-]{1,63}", each) for each in ids)


@pytest.mark.parametrize("path", DEMOS, ids=lambda path: path.stem)
def test_names_of_treadle_are_imported_explicitly(path: Path) -> None:
    first = source(cells(path)[0])
    assert first.startswith("%load_ext treadle\n")
    tree = python(path)
    imported = {
        alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "treadle" for alias in node.names
    }
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} & {
        "task", "wait_on", "barrier", "IN", "OUT", "INOUT", "put", "cancel",
    }
    assert used <= imported


@pytest.mark.parametrize("path", DEMOS, ids=lambda path: path.stem)
def test_each_leaves_a_result_and_teaches(path: Path) -> None:
    assert "application/vnd.treadle.result+json" in source(cells(path)[-1])
    assert len(cells(path, "markdown")) >= 3
    assert not re.search(r"(?<![\w.])/(home|root|work|tmp|usr)/", path.read_text(encoding="utf-8"))


def test_the_study_has_enough_cases_and_a_fixed_seed() -> None:
    parameters = json.loads((NOTEBOOKS / "data/parameters.json").read_text())
    assert parameters["cases"] >= 200
    assert isinstance(parameters["seed"], int)
    assert (NOTEBOOKS / "data/unit_square.msh").stat().st_size < 1_500_000
