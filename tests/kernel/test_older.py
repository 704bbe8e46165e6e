"""Cells made from an older version of a name say so, in a real kernel; what cells show of rich values."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module", autouse=True)
def loaded(notebook):
    notebook.ok("%load_ext treadle")


def shown(notebook, cell: str, text: str) -> dict[str, str]:
    """Wait until what the cell shows has this text; return it."""
    ran = notebook.cells[cell]
    notebook.until(lambda: ran.shown and text in str(ran.shown[-1]), f"{text!r} below the cell")
    return ran.shown[-1]


def test_the_mark_comes_below_value_and_line_and_nothing_runs_again(notebook):
    source = "%%task\nx = {'v': 1}"
    notebook.ok("runs = []")
    notebook.ok(source)
    number = notebook.value("len(In) - 2")
    of_value = notebook.start("%%task\ny = x['v']\nx")
    of_line = notebook.start("%%task\nz = y + 1")
    assert shown(notebook, of_value, "{'v': 1}")["text/plain"] == "{'v': 1}"
    shown(notebook, of_line, "done")
    notebook.ok(source)
    told = f"made from an older `x` ([{number}])"
    bundle = shown(notebook, of_value, told)
    assert bundle["text/plain"] == f"{{'v': 1}}\n({told})"
    assert ">{&#x27;v&#x27;: 1}</pre>" in bundle["text/html"]
    assert told in shown(notebook, of_line, told)["text/html"]
    assert notebook.value("len(treadle.futures())") == 4


def test_plain_cells_that_are_run_again(notebook):
    notebook.ok("size = [3]")
    number = notebook.value("len(In) - 2")
    cell = notebook.start("%%task\ndoubled = size * 2")
    notebook.ok("size = [3]")
    shown(notebook, cell, f"made from an older `size` ([{number}])")


def test_table_is_shown_as_html_and_figure_as_image(notebook):
    pytest.importorskip("pandas")
    table = notebook.start("%%task\nimport pandas as pd\npd.DataFrame({'col': [1, 2]})")
    bundle = shown(notebook, table, "<table")
    assert "col" in bundle["text/html"]
    pytest.importorskip("matplotlib")
    figure = notebook.start(
        "%%task\nimport matplotlib.pyplot as plt\nfigure, axes = plt.subplots(figsize=(1, 1))\n_ = axes.plot([1, 2])\nfigure"
    )
    assert shown(notebook, figure, "image/png")["image/png"]
    assert notebook.value("type(figure).__name__") == "Figure"
    assert "image/png" not in str(notebook.ok("2 + 2").shown)  # nor a second time with the next cell


def test_cells_are_the_graph(notebook):
    notebook.ok("%%task\nimport time\ntime.sleep(0.3)\nleft = 1")
    first = notebook.value("len(In) - 2")
    notebook.ok("%%task\nright = left + 1")
    made = notebook.value("[(f._call.cell, f._call.function) for f in treadle.futures()[-2:]]")
    assert made == [(first, f"cell[{first}]"), (first + 2, f"cell[{first + 2}]")]
    assert notebook.value("right") == 2
    view = notebook.ok("treadle.dashboard()").shown[0]
    assert f"cell[{first}]" in str(view)
