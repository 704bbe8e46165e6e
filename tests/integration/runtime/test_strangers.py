"""Peers that are not what they should be: the runtime refuses them, says so, and goes on."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zmq

from treadle_runtime.wire import messages as m
from treadle_runtime.wire.codec import encode, from_client, to_client
from treadle_runtime.wire.process import start_time
from treadle_runtime.wire.stream import FRAME_LIMIT

LIMIT_S = 10.0


class Visitor:
    """Somebody who connects to a runtime and may say anything."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))
        self.socket.settimeout(LIMIT_S)

    def say(self, *messages: m.Message | bytes) -> None:
        frames = [each if isinstance(each, bytes) else encode(each) for each in messages]
        self.socket.sendall(b"".join(struct.pack(">I", len(frame)) + frame for frame in frames))

    def hear(self) -> m.ToClient:
        """Return the next message."""
        return to_client(self._read(struct.unpack(">I", self._read(4))[0]))

    def heard_out(self) -> bool:
        """Wait until the other end has closed the connection."""
        with contextlib.suppress(ConnectionResetError):
            while self.socket.recv(65536):
                continue
        return True

    def _read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            assert more, "the other end has closed the connection"
            data += more
        return data


@pytest.fixture
def visit() -> Iterator[Any]:
    """Return a function that connects to a socket."""
    visitors: list[Visitor] = []

    def connect(path: Path) -> Visitor:
        visitors.append(Visitor(path))
        return visitors[-1]

    yield connect
    for visitor in visitors:
        visitor.socket.close()


def hello(**changes: Any) -> m.Hello:
    pid = os.getpid()
    values: dict[str, Any] = {"protocol": m.PROTOCOL, "token": "", "pid": pid, "start_time": start_time(pid)}
    return m.Hello(**{**values, **changes})


def works(caller: Any) -> bool:
    return bool(caller.value(caller.call(caller.define(lambda: 5))) == 5)


def leave(caller: Any, visitor: Visitor) -> None:
    """Have a visitor leave and be gone: a runtime that still has another client is not ended by its caller's stop."""
    visitor.say(m.Bye())
    limit = time.monotonic() + 20
    while caller.link.ask("status", {})["clients"] > 1:
        assert time.monotonic() < limit, "the visitor has not left"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ([b"\xc1 this is no msgpack"], "must be a hello"),
        ([b""], "must be a hello"),
        ([b"\x91" * 4000], "must be a hello"),
        ([b"\x91" * 100_000], "100,000 bytes: 4,096 are the limit"),
        ([m.Fetch([1])], "must be a hello"),
        ([hello(token="guessed")], "token is wrong"),
        ([hello(token="\udcff".encode("utf-8", "replace").decode())], "token is wrong"),
        ([hello(token="guessed"), m.Bye(stop=True, cancel=True)], "token is wrong"),
    ],
)
def test_a_stranger_is_refused_and_the_runtime_goes_on(
    place: Any, visit: Any, said: list[Any], reason: str
) -> None:
    caller = place.start(workers=1)
    stranger = visit(caller.link.session.clients)
    stranger.say(*said)
    refused = stranger.hear()
    assert isinstance(refused, m.Refused)
    assert reason in refused.reason
    assert stranger.heard_out()
    assert works(caller)


def test_lengths_that_cannot_be_and_messages_cut_short_harm_nobody(place: Any, visit: Any) -> None:
    caller = place.start(workers=1)
    path = caller.link.session.clients
    visit(path).socket.sendall(b"GET / HTTP/1.1\r\n\r\n")
    http = visit(path)
    http.socket.sendall(b"\xff\xff\xff\xff")
    assert isinstance(http.hear(), m.Refused)
    half = encode(hello(token=caller.link.session.token()))
    cut = visit(path)
    cut.socket.sendall(struct.pack(">I", len(half)) + half[:20])
    cut.socket.close()
    visit(path).socket.sendall(b"\0")  # and says nothing more
    late = visit(path)
    late.socket.sendall(struct.pack(">I", len(half)))
    for at in range(len(half)):  # byte by byte is a hello, too
        late.socket.sendall(half[at : at + 1])
    assert isinstance(late.hear(), m.Welcome)
    leave(caller, late)
    assert works(caller)


def test_thousands_who_connect_and_say_nothing_are_few_at_a_time(place: Any, visit: Any) -> None:
    caller = place.start(workers=1)
    path, pid = caller.link.session.clients, caller.link.pid
    visitors = [visit(path) for _ in range(2000)]
    assert works(caller)
    assert len(os.listdir(f"/proc/{pid}/fd")) < 100
    assert visitors[0].heard_out()
    known = visit(path)
    known.say(hello(token=caller.link.session.token()))
    assert isinstance(known.hear(), m.Welcome)
    leave(caller, known)


def test_another_protocol_is_refused_with_what_to_do(place: Any, visit: Any) -> None:
    caller = place.start(workers=1)
    old = visit(caller.link.session.clients)
    old.say(hello(token=caller.link.session.token(), protocol=m.PROTOCOL + 1))
    refused = old.hear()
    assert isinstance(refused, m.Refused)
    assert "different versions" in refused.reason


