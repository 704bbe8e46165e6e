"""Seeds of the global generators: random, numpy.random, torch.

Law: knows one number, which the client derived from (seed, function, how often it was called), or which is entropy.
"""

from __future__ import annotations

import random
import sys
from typing import Any, Final

from ..core.model import TaskRow

_NUMPY: Final = 0x6E70


def seed_all(seed: int) -> None:
    """Seed the global generators from `seed`; torch only if something has imported it (about 18 us).

    Example
    -------
    >>> seed_all(42); one = random.random(); seed_all(42); one == random.random()
    True
    """
    random.seed(seed)
    import numpy as np  # late: 100 ms, once, and only with a seed

    # 32 bits alone would soon meet again; and without a word of its own numpy would draw what random draws.
    np.random.seed([seed & 0xFFFF_FFFF, seed >> 32 & 0xFFFF_FFFF, _NUMPY])
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.manual_seed(seed & 0x7FFF_FFFF_FFFF_FFFF)


def drawing_again(row: TaskRow, notes: dict[str, Any] | None) -> TaskRow:
    """Return a task so that its next attempt draws what the one with these notes drew."""
    seed = None if notes is None else notes.get("seed")
    if seed is None:
        return row
    return (*row[:10], {**(row[10] or {}), "seed": seed})
