"""Logs, offsets, and the absence of input."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from treadle_runtime.errors import UsageError
from treadle_runtime.worker.streams import NoInput, Streams, refuse_breakpoint, refuse_input


@pytest.fixture
def logs(tmp_path: Path) -> Iterator[tuple[Streams, Path]]:
    out, err = tmp_path / "out", tmp_path / "err"
    out.write_text("of an earlier life\n")
    opened = [os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND) for path in (out, err)]
    streams = Streams(*opened)
    yield streams, out
    streams.moved()
    for descriptor in opened:
        os.close(descriptor)


def test_offsets_move_only_when_something_was_written(logs: tuple[Streams, Path]) -> None:
    streams, out = logs
    assert (streams.out_end, streams.err_end) == (19, 0)
    assert streams.moved() is None
    print("hello", file=streams.out)
    assert out.read_text().endswith("hello\n")  # at the line's end, not at the task's
    print("half a line", end="", file=streams.err)
    assert streams.moved() == {"out": 25, "err": 11}
    assert streams.moved() is None


def test_writes_behind_its_back_are_found(logs: tuple[Streams, Path]) -> None:
    streams, _ = logs
    os.write(streams.err.fileno(), b"from C\n")
    assert streams.moved() == {"err": 7}
    streams.out.buffer.write(b"bytes")
    assert streams.moved() == {"out": 24}


def test_closing_a_stream_does_not_take_it_from_the_next_task(logs: tuple[Streams, Path]) -> None:
    streams, out = logs
    print("bye", end="", file=streams.out)
    streams.out.close()
    print(" still here \udcff", file=streams.out)
    assert out.read_text().endswith("bye still here \\udcff\n")


def test_there_is_nobody_to_ask() -> None:
    stdin = NoInput()
    with pytest.raises(EOFError, match="argument"):
        stdin.readline()
    with pytest.raises(EOFError):
        list(stdin)
    for refuse in (refuse_input, refuse_breakpoint):
        with pytest.raises(UsageError, match=r"%treadle debug.*inline"):
            refuse("prompt")
