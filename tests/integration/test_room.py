"""Room in the store: what is only a copy gives way, and what can never fit is told at the call (docs/guide.md, "Data")."""

from __future__ import annotations

import numpy as np
import pytest

from treadle_runtime.api import current, put, start, stop, task, wait_on
from treadle_runtime.errors import StoreFull

LIMIT = 80_000_000


@pytest.fixture(scope="module", autouse=True)
def runtime():
    stop(cancel=True)
    with start(workers=2, memory="80MB"):
        yield


def test_what_can_never_fit_is_told_at_once_with_the_numbers():
    with pytest.raises(StoreFull, match=r"takes 120 MB, and the store may hold 80 MB in all\. .*start\(memory="):
        task(np.sum)(np.zeros(120_000_000, np.uint8))
    assert wait_on(task(np.sum)(np.ones(1000))) == 1000


def test_stored_copies_of_arguments_give_way_to_what_is_kept():
    first = np.ones(30_000_000, np.uint8)
    assert wait_on(task(np.sum)(first)) == 30_000_000
    kept = [put(np.full(30_000_000, i, np.uint8)) for i in range(2)]
    assert current().client.store.total() <= LIMIT
    assert wait_on([task(np.max)(one) for one in kept]) == [0, 1]
    with pytest.raises(StoreFull, match=r"It is held by a stored argument or put: 30 MB"):
        put(np.full(30_000_000, 9, np.uint8))
