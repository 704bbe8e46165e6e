"""Frames are checked, whatever they hold."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from treadle_runtime.core.model import TaskRow
from treadle_runtime.wire import messages as m
from treadle_runtime.wire.codec import Malformed, encode, from_client, from_worker, to_client, to_worker

ROW: TaskRow = (
    17,
    3,
    b"payload",
    (1 << 16, 2 << 16),
    1,
    ((0, 0),),
    4,
    2,
    0,
    "title",
    {"seed": 1, "check": True},
)


@pytest.mark.parametrize(
    ("decode", "message"),
    [
        (from_client, m.Submit([ROW])),
        (from_client, m.Hello(1, "token", 17, 1.5)),
        (from_client, m.Ask(1, "log", {"number": 3})),
        (to_client, m.Finished([(17, "done", ((0, 3, b"abc"),), None, 0, (1, 1, 0.5), None)])),
        (to_client, m.Delta({"feed": 1, "put": {"task": {"1": {"state": "done"}}}})),
        (to_worker, m.Launched([(17, 1, 3, b"payload", ((5, 0, 2, b"xy"),), 1, 0, None, ((0, 1),))])),
        (from_worker, m.Returned([(17, 1, 0, ((0, 3, b"abc"),), 0.1, 0.1, -5, None, {"out": 12})])),
    ],
)
def test_a_message_comes_back_as_it_was(decode: Callable[[bytes], m.Message], message: m.Message) -> None:
    assert decode(encode(message)) == message


@pytest.mark.parametrize("decode", [from_client, to_client, from_worker, to_worker])
@given(frame=some.binary(max_size=60))
@example(frame=b"\x91\xa6\0\0\0\0\0\x80")  # a name that is no text
def test_any_bytes_are_a_message_or_malformed(decode: Callable[[bytes], m.Message], frame: bytes) -> None:
    with contextlib.suppress(Malformed):
        assert isinstance(decode(frame), m.Message)


def test_a_message_of_the_other_direction_is_malformed() -> None:
    with pytest.raises(Malformed):
        from_client(encode(m.Finished([])))
    with pytest.raises(Malformed):
        from_client(encode(m.Submit([(1, 2)])))  # type: ignore[list-item]
    with pytest.raises(Malformed):
        from_client(b"\x91" * 1_000_000)
