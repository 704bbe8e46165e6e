"""Frames go in and come out whole, whatever the system does to the bytes between."""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from treadle_runtime.wire import stream as module
from treadle_runtime.wire.stream import FRAME_LIMIT, Overlong, Stream, connect, listen, peer_uid


@pytest.fixture
def pair() -> Iterator[tuple[Stream, Stream]]:
    one, other = map(Stream, socket.socketpair())
    yield one, other
    one.close()
    other.close()


def everything(pair: tuple[Stream, Stream], frames: list[bytes]) -> list[bytes]:
    """Send frames from one to the other until all has come."""
    sender, receiver = pair
    found: list[bytes] = []
    sender.send(frames)
    while len(found) < len(frames):
        sender.flush()
        assert receiver.take_in(found)
    return found


def test_frames_of_all_sizes_arrive_in_order(pair: tuple[Stream, Stream]) -> None:
    chance = random.Random(5)
    sizes = [
        0,
        1,
        3,
        4,
        65_531,
        65_532,
        65_533,
        65_536,
        1_000_000,
        *(chance.randrange(300) for _ in range(2000)),
    ]
    frames = [chance.randbytes(size) for size in sizes]
    assert everything(pair, frames) == frames
    assert everything(pair, frames[::-1]) == frames[::-1]
    assert not pair[0].unsent


def test_bytes_may_come_one_by_one() -> None:
    raw, other = socket.socketpair()
    receiver = Stream(other)
    found: list[bytes] = []
    for byte in b"\0\0\0\3abc\0\0\0\0\0\0\0\1x":
        raw.sendall(bytes([byte]))
        assert receiver.take_in(found)
    assert found == [b"abc", b"", b"x"]
    assert not receiver.take_in(found)
    raw.close()
    assert not receiver.take_in(found)
    assert receiver.ended
    receiver.close()


def test_what_has_no_room_waits_and_keeps_its_place(pair: tuple[Stream, Stream]) -> None:
    sender, receiver = pair
    large = bytes(10_000_000)
    sender.send([large])
    assert sender.unsent
    sender.send([b"after it"])
    sender.flush()
    assert sender.unsent
    found: list[bytes] = []
    while len(found) < 2:
        receiver.take_in(found)
        sender.flush()
    assert found == [large, b"after it"]
    assert not sender.unsent


def test_a_look_is_bounded(pair: tuple[Stream, Stream], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHUNK", 10)
    monkeypatch.setattr(module, "CHUNKS", 2)
    pair[0].send([b"1234", b"5678", b"9012"])
    found: list[bytes] = []
    assert pair[1].take_in(found)
    assert found == [b"1234", b"5678"]
    assert pair[1].take_in(found)
    assert found == [b"1234", b"5678", b"9012"]


def test_a_length_beyond_the_limit_ends_it_after_what_was_good(pair: tuple[Stream, Stream]) -> None:
    sender, receiver = pair
    receiver.limit = 100
    sender.send([bytes(100), bytes(101), b"lost"])
    found: list[bytes] = []
    with pytest.raises(Overlong, match="101 bytes"):
        receiver.take_in(found)
    assert found == [bytes(100)]
    assert receiver.ended


def test_a_frame_nobody_would_take_is_not_begun(
    pair: tuple[Stream, Stream], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FRAME_LIMIT", 100)
    with pytest.raises(Overlong):
        pair[0].send([b"first", bytes(101)])
    assert everything(pair, [b"second"]) == [b"second"]
    assert FRAME_LIMIT > 100


def test_a_peer_that_left_is_noticed_by_reading_not_by_sending(pair: tuple[Stream, Stream]) -> None:
    sender, receiver = pair
    receiver.send([b"last words"])
    sender.send([b"never read"])
    receiver.close()
    sender.send([b"into the void", bytes(1_000_000)])
    assert not sender.unsent
    found: list[bytes] = []
    while not sender.ended:
        sender.take_in(found)
    assert found == [b"last words"]


def test_a_client_can_connect_and_speak_before_anybody_accepts(tmp_path: Path) -> None:
    path = Path(os.path.relpath(tmp_path / "s"))
    with pytest.raises(FileNotFoundError):
        connect(path)
    with listen(path) as door:
        client = connect(path)
        client.send([b"early"])
        connected, _ = door.accept()
        assert peer_uid(connected) in (None, os.getuid())
        server = Stream(connected)
        assert everything((client, server), []) == []
        found: list[bytes] = []
        server.take_in(found)
        assert found == [b"early"]
        for each in (client, server):
            each.close()
    with pytest.raises(ConnectionRefusedError):
        connect(path)
    listen(path).close()  # again at the same place
