"""How a session is left: with its tasks done, or cancelled if a script failed or somebody pressed Ctrl-C.

Law: what is waited for and what is cancelled before the runtime ends; the api's state is `session`'s.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .session import Session

LOOK_S: Final = 0.5


def end_script(session: Session, failed: bool) -> None:
    """End what a script has left; what has not ended is cancelled if it `failed`, or if Ctrl-C comes meanwhile."""
    if session.options.detach and not failed:
        session.leave()
        return
    try:
        session.stop(cancel=failed or session.client.lost is not None)
    except KeyboardInterrupt:
        session.stop(cancel=True)
        raise


def outlast(session: Session, cancel: bool) -> None:
    """Deal with what dead kernels of the notebook have left: nobody will resume what is held; what runs is waited for, unless it goes as well."""
    client, told = session.client, False
    client.cancel(client.link.ask("held", {"client": client.cid}))
    while not cancel and client.lost is None:
        counts = client.link.ask("left", {"client": client.cid})
        going = counts.get("running", 0) + counts.get("waiting", 0)
        if not going:
            return
        if not told:
            told, tasks = True, "1 task" if going == 1 else f"{going} tasks"
            client.tell("info", f"waiting for {tasks} of the kernel before this one; treadle.stop(cancel=True) does not wait")
        client.wait(lambda: client.lost is not None, LOOK_S, [])


def at_exit(session: Session) -> None:
    """Do so where nothing may be raised any more."""
    try:
        end_script(session, hasattr(sys, "last_type"))
    except KeyboardInterrupt:  # the interpreter would tell of it as ignored, with our lines
        print("treadle: interrupted: tasks that had not ended are cancelled", file=sys.stderr)
