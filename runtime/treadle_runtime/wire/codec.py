"""Frames: one message each way as msgpack, one decoder per direction.

Law: turns messages into bytes and back, checks their shape while doing so; never looks at what they mean.
Frames travel several at a time (a zmq message, a write to a stream), so many small messages cost one system call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from .messages import FromClient, FromWorker, Message, ToClient, ToWorker

_BROKEN: Final = (msgspec.DecodeError, ValueError, RecursionError)  # a ValueError: text that is not utf-8
_FROM_CLIENT: Final[msgspec.msgpack.Decoder[FromClient]] = msgspec.msgpack.Decoder(FromClient)
_TO_CLIENT: Final[msgspec.msgpack.Decoder[ToClient]] = msgspec.msgpack.Decoder(ToClient)
_FROM_WORKER: Final[msgspec.msgpack.Decoder[FromWorker]] = msgspec.msgpack.Decoder(FromWorker)
_TO_WORKER: Final[msgspec.msgpack.Decoder[ToWorker]] = msgspec.msgpack.Decoder(ToWorker)


class Malformed(ValueError):  # noqa: N818 - it names the frame, not the program
    """A frame is not a message of this direction."""


encode: Final[Callable[[Message], bytes]] = msgspec.msgpack.Encoder().encode
"""Return a message as one frame. (The encoder's own method: a function around it would cost as much again.)"""


def encode_words(encoder: msgspec.msgpack.Encoder, value: Any) -> bytes:
    """Encode what holds people's own words: half characters in them, as of file names that are not UTF-8, are spelled out."""
    try:
        return encoder.encode(value)
    except UnicodeEncodeError:
        plain = msgspec.to_builtins(value, builtin_types=(bytes,), enc_hook=encoder.enc_hook)
        return encoder.encode(_spelled(plain))


def spelled(text: str) -> str:
    """Return a text with half characters spelled out: `\\udce9`."""
    return text if text.isascii() else text.encode(errors="backslashreplace").decode()


def _spelled(value: Any) -> Any:
    if isinstance(value, str):
        return spelled(value)
    if isinstance(value, dict):
        return {_spelled(key): _spelled(each) for key, each in value.items()}
    return [_spelled(each) for each in value] if isinstance(value, (list, tuple)) else value


def from_client(frame: bytes) -> FromClient:
    """Decode what a client sent. Raises Malformed."""
    try:
        return _FROM_CLIENT.decode(frame)
    except _BROKEN as error:
        raise Malformed(str(error)) from None


def to_client(frame: bytes) -> ToClient:
    """Decode what a runtime sent to a client. Raises Malformed."""
    try:
        return _TO_CLIENT.decode(frame)
    except _BROKEN as error:
        raise Malformed(str(error)) from None


def from_worker(frame: bytes) -> FromWorker:
    """Decode what a worker sent. Raises Malformed."""
    try:
        return _FROM_WORKER.decode(frame)
    except _BROKEN as error:
        raise Malformed(str(error)) from None


def to_worker(frame: bytes) -> ToWorker:
    """Decode what a runtime sent to a worker. Raises Malformed."""
    try:
        return _TO_WORKER.decode(frame)
    except _BROKEN as error:
        raise Malformed(str(error)) from None
