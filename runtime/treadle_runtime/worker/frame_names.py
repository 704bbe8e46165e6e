"""What names stood for in the frames of a failure, so that a debugger can show them where the frames are no more.

Law: bounded in bytes whatever the frames hold; what is too large or can't travel goes as text. Costs nothing unless a
task fails; never raises.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterable
from types import FrameType, FunctionType, ModuleType
from typing import Any, Final, TypeAlias

import msgspec

from ..errors import headline
from ..store.travel import TravelPickler
from .brief import brief

ALL_BYTES: Final = 256 * 1024
"""Of all frames of one failure together."""
VALUE_BYTES: Final = 64 * 1024
NAMES: Final = 60
"""Of one frame."""
_HIDDEN: Final = ("__", ".")

Names: TypeAlias = list[tuple[str, str | None, bytes | None]]
"""(name, text if the value itself did not come, pickled value)"""
_decoder = msgspec.msgpack.Decoder(Names)


class Stood:
    """Stands for a value that did not travel with its frame; its repr says what it was."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


class _TooLarge(Exception):  # noqa: N818 - never leaves this module
    """A pickle has grown beyond its limit."""


class _Limited(io.BytesIO):
    def __init__(self, limit: int) -> None:
        super().__init__()
        self._limit = limit

    def write(self, data: Any, /) -> int:
        if self.tell() + len(memoryview(data).cast("B")) > self._limit:
            raise _TooLarge
        return super().write(data)


def pack_names(frames: Iterable[FrameType]) -> list[bytes]:
    """Return for each frame what its names stand for, as bytes; the innermost (last) frames come first to the room there is."""
    packed: list[bytes] = []
    room = ALL_BYTES
    for frame in reversed(list(frames)):
        found: Names = []
        names = frame.f_locals if frame.f_locals is not frame.f_globals else {}
        for name, value in list(names.items())[:NAMES]:
            if not name.startswith(_HIDDEN):
                entry = _entry(name, value, min(room, VALUE_BYTES))
                room -= len(entry[2] or b"")
                found.append(entry)
        packed.append(msgspec.msgpack.encode(found))
    return packed[::-1]


def unpack_names(data: bytes) -> dict[str, Any]:
    """Return names and values; what did not come, or can't be rebuilt here, is a `Stood`."""
    names: dict[str, Any] = {}
    for name, text, pickled in _decoder.decode(data):
        if pickled is None:
            names[name] = Stood(text or "")
            continue
        try:
            names[name] = pickle.loads(pickled)
        except Exception as error:  # noqa: BLE001 - whatever a type does when it is rebuilt
            names[name] = Stood(f"<a value that can't be rebuilt here: {headline(error)}>")
    return names


def _entry(name: str, value: Any, limit: int) -> tuple[str, str | None, bytes | None]:
    if isinstance(value, (ModuleType, FunctionType, type)) or getattr(value, "nbytes", 0) > limit:
        return name, brief(value), None
    sink = _Limited(limit)
    try:
        TravelPickler(sink, 5).dump(value)
        return name, None, sink.getvalue()
    except Exception:  # noqa: BLE001 - too large, or a value that refuses: its text has to do
        return name, brief(value), None
