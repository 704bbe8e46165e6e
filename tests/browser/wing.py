"""What the notebooks of the pictures compute: the flow around a wing at several angles (copied beside them).

A toy that takes as long as pictures need: it waits half way until the test has made a file of a certain name.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import treadle

Field = NDArray[np.float64]
HERE = Path(__file__).parent
HELD = (12, 14, 16)
STEPS = 16


def hold(name: str) -> None:
    """Compute this and that until there is a file of this name."""
    some = np.random.default_rng(0).random((400, 1000))
    while not (HERE / name).exists():
        some = np.roll(np.sqrt(some), 1)
        time.sleep(0.004)


def read(file: str) -> Field:
    """Return the mesh."""
    time.sleep(0.3)
    return np.random.default_rng(len(file)).random((1400, 800))


def solve(mesh: Field, angle: int) -> Field:
    """Return the pressure around the wing."""
    field = mesh.copy()
    for step in range(1, STEPS + 1):
        field += 0.1 * (np.roll(field, 1, axis=step % 2) - field)
        residual = 10 ** (-step / 4 - angle / 40)
        treadle.progress(step, STEPS, f"residual {residual:.1e}")
        if angle == HELD[0] and step % 2 == 0:
            print(f"sweep {100 * step:4}: residual {residual:.2e}, lift {0.11 * angle * (1 - 0.6**step):.4f}")
        time.sleep(0.03 + 0.004 * (angle * 7 % 11))
        if angle in HELD and step == (angle - 4) // 2 + 4:
            hold("flow")
    return field


def lift(field: Field) -> float:
    """Return the lift that the pressure makes."""
    time.sleep(0.25)
    return float(field.mean())


def noise(field: Field) -> float:
    """Return how loud the flow is, in dB."""
    time.sleep(0.5)
    return 71.0 + float(field.mean())


def measure(angle: float) -> float:
    """Return a drag."""
    time.sleep(0.03)
    if angle > 9:
        hold("drags")
    return 0.02 + 0.0011 * angle**2


def train(points: int) -> float:
    """Return the angle with most lift, after some epochs."""
    for epoch in range(1, 9):
        treadle.progress(epoch, 8, f"epoch {epoch}, loss {0.9**epoch:.3f}")
        if epoch == 5:
            hold("trained")
    return round(11.3 + points / 400, 2)
