"""publish, get, unpublish: results under a name, for whoever shares the runtime or comes after.

Law: knows names and what they hold; that it lives on is the runtime's matter.
"""

from __future__ import annotations

import time
from typing import Any

from ..client.remote_traceback import leaves_no_trace
from ..client.taken_over import stored, take_over
from ..core.model import Vid, maker_of, output_of
from ..errors import UsageError
from ..wire import messages as m
from .bindings import describe, members_in, rebuild, vids_in
from .future_of import future_of
from .session import Session, current, peek
from .sync import put, wait_on


@leaves_no_trace
def publish(name: str, value: Any) -> None:
    """Keep a result under a name, for all who share the runtime, until it ends or `unpublish`.

    Parameters
    ----------
    name : str
        What `get` asks for; something published under it before is let go of.
    value
        a future, or lists, tuples and dicts of futures, which may still run; any other value is stored as it is now.

    Raises
    ------
    NotSerializable
        part of a value cannot be pickled.

    Notes
    -----
    Any thread; starts the runtime if none runs. Waits only for what tasks still write into `value`.

    Examples
    --------
    >>> import treadle
    >>> treadle.publish("mean", mean(x))  # doctest: +SKIP
    >>> treadle.get("mean")  # in another notebook, after start(name=...) of the same  # doctest: +SKIP
    <Future mean #7 running>
    """
    session = _shared(current())
    client = session.client
    held = describe(value, client)
    plain = held is None or any(True for _ in members_in(held))
    if plain:
        value = put(wait_on(value))
        held = describe(value, client)
    vids = list(dict.fromkeys(vids_in(held)))
    client.link.ask("share", {"name": _name(name), "held": held, "vids": vids, "value": plain})


@leaves_no_trace
def get(name: str) -> Any:
    """Return what was published under a name: futures of tasks, or the value.

    Raises
    ------
    UsageError
        nothing has this name; the message lists what there is.

    Notes
    -----
    Any thread; starts (or joins) the runtime if none runs. A future stays the publisher's: `barrier` does not wait for it.

    Examples
    --------
    >>> import treadle
    >>> treadle.get("mean")  # doctest: +SKIP
    <Future mean #7 running>
    """
    session = _shared(current())
    client = session.client
    found = client.link.ask("get", {"name": _name(name)})
    if found is None:
        names = client.link.ask("shared", {})
        there = ", ".join(
            f"{each!r} (since {time.strftime('%H:%M:%S', time.localtime(at))})" for each, at in names.items()
        )
        raise UsageError(
            f"Nothing is published as {name!r}. "
            + (f"There is {there}." if there else "Nothing is published yet.")
        )
    calls = {row["number"]: take_over(client, row, own=False) for row in found["tasks"]}
    puts = {row[0]: stored(client, *row) for row in found["puts"]}

    def future(vid: Vid) -> Any:
        return future_of(puts.get(vid) or calls[maker_of(vid)], output_of(vid))

    futures = {vid: future(vid) for vid in dict.fromkeys(vids_in(found["held"]))}
    client.link.send(m.Ask(0, "follow", {"client": client.cid, "vids": list(futures)}))
    value = rebuild(found["held"], futures.__getitem__, lambda _versions: None)
    return wait_on(value) if found["value"] else value


@leaves_no_trace
def unpublish(name: str) -> None:
    """Let go of what was published under a name. Raises UsageError if there is nothing.

    Any thread; does not block.

    Examples
    --------
    >>> import treadle
    >>> treadle.unpublish("mean")  # doctest: +SKIP
    """
    session = peek()
    if session is None or not _shared(session).client.link.ask("unshare", {"name": _name(name)}):
        raise UsageError(f"Nothing is published as {name!r}.")


def _shared(session: Session) -> Session:
    if session.options.engine == "inline":
        raise UsageError(
            'With engine="inline" there is no runtime to share. Use start(name=...) to share results.'
        )
    return session


def _name(name: Any) -> str:
    if not isinstance(name, str) or not name:
        raise UsageError(f'{name!r} is no name to publish under: use a text, as in publish("x", x).')
    return name
