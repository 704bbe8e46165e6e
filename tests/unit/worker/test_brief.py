"""Values in short: what a traceback, a card and the view say of arguments."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from treadle_runtime.worker.brief import brief


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.zeros((2, 3)), "<ndarray 2x3>"),
        (np.float64(8.85), "8.85"),
        (np.array(3), "3"),
        (np.bool_(True), "True"),
        ("x" * 100, f"'{'x' * 27}...{'x' * 28}'"),
    ],
)
def test_arrays_are_said_by_their_shape_and_single_numbers_as_they_are(value: Any, text: str) -> None:
    assert brief(value) == text
