"""What a name holds, as plain data: futures by number, at any depth of lists, tuples and dicts; objects tasks write.

Law: describes and rebuilds; sends nothing, waits for nothing. The forms: a version id for a future (or put);
["l", parts], ["t", parts], ["d", [[key, part], ...]]; ["m", [[version id, member], ...]] for an object that tasks write,
newest first, the older ones in case the newer fail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from ..client.client import Client
from ..client.futures import Future
from ..client.groups import Group
from ..core.model import Vid

DEEP: Final = 4
OLDER: Final = 64
"""How many older versions of an object are named."""


def describe(value: Any, client: Client, deep: int = DEEP) -> Any:
    """Return what `value` holds of this client's, None unless that is all there is to it."""
    if isinstance(value, Future):
        group = value._group
        if group is not None:
            return _member(group, value)
        version = value._version
        return None if version is None or version.call.client is not client else version.vid
    if len(client.pending) and (found := client.pending.get(value)) is not None:
        return _member(found[0], value)
    kind = type(value)
    if kind is list or kind is tuple:
        parts = _all(value, client, deep)
        return None if parts is None else ["l" if kind is list else "t", parts]
    if kind is dict:
        keys = list(value)
        if not all(type(key) in (str, int) for key in keys):
            return None
        parts = _all([value.get(key) for key in keys], client, deep)
        if parts is not None:
            return ["d", [list(pair) for pair in zip(keys, parts, strict=True)]]
    return None


def _all(values: Any, client: Client, deep: int) -> list[Any] | None:
    """Describe all values; None as soon as one can't be, or if there are none."""
    if not deep:
        return None
    parts = []
    for value in values:
        part = describe(value, client, deep - 1)
        if part is None:
            return None
        parts.append(part)
    return parts or None


def _member(group: Group, value: Any) -> Any:
    found = []
    for version in sorted(group.newest.all_below(), key=lambda version: -version.vid)[:OLDER]:
        for index, held in enumerate(version.holds or ()):
            if held() is value:
                found.append([version.vid, index])
                break
    return ["m", found] if found else None


def vids_in(held: Any) -> Iterator[Vid]:
    """Yield the versions that futures in what a name holds stand for."""
    if isinstance(held, int):
        yield held
    elif held[0] != "m":
        for part in held[1]:
            yield from vids_in(part[1] if held[0] == "d" else part)


def members_in(held: Any) -> Iterator[list[Any]]:
    """Yield the objects that tasks write in what a name holds, each as its versions with the place in them."""
    if isinstance(held, int):
        return
    if held[0] == "m":
        yield held[1]
        return
    for part in held[1]:
        yield from members_in(part[1] if held[0] == "d" else part)


def rebuild(held: Any, future: Callable[[Vid], Any], member: Callable[[list[Any]], Any]) -> Any:
    """Return the value again, with `future(vid)` for futures and `member(versions)` for objects that tasks write."""
    if isinstance(held, int):
        return future(held)
    if held[0] == "m":
        return member(held[1])
    if held[0] == "d":
        return {key: rebuild(part, future, member) for key, part in held[1]}
    parts = [rebuild(part, future, member) for part in held[1]]
    return tuple(parts) if held[0] == "t" else parts
