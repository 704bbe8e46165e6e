"""The janitor: removes folders of sessions and stores whose runtime has died without cleaning up.

Law: looks at `owner.json` (process id, start time, host and boot id, as JSON), never into the data; is told by its
caller which machine this is and which processes live. In doubt it leaves a folder where it is: that of another
user or host, one it cannot read, one that somebody touched a moment ago.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import time
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import Any, Final

from .folders import is_local

GRACE_S: Final = 60.0
"""So long after the last change a folder is left alone: a client may be about to start a new runtime on it."""
UNOWNED_S: Final = 86_400.0
"""So long a folder without owner is left alone: its runtime may be about to start."""
_GONE: Final = ".gone"
_OWNER_LIMIT: Final = 65_536


def sweep(
    folders: Iterable[Path],
    *,
    is_alive: Callable[[int, float], bool],
    host: str,
    boot_id: str,
    grace_s: float = GRACE_S,
    limit: int = 100,
) -> list[Path]:
    """Remove the folders that a crash left, and return them. Blocks on the disk; call it off the loop.

    Parameters
    ----------
    folders
        candidates: `folders.store_folders()`, the folders of sessions. Only the first `limit` are looked at.
    is_alive
        whether the process of this id and start time runs; asked only for processes of this host and boot.
    host, boot_id
        which machine this is, and since when it is up.
    grace_s
        seconds for which a folder is left alone after its last change.

    Examples
    --------
    >>> sweep(store_folders(), is_alive=process.is_alive, host=socket.gethostname(), boot_id=process.boot_id())
    [PosixPath('/dev/shm/treadle-1000-s-x1y2z3')]
    """
    removed = []
    for folder in islice(folders, limit):
        try:
            age_s = _age_s(folder)
            owner = _read_owner(folder) if age_s is not None else None
            if age_s is None or age_s < grace_s or not _is_left_over(folder, owner, age_s, is_alive, (host, boot_id)):
                continue
            if _remove(folder, owner):
                removed.append(folder)
        except OSError:
            continue  # it went, or changed hands, while we looked: not ours to clean
    return removed


def remove_folder(folder: Path) -> None:
    """Remove a folder of one's own with all that is in it; what is mapped stays valid. Blocks on the disk."""
    shutil.rmtree(folder, ignore_errors=True)


def _age_s(folder: Path) -> float | None:
    """Return the seconds since the last change, None if this is no folder of this user."""
    state = os.lstat(folder)
    if not stat.S_ISDIR(state.st_mode) or state.st_uid != os.geteuid():
        return None
    return time.time() - max(state.st_mtime, state.st_ctime)


def _read_owner(folder: Path) -> bytes | None:
    try:
        descriptor = os.open(folder / "owner.json", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        state = os.fstat(file.fileno())
        if not stat.S_ISREG(state.st_mode) or state.st_uid != os.geteuid() or state.st_size > _OWNER_LIMIT:
            raise PermissionError(f"{folder} has an owner.json that is not ours")
        return file.read()


def _is_left_over(
    folder: Path, owner: bytes | None, age_s: float, is_alive: Callable[[int, float], bool], here: tuple[str, str]
) -> bool:
    if folder.name.endswith(_GONE):
        return True  # a janitor died over it
    if owner is None:
        return age_s >= UNOWNED_S
    told = _decoded(owner)
    if told is None or told["host"] != here[0]:
        return False
    if told["boot_id"] != here[1]:
        return is_local(folder)  # before the last boot; elsewhere it may be a machine of the same name
    return not is_alive(told["pid"], told["start_time"])


def _decoded(owner: bytes) -> dict[str, Any] | None:
    try:
        told = json.loads(owner)
    except ValueError:
        return None
    kinds: dict[str, Any] = {"pid": int, "start_time": (int, float), "host": str, "boot_id": str}
    if not isinstance(told, dict) or not all(isinstance(told.get(name), kind) for name, kind in kinds.items()):
        return None
    return told


def _remove(folder: Path, owner: bytes | None) -> bool:
    """Take the folder away under another name, look again whether it is still the one we judged, then delete it."""
    gone = folder
    if not folder.name.endswith(_GONE):
        gone = folder.with_name(f"{folder.name}.{os.getpid()}{_GONE}")
        os.rename(folder, gone)
        if _read_owner(gone) != owner:
            os.rename(gone, folder)  # a new runtime took it over at this very moment
            return False
    remove_folder(gone)
    return not gone.exists()
