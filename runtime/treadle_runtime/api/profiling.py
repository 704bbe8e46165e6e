"""profile: where a task spends its time, seen from outside while it runs.

Law: asks for samples and waits for them; a task that has ended is submitted once more, under a number of its own, so
that nothing of it changes.
"""

from __future__ import annotations

from typing import Any, Final

from ..client.calls import Call, Version
from ..client.client import Client
from ..client.futures import Future
from ..core.states import TaskState
from ..errors import UsageError
from ..worker.sampling import PATIENCE_S, Profile, unpack_profile
from .earlier import own_call
from .session import Session, peek

LOOK_S: Final = 0.1
"""How often it is asked whether the samples are there."""


def profile(number: int | Future[Any], seconds: float = 5.0) -> Profile:
    """Sample a task, all its threads, a hundred times a second; blocks until that is done.

    Parameters
    ----------
    number
        of the task as it is shown (`f #17`), or its future. One that has ended is run once more, on its recorded inputs;
        its result stays the first one.
    seconds
        the longest it is looked at; it ends earlier with the task.

    Returns
    -------
    Profile
        `samples`, `seconds`, and `stacks` as (count, thread, [(file, line, function), ...]), outermost first.

    Raises
    ------
    UsageError
        inputs no longer kept, a task too short to be seen, or no worker processes.
    """
    session = peek()
    if session is None:
        raise UsageError("Nothing runs, so there is no task to look at.")
    client = session.client
    call = own_call(client, number)
    if session.options.engine == "inline":
        raise UsageError("engine='inline' has no workers to look at. Use a profiler of your own, it runs in this process.")
    if not call.final:
        return _wait(client, call, seconds)
    again, keep = _run_again(session, call, seconds)
    found = _wait(client, again, seconds)
    del keep
    return found


def _run_again(session: Session, call: Call, seconds: float) -> tuple[Call, Any]:
    """Submit a task that has ended once more, to be looked at; nobody hears of its result."""
    client = session.client
    found = client.link.ask("recipe", {"number": call.number})
    if found is None:
        raise UsageError(f"{call.label} has ended, and what it was given is no longer kept. Call it again.")
    function, name, _code, payload, reads, options, outputs, renews, world = found
    again = client.new_call(name, session.cell, f"profile of {call.label}")
    again.looked = True
    client.link.ask("sample", {"number": again.number, "seconds": seconds})
    pairs = tuple((int(read), int(output)) for read, output in renews)
    row = (again.number, function, payload, tuple(reads), outputs, pairs, session.cell, world, 0, again.title, options)
    client.room.make(0)
    client.submit(again, row)
    client.link.flush()
    return again, [Version(again, k) for k in range(outputs)]


def _wait(client: Client, call: Call, seconds: float) -> Profile:
    """Wait for the samples; workers that come up meanwhile are told as well."""
    wish = {"number": call.number, "seconds": seconds}
    try:
        for _ in range(int((seconds + PATIENCE_S) / LOOK_S)):
            ended = call.final or client.lost is not None
            if (found := _found(client, call)) is not None:
                return found
            if ended:
                break
            client.link.ask("sample", wish)
            client.link.wait(lambda: call.final or client.lost is not None, LOOK_S)
        client.link.wait(lambda: False, LOOK_S)  # the worker may still be writing
        if (found := _found(client, call)) is not None:
            return found
    finally:
        if client.lost is None:
            client.link.ask("sample", {**wish, "seconds": 0.0})
    if call.state == TaskState.UPSTREAM:
        raise UsageError(f"An input of {call.label} is gone, so it can't be run again to be looked at.")
    if call.final:
        raise UsageError(f"{call.label} took {call.run_s * 1e3:.1f} ms: too short to be seen a hundred times a second.")
    raise UsageError(f"{call.label} has not begun within {PATIENCE_S:.0f} s. `%treadle why {call.number}` says why.")


def _found(client: Client, call: Call) -> Profile | None:
    data = client.link.ask("sampled", {"number": call.number})
    found = unpack_profile(data) if data is not None else None
    return found if found is not None and found.samples else None
