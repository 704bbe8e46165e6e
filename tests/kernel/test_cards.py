"""Futures shown by the last expression of a cell: cards that follow their tasks."""

from __future__ import annotations

import re

import pytest


@pytest.fixture(scope="module", autouse=True)
def loaded(notebook):
    notebook.ok("%load_ext treadle")
    notebook.ok(
        "import os, time, tempfile\nimport numpy as np\nfrom pathlib import Path\ngate = tempfile.mkdtemp()\n"
        "@task\ndef held(name, *data, fail=False):\n"
        "    while not os.path.exists(f'{gate}/{name}'):\n        time.sleep(0.01)\n"
        "    if fail: raise ValueError('not today')\n"
        "    return [name] * 3"
    )
    return notebook


def card(ran) -> dict[str, str]:
    (data,) = [data for data in ran.shown if "treadle-card" in data["text/html"]]
    return data


def test_a_future_is_a_card_that_says_what_runs_where_with_what_and_ends_by_itself(notebook):
    ran = notebook.ok("x = held('a', [1, 2], np.zeros((400, 300)), {'k': 3})\nx")
    number = notebook.value("x._call.number")
    html = card(ran)["text/html"]
    assert f"held #{number}" in html
    assert re.search(rf'"treadle-card treadle-card-\w+ treadle-in-\w+ treadle-tasks-{number}-{number} treadle-of-\d+ treadle-open"', html)
    assert "held(&#x27;a&#x27;, [1, 2], &lt;ndarray 400x300&gt;, {&#x27;k&#x27;: 3})" in html
    assert re.search(r"as of \d\d:\d\d:\d\d", html)
    notebook.until(lambda: "running" in card(ran)["text/html"], "the state")
    assert re.search(r"worker [12]", card(ran)["text/html"])
    notebook.ok("Path(gate, 'a').touch()")
    notebook.until(lambda: "done" in card(ran)["text/plain"], "the end")
    shown = card(ran)
    assert re.fullmatch(
        rf"<Future held #{number} done> · \d\S* m?s on worker [12]: \['a', 'a', 'a'\]", shown["text/plain"]
    )
    assert "[&#x27;a&#x27;, &#x27;a&#x27;, &#x27;a&#x27;]" in shown["text/html"]
    assert "as of" not in shown["text/html"]


def test_results_of_other_tasks_are_arguments_by_name(notebook):
    ran = notebook.ok("y = held('b', x, held('c'))\ny")
    number = notebook.value("y._call.number")
    assert (
        f"&lt;held #{number + 1}&gt;" in card(ran)["text/html"]
        or f"&lt;held #{number - 1}&gt;" in card(ran)["text/html"]
    )
    notebook.until(lambda: "input is still made by" in card(ran)["text/html"], "why it waits")
    notebook.ok("Path(gate, 'b').touch(); Path(gate, 'c').touch()")
    notebook.until(lambda: "done" in card(ran)["text/plain"], "the end")


def test_a_future_that_fails_shows_why(notebook):
    ran = notebook.ok("z = held('d', fail=True)\nz")
    notebook.ok("Path(gate, 'd').touch()")
    notebook.until(lambda: "ValueError: not today" in card(ran)["text/html"], "the failure")
    assert notebook.value("len(treadle.start().failures())") == 1  # nobody has looked: it came by itself
    assert "not today" in card(notebook.ok("z"))["text/plain"]
    assert notebook.value("len(treadle.start().failures())") == 0


def test_many_futures_are_one_card_that_counts(notebook):
    ran = notebook.ok("many = treadle.map(held, ['e'] * 30)\nmany")
    (shown,) = ran.shown  # the cell's line is their card
    assert re.match(r"30 futures: 30 waiting \(as of \d\d:\d\d:\d\d\)", shown["text/plain"])
    notebook.until(lambda: "30 futures: 2 running · 28 waiting" in ran.shown[0]["text/html"], "what runs")
    notebook.ok("Path(gate, 'e').touch()")
    notebook.until(lambda: "30 futures: 30 done in " in ran.shown[0]["text/html"], "the end")
    assert "as of" not in ran.shown[0]["text/html"]
    assert len(ran.shown) == 1
    later = card(notebook.ok("many[10:]"))
    assert later["text/plain"] == "[20 futures: 20 done]"
    assert "treadle-open" not in later["text/html"]


def test_a_list_of_other_cells_futures_says_what_runs(notebook):
    notebook.ok("rest = [held('g') for _ in range(7)]")
    ran = notebook.ok("rest")
    notebook.until(lambda: "7 futures: 2 running · 5 waiting" in card(ran)["text/html"], "what runs")
    some = notebook.ok("rest[::6]")
    notebook.until(lambda: "2 futures: 1 running · 1 waiting" in card(some)["text/html"], "what runs of some")
    notebook.ok("Path(gate, 'g').touch()")
    notebook.until(lambda: "7 futures: 7 done" in card(ran)["text/html"], "the end")


def test_a_card_tells_what_a_line_would(notebook):
    ran = notebook.ok("only = held('h')\nonly")
    number = notebook.value("only._call.number")
    html = card(ran)["text/html"]
    assert f'"treadle-cancel treadle-tasks-{number}-{number}">· cancel: <code>%treadle cancel {number}</code>' in html
    ended = notebook.ok("import threading\nthreading.Timer(1.0, Path(gate, 'h').touch).start()\nwait_on(only)")
    notebook.until(lambda: "done" in card(ran)["text/plain"], "the end")
    assert len(ran.shown) == 1
    assert not any("treadle-line" in data.get("text/html", "") for data in ended.shown)
    assert "held(&#x27;h&#x27;) \N{RIGHTWARDS ARROW} [&#x27;h&#x27;" in card(notebook.ok("only"))["text/html"]


def test_out_holds_the_future_and_other_lists_are_shown_as_ever(notebook):
    notebook.ok("x")
    assert notebook.value("_ is x or Out[max(Out)] is x") is True
    assert notebook.ok("[1, 2]").shown[-1] == {"text/plain": "[1, 2]"}


def test_what_is_captured_is_captured(notebook):
    assert not notebook.ok("%%capture got\ndisplay(x)").outputs
    assert notebook.value("len(got.outputs)") == 1


def test_a_card_is_plain_html_and_small(notebook):
    html = card(notebook.ok("w = held('a', 'x' * 100_000)\n_ = wait_on(w)\nw"))["text/html"]
    assert not re.search(r"<(svg|style|script|button)|javascript:", html)
    assert len(html) < 4000


def test_what_put_has_made_is_no_task(notebook):
    shown = card(notebook.ok("stored = treadle.put([1, 2])\nstored"))
    assert shown["text/plain"] == "<Put 20 bytes>: [1, 2]"
    assert "&lt;Put 20 bytes&gt;: [1, 2]" in shown["text/html"]
    assert card(notebook.ok("[stored]"))["text/plain"] == "[1 future: 1 done]"


def test_after_unloading_futures_are_plain_again(notebook):
    notebook.ok("%unload_ext treadle")
    assert "text/html" not in notebook.ok("x").shown[-1]
