"""Connections: who is let in, how many may wait to be known, and how each ends."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from treadle_runtime.host import lines as module
from treadle_runtime.host.ears import Ears
from treadle_runtime.host.lines import Line, Lines
from treadle_runtime.wire import messages as m
from treadle_runtime.wire.stream import Overlong, Stream, connect, listen


class House:
    """Somebody who listens, and notes what is told."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.ears = Ears()
        self.door: Any = listen(path)
        self.heard: list[tuple[Line, list[bytes]]] = []
        self.told: list[str] = []
        self.lines = Lines(self.door, self.ears, self)
        self.guests: list[Stream] = []

    def on_frames(self, line: Line, frames: list[bytes], now: float, events: list[Any]) -> None:  # noqa: ARG002
        self.heard.append((line, frames))

    def on_overlong(self, line: Line, error: Overlong, now: float, events: list[Any]) -> None:  # noqa: ARG002
        self.told.append("overlong")
        self.lines.post(line, m.Refused(str(error)))

    def on_hung_up(self, line: Line) -> None:  # noqa: ARG002
        self.told.append("hung up")

    def on_caught_up(self, line: Line) -> None:  # noqa: ARG002
        self.told.append("caught up")

    def guest(self, *frames: bytes) -> Stream:
        self.guests.append(connect(self.path))
        self.guests[-1].send(frames)
        return self.guests[-1]

    def turn(self) -> None:
        while ready := self.ears.wait(0):
            self.ears.take_in(ready, 0.0, [])
            self.lines.send()
        self.lines.send()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    found = House(tmp_path / "s")
    yield found
    for guest in found.guests:
        guest.close()
    found.lines.close(1.0)


def hears(guest: Stream) -> list[bytes]:
    frames: list[bytes] = []
    guest.take_in(frames)
    return frames


def test_frames_go_both_ways(house: House) -> None:
    guest = house.guest(b"good day", b"")
    house.turn()
    [(line, frames)] = house.heard
    assert frames == [b"good day", b""]
    house.lines.post(line, m.Fetch([1]))
    assert hears(guest) == []
    house.lines.send()
    assert len(hears(guest)) == 1


def test_another_user_is_not_let_in(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "peer_uid", lambda _: 12345)
    guest = house.guest(b"let me in")
    house.turn()
    assert hears(guest) == []
    assert guest.ended
    assert not house.heard


def test_of_too_many_strangers_the_oldest_must_go(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STRANGERS", 3)
    known = house.guest(b"hello")
    house.turn()
    house.lines.introduce(house.heard[0][0], "a friend", house)
    guests = [house.guest() for _ in range(5)]
    house.turn()
    for guest in (known, *guests):
        hears(guest)
    assert [guest.ended for guest in (known, *guests)] == [False, True, True, False, False, False]


def test_a_stranger_may_say_little_a_friend_much(house: House) -> None:
    guest = house.guest(b"hello")
    house.turn()
    house.lines.introduce(house.heard[0][0], "a friend", house)
    guest.send([bytes(module.HELLO_LIMIT + 1)])
    stranger = house.guest(bytes(module.HELLO_LIMIT + 1))
    house.turn()
    assert len(house.heard) == 2
    assert house.told == ["overlong"]
    assert len(hears(stranger)) == 1
    hears(stranger)
    assert stranger.ended


def test_who_does_not_read_gets_it_when_it_does_and_its_end_after_that(house: House) -> None:
    guest = house.guest(b"hello")
    house.turn()
    line = house.heard[0][0]
    house.lines.introduce(line, "a friend", house)
    large = m.Define([(1, "f", bytes(1_000_000), {})])
    house.lines.post(line, large)
    house.lines.send()
    house.turn()
    assert line.stream.unsent
    frames: list[bytes] = []
    while not frames:
        guest.take_in(frames)
        house.turn()
    assert house.told == ["caught up"]
    house.lines.post(line, large)
    house.lines.hang_up(line)
    house.lines.send()
    while not guest.ended:
        guest.take_in(frames)
        house.turn()
    assert len(frames) == 2


def test_without_descriptors_the_door_is_shut_until_somebody_leaves(house: House) -> None:
    class Door:
        def __init__(self, door: socket.socket) -> None:
            self.door, self.asked = door, 0
            self.fileno, self.close = door.fileno, door.close

        def accept(self) -> Any:
            self.asked += 1
            raise OSError("Too many open files")

    inside = house.guest(b"hello")
    house.turn()
    house.lines._door = door = Door(house.door)  # type: ignore[assignment]
    waiting = house.guest(b"me too")
    house.turn()
    house.turn()
    assert door.asked == 1
    house.lines._door = house.door
    inside.close()
    house.turn()
    assert [frames for _, frames in house.heard] == [[b"hello"], [b"me too"]]
    assert not waiting.ended
