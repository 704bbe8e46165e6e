"""How a script leaves: its tasks done, or cancelled if it failed or somebody pressed Ctrl-C.

Law: what is done with the session that a script has left; the api's state is `session`'s.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .session import Session


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


def at_exit(session: Session) -> None:
    """Do so where nothing may be raised any more."""
    try:
        end_script(session, hasattr(sys, "last_type"))
    except KeyboardInterrupt:  # the interpreter would tell of it as ignored, with our lines
        print("treadle: interrupted: tasks that had not ended are cancelled", file=sys.stderr)
