"""Tracebacks as text: what repeats itself is told once, and nothing is longer than a person reads."""

from __future__ import annotations

from treadle_runtime.feed.tracebacks import ENDS, MESSAGE_CHARS, as_text


def told(frames: list[tuple[str, int, str]], message: str = "no") -> list[str]:
    text = as_text(frames, "ValueError", message, lambda file: file, lambda _, line: [f"> {line}"])
    return text.splitlines()


def test_a_function_that_calls_itself() -> None:
    begin, deep = ("a.py", 1, "<module>"), ("a.py", 2, "f")
    assert told([begin, *[deep] * 990, begin]) == [
        *("a.py, line 1", "> 1"),
        *("a.py, line 2, in f", "> 2") * 3,
        "  [the same 987 more times]",
        *("a.py, line 1", "> 1"),
        "ValueError: no",
    ]


def test_functions_that_call_each_other() -> None:
    lines = told([("a.py", 1 + n % 2, "fg"[n % 2]) for n in range(1000)])
    assert len(lines) == 2 * 2 * ENDS + 2
    assert lines[2 * ENDS] == f"  [{1000 - 2 * ENDS} more]"


def test_a_message_of_any_length() -> None:
    assert told([], "x" * MESSAGE_CHARS) == ["ValueError: " + "x" * MESSAGE_CHARS]
    (line,) = told([], "x" * 100_000)
    assert len(line) < MESSAGE_CHARS + 50
    assert line.endswith("x... (100,000 characters)")
