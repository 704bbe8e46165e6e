"""Live objects with writes pending: which version of them is newest, and how they are brought up to date.

Law: an object stands here only while a task's version of it is newer than the live one. It is known by identity,
held weakly, or strongly where its type can't be (list, dict, bytearray). Never sends anything by itself.
"""

from __future__ import annotations

import functools
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np
import xxhash

from ..core.states import TaskState
from ..errors import ChangedWhilePending
from ..store.members import has_plain_state, is_atom, is_memory, root_of, state_of
from ..store.packing import pack
from ..store.tensors import extent_of, is_tensor, own_parts
from .calls import Version
from .futures import Future
from .naming import name_here

SAMPLE_ABOVE = 32 * 1024 * 1024
"""Arrays above this many bytes are compared by a sample when looking for changes made here."""


class Group:
    """Objects that were packed together and get new content together."""

    __slots__ = ("__weakref__", "_marks", "newest")

    def __init__(self, members: list[Any], newest: Version) -> None:
        newest.holds = [_hold(member) for member in members]
        self._marks = [_mark(member) for member in members]
        self.newest = newest

    def members(self) -> list[Any]:
        """Return the members that still live; None stands for one that is gone."""
        return [held() for held in self.newest.holds or ()]

    def mark(self) -> None:
        """Take what the members are now as what they are to be."""
        self._marks = [_mark(member) for member in self.members()]

    def unchanged(self) -> bool:
        """Tell whether no member was changed here since its marks were taken."""
        pairs = zip(self.members(), self._marks, strict=True)
        return all(member is None or _same(mark, _mark(member)) for member, mark in pairs)

    def check_unchanged(self) -> None:
        """Raise ChangedWhilePending if a member was changed here since the tasks that write it were called."""
        members = self.members()
        for member, mark in zip(members, self._marks, strict=True):
            if member is not None and not _same(mark, _mark(member)):
                name = name_here(member) or name_here(members[0])
                what, remedy = (name, f"wait_on({name})") if name else (f"A {type(member).__name__}", "wait_on it")
                raise ChangedWhilePending(
                    f"{what} was changed here while task {self.newest.call.label} still writes it: {remedy} first"
                )


class Plan:
    """A call that is being made of what the objects are that it writes: outdated once another thread changes that."""

    __slots__ = ("_ids", "_plans", "outdated")

    def __init__(self, plans: list[Plan]) -> None:
        self._plans = plans
        self._ids: set[int] | None = None  # nobody knows yet which
        self.outdated = False

    def __enter__(self) -> Plan:
        self._plans.append(self)
        return self

    def __exit__(self, *_error: object) -> None:
        self._plans.remove(self)

    def concerns(self, groups: list[list[Any]]) -> None:
        """Note which objects matter."""
        self._ids = {id(member) for members in groups for member in members}

    def changed(self, member: Any) -> None:
        """Hear that an object became pending, or is so no longer."""
        if self._ids is None or id(member) in self._ids:
            self.outdated = True


