"""Questions about where a running task spends its time: asked of the workers, answered by a file.

Law: passes the wish on to every worker (who runs the task, or will, is known there first) and the file back unread.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..wire import messages as m

if TYPE_CHECKING:
    from .loop import Host

LONGEST_S: Final = 600.0


def sample(host: Host, number: int, seconds: float) -> Any:
    """Have a task looked at as soon as it runs, for so long; 0 seconds: no longer. To be said again for new workers."""
    path = _path(host, number)
    host.crew.post_control_all(m.Sample(number, min(seconds, LONGEST_S), str(path)))
    return True


def sampled(host: Host, number: int) -> Any:
    """What was seen, once: the packed profile, None if it is not there yet."""
    path = _path(host, number)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    path.unlink()
    return data


def _path(host: Host, number: int) -> Path:
    return host.session.folder / f"sample-{int(number)}"
