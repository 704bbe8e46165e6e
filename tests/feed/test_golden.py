"""The golden files hold for the Python reducer (labextension/test/reducer.test.ts: for the TypeScript one)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from treadle_runtime.feed.reducer import as_delta, nothing, reduce

FILES = sorted((Path(__file__).parent / "golden").glob("*.json"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_deltas_give_the_state_written_down(path: Path) -> None:
    golden = json.loads(path.read_text(encoding="utf-8"))
    state = nothing()
    assert [reduce(state, delta) for delta in golden["deltas"]] == golden["taken"]
    assert state == golden["state"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_snapshot_is_the_delta_from_nothing(path: Path) -> None:
    state = json.loads(path.read_text(encoding="utf-8"))["state"]
    again = nothing()
    assert reduce(again, as_delta(state))
    assert again == state


def test_there_are_golden_files() -> None:
    assert len(FILES) >= 8
