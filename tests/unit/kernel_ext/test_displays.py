"""How futures and failures look, without a kernel."""

from __future__ import annotations

import pytest

import treadle
from treadle.show.displays import future_bundle, list_html
from treadle.verbs.held import held_by
from treadle.view.failures import failure_text


@treadle.task
def divide(a, b):
    return a / b


@pytest.fixture(autouse=True)
def inline():
    with treadle.start(engine="inline") as session:
        yield session
        for future in treadle.futures(state="failed"):
            future.exception()


def test_done_future_is_one_line():
    bundle = future_bundle(divide(1, 2))
    assert "\n" not in bundle["text/plain"]
    assert "divide #" in bundle["text/html"]


def test_failed_future_shows_the_line_and_what_it_was_given():
    future = divide(1, 0)
    bundle = future_bundle(future)
    for text in bundle.values():
        assert "return a / b" in text
        assert "ZeroDivisionError: division by zero" in text
        assert "called with (1, 0)" in text
        assert f"`%treadle debug {future.exception().task}` to look" in text
    assert '<pre style="font-family:var(--jp-code-font-family,monospace)' in bundle["text/html"]


def test_displaying_a_failure_is_looking_at_it(inline):
    future = divide(1, 0)
    assert len(inline.failures()) == 1
    future_bundle(future, looked=False)
    assert len(inline.failures()) == 1
    future_bundle(future)
    assert inline.failures() == []


def test_successor_tells_of_the_first_failure():
    text = future_bundle(divide(divide(1, 0), 1))["text/plain"]
    assert "was not run because divide #" in text
    assert "return a / b" in text


def test_causes_come_in_their_order():
    @treadle.task
    def wrap():
        try:
            {}["k"]
        except KeyError as error:
            raise RuntimeError("no k") from error

    text = failure_text(wrap()._call_now())
    assert text.index("KeyError: 'k'") < text.index("direct cause") < text.index("RuntimeError: no k")


def test_html_is_escaped():
    @treadle.task
    def hostile():
        raise ValueError("<b>&\u202e\x1b")

    html = future_bundle(hostile())["text/html"]
    assert not [part for part in ("<b>&", "\u202e", "\x1b") if part in html]
    assert "&lt;b&gt;&amp;\\u202e\\x1b" in html


def test_list_of_futures_is_a_card_and_other_lists_are_not():
    html = list_html([divide(1, 1), divide(1, 2), divide(1, 0)])
    assert "3 futures: 2 done · 1 failed" in html
    assert list_html([divide(1, 1), 2]) is None
    assert list_html([]) is None


def test_held_names_what_keeps_results():
    a, rows = divide(1, 1), [divide(1, 1), divide(2, 1), 3]
    lines = held_by({"a": a, "rows": rows, "n": 1, "_private": a, "_oh": {12: a}, "table": {"k": a}})
    assert {line.split(":")[0] for line in lines} == {"rows", "a", "table", "Out[12]"}
    assert any("and 1 more" in line for line in lines)
