"""The drawn states are those of the tables."""

from __future__ import annotations

import importlib.util
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_the_readme_shows_the_states_as_they_are() -> None:
    spec = importlib.util.spec_from_file_location("diagrams", ROOT / "docs/diagrams.py")
    assert spec is not None
    assert spec.loader is not None
    diagrams = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(diagrams)
    text = (ROOT / "runtime/README.md").read_text(encoding="utf-8")
    assert diagrams.written(text) == diagrams.section(), "run: python docs/diagrams.py --write"
