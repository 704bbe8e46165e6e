"""Capture: the arguments of one call on their way into a payload.

Law: what stands in the payload is what the arguments are at this moment. Futures and live objects with writes
pending are found wherever the pickler meets them, and stand there as references to their newest versions.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from types import BuiltinFunctionType, CodeType, FunctionType, MappingProxyType, ModuleType
from typing import Any, Final

import numpy as np

from ..client.calls import Version
from ..client.client import Client
from ..client.futures import _MISSING, Future, _captures
from ..client.groups import Group
from ..client.naming import name_here
from ..core.model import INLINE_LIMIT
from ..errors import TreadleError, UsageError
from ..store.diagnose import explain_pickling
from ..store.fingerprint import buffer_hash
from ..store.members import ATOMS, is_memory, root_of
from ..store.packing import Pickler, pack_buffer
from ..store.references import PLAIN, encode_payload, ref, same
from ..store.tensors import is_tensor
from ..store.views import Bases
from .earlier import bring
from .shipping import sealed

INLINE_TOTAL: Final = 1024 * 1024
"""Small buffers travel inside the message until they are this many bytes together."""
_SIMPLE: Final = ATOMS - {FunctionType, BuiltinFunctionType, ModuleType, CodeType, MappingProxyType}


class Shelf:
    """Stored copies of large arguments by content: an unchanged array is stored once. A cache of bounded size."""

    def __init__(self, client: Client, limit: int) -> None:
        self._client = client
        self.limit = limit
        self._nbytes = 0
        self._stored: dict[tuple[int, int], Version] = {}

    @property
    def nbytes(self) -> int:
        """Bytes of all of them."""
        return self._nbytes

    def clear(self) -> None:
        """Let go of all of them."""
        self._stored.clear()
        self._nbytes = 0

    def version_of(self, buffer: memoryview) -> Version:
        """Return a stored version with this content, storing it if there is none."""
        key = (buffer_hash(buffer), buffer.nbytes)
        version = self._stored.pop(key, None)
        if version is None:
            version = self._client.put(pack_buffer(buffer))
            self._nbytes += buffer.nbytes
        self._stored[key] = version
        while self._nbytes > self.limit and len(self._stored) > 1:
            oldest = next(iter(self._stored))
            del self._stored[oldest]
            self._nbytes -= oldest[1]
        return version


def simple_payload(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bytes | None:
    """Pickle a call that has nothing to find in it: small constants only. None for any other."""
    for value in args:
        if type(value) not in _SIMPLE:
            return None
    for value in kwargs.values():
        if type(value) not in _SIMPLE:
            return None
    stream = pickle.dumps((args, kwargs, ()), 5)
    return PLAIN + stream if len(stream) <= INLINE_LIMIT else None


class Capture:
    """Collects what one call reads; `payload` does the pickling."""

    __slots__ = ("_checked", "_index", "bases", "blank", "client", "keep", "reads", "shelf")

    def __init__(self, client: Client, shelf: Shelf) -> None:
        self.client = client
        self.shelf = shelf
        self.reads: list[int] = []
        self.keep: list[Version] = []  # handles that must live until the task is submitted
        self.bases = Bases()
        self.blank: set[int] = set()  # arrays that are only written: their content does not travel
        self._index: dict[int, int] = {}
        self._checked: set[Group] = set()

    def index_of(self, version: Version) -> int:
        """Return the place of a version among the reads, adding it if it is new."""
        index = self._index.get(version.vid)
        if index is None:
            index = self._index[version.vid] = len(self.reads)
            self.reads.append(version.vid)
            self.keep.append(version)
        return index

    def future(self, future: Future[Any]) -> Any:
        """Return how a future is pickled: called by its `__reduce__`."""
        if future._call.client is not self.client:
            bring(self.client, future)
            return same, (future._call.client.current(future._value),)
        if future._group is not None:
            return self.member(future)
        if future._version is not None and (future._value is _MISSING or future.constant):
            return ref, (self.index_of(future._version),)
        return same, (self.client.current(future._value),)

    def member(self, live: Any) -> Any:
        """Return how a live object with writes pending is pickled, or None if it is an ordinary one."""
        found = self.client.pending.get(live)
        if found is None:
            return None
        if found[0] not in self._checked:  # once for each call, not for each of its members
            with self.client.settling:  # another thread may be bringing it up to date just now
                found = self.client.pending.get(live)
                if found is None:
                    return None
                found[0].check_unchanged()
            self._checked.add(found[0])
        group, member = found
        return ref, (self.index_of(group.newest), member)

    def refuse_shared(self, given: Any) -> None:
        """Raise UsageError if what a task still writes lies in the memory of an array or tensor that is not it."""
        group = self.client.pending.sharing(given)
        if group is not None:
            name, label = name_here(given) or f"A {type(given).__name__}", group.newest.call.label
            other = next((found for member in group.members() if (found := name_here(member))), "that")
            raise UsageError(
                f"{name} shares memory with what task {label} still writes: wait_on({other}) first"
            )

    def payload(
        self,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        groups: Sequence[list[Any]],
        captured: tuple[Any, ...] = (),
    ) -> bytes:
        """Pickle a call: arguments, the groups it writes, and the data its function reads besides.

        Raises
        ------
        NotSerializable
            names the part of the argument that can't be pickled.
        StoreFull
            a large argument has no room.
        ChangedWhilePending
            an argument was changed here while a task still writes it.
        """
        before = _captures.current
        _captures.current = self
        try:
            if (
                not groups
                and not captured
                and _all_simple(args)
                and (not kwargs or _all_simple(kwargs.values()))
            ):
                stream = pickle.dumps((args, kwargs, ()), 5)
                if len(stream) <= INLINE_LIMIT:
                    return PLAIN + stream
            return self._general((args, kwargs, groups, captured) if captured else (args, kwargs, groups))
        finally:
            _captures.current = before

    def _general(self, call: tuple[Any, ...]) -> bytes:
        containers = self.client.pending.containers > 0
        kind = _ContainerPickler if containers else _CapturePickler
        try:
            packed = kind(self).pack(call)
        except TreadleError:
            raise
        except Exception as error:
            raise self._explain(kind, call[0], call[1], error) from error
        stream: bytes | int = packed.stream
        if len(packed.stream) > INLINE_TOTAL:
            stream = self._shelve(memoryview(packed.stream))
        parts: list[bytes | int] = []
        inline = 0
        for buffer in (memoryview(part) for part in packed.buffers):
            if buffer.nbytes > INLINE_LIMIT or (inline > INLINE_TOTAL and buffer.nbytes > 4096):
                parts.append(self._shelve(buffer))
            else:
                inline += buffer.nbytes
                parts.append(bytes(buffer))
        return encode_payload(stream, parts, plain=not containers)

    def _explain(
        self, kind: Any, args: tuple[Any, ...], kwargs: dict[str, Any], error: Exception
    ) -> Exception:
        """Find the argument that can't be pickled, and where in it."""
        named = [(f"args[{i}]", value) for i, value in enumerate(args)]
        for root, value in [*named, *((f"kwargs[{name!r}]", value) for name, value in kwargs.items())]:
            try:
                kind(self).pack(value)
            except Exception as why:  # noqa: BLE001 - whatever it is, it is the one to explain
                return explain_pickling(value, root, why)
        return explain_pickling((args, kwargs), "call", error)

    def _shelve(self, buffer: memoryview) -> int:
        return self.index_of(self.shelf.version_of(buffer))


