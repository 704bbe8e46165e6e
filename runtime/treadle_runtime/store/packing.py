"""Python objects as a pickle with their memory beside it.

Law: the only place that pickles values. Knows nothing of files, processes or references to tasks' results;
those who need more subclass `Pickler`. The stream is an ordinary pickle of protocol 5:
`pickle.loads(stream, buffers=buffers)` reads it.

Large bytes, bytearray and str go out of band too, which pickle does not do by itself. CPython's pickler hands a
payload of 64 KiB or more to `write` as an object of its own, right behind its opcode; the sink keeps the
payload as a buffer and puts `bytes(next buffer)` in place of the opcode. No second pass, no persistent ids,
sharing and cycles stay as they are. Should a pickler ever write otherwise, such a payload just stays in band.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from typing import Any, Final

from ..errors import TreadleError
from . import arrays, layout
from .diagnose import explain_pickling

LARGE: Final = 64 * 1024
_PRIMITIVES: Final = frozenset({type(None), bool, int, float, str})
_dumps = pickle.dumps
_loads = pickle.loads
_header = layout.HEADER.pack
_MAGIC: Final = layout.MAGIC
_HEADER_NBYTES: Final = layout.HEADER.size

_BYTES: Final = b"cbuiltins\nbytes\n\x97\x85R"  # GLOBAL bytes, NEXT_BUFFER, TUPLE1, REDUCE
_BYTEARRAY: Final = b"cbuiltins\nbytearray\n\x97\x85R"
_STR: Final = b"cbuiltins\nstr\n\x97\x8c\x05utf-8\x8c\x0dsurrogatepass\x87R"
_LIFTED: Final = {  # opcode that announces a payload -> what takes its place
    (pickle.BINBYTES, 4): _BYTES,
    (pickle.BINBYTES8, 8): _BYTES,
    (pickle.BYTEARRAY8, 8): _BYTEARRAY,
    (pickle.BINUNICODE, 4): _STR,
    (pickle.BINUNICODE8, 8): _STR,
}


class Packed:
    """A pickled object: the pickle in `stream`, the memory of its large parts in `buffers`.

    Buffers of a `Packed` that `pack` made are read-only views of the object's own memory: write, send or unpack
    it before the object changes. Buffers of one that the store opened are views of a private mapping and keep it
    alive. A Packed is immutable by agreement; any thread may read it.

    Parameters
    ----------
    stream
        pickle of protocol 5.
    buffers
        one-dimensional, contiguous views of bytes, in the order the pickle takes them.
    """

    __slots__ = ("buffers", "stream")

    def __init__(self, stream: bytes, buffers: list[memoryview | bytes]) -> None:
        self.stream = stream
        self.buffers = buffers

    @property
    def nbytes(self) -> int:
        """Bytes of stream and buffers, without header and padding."""
        return len(self.stream) + sum(map(len, self.buffers)) if self.buffers else len(self.stream)

    def to_bytes(self) -> bytes:
        """Return the inline layout: a copy of everything in one bytes object."""
        stream = self.stream
        if not self.buffers:
            return _header(_MAGIC, 0, _HEADER_NBYTES, len(stream)) + stream
        sizes = [len(buffer) for buffer in self.buffers]
        meta = layout.HEADER.size
        *places, total = layout.place(meta + len(sizes) * layout.ROW.size + len(stream), sizes)
        data = bytearray(total)
        filled = b"".join([*layout.head(meta, list(zip(places, sizes, strict=True)), len(stream)), stream])
        data[: len(filled)] = filled
        for at, buffer in zip(places, self.buffers, strict=True):
            data[at : at + len(buffer)] = buffer
        return bytes(data)

    @classmethod
    def from_bytes(cls, data: bytes | memoryview) -> Packed:
        """Return the value that `to_bytes` wrote; its buffers are read-only views of `data`.

        Raises
        ------
        DataError
            `data` is no packed value, or cut.
        """
        stream_at, length, rows = layout.parse(data)
        stream = bytes(data[stream_at : stream_at + length])
        if not rows:
            return cls(stream, [])
        view = memoryview(data).toreadonly()
        return cls(stream, [view[at : at + size] for at, size in rows])


class _Sink:
    """What a pickler writes to: collects the stream and takes large parts out of band."""

    __slots__ = ("buffers", "parts")

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.buffers: list[memoryview | bytes] = []

    def write(self, part: bytes) -> int:
        if len(part) >= LARGE and self.parts:
            before = self.parts[-1]
            announced, instead = _announcement(before, len(part))
            if announced:
                self.parts[-1] = before[:-announced] + instead
                self.buffers.append(memoryview(part).toreadonly())
                return len(part)
        self.parts.append(part)
        return len(part)

    def take(self, buffer: pickle.PickleBuffer) -> bool:
        """Keep a buffer out of band; True leaves it in the stream."""
        raw = buffer.raw()
        if len(raw) < arrays.SMALL:
            return True
        self.buffers.append(raw.toreadonly())
        return False


def _announcement(before: bytes, size: int) -> tuple[int, bytes]:
    """Return how many bytes at the end of `before` announce a payload of `size`, and what to put instead.

    Only bytes behind the frame count: those inside belong to other objects, whatever they look like.
    """
    start = 2 if before[:1] == pickle.PROTO else 0
    if before[start : start + 1] == pickle.FRAME:
        start += 9 + int.from_bytes(before[start + 1 : start + 9], "little")
    for (opcode, width), instead in _LIFTED.items():
        if len(before) - start > width and before.endswith(
            opcode + (size & (1 << 8 * width) - 1).to_bytes(width, "little")
        ):
            return width + 1, instead
    return 0, b""


class Pickler(arrays.ReducingPickler):
    """The one pickler of the house; one object per pickle.

    Takes functions and classes defined in notebooks by value (cloudpickle) and the memory of arrays, tensors,
    tables and long byte strings out of band. Subclasses override `reducer_override` (arrays, instances, functions)
    and, at a price, `persistent_id`, and fall back on `super()`.
    """

    def __init__(self) -> None:
        arrays.learn()
        self._sink = _Sink()
        super().__init__(self._sink, 5, buffer_callback=self._sink.take)

    def pack(self, obj: Any) -> Packed:
        """Pickle `obj`; raises whatever its parts raise."""
        self.dump(obj)
        parts = self._sink.parts
        return Packed(parts[0] if len(parts) == 1 else b"".join(parts), self._sink.buffers)


def pack(obj: Any, *, root: str = "value") -> Packed:
    """Pickle an object with its large memory out of band, without copying that memory.

    Parameters
    ----------
    obj
        anything that pickle or cloudpickle takes.
    root
        what to call it in an error, e.g. "result".

    Raises
    ------
    NotSerializable
        some part cannot be pickled; its `path` names the part.

    Examples
    --------
    >>> unpack(pack({"a": [1, 2]}))
    {'a': [1, 2]}
    """
    if type(obj) in _PRIMITIVES:
        stream = _dumps(obj, 5)
        if len(stream) < LARGE:
            return Packed(stream, [])
    try:
        return Pickler().pack(obj)
    except (TreadleError, MemoryError):
        raise
    except Exception as error:
        raise explain_pickling(obj, root, error) from error


def pack_buffer(memory: bytes | bytearray | memoryview) -> Packed:
    """Return bare memory as a value of its own; `unpack` gives it back as a writable memoryview or bytearray."""
    return Packed(
        pickle.PROTO + b"\x05" + pickle.NEXT_BUFFER + pickle.STOP, [memoryview(memory).cast("B").toreadonly()]
    )


def unpack_bytes(data: bytes) -> Any:
    """Return the object that the inline layout `data` holds, as `unpack(Packed.from_bytes(data))` does."""
    stream_at, length, rows = layout.parse(data)
    if not rows:  # nothing out of band: the usual small value
        return _loads(memoryview(data)[stream_at : stream_at + length])
    return unpack(Packed.from_bytes(data))


def unpack(packed: Packed, *, find: Callable[[Any], Any] | None = None) -> Any:
    """Return the object; arrays in it are writable and nobody else's.

    Read-only buffers (inline bytes, or the memory of the object that was packed) are copied once; writable ones
    (private mappings of the store) are used as they are, so unpack such a Packed once only.

    Parameters
    ----------
    find
        what the persistent ids stand for that a subclass of `Pickler` wrote.

    Raises
    ------
    Exception
        whatever the constructors of the pickled objects raise, ImportError and AttributeError for missing code.
    """
    buffers = [bytearray(b) if type(b) is bytes or b.readonly else b for b in packed.buffers]  # type: ignore[union-attr]
    if find is None:
        return _loads(packed.stream, buffers=buffers)
    unpickler = pickle.Unpickler(io.BytesIO(packed.stream), buffers=buffers)
    unpickler.persistent_load = find  # type: ignore[method-assign]
    return unpickler.load()
