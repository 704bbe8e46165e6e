"""What keeps an idle kernel alive."""

from __future__ import annotations

from types import SimpleNamespace

from treadle.shell.keepalive import is_busy


def client(*final: bool, held: tuple[int, ...] = (), closed: bool = False) -> SimpleNamespace:
    calls = {number: SimpleNamespace(final=ended) for number, ended in enumerate(final)}
    return SimpleNamespace(calls=calls, open=final.count(False), held=frozenset(held), closed=closed)


def test_tasks_under_way_do_and_nothing_else_does() -> None:
    assert is_busy(client(True, False))
    assert not is_busy(client(True, True))
    assert not is_busy(client(False, closed=True))


def test_what_is_held_for_its_person_does_not() -> None:
    assert not is_busy(client(False, False, held=(0, 1)))
    assert is_busy(client(False, False, False, held=(0, 1)))
    assert is_busy(client(False, True, held=(1, 77)))  # that one has ended, and of the other nothing is known
