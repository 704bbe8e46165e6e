"""The runtimes that pages of this server may reach: those of its own user, on this machine, that live.

Law: reads descriptors, opens nothing else. A file that belongs to somebody else, lets others in, or is no plain file is
passed over, whatever stands in it. Blocks on the file system, so it runs off the server's loop.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import msgspec

from treadle_runtime import __version__
from treadle_runtime.wire.session import Descriptor, descriptors_folder

DESCRIPTOR_LIMIT: Final = 1 << 20
FIRST_WITH_PAGES: Final = 3
"""The first protocol whose runtimes pages can look at."""
_KERNEL: Final = re.compile(r"kernel-(.+)\.json")


def find_all() -> list[Descriptor]:
    """Return the runtimes that live here, oldest first."""
    found = [
        each for path in descriptors_folder().glob("treadle-*.json") if (each := _read(path)) is not None
    ]
    return sorted(found, key=lambda each: each.started)


def find(name: str) -> Descriptor | None:
    """Return the runtime of this name or epoch, None if there is none."""
    return next((each for each in reversed(find_all()) if name in (each.name, each.epoch)), None)


def row(found: Descriptor, paths: Mapping[str, str] = MappingProxyType({})) -> dict[str, Any]:
    """Return what a page is told of a runtime before it has been asked: no path but those of notebooks, no token.

    `paths`: where the notebooks of this server's kernels are by now, by the kernel's id; a kernel is not told that its notebook
    was renamed.
    """
    version, python, _prefix = found.environment
    matches = [_KERNEL.fullmatch(os.path.basename(each.kernel)) for each in found.notebooks]
    ids = [match[1] if match else "" for match in matches]
    kernels = [kernel for kernel in ids if kernel]
    now = (paths.get(kernel) or each.path for kernel, each in zip(ids, found.notebooks, strict=True))
    notebooks = list(dict.fromkeys(path for path in now if path))
    told: dict[str, Any] = {
        "name": found.name,
        "epoch": found.epoch,
        "title": found.name if found.named or not notebooks else os.path.basename(notebooks[0]),
        "kernels": kernels,
        "notebooks": notebooks,
        "present": any(each.present for each in found.notebooks),
        "workers": found.workers,
        "clients": found.clients,
        "started": found.started,
        "pid": found.owner.pid,
        "version": version,
        "python": python,
    }
    if found.protocol < FIRST_WITH_PAGES:
        told["hint"] = (
            f"This runtime has Treadle {version}, the Jupyter server {__version__}: run `pip install --upgrade treadle` "
            "in the kernel's environment, then restart the kernel."
        )
    return told


def _read(path: Path) -> Descriptor | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None  # it has just gone, or is a link
    try:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode) or state.st_uid != os.getuid() or state.st_mode & 0o077:
            return None
        data = os.read(descriptor, DESCRIPTOR_LIMIT)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    try:
        found = msgspec.json.decode(data, type=Descriptor)
    except (msgspec.DecodeError, ValueError):
        return None  # half written by hand, or of a version that says less
    return found if found.owner.is_here() and found.owner.is_alive() else None
