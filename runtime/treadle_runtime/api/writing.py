"""What one call writes: the groups of live objects that get a new version.

Law: decides from identities alone, before anything is pickled or sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..client.calls import Call, Version
from ..client.client import Client
from ..client.futures import _MISSING, Future
from ..client.groups import Group
from ..errors import UsageError
from ..store.members import is_atom, members_of
from ..store.tensors import is_part, is_tensor
from .capture import Capture
from .directions import OUT, Direction
from .earlier import bring
from .put import Put

Written = tuple[str, Direction, Any]


def plan_groups(client: Client, written: Sequence[Written], function: str) -> list[list[Any]]:
    """Return, for each new version this call makes, the live objects it holds.

    Arguments that share an object, or whose objects already wait for the same task, come together; so do several
    that can take each other in.
    """
    groups: list[dict[int, Any]] = []
    for name, _direction, given in written:
        value = _live(client, given)
        if isinstance(value, Put):
            raise UsageError(
                f"{name} of {function} is written, but what put() made is constant. Pass the object itself instead."
            )
        if is_constant(value):
            continue
        if isinstance(value, memoryview):
            raise UsageError(
                f"{name} of {function} is a memoryview, which a task can only read. Pass the bytearray or array behind it."
            )
        if isinstance(value, np.ndarray) and _overlaps_itself(value):
            raise UsageError(
                f"{name} of {function} shows some of its memory several times (a broadcast or sliding view), so what is "
                "written to it has no place of its own. Pass the array behind it, or a copy()."
            )
        if is_tensor(value) and is_part(value) and client.pending.get(value) is None:
            raise UsageError(
                f"{name} of {function} is a part or view of a larger tensor, which can't be followed. "
                "Pass the whole tensor, or clone() the part and copy it back after wait_on."
            )
        members = {id(member): member for member in members_of(value, lambda o: _known(client, o))}
        apart = [group for group in groups if group.keys().isdisjoint(members)]
        for group in groups:
            if group not in apart:
                members = {**group, **members}
        groups = [*apart, members]
    if len(groups) > 1 and any(_can_hold(member) for group in groups for member in group.values()):
        groups = [{key: member for group in groups for key, member in group.items()}]
    return [list(group.values()) for group in groups]


def _can_hold(member: Any) -> bool:
    """Tell whether a task could put another object into this one: plain arrays can't take anything in."""
    return not isinstance(member, (np.ndarray, bytearray)) or (isinstance(member, np.ndarray) and member.dtype.hasobject)


def _overlaps_itself(array: np.ndarray[Any, Any]) -> bool:
    """Tell whether an array has more elements than the memory it spans."""
    if array.flags.forc or not array.size:
        return False
    span = sum((length - 1) * abs(stride) for length, stride in zip(array.shape, array.strides, strict=True))
    return bool(span + array.itemsize < array.nbytes)


def is_constant(value: Any) -> bool:
    """Tell whether a value can only be read: numbers, text, None, tuples of such."""
    return is_atom(value) or (type(value) in (tuple, frozenset) and all(map(is_constant, value)))


def prepare(capture: Capture, written: Sequence[Written], groups: Sequence[list[Any]], others: Iterable[Any]) -> None:
    """Tell the capture which arrays keep their views, and which are only written, so that they need not travel."""
    for group in groups:
        for member in group:
            capture.bases.add(member)
    if not all(is_atom(other) or type(other) is Future for other in others):
        return  # something else might look at the old content
    seen: set[int] = set()
    for _name, direction, value in written:
        alone = any(len(group) == 1 and group[0] is value for group in groups)
        if direction is OUT and alone and type(value) is np.ndarray and not value.dtype.hasobject and id(value) not in seen:
            capture.blank.add(id(value))
        elif id(value) in seen:
            capture.blank.discard(id(value))
        seen.add(id(value))


def below(client: Client, group: Sequence[Any]) -> tuple[Version, ...]:
    """Return the versions that a new version of these objects comes after."""
    found: dict[int, Version] = {}
    for member in group:
        pending = client.pending.get(member)
        if pending is not None:
            found[id(pending[0].newest)] = pending[0].newest
        elif isinstance(member, Future) and member._version is not None:
            found[id(member._version)] = member._version
    return tuple(found.values())


def register(client: Client, call: Call, first_output: int, groups: Sequence[list[Any]]) -> None:
    """Note that the groups wait for this call."""
    for k, members in enumerate(groups):
        version = Version(call, first_output + k, below(client, members))
        call.watch(version.settled)
        client.pending.add(Group(members, version))


def _live(client: Client, value: Any) -> Any:
    """Return the live object that a future with a known value is an alias of."""
    if isinstance(value, Future) and not isinstance(value, Put):
        bring(client, value)
        if value._value is not _MISSING:
            return client.current(value._value)
    return client.current(value)


def _known(client: Client, value: Any) -> list[Any] | None:
    """For the walk over members: what is pending counts with its whole group, a future as itself."""
    if isinstance(value, Put):
        return []
    if isinstance(value, Future):
        bring(client, value)
        if value._group is not None:
            return [member for member in value._group.members() if member is not None]
        if value._value is _MISSING:
            return [value]
        return members_of(client.current(value._value), lambda o: _known(client, o))
    found = client.pending.get(value)
    if found is None:
        return None
    return [member for member in found[0].members() if member is not None]