class Pending:
    """All groups of one client, by the identity of their members."""

    def __init__(self) -> None:
        self._by_id: dict[int, tuple[Group, int, Any]] = {}
        self._plans: list[Plan] = []
        self.containers = 0  # how many builtin containers are pending: they need the slower pickler
        self._tensors = False  # whether one was: arrays may look at its memory

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Group]:
        return iter({id(entry[0]): entry[0] for entry in list(self._by_id.values())}.values())

    def get(self, value: Any) -> tuple[Group, int] | None:
        """Return the group of a live object and its place in there."""
        found = self._by_id.get(id(value))
        return None if found is None else (found[0], found[1])

    def sharing(self, value: Any) -> Group | None:
        """Return a group whose tensor (or array, for a tensor) has memory that an array or tensor looks at.

        Views of arrays are known by their base; between tensors and arrays, and of tensors, only memory tells.
        """
        if not self._by_id or not (self._tensors or is_tensor(value)):
            return None
        extent = extent_of(value)
        if extent is None or extent[0] == extent[1]:
            return None
        between = is_tensor(value)
        for group in self:
            for member in group.members():
                if member is not value and (is_tensor(member) or (between and isinstance(member, np.ndarray))):
                    other = extent_of(member)
                    if other is not None and other[0] < extent[1] and extent[0] < other[1]:
                        return group
        return None

    def planning(self) -> Plan:
        """Return what is entered while a call is made that writes."""
        return Plan(self._plans)

    def add(self, group: Group) -> None:
        """Register a group; its members leave the groups they were in."""
        for index, member in enumerate(group.members()):
            key = id(member)
            self._tensors = self._tensors or is_tensor(member)
            weak = _weak(member)  # no call between reading the count and writing it: threads take turns at calls
            if key not in self._by_id:
                self.containers += not weak
            held = weakref.ref(member, functools.partial(self._gone, key)) if weak else None
            self._by_id[key] = (group, index, held)
            if isinstance(member, Future):
                member._group = group
            for plan in self._plans:
                plan.changed(member)

    def remove(self, group: Group) -> None:
        """Forget a group: its members are ordinary objects again."""
        for member in group.members():
            found = self._by_id.get(id(member))
            if found is not None and found[0] is group:
                del self._by_id[id(member)]
                weak = _weak(member)
                self.containers -= not weak
                for plan in self._plans:
                    plan.changed(member)

    def _gone(self, key: int, ref: Any) -> None:
        found = self._by_id.get(key)
        if found is not None and found[2] is ref:
            del self._by_id[key]


class _Strong:
    __slots__ = ("_member",)

    def __init__(self, member: Any) -> None:
        self._member = member

    def __call__(self) -> Any:
        return self._member


def _weak(member: Any) -> bool:
    return type(member).__weakrefoffset__ != 0


def _hold(member: Any) -> Any:
    return weakref.ref(member) if _weak(member) else _Strong(member)


def failed(version: Version) -> bool:
    """Tell whether a version can't come any more."""
    return version.call.final and version.call.state != TaskState.DONE


# ---------------------------------------------------------------- what changed here
def _mark(member: Any) -> Any:
    """Return something that shows whether this one object (not what it refers to) was changed."""
    if isinstance(member, Future):
        return None
    if isinstance(member, np.ndarray):
        if root_of(member) is not member:
            return None  # its base, a member like itself, has the content
        if not is_memory(member):
            return _opaque_mark(member)
        if member.dtype.hasobject:
            return [_identity(part) for part in member.ravel().tolist()]
        return _array_mark(member)
    if isinstance(member, (list, tuple)):
        mark: Any = list(member)
    elif isinstance(member, dict):
        mark = [part for item in member.items() for part in item]
    elif isinstance(member, (set, frozenset)):
        mark = sorted(member, key=id)
    elif isinstance(member, bytearray):
        return xxhash.xxh3_64_intdigest(member)
    elif hasattr(member, "maxlen") and hasattr(member, "appendleft"):
        mark = list(member)
    elif has_plain_state(member):
        mark = []
    elif not (mark := own_parts(member)):
        return _opaque_mark(member)
    if has_plain_state(member):
        mark = [*mark, *state_of(member).values()]
    return [_identity(part) for part in mark]


def _opaque_mark(member: Any) -> Any:
    packed = pack(member)
    digest = xxhash.xxh3_64(packed.stream)
    for buffer in packed.buffers:
        digest.update(buffer)
    return digest.intdigest()


def _array_mark(array: Any) -> int:
    flat = array.reshape(-1, order="A") if array.flags.forc else array
    if array.nbytes > SAMPLE_ABOVE and array.flags.forc:
        flat = np.ascontiguousarray(flat[:: max(1, flat.size // 65536)])
    return xxhash.xxh3_64_intdigest(np.ascontiguousarray(flat).view(np.uint8).data) if flat.size else 0


def _identity(part: Any) -> Any:
    """Return what tells later whether this very part is still there, without keeping alive what can be weak."""
    return weakref.ref(part) if _weak(part) and not is_atom(part) else _Strong(part)


def _same(before: Any, now: Any) -> bool:
    if isinstance(before, list) and isinstance(now, list):
        return len(before) == len(now) and all(_equal(a(), b()) for a, b in zip(before, now, strict=True))
    return bool(before == now)


def _equal(a: Any, b: Any) -> bool:
    return a is b or (is_atom(a) and type(a) is type(b) and bool(a == b))
