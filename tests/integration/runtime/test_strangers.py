"""Peers that are not what they should be: the runtime refuses them, says so, and goes on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
import zmq

from treadle_runtime.wire import messages as m
from treadle_runtime.wire.codec import encode, from_client, to_client
from treadle_runtime.wire.process import start_time


@pytest.fixture
def dealer() -> Iterator[Any]:
    """Return a function that gives a raw socket connected to an address."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    sockets = []

    def connect(address: str, identity: bytes = b"") -> zmq.Socket[bytes]:
        socket = context.socket(zmq.DEALER)
        socket.linger = 0
        socket.rcvtimeo = 10_000
        if identity:
            socket.identity = identity
        socket.connect(address)
        sockets.append(socket)
        return socket

    yield connect
    for socket in sockets:
        socket.close()
    context.term()


def hello(**changes: Any) -> m.Hello:
    pid = os.getpid()
    values: dict[str, Any] = {"protocol": m.PROTOCOL, "token": "", "pid": pid, "start_time": start_time(pid)}
    return m.Hello(**{**values, **changes})


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (b"\xc1 this is no msgpack", "must be a hello"),
        (b"", "must be a hello"),
        (b"\x91" * 100_000, "must be a hello"),
        (encode(m.Fetch([1])), "must be a hello"),
        (encode(hello(token="guessed")), "token is wrong"),
        (encode(hello(token="\udcff".encode("utf-8", "replace").decode())), "token is wrong"),
    ],
)
def test_a_stranger_is_refused_and_the_runtime_goes_on(
    place: Any, dealer: Any, frame: bytes, reason: str
) -> None:
    caller = place.start(workers=1)
    stranger = dealer(caller.link.session.clients)
    stranger.send(frame)
    refused = to_client(stranger.recv())
    assert isinstance(refused, m.Refused)
    assert reason in refused.reason
    assert caller.value(caller.call(caller.define(lambda: 5))) == 5


def test_another_protocol_is_refused_with_what_to_do(place: Any, dealer: Any) -> None:
    caller = place.start(workers=1)
    old = dealer(caller.link.session.clients)
    old.send(encode(hello(token=caller.link.session.token(), protocol=m.PROTOCOL + 1)))
    refused = to_client(old.recv())
    assert isinstance(refused, m.Refused)
    assert "different versions" in refused.reason


def test_garbage_from_a_client_is_told_and_the_rest_counts(place: Any, dealer: Any) -> None:
    caller = place.start(workers=1)
    second = dealer(caller.link.session.clients)
    second.send(encode(hello(token=caller.link.session.token())))
    assert isinstance(to_client(second.recv()), m.Welcome)
    second.send_multipart([b"\x93garbage", encode(m.Ask(7, "status"))])
    notice, answer = to_client(second.recv()), to_client(second.recv())
    assert isinstance(notice, m.Notice)
    assert isinstance(answer, m.Answer)
    assert answer.ok
    second.send(encode(m.Bye()))


def test_nobody_passes_for_a_worker(place: Any, dealer: Any) -> None:
    caller = place.start(workers=1)
    genuine = caller.define(lambda: "genuine")
    caller.value(caller.call(genuine))
    number = caller.next
    for identity in (b"w1", b"w77", b"", b"w1.c", b"nonsense"):
        false = dealer(caller.link.session.workers, identity)
        false.send_multipart(
            [
                encode(m.Ready(1, "guessed", os.getpid())),
                encode(m.Returned([(number, 1, 0, ((0, 1, b"x"),), 0.0, 0.0, 0, None, None)])),
                b"\xc1garbage",
            ]
        )
    assert caller.value(caller.call(genuine)) == "genuine"


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
