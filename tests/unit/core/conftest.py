"""The playbook is importable by name from the unit tests of the core."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "scenarios"))

from playbook import Playbook


@pytest.fixture
def book() -> Iterator[Playbook]:
    """A playbook; at its end nothing unexpected may be left."""
    playbook = Playbook()
    yield playbook
    assert not playbook.instructions, f"not expected: {playbook.instructions}"
