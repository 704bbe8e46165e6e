"""`start` while a runtime runs: the same options change nothing, other numbers resize it.

Law: compares what is asked for with what there is, and has the runtime become it; decides no numbers (config.plan).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from ..config import Options, Plan, plan
from ..errors import UsageError

if TYPE_CHECKING:
    from .session import Session

_FIXED: Final = ("engine", "name")
_NUMBERS: Final = ("workers", "threads", "memory")
LEAST_SHELF: Final = 64 * 1024 * 1024


def shelf_limit(memory: int) -> int:
    """Return how many bytes stored copies of arguments may take in a store of `memory` bytes."""
    return max(LEAST_SHELF, memory // 4)


def adapt(session: Session, wanted: Options, given: dict[str, Any]) -> None:
    """Have a running session become what `start(**given)` asks for; options that are not given stay as they are.

    Raises
    ------
    UsageError
        another engine or name, or numbers that the machine does not allow; nothing has changed then.
    """
    told = {name: getattr(wanted, name) for name, value in given.items() if value is not None}
    have = session.options
    for name in _FIXED:
        if name in told and told[name] != (running := getattr(have, name)):
            raise UsageError(
                f"A runtime with {name}={running!r} is running, so {name}={given[name]!r} can't take effect. "
                "Call treadle.stop() first."
            )
    if told and have.engine != "inline":
        settle_in(session)  # another client may have resized it
    new = replace(have, **told)
    if "seed" in told and new.seed != have.seed:
        session.seed(new.seed)
    planned = _planned(session, new) if any(name in told for name in _NUMBERS) else session.plan
    keep_alive_s = new.keep_alive if new.keep_alive != have.keep_alive else None
    if planned != session.plan or keep_alive_s is not None:
        _become(session, planned, keep_alive_s)
    if new.detach != have.detach and new.engine != "inline":
        session.client.link.ask("detach", {"on": new.detach})
    session.options = new


def settle_in(session: Session) -> None:
    """Take over the numbers that the runtime of a session has now."""
    status = session.client.link.ask("status", {})
    session.plan = Plan(status["wanted"], status["threads"], status["memory"], session.plan.notices)
    session.client.room.limit = session.plan.memory
    session.shelf.limit = shelf_limit(session.plan.memory)


def _planned(session: Session, new: Options) -> Plan:
    """Return the plan with these options, what is not asked for as it is now."""
    now = session.plan
    found = plan(new.workers or now.workers, new.threads, new.memory, running=now.workers)
    memory = now.memory if new.memory is None else found.memory
    same = (found.workers, found.threads, memory) == (now.workers, now.threads, now.memory)
    return now if same else replace(found, memory=memory)


def _become(session: Session, planned: Plan, keep_alive_s: float | None) -> None:
    client = session.client
    if session.options.engine != "inline":
        numbers = {"workers": planned.workers, "threads": planned.threads, "memory": planned.memory}
        client.link.ask("resize", {**numbers, "keep_alive_s": keep_alive_s})
        if client.store is not None and planned.memory > max(
            session.plan.memory, room := client.store.room()
        ):
            client.notify(
                "info", f"the store is in {client.store.folder}, which has room for {room / 1e9:.1f} GB only."
            )
    session.plan = planned
    client.room.limit = planned.memory
    session.shelf.limit = shelf_limit(planned.memory)
    for notice in planned.notices:
        client.notify("info", notice)
