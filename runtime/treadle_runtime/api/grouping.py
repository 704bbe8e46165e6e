"""group: the tasks that a block of code submits, as one list.

Law: collects futures while a block runs; waiting, cancelling and trying again are done by those who take any list.
Only calls made in the context of the block count (its thread, and what it awaits), so two threads never mix.
"""

from __future__ import annotations

from contextvars import ContextVar, Token
from typing import Any, Final
from weakref import WeakKeyDictionary

from ..client.client import Client
from ..client.futures import Future
from ..core.model import Number

open_groups: Final[dict[int, Group]] = {}
"""All of this process; empty costs a call of a task one look."""
_here: ContextVar[tuple[Group, ...]] = ContextVar("groups", default=())
_named: Final[WeakKeyDictionary[Client, dict[str, list[Number]]]] = WeakKeyDictionary()
"""The numbers of the newest group of each name, in each runtime."""
NAMES: Final = 1000
"""So many names are remembered, those that came last."""


class Group(list[Future[Any]]):
    """The futures of the tasks that a block submitted, in order. Made by `group`."""

    name = ""
    _client: Client | None = None  # which has submitted its last task: with the next runtime numbers begin anew
    _numbers: list[Number]
    _token: Token[tuple[Group, ...]] | None = None

    def __enter__(self) -> Group:
        open_groups[id(self)] = self
        self._token = _here.set((*_here.get(), self))
        return self

    def __exit__(self, *_error: object) -> None:
        del open_groups[id(self)]
        if self._token is not None:
            _here.reset(self._token)
            self._token = None

    def __reduce_ex__(self, _protocol: Any) -> Any:
        return list, (list(self),)  # a task gets the values, for which there is no group


def group(name: str = "") -> Group:
    """Collect the tasks submitted in a block: `with treadle.group("sweep") as g: ...`.

    A group is a list of futures that fills itself: wherever a list of futures goes, it goes (`wait_on`, `cancel`,
    `retry`, `as_completed`, an argument of a task). The end of the block waits for nothing.

    Parameters
    ----------
    name : str
        by which `futures(group=name)` finds its tasks; with a name that was used before, the older tasks are no longer
        found by it. The last 1,000 names are remembered.

    Returns
    -------
    Group
        a list of futures, one for each result, in the order of the calls; also of tasks called by functions that
        the block calls, and by groups within it.

    Notes
    -----
    Any thread; never blocks, starts nothing. Calls made by other threads meanwhile do not belong to it. Like any
    list of futures it keeps their results.

    Examples
    --------
    >>> import treadle
    >>> with treadle.start(engine="inline"), treadle.group("squares") as g:
    ...     for i in range(3):
    ...         _ = treadle.task(pow)(i, 2)
    ...     treadle.wait_on(g)
    [0, 1, 4]
    """
    made = Group()
    made.name = name
    return made


def gathered(futures: Any) -> Any:
    """Add what a call gave to the groups open around it; return it."""
    for each in _here.get():
        found = [futures] if isinstance(futures, Future) else list(futures)
        each += found
        if each.name and found:
            call = found[0]._call
            if each._client is not call.client:
                each._client, each._numbers = call.client, []
                _remember(call.client, each)
            each._numbers.append(call.number)
    return futures


def _remember(client: Client, group: Group) -> None:
    """Have the name of a group mean it, and no longer an older one."""
    names = _named.setdefault(client, {})
    names.pop(group.name, None)
    names[group.name] = group._numbers
    if len(names) > NAMES:
        del names[next(iter(names))]


def numbers_in(client: Client, name: str) -> set[Number]:
    """Return the numbers of the tasks that the newest group of this name has submitted."""
    return set(_named.get(client, {}).get(name, ()))
