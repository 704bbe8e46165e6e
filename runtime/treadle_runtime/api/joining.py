"""Which runtime a session uses: one of its own, the one of a name, or the one its notebook had before.

Law: finds, starts and joins; what a session does with it is the session's. Tasks travel between processes of one
environment only, so a runtime of another one is never joined.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ..client.attach import attach_runtime, list_runtimes, start_runtime
from ..client.connection import Connection
from ..config import KEEP_ALIVE_S, Options, Plan
from ..errors import EngineError, InternalError
from ..wire import messages as m
from ..wire.session import Descriptor, RuntimeOptions, environment
from .resizing import settle_in

if TYPE_CHECKING:
    from ..client.client import Client
    from .session import Session

JOIN_LIMIT_S: Final = 10.0
AGAIN_S: Final = 0.05


def open_runtime(client: Client, options: Options, planned: Plan, notebook: bool) -> bool:
    """Connect a client to the runtime that its options ask for; True if that one ran before."""
    wanted = _runtime_options(options, planned, notebook)
    connection, joined = start_runtime(wanted, client.receive) if not options.name else None, False
    if connection is None:
        connection, joined = _join_or_start(wanted, client)
    attach(client, connection)
    return joined


def attach(client: Client, connection: Connection) -> None:
    """Give a client its connection."""
    if connection.welcome is None:
        raise InternalError("The runtime was connected without a welcome. Please report this.")
    client.attach(connection, connection.welcome)


def why_not(found: Descriptor) -> str:
    """Say why a runtime can't be joined from here; "" if it can."""
    theirs, own = found.environment, environment()
    if found.protocol != m.PROTOCOL or theirs[0] != own[0]:
        return f"is of Treadle {theirs[0] or '(unknown)'}, not {own[0]}"
    if theirs[2] != own[2]:
        return f"runs in another environment ({theirs[2]})"
    return "" if theirs == own else f"runs Python {theirs[1]}, not {own[1]}"


def rejoin(found: Descriptor, options: Options) -> Session:
    """Return a session on a runtime that lives; it is the one of this process from then on."""
    from .session import Session, adopt

    def open_link(client: Client) -> None:
        attach(client, attach_runtime(found.name, client.receive))

    named = replace(options, name=found.name if found.named else "")
    session = Session(named, open_link, Plan(found.workers, 1, 1 << 30))
    session.joined = True
    settle_in(session)
    adopt(session)
    return session


def _runtime_options(options: Options, planned: Plan, notebook: bool) -> RuntimeOptions:
    keep = options.keep_alive
    stays = notebook or options.detach
    return RuntimeOptions(
        workers=planned.workers,
        threads=planned.threads,
        memory=planned.memory,
        keep_alive_s=keep if keep is not None else KEEP_ALIVE_S if stays else 0.0,
        seed=options.seed,
        name=options.name,
        script=not stays and keep is None,
        interactive=notebook,
        detach=options.detach,
    )


def _join_or_start(wanted: RuntimeOptions, client: Client) -> tuple[Connection, bool]:
    """Join the runtime of a name, or be the one that makes it."""
    limit = time.monotonic() + JOIN_LIMIT_S
    while True:
        found = next((each for each in list_runtimes() if each.name == wanted.name), None)
        if found is not None and (reason := why_not(found)):
            raise EngineError(
                f"The runtime {found.name!r} can't be joined: it {reason}. "
                f"`treadle stop {found.name}` ends it; or use another name."
            )
        try:
            if found is None:
                return start_runtime(wanted, client.receive), False
            return attach_runtime(wanted.name, client.receive), True
        except EngineError:
            taken = any(each.name == wanted.name for each in list_runtimes())
            if (found is None and not taken) or time.monotonic() > limit:
                raise
        time.sleep(AGAIN_S)  # it ended, or somebody else began it, at the same moment
