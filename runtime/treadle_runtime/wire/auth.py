"""Who may talk to a runtime: the owner of its folder, who can read the token in it.

Law: knows folders, modes and tokens; no sockets, no messages. Nothing a peer sends is looked at (let alone
unpickled) before its token was compared. The socket files' own mode protects nothing: the 0700 folder does.
"""

from __future__ import annotations

import hmac
import os
import secrets
import stat
from pathlib import Path

from ..errors import EngineError


def write_private(path: Path, data: bytes) -> None:
    """Write a 0600 file whole: it is there with all its content or not at all."""
    hidden = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        os.replace(hidden, path)
    except OSError:
        hidden.unlink(missing_ok=True)
        raise


def make_token(path: Path) -> str:
    """Draw a fresh token, write it to `path` (0600), and return it."""
    token = secrets.token_urlsafe(32)
    write_private(path, token.encode())
    return token


def read_token(path: Path) -> str:
    """Return the token in `path`.

    Raises
    ------
    EngineError
        If the file or its folder belongs to somebody else or lets others in: then whoever answers there may
        not be ours.
    """
    for place, kind in ((path.parent, stat.S_ISDIR), (path, stat.S_ISREG)):
        state = os.lstat(place)
        if not kind(state.st_mode) or state.st_uid != os.getuid() or state.st_mode & 0o077:
            raise EngineError(
                f"{place} is not private to you, so the runtime behind it can't be trusted. "
                "End that runtime and start a new one."
            )
    return path.read_text()


def same_token(one: str, other: str) -> bool:
    """Compare two tokens in constant time."""
    return hmac.compare_digest(one.encode(), other.encode())
