"""Asides: what a task says besides text: displays, log records, warnings.

Law: knows their shapes, and how they lie in a file (`logs/N.aside`). A worker appends them; the runtime splits the file
and passes them on unread; only the client looks inside, and shows them as what they are: output of the user's own code.

Each stands behind a head that says whose it is and how far the logs of the worker had grown by then, so that what was
printed before is shown before.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, Final, TypeAlias

import msgspec

from ..core.model import Number
from .codec import encode_words

STREAM: Final = "aside"
"""The stream of an `Output` row that carries one."""
HEAD: Final = struct.Struct("<QIQQ")  # number, length, ends of stdout and stderr


class _Aside(msgspec.Struct, array_like=True):
    """Base of all; each subclass names its tag."""


class Shown(_Aside, tag="show"):
    """Something displayed; `update`: in place of what was displayed under the same id."""

    data: dict[str, Any]
    metadata: dict[str, Any] = {}
    display_id: str = ""
    update: bool = False


class Cleared(_Aside, tag="clear"):
    """What the task has displayed so far goes; `wait`: when there is something new."""

    wait: bool = False


class Logged(_Aside, tag="log"):
    """A log record."""

    name: str
    level: int
    message: str
    path: str
    line: int
    function: str
    created: float
    thread: str = ""
    exception: str | None = None  # as text
    stack: str | None = None


class Warned(_Aside, tag="warn"):
    """A warning; equal ones of a task come once more with how many there were besides."""

    module: str  # of the category
    category: str
    text: str
    path: str
    line: int
    count: int = 1


class Bar(_Aside, tag="bar"):
    """What stands now in a line that is drawn again and again; `over`: it stays so."""

    text: str
    line: int  # which of its task, from 0
    position: int = 0  # how far below the first one that moves
    over: bool = False


Aside: TypeAlias = Shown | Cleared | Logged | Warned | Bar


def _plain(value: Any) -> Any:
    """Return what msgpack can hold for values of metadata that it can't: numbers of numpy, paths."""
    item = getattr(value, "item", None)
    return item() if callable(item) and getattr(value, "ndim", 0) == 0 else str(value)


_encoder = msgspec.msgpack.Encoder(enc_hook=_plain)
_decoder: msgspec.msgpack.Decoder[Aside] = msgspec.msgpack.Decoder(Aside)


def pack_aside(aside: Aside) -> bytes:
    """Return an aside as bytes."""
    return encode_words(_encoder, aside)


def unpack_aside(data: bytes) -> Aside:
    """Undo `pack_aside`. Raises msgspec.DecodeError."""
    return _decoder.decode(data)


def split(data: bytes) -> Iterator[tuple[Number, int, int, bytes, int]]:
    """Yield (number, end of stdout, end of stderr, aside, position behind it) for each whole aside in a piece of the file."""
    at = 0
    while at + HEAD.size <= len(data):
        number, length, out, err = HEAD.unpack_from(data, at)
        end = at + HEAD.size + length
        if end > len(data):
            return
        yield number, out, err, data[at + HEAD.size : end], end
        at = end
