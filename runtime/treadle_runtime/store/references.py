"""Placeholders inside a payload, and what they stand for in the task.

Law: the only functions that payload pickles call by name besides the user's own. `ref(i)` is the value of
`reads[i]`, `ref(i, m)` member `m` of the group it holds, `view(...)` an array over the memory of its base.
Within one task each read is unpacked at most once: the same future twice in one call is one object.
"""

from __future__ import annotations

import io
import pickle
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
import numpy as np

from .packing import Packed, unpack

PLAIN: Final = b"\x00"
SPLIT: Final = b"\x01"
EXCHANGED: Final = b"\x02"


class Inputs:
    """What one task reads, unpacked when asked for and then kept."""

    __slots__ = ("_sources", "_values")

    def __init__(self, sources: Sequence[Callable[[], Packed]]) -> None:
        self._sources = sources
        self._values: dict[int, Any] = {}

    def value(self, index: int) -> Any:
        """Return the value of `reads[index]`."""
        if index not in self._values:
            self._values[index] = unpack(self._sources[index]())
        return self._values[index]


    def buffer(self, index: int) -> Any:
        """Return the memory of `reads[index]`, another one at each call: equal arrays are stored once, yet are two."""
        return unpack(self._sources[index]())


    def behind(self, count: int) -> Inputs:
        """Return those behind the first `count`."""
        return Inputs(self._sources[count:])


class _Local(threading.local):
    inputs: Inputs | None = None


_local = _Local()


def ref(index: int, member: int | None = None) -> Any:
    """Return the value (or the member of the group) that the running task reads at `index`."""
    if _local.inputs is None:
        raise pickle.UnpicklingError("a reference to a task's input can be resolved only while that task is loaded")
    value = _local.inputs.value(index)
    return value if member is None else value[member]


def same(value: Any) -> Any:
    """Return `value`: what a future with a known value is in a payload, so that aliases stay aliases."""
    return value


def view(
    base: Any, dtype: Any, shape: tuple[int, ...], strides: tuple[int, ...], offset: int, kind: Any = None
) -> Any:
    """Return the array of this geometry (and class) over the memory of `base` (offset and strides in bytes)."""
    flat = base.reshape(-1, order="A")
    if base.dtype.hasobject:
        start = flat[offset // base.dtype.itemsize :]
        made = np.lib.stride_tricks.as_strided(start, shape, strides)
    else:
        made = np.ndarray(shape, dtype, flat.view(np.uint8), offset, strides)
    return made if kind is None else made.view(kind)


class _Loader(pickle.Unpickler):
    def persistent_load(self, pid: Any) -> Any:
        return ref(*pid)


def encode_payload(stream: bytes | int, buffers: Sequence[bytes | int], plain: bool) -> bytes:
    """Join a pickle and its out-of-band buffers: bytes travel along, an int is the index of a read.

    `plain`: the stream holds no persistent ids, so that without buffers the fast loader does.
    """
    if plain and not buffers and isinstance(stream, bytes):
        return PLAIN + stream
    return SPLIT + msgspec.msgpack.encode([stream, *buffers])


def decode_payload(payload: bytes, inputs: Inputs | None) -> Any:
    """Return the object a payload stands for; every buffer in it is writable and the task's own."""
    if inputs is None:  # nothing in it can refer to anything
        if payload[0] == PLAIN[0]:
            return pickle.loads(payload[1:])
        inputs = Inputs(())
    before = _local.inputs
    _local.inputs = inputs
    try:
        if payload[:1] == PLAIN:
            return pickle.loads(memoryview(payload)[1:])
        if payload[:1] == EXCHANGED:
            reads, recorded, data = _exchanged(payload)
            args, kwargs, groups, *_ = decode_payload(recorded, inputs)
            return (args, kwargs, groups, decode_payload(data, inputs.behind(reads))[3])
        parts = msgspec.msgpack.decode(memoryview(payload)[1:], type=list[bytes | int])
        stream, *buffers = [inputs.buffer(part) if isinstance(part, int) else bytearray(part) for part in parts]
        return _Loader(io.BytesIO(stream), buffers=buffers).load()
    finally:
        _local.inputs = before


def exchange_data(payload: bytes, reads: int, data: bytes) -> tuple[bytes, int]:
    """Return a payload whose fourth part, the data read besides the arguments, is that of `data`, and its own reads.

    The payload refers to its first `reads` reads, `data` to those behind. What was exchanged before is gone.
    """
    if payload[:1] == EXCHANGED:
        reads, payload, _data = _exchanged(payload)
    return EXCHANGED + msgspec.msgpack.encode((reads, payload, data)), reads


def _exchanged(payload: bytes) -> tuple[int, bytes, bytes]:
    return msgspec.msgpack.decode(memoryview(payload)[1:], type=tuple[int, bytes, bytes])
