"""`%%task --for`, in a real kernel."""

from __future__ import annotations

import re

import pytest


@pytest.fixture(scope="module", autouse=True)
def loaded(notebook):
    notebook.ok("%load_ext treadle\nbase = 10")


def test_one_task_for_each_item_and_lists_in_order(notebook):
    ran = notebook.ok(
        "%%task --for seed in range(5) --collect score,half\nhelper = base * seed\nscore = helper + 1\nhalf = seed / 2"
    )
    assert re.match(
        r"(5 waiting|\d .*done) \N{RIGHTWARDS ARROW} score, half( \(as of|$)", ran.shown[0]["text/plain"]
    )
    assert notebook.value("[score, half]") == [[1, 11, 21, 31, 41], [0.0, 0.5, 1.0, 1.5, 2.0]]
    assert "name 'helper' is not defined" in notebook.run("helper").error
    assert "name 'seed' is not defined" in notebook.run("seed").error


def test_lists_are_futures_until_a_plain_cell_reads_them(notebook):
    notebook.ok("%%task --for seed in range(3) --collect raw\nraw = seed")
    notebook.ok("%%task\nsummed = sum(raw)")
    assert notebook.value("[type(x).__name__ for x in globals()['raw']]") == ["Future"] * 3
    assert notebook.value("[summed, raw]") == [3, [0, 1, 2]]


def test_items_may_come_from_a_cell_that_runs_and_have_several_names(notebook):
    notebook.ok("%%task\nimport time\ntime.sleep(0.2)\npairs = [(1, 2), (3, 4)]")
    notebook.ok("%%task --for i, (a, b) in enumerate(pairs) --collect out --name 'pair {i}'\nout = i, a + b")
    assert notebook.value("out") == [(0, 3), (1, 7)]
    assert "pair 1 #" in notebook.ok("%treadle tasks done").text


@pytest.mark.parametrize(
    ("body", "name"),
    [("total += seed", "total"), ("rows.append(seed)", "rows"), ("total = total + seed", "total")],
)
def test_what_is_carried_from_item_to_item_is_refused(notebook, body, name):
    notebook.ok("total = 0\nrows = []")
    ran = notebook.run(f"%%task --for seed in range(3) --collect seen\n{body}\nseen = seed")
    assert ran.text.strip() == (
        f"UsageError: {name} is carried from item to item: use --collect, or --chain if you mean it."
    )


def test_modules_and_functions_are_not_carried(notebook):
    notebook.ok("import time")
    notebook.ok("%%task --for n in range(3) --collect waited\ntime.sleep(0.01)\nprint(n)\nwaited = n * 2")
    assert notebook.value("waited") == [0, 2, 4]


def test_collecting_what_is_carried_begins_each_item_anew(notebook):
    notebook.ok("total = 100\nrows = [0]")
    cell = notebook.start(
        "%%task --for seed in range(3) --collect total,rows\ntotal += seed\nrows.append(seed)"
    )
    assert notebook.value("[total, rows]") == [[100, 101, 102], [[0, 0], [0, 1], [0, 2]]]
    assert "is lost" not in notebook.cells[cell].text


def test_chain_hands_it_on(notebook):
    notebook.ok("total = 0\nrows = []")
    notebook.ok(
        "%%task --for seed in range(4) --chain --collect seen\ntotal += seed\nrows.append(total)\nseen = total"
    )
    assert notebook.value("[total, rows, seen]") == [6, [0, 1, 3, 6], [0, 1, 3, 6]]


def test_failure_of_one_item_leaves_the_others(notebook):
    notebook.ok("%%task --for d in [1, 0, 2] --collect inverse\ninverse = 2 / d")
    assert "ZeroDivisionError" in notebook.run("inverse").error
    assert notebook.value("[treadle.wait_on(f) for f in globals()['inverse'] if f.exception() is None]") == [
        2.0,
        1.0,
    ]


def test_no_items(notebook):
    notebook.ok("%%task --for seed in [] --collect nothing\nnothing = seed")
    assert notebook.value("nothing") == []


def test_mistakes(notebook):
    assert (
        "--collect names `scor`" in notebook.run("%%task --for s in range(2) --collect scor\nscore = s").text
    )
    assert (
        "Did you mean `score`?" in notebook.run("%%task --for s in range(2) --collect scor\nscore = s").text
    )
    assert "NameError" in notebook.run("%%task --for s in missing --collect x\nx = s").error
    assert "whole cells" in notebook.run("%task --for s in [1]").text


def test_a_thousand_items_have_one_line(notebook):
    cell = notebook.start(
        "%%task --for i in range(1000) --collect square\nimport time\ntime.sleep(0.002)\nsquare = i * i"
    )
    assert notebook.value("[len(square), square[-1]]") == [1000, 998001]
    final = r"1000 done in .* \N{RIGHTWARDS ARROW} square"
    notebook.until(lambda: re.fullmatch(final, notebook.cells[cell].shown[0]["text/plain"]), "the final line")
    assert len(notebook.cells[cell].shown) == 1
