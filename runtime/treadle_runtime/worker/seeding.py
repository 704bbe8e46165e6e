"""Seeds of the global generators: random, numpy.random, torch.

Law: knows one number, which the client derived from (seed, function, how often it was called).
"""

from __future__ import annotations

import random
import sys


def seed_all(seed: int) -> None:
    """Seed the global generators from `seed`; torch only if something has imported it (about 10 us).

    Example
    -------
    >>> seed_all(42); one = random.random(); seed_all(42); one == random.random()
    True
    """
    random.seed(seed)
    import numpy as np  # late: 100 ms, once, and only with a seed

    np.random.seed(seed & 0xFFFF_FFFF)
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.manual_seed(seed & 0x7FFF_FFFF_FFFF_FFFF)