class _CapturePickler(Pickler):
    def __init__(self, capture: Capture) -> None:
        super().__init__()
        self._capture = capture
        self._members = len(capture.client.pending) > 0

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, Future):
            return NotImplemented  # its own __reduce__ knows
        if id(obj) in self._capture.blank:
            return np.zeros, (obj.shape, obj.dtype)
        if self._members and (reduced := self._capture.member(obj)) is not None:
            return reduced
        if isinstance(obj, np.ndarray) and is_memory(obj):
            if self._members and self._capture.client.pending.get(base := root_of(obj)) is not None:
                self._capture.bases.add(base)
            if self._capture.bases and (reduced := self._capture.bases.reduce(obj)) is not None:
                return reduced
        instead = self._capture.client.current(obj)
        if instead is not obj:
            return same, (instead,)
        if self._members and (isinstance(obj, np.ndarray) or is_tensor(obj)):
            self._capture.refuse_shared(obj)
        return super().reducer_override(obj)

    def reduce_class(self, cls: type) -> Any:
        return sealed(cls) or super().reduce_class(cls)


class _ContainerPickler(_CapturePickler):
    """Also sees builtin containers, at a price per object: used only while one of them has a write pending."""

    def persistent_id(self, obj: Any) -> Any:
        if type(obj) in _SIMPLE:
            return None
        if isinstance(obj, Future):
            return None
        reduced = self._capture.member(obj)
        return None if reduced is None else reduced[1]


def _all_simple(values: Any) -> bool:
    """Tell whether plain pickling does: no live object can be met, futures with a known value being one."""
    return all(
        type(value) in _SIMPLE or (type(value) is Future and value._value is _MISSING) for value in values
    )
