"""Where stores are: a folder in memory if it is large enough, else on a disk of this machine.

Law: knows file systems and names of folders; nothing of what is in them. A store is never on a file system that
other machines see: mapped files there are slow at best and wrong at worst.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ..errors import StoreFull

SHARED_MEMORY: Final = "/dev/shm"
_IN_MEMORY: Final = frozenset({"tmpfs", "ramfs"})
_NETWORK: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "lustre", "gpfs", "beegfs", "ceph", "glusterfs", "afs", "pvfs2", "orangefs"}
    | {"panfs", "wekafs", "gfs2", "ocfs2", "acfs", "davfs", "ncpfs", "afpfs", "webdav"}
)


def choose_folder(session: str, needed: int) -> Path:
    """Make the folder for a session's store and return it: fresh, private (0700), on a local file system.

    Parameters
    ----------
    session
        names the folder, with the user's id before it.
    needed
        bytes the store may take. Memory is taken if it has so much free, else the first local disk that has, else
        the place with the most room. TREADLE_STORE, if set, is the only place looked at.

    Raises
    ------
    StoreFull
        no local folder can be written.
    """
    reasons = []
    for parent in _ranked(needed):
        try:
            return _make(parent, session)
        except OSError as error:
            reasons.append(f"{parent}: {error.strerror}")
    raise StoreFull(
        f"There is no folder for data on a disk of this machine ({'; '.join(reasons) or 'none is local'}). "
        "Set TREADLE_STORE to a local folder that you may write to."
    )


def store_folders() -> list[Path]:
    """Return the folders of all stores of this user that are in the usual places, for the janitor."""
    return [folder for parent in _parents() for folder in sorted(parent.glob(f"treadle-{os.getuid()}-*"))]


def file_system(path: str | os.PathLike[str]) -> str:
    """Return the type of the file system that `path` is on, "" if the system does not tell."""
    mounts = _mounts()
    place = os.path.realpath(path)
    while place not in mounts and place != os.path.dirname(place):
        place = os.path.dirname(place)
    return mounts.get(place, "")


def is_local(path: str | os.PathLike[str]) -> bool:
    """Tell whether only this machine sees what is at `path`."""
    kind = file_system(path)
    return kind not in _NETWORK and not (kind.startswith("fuse.") and kind != "fuse.overlayfs")


def _ranked(needed: int) -> list[Path]:
    """Return where to try, best first."""
    if chosen := _chosen():
        return [Path(chosen)]
    local = [parent for parent in _parents() if is_local(parent)]
    rooms = {parent: _free(parent) for parent in local}

    def rank(parent: Path) -> tuple[bool, bool, int]:
        small = rooms[parent] < needed
        return small, not small and file_system(parent) not in _IN_MEMORY, -rooms[parent] if small else 0

    return sorted(local, key=rank)  # stable: among equals the order of `_parents`


def _chosen() -> str:
    """Return what TREADLE_STORE says. In a task it is the store itself: a store goes beside it, never into it."""
    chosen = os.environ.get("TREADLE_STORE", "")
    return os.path.dirname(chosen) if chosen and os.path.exists(f"{chosen}/owner.json") else chosen


def _parents() -> list[Path]:
    home = os.environ.get("HOME")
    cache = os.environ.get("XDG_CACHE_HOME") or (os.path.join(home, ".cache") if home else "")
    places = [_chosen(), SHARED_MEMORY, os.environ.get("XDG_RUNTIME_DIR", ""), tempfile.gettempdir(), cache, "/var/tmp"]
    return list({os.path.realpath(place): Path(place) for place in places if place and os.path.isdir(place)}.values())


def _make(parent: Path, session: str) -> Path:
    name = f"treadle-{os.getuid()}-{session}"
    for folder in (parent / name, parent / f"{name}-{secrets.token_hex(4)}"):
        try:
            folder.mkdir(mode=0o700)  # a fresh one: nobody can have prepared it
        except FileExistsError:
            continue
        return folder
    raise FileExistsError(17, "this name is taken", str(parent / name))


def _free(place: Path) -> int:
    try:
        state = os.statvfs(place)
    except OSError:
        return 0
    return state.f_bavail * state.f_frsize


def _mounts() -> dict[str, str]:
    """Return mount point -> type; empty where the system has no such table."""
    try:
        with open("/proc/self/mounts", encoding="utf-8", errors="surrogateescape") as table:
            return dict(_rows(table.read()))
    except OSError:
        return {}


def _rows(table: str) -> Iterator[tuple[str, str]]:
    for line in table.splitlines():
        _, point, kind, *_ = line.split(" ")
        for escaped, plain in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
            point = point.replace(escaped, plain)
        yield point, kind  # a later mount at the same point hides the earlier
