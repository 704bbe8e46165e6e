"""What pages and a runtime say to each other: JSON, the same over a kernel's comm and over a server's websocket.

Law: shapes and limits only. Pages, servers and runtimes may be of different versions, so nothing here changes its
meaning, and unknown fields are passed over; what a page and a runtime must have in common is the feed's version.

A page says `{"type": "hello", "feeds": [1], "version": "0.1.0"}`, `{"type": "bye"}`, `{"type": "reset"}`, or
`{"type": "command", "id": 7, "name": "cancel", "args": {"numbers": [17]}}`. The runtime says
`{"type": "welcome", "version": "0.1.0", "feed": 1, "epoch": "7f3c", "name": "nb"}`, `{"type": "delta", "data": ...}`,
`{"type": "reply", "id": 7, "data": ...}` or `{..., "error": "one sentence"}`, and `{"type": "refused", "reason": ...}`
before it closes the connection.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import msgspec

from .codec import Malformed

PAGE_LIMIT: Final = 64 * 1024
"""Bytes of one message of a page."""


class PageHello(msgspec.Struct, tag_field="type", tag="hello"):
    feeds: tuple[int, ...] = (1,)  # those it understands
    version: str = ""


class PageBye(msgspec.Struct, tag_field="type", tag="bye"):
    pass


class PageReset(msgspec.Struct, tag_field="type", tag="reset"):
    pass


class PageCommand(msgspec.Struct, tag_field="type", tag="command"):
    id: int
    name: str
    args: dict[str, Any] = {}


FromPage: TypeAlias = PageHello | PageBye | PageReset | PageCommand
_DECODER: Final[msgspec.json.Decoder[FromPage]] = msgspec.json.Decoder(FromPage)
_ENCODER: Final = msgspec.json.Encoder(enc_hook=str)


def from_page(frame: bytes) -> FromPage:
    """Decode what a page said. Raises Malformed."""
    try:
        return _DECODER.decode(frame)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise Malformed(str(error)) from None


def to_page(kind: str, **fields: Any) -> bytes:
    """Return a message to a page as one frame."""
    return _ENCODER.encode({"type": kind, **fields})