def test_garbage_from_a_client_is_told_and_the_rest_counts(place: Any, visit: Any) -> None:
    caller = place.start(workers=1)
    second = visit(caller.link.session.clients)
    second.say(hello(token=caller.link.session.token()))
    assert isinstance(second.hear(), m.Welcome)
    second.say(b"\x93garbage", m.Ask(7, "status"))
    notice, answer = second.hear(), second.hear()
    assert isinstance(notice, m.Notice)
    assert isinstance(answer, m.Answer)
    assert answer.ok
    second.socket.sendall(struct.pack(">I", FRAME_LIMIT + 1))
    refused = second.hear()
    assert isinstance(refused, m.Refused)
    assert "closed the connection" in refused.reason
    assert second.heard_out()
    assert works(caller)


def test_a_client_that_comes_back_is_the_same_one(place: Any, visit: Any, eventually: Any) -> None:
    caller = place.start(workers=1)
    path, token = caller.link.session.clients, caller.link.session.token()
    first = visit(path)
    first.say(hello(token=token))
    welcome = first.hear()
    assert isinstance(welcome, m.Welcome)
    first.socket.close()  # without a word; but its process lives
    again = visit(path)
    again.say(hello(token=token, resume=welcome.client))
    assert again.hear() == welcome
    assert caller.link.ask("status", {})["clients"] == 2
    stranger = visit(path)
    stranger.say(hello(token=token, resume=99))
    other = stranger.hear()
    assert isinstance(other, m.Welcome)
    assert other.client not in (welcome.client, 99)
    for each in (again, stranger):
        each.say(m.Bye())
        assert each.heard_out()
    eventually(lambda: caller.link.ask("status", {})["clients"] == 1)


def test_a_client_that_does_not_read_holds_nobody_up_and_gets_the_whole_picture_later(
    place: Any, visit: Any
) -> None:
    caller = place.start(workers=1)
    caller.link.send(
        m.Define([(1000 + n, f"a function with quite a long name {n}", b"", {}) for n in range(5000)])
    )
    assert len(caller.link.ask("functions", {})) == 5000
    deaf = visit(caller.link.session.clients)
    deaf.say(
        hello(token=caller.link.session.token()), m.Watch(True), *[m.Ask(n, "functions") for n in range(10)]
    )
    assert isinstance(deaf.hear(), m.Welcome)
    nap = caller.define(lambda: __import__("time").sleep(0.3))
    for _ in range(3):  # changes of the picture, while more waits for the deaf one than the system keeps
        caller.wait(caller.call(nap))
    assert works(caller)
    heard: list[m.ToClient] = []
    deltas: list[dict[str, Any]] = []
    while sum(each.get("reset", False) for each in deltas) < 2:
        heard.append(deaf.hear())
        deltas = [each.data for each in heard if isinstance(each, m.Delta)]
        assert len(deltas) <= 3  # the first picture, perhaps a change before it fell behind, the last picture
    assert [each.id for each in heard if isinstance(each, m.Answer)] == list(range(10))
    assert "done" in str(deltas[-1])
    leave(caller, deaf)


def test_nobody_passes_for_a_worker(place: Any) -> None:
    caller = place.start(workers=1)
    genuine = caller.define(lambda: "genuine")
    caller.value(caller.call(genuine))
    number = caller.next
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    strangers = []
    for identity in (b"w1", b"w77", b"", b"w1.c", b"nonsense"):
        false = context.socket(zmq.DEALER)
        strangers.append(false)
        false.linger = 0
        if identity:
            false.identity = identity
        false.connect(caller.link.session.workers)
        false.send_multipart(
            [
                encode(m.Ready(1, "guessed", os.getpid())),
                encode(m.Returned([(number, 1, 0, ((0, 1, b"x"),), 0.0, 0.0, 0, None, None)])),
                b"\xc1garbage",
            ]
        )
    assert caller.value(caller.call(genuine)) == "genuine"
    for false in strangers:
        false.close()
    context.term()


def test_a_folder_that_others_can_read_is_not_trusted(place: Any) -> None:
    from treadle_runtime.client.attach import attach_runtime
    from treadle_runtime.errors import EngineError

    caller = place.start(workers=1, name="open")
    caller.link.session.folder.chmod(0o755)
    with pytest.raises(EngineError, match="not private"):
        attach_runtime("open", print)
    caller.link.session.folder.chmod(0o700)


def test_sockets_and_files_are_private(place: Any) -> None:
    caller = place.start(workers=1)
    caller.value(caller.call(caller.define(lambda: 1)))
    folder = caller.link.session.folder
    assert folder.stat().st_mode & 0o077 == 0
    for path in folder.rglob("*"):
        if not path.is_socket():  # their own mode protects nothing; the folder's does
            assert path.stat().st_mode & 0o077 == 0, path
    assert all(path.stat().st_mode & 0o077 == 0 for path in place.descriptors())
    assert from_client(encode(m.Fetch([1]))) == m.Fetch([1])
