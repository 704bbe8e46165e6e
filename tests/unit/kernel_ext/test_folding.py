"""How much a cell shows of what its tasks say."""

from __future__ import annotations

from treadle.show.folding import FIGURES, LINES, LINES_PER_S, NBYTES, Fold


def test_a_second_has_room_for_so_many_lines_and_the_next_one_for_as_many():
    fold = Fold()
    assert fold.cut("x\n" * 150, 10.0).count("\n") == 150
    assert fold.cut("x\n" * 150, 10.5).count("\n") == LINES_PER_S - 150
    assert fold.folded == 100
    assert fold.cut("x\n" * 20, 11.1).count("\n") == 20
    assert fold.folded == 100


def test_a_cell_has_room_for_so_many_lines():
    fold = Fold()
    shown = sum(fold.cut("x\n" * 100, float(second)).count("\n") for second in range(12))
    assert shown == LINES
    assert fold.folded == 200
    assert fold.cut("no end", 100.0) == ""
    assert fold.folded == 201
    assert fold.cut("\r50 %\r", 100.0) == ""  # a bar is no line
    assert fold.folded == 201


def test_lines_are_never_cut_within():
    fold = Fold()
    assert fold.cut("x\n" * 199 + "last one that is shown\nthe rest", 0.0).endswith(
        "last one that is shown\n"
    )
    assert fold.folded == 1


def test_figures_have_a_count_of_their_own():
    fold = Fold()
    fold.cut("x\n" * 500, 0.0)
    assert [fold.takes(100, True, 0.0) for _ in range(FIGURES + 1)] == [True] * FIGURES + [False]
    assert not fold.takes(100, False, 0.5)  # a table counts as a line, and these are used up
    assert fold.takes(100, False, 1.5)


def test_bytes_are_limited_whatever_they_are():
    fold = Fold()
    assert fold.takes(NBYTES, True, 0.0)
    assert not fold.takes(1, True, 0.0)
    assert fold.cut("text\n", 0.0) == ""
