"""What pages that were not there are told: in order, as it is now, and bounded."""

from __future__ import annotations

from typing import Any

from treadle.shell import missed as module
from treadle.shell.missed import Missed


def parent(cell: str, request: str = "r1") -> dict[str, Any]:
    return {"header": {"msg_id": request}, "metadata": {"cellId": cell}}


def text(words: str) -> dict[str, Any]:
    return {"name": "stdout", "text": words}


def shown(display: str, html: str) -> dict[str, Any]:
    return {"data": {"text/html": html}, "metadata": {}, "transient": {"display_id": display}}


def test_a_cell_is_told_in_order_with_displays_as_they_are_now() -> None:
    missed = Missed()
    missed.note("stream", text("one\n"), parent("a"))
    missed.note("display_data", shown("line", "3 running"), parent("a"))
    missed.note("stream", text("two\n"), parent("a"))
    missed.note("update_display_data", shown("line", "3 done"), parent("b", "r2"))
    told = missed.answer(["a", "b"], [], ["line", "other"])
    assert told["cells"] == {
        "a": {
            "request": "r1",
            "pieces": [
                {"stream": "stdout", "text": "one\n"},
                {"display": "line", "data": {"text/html": "3 done"}},
                {"stream": "stdout", "text": "two\n"},
            ],
        }
    }
    assert told["displays"] == {"line": {"text/html": "3 done"}}


def test_of_cells_the_page_does_not_know_to_be_open_only_open_ones_are_told() -> None:
    missed = Missed()
    missed.note("display_data", shown("x", "<div class='treadle-open'>"), parent("a"))
    missed.note("display_data", shown("y", "done"), parent("b"))
    assert set(missed.answer([], ["a", "b"], [])["cells"]) == {"a"}


def test_a_cell_that_is_run_again_begins_anew() -> None:
    missed = Missed()
    missed.note("stream", text("before"), parent("a"))
    missed.note("stream", text("after"), parent("a", "r2"))
    (piece,) = missed.answer(["a"], [], [])["cells"]["a"]["pieces"]
    assert piece == {"stream": "stdout", "text": "after"}


def test_what_is_kept_is_bounded(monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "LIMIT", 10_000)
    monkeypatch.setattr(module, "PIECES", 20)
    missed = Missed()
    for n in range(100):
        missed.note("stream", text("x" * 50), parent("long"))
        missed.note("stream", text("y" * 500), parent(f"cell-{n}"))
        missed.note("display_data", shown(f"d{n}", "z" * 500), parent(f"cell-{n}"))
        missed.note("update_display_data", shown("of no cell", "u" * 500), parent("", ""))
    told = missed.answer([f"cell-{n}" for n in range(100)], ["long"], [])["cells"]
    assert 2 < len(told) < 12
    assert "cell-99" in told
    long = missed.answer(["long"], [], [])["cells"]["long"]["pieces"]
    assert len(long) <= 20
    assert sum(len(piece["text"]) for piece in long) == 5000
    assert missed._nbytes < 11_000
    for n in range(100):
        missed.note("stream", text("end"), parent(f"end-{n}"))
    assert missed._nbytes >= 0


def test_text_of_no_cell_is_not_kept() -> None:
    missed = Missed()
    missed.note("stream", text("x"), parent(""))
    missed.note("stream", text("x"), None)
    assert missed.answer([""], [], [])["cells"] == {}
