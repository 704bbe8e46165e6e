"""The line that tasks travel by, seen from the worker."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from treadle_runtime.wire.stream import Stream
from treadle_runtime.worker.mail import Mail, RuntimeGone

LARGE = 5_000_000  # more than any socket buffer takes at once


@pytest.fixture
def ends() -> Iterator[tuple[Stream, Mail]]:
    ours, theirs = socket.socketpair()
    stream, mail = Stream(ours), Mail(theirs)
    yield stream, mail
    stream.close()
    mail.close()


def test_messages_come_one_by_one_in_order(ends: tuple[Stream, Mail]) -> None:
    stream, mail = ends
    assert not mail.there()
    assert not mail.wait(0)
    stream.send([b"one", b"", b"three"])
    assert mail.wait(0)
    assert mail.there()
    assert [mail.receive(), mail.receive(), mail.receive()] == [b"one", b"", b"three"]
    assert not mail.there()


def test_a_message_larger_than_the_sockets_buffer_goes_through_both_ways(ends: tuple[Stream, Mail]) -> None:
    stream, mail = ends
    echo = threading.Thread(target=lambda: mail.send(mail.receive()))
    echo.start()
    data = bytes(range(250)) * (LARGE // 250)
    stream.send([data])
    back: list[bytes] = []
    while not back:
        stream.flush()
        stream.take_in(back)
    echo.join()
    assert back == [data]


def test_what_was_sent_before_the_end_is_read_then_the_end_is_told(ends: tuple[Stream, Mail]) -> None:
    stream, mail = ends
    stream.send([b"last words"])
    stream.close()
    assert mail.receive() == b"last words"
    with pytest.raises(RuntimeGone):
        mail.receive()
    with pytest.raises(RuntimeGone):
        mail.there()
    mail.send(b"to nobody")
