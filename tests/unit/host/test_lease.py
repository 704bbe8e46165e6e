"""How long a runtime lives on without a client."""

from __future__ import annotations

from treadle_runtime.host.lease import FIRST_CLIENT_S, Lease
from treadle_runtime.wire.session import RuntimeOptions

NOTEBOOK = RuntimeOptions(script=False, keep_alive_s=600.0)


def lease(options: RuntimeOptions = NOTEBOOK, notebook: bool = True) -> Lease:
    found = Lease(0.0)
    assert not over(found, 0.0, present=True)
    found.on_deserted(100.0, notebook, options)
    return found


def over(
    lease: Lease,
    now: float,
    present: bool = False,
    runs: bool = False,
    detached: bool = False,
    published: bool = False,
) -> bool:
    return lease.is_over(now, present, runs, detached, published)


def test_nobody_ever_came():
    found = Lease(0.0)
    assert not over(found, FIRST_CLIENT_S - 1)
    assert found.next_deadline() == FIRST_CLIENT_S
    assert over(found, FIRST_CLIENT_S)


def test_it_ends_ten_minutes_after_the_last_client_has_gone_and_nothing_runs():
    found = lease()
    assert not over(found, 300.0, runs=True)
    assert not over(found, 1000.0, runs=True)
    assert not over(found, 1500.0)  # since now nothing runs
    assert found.next_deadline() == 2100.0
    assert not over(found, 2099.0)
    assert over(found, 2100.0)


def test_it_ends_after_an_hour_whatever_runs():
    found = lease()
    assert not over(found, 3600.0, runs=True)
    assert found.next_deadline() == 3700.0
    assert over(found, 3700.0, runs=True)
    found = lease()
    assert not over(found, 3600.0)  # what ran has ended late
    assert over(found, 3700.0)


def test_a_longer_keep_alive_counts():
    found = lease(RuntimeOptions(script=False, keep_alive_s=7200.0))
    assert not over(found, 7000.0, runs=True)
    assert over(found, 7300.0, runs=True)


def test_a_client_that_comes_back_ends_the_count():
    found = lease()
    assert not over(found, 200.0)
    assert not over(found, 10_000.0, present=True)
    assert found.next_deadline() is None
    found.on_deserted(20_000.0, True, NOTEBOOK)
    assert not over(found, 20_001.0)
    assert found.next_deadline() == 20_601.0


def test_detached_it_works_until_nothing_is_left_and_stays_for_what_is_published():
    options = RuntimeOptions(script=False, keep_alive_s=600.0, detach=True)
    found = lease(options, notebook=False)
    assert not over(found, 1e6, runs=True, detached=True)
    assert found.next_deadline() is None
    assert over(found, 1e6 + 1, detached=True)
    found = lease(options, notebook=False)
    assert not over(found, 1e6, detached=True, published=True)
    assert over(found, 1e6 + 600, detached=True, published=True)


def test_a_notebook_that_used_the_runtime_of_a_script_has_its_ten_minutes():
    found = lease(RuntimeOptions(script=True, keep_alive_s=0.0))
    assert not over(found, 101.0)
    assert found.next_deadline() == 701.0
