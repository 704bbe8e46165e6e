"""Every test here runs three times: inline, on the virtual cluster and on worker processes."""

from __future__ import annotations

import pytest

from treadle_runtime.api import start
from treadle_runtime.testing import VirtualCluster


def _open(engine):
    return VirtualCluster(seed=5, workers=2) if engine == "virtual" else start(workers=2, engine=engine)


@pytest.fixture(params=["inline", "virtual", "local"], scope="module", autouse=True)
def engine(request):
    """The engine of this run of the module; one session for all its tests."""
    with _open(request.param):
        yield request.param
