"""Cells made from an older version of a name carry a mark."""

from __future__ import annotations

from treadle.cells.ancestry import Ancestry


class Card:
    """Remembers its mark."""

    def __init__(self):
        self.text = ""

    def mark(self, text):
        self.text = text


class Notebook:
    """Cells that become tasks, and plain ones."""

    def __init__(self):
        self.ancestry, self.space, self.number = Ancestry(), {}, 0

    def _begin(self, cell, source=""):
        self.number += 1
        self.ancestry.begin(cell, source or cell, self.number)

    def task(self, cell, reads=(), makes=(), changes=()):
        self._begin(cell)
        before = {name: id(self.space[name]) for name in (*reads, *changes) if name in self.space}
        card = Card()
        for name in makes:
            self.space[name] = object()
        self.ancestry.submitted([*reads, *changes], [*makes, *changes], before, card)
        for name in (*makes, *changes):
            self.ancestry.bound(name, self.space[name])
        self.ancestry.end("", self.space)
        return card

    def plain(self, cell, source):
        self._begin(cell, source)
        exec(source, self.space)  # noqa: S102
        self.ancestry.end(source, self.space)

    def wait(self, name):
        future, self.space[name] = self.space[name], object()
        self.ancestry.settled(name, future, self.space[name])


def test_only_who_used_the_older_one_and_what_was_made_from_that():
    notebook = Notebook()
    notebook.task("A", makes=["x", "other"])
    user = notebook.task("B", reads=["x"], makes=["y"])
    users_user = notebook.task("C", reads=["y"])
    bystander = notebook.task("D", reads=["other"])
    assert user.text == ""
    notebook.task("A", makes=["x"])
    assert user.text == users_user.text == "made from an older `x` ([1])"
    assert bystander.text == ""
    again = notebook.task("B", reads=["x"], makes=["y"])
    assert again.text == ""
    assert users_user.text == "made from an older `y` ([2])"


def test_another_cell_that_binds_the_name_makes_nothing_older():
    notebook = Notebook()
    notebook.task("A", makes=["x"])
    user = notebook.task("B", reads=["x"])
    notebook.task("C", reads=["x"], makes=["x"])
    assert user.text == ""


def test_running_a_cell_again_that_goes_on_from_its_own_result():
    notebook = Notebook()
    notebook.plain("A", "count = 5000")
    notebook.task("B", reads=["count"], makes=["count"])
    assert notebook.task("B", reads=["count"], makes=["count"]).text == ""


def test_a_value_that_took_the_place_of_its_future_is_the_same_version():
    notebook = Notebook()
    notebook.task("A", makes=["x"])
    notebook.wait("x")
    user = notebook.task("B", reads=["x"])
    notebook.task("A", makes=["x"])
    assert user.text == "made from an older `x` ([1])"


def test_a_name_that_a_plain_cell_has_taken_over():
    notebook = Notebook()
    notebook.task("A", makes=["x"])
    notebook.plain("P", "x = object()")
    user = notebook.task("B", reads=["x"])
    notebook.task("A", makes=["x"])
    assert user.text == ""


def test_plain_cells_that_are_run_again():
    notebook = Notebook()
    notebook.plain("P", "x = [1]\ny = [2]")
    user = notebook.task("B", reads=["x"])
    notebook.plain("Q", "z = 3")
    notebook.plain("Q", "z = 4")
    assert user.text == ""
    notebook.plain("P", "x = [5]\ny = [6]")
    assert user.text == "made from an older `x` ([1])"


def test_a_plain_cell_run_for_the_first_time_makes_nothing_older():
    notebook = Notebook()
    notebook.plain("P", "x = [1]")
    user = notebook.task("B", reads=["x"])
    notebook.plain("Q", "x = [2]")
    assert user.text == ""


def test_objects_that_are_changed_in_place():
    notebook = Notebook()
    notebook.plain("P", "x = [1]")
    notebook.task("A", changes=["x"])
    user = notebook.task("B", reads=["x"])
    notebook.task("A", changes=["x"])
    assert user.text == "made from an older `x` ([2])"


def test_only_the_newest_runs_are_kept():
    notebook = Notebook()
    for _ in range(600):
        notebook.task("A", makes=["x"])
    assert len(notebook.ancestry._runs) <= 500
