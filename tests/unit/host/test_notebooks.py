"""Whose kernel a client was, and what comes after whom."""

from __future__ import annotations

from dataclasses import replace

from treadle_runtime.core.events import ClientLeft
from treadle_runtime.host.notebooks import Notebooks
from treadle_runtime.wire.session import Notebook

ONE = Notebook("kernel-1", "/a.ipynb", "5:1", True)
OTHER = Notebook("kernel-9", "/b.ipynb", "5:2", True)


def cids(notebooks: Notebooks, client: int) -> list[int]:
    return [kernel.cid for kernel in notebooks.left_by(client)]


def test_the_next_life_of_a_kernel_comes_after_the_dead_ones_and_they_are_held_with_it() -> None:
    notebooks, events = Notebooks(), []  # type: tuple[Notebooks, list[Any]]
    notebooks.belong(1, ONE)
    assert notebooks.on_left(1, False, 0.0, events)
    assert not events  # its own leaving is told by whoever asks
    notebooks.belong(2, ONE)
    notebooks.belong(3, OTHER)
    assert cids(notebooks, 2) == [1]
    assert cids(notebooks, 3) == []
    assert notebooks.on_left(2, False, 0.0, events)
    assert events == [ClientLeft(0.0, 1, hold=True)]
    assert [row.present for row in notebooks.rows()] == [True, False, False]


def test_a_notebook_that_was_renamed_in_between_is_followed_back() -> None:
    notebooks = Notebooks()
    for cid, notebook in enumerate(
        [ONE, replace(ONE, kernel="kernel-2"), replace(ONE, kernel="kernel-2", path="/c.ipynb")], 1
    ):
        notebooks.belong(cid, notebook)
        if cid < 3:
            notebooks.on_left(cid, False, 0.0, [])
    assert cids(notebooks, 3) == [2, 1]


def test_who_stops_takes_what_came_before_along_but_not_what_others_left() -> None:
    notebooks, events = Notebooks(), []  # type: tuple[Notebooks, list[Any]]
    notebooks.belong(1, ONE)
    notebooks.belong(2, OTHER)
    notebooks.on_left(1, False, 0.0, events)
    notebooks.on_left(2, False, 0.0, events)
    notebooks.belong(3, ONE)
    assert notebooks.strangers(3) == 1
    assert not notebooks.on_left(3, True, 0.0, events)
    assert events == [ClientLeft(0.0, 1, cancel=True)]
    assert notebooks.known() == [2]


def test_a_client_without_a_notebook_leaves_nothing() -> None:
    assert not Notebooks().on_left(1, False, 0.0, [])
    assert Notebooks().left_by(1) == []


def test_names_are_told_by_what_has_changed() -> None:
    notebooks = Notebooks()
    notebooks.belong(1, ONE)
    assert notebooks.name(1, {"x": 1, "y": ["l", [2]]}) == ["x", "y"]
    assert notebooks.name(1, {"x": None, "z": 3}) == ["y", "z"]
