"""The store: a folder with one sealed file per version, which every process of a session maps.

Law: knows version ids, packed values and files; nothing of tasks, counts or limits (the runtime decides what
goes). A file is written under a hidden name and renamed when it is whole; from then on nobody writes, cuts or
reuses it: deleting is unlinking, and whoever mapped it keeps what it mapped.

Why not reuse the pages of freed files, which would spare the making of new ones (half of what writing costs)?
Private pages that a reader has not touched yet would show the new content, and no count of mappings survives a
`kill -9` for sure.
"""

from __future__ import annotations

import errno
import itertools
import os
from pathlib import Path
from typing import Final

from ..core.model import Vid
from ..errors import DataLost, StoreFull
from .draft import Draft
from .memory import load, map_shared, remove, view, write
from .packing import Packed

_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_count = itertools.count(1)


class Store:
    """The sealed versions of one session.

    Any thread may call any method; all of them do file work and may block. Several processes share the folder.

    Parameters
    ----------
    folder
        made by `folders.choose_folder`: on a local file system, 0700.

    Examples
    --------
    >>> store = Store(folder)
    >>> store.write(65536, pack(numpy.ones(1_000_000)))
    8004096
    >>> unpack(store.open(65536)).sum()
    1000000.0
    """

    __slots__ = ("_prefix", "folder")

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self._prefix = f"{self.folder}/"

    def path(self, vid: Vid) -> str:
        """Return where a version is, or would be."""
        return f"{self._prefix}{vid:x}"

    def write(self, vid: Vid, packed: Packed) -> int:
        """Store a value under `vid` and return the file's size in bytes.

        A version that is there already is replaced (a task that ran again made it again); who mapped the older
        file keeps it.

        Raises
        ------
        StoreFull
            no room, or the folder cannot be written; nothing of the value is left behind.
        """
        hidden = self._hidden()
        try:
            descriptor = _create(hidden)
            try:
                total = write(descriptor, packed)
            finally:
                os.close(descriptor)
            os.rename(hidden, self.path(vid))
        except OSError as error:
            remove(hidden)
            raise self.full(error, packed.nbytes) from error
        return total

    def open(self, vid: Vid) -> Packed:
        """Return a sealed value; its buffers are private: what is made on them may be written to by its owner.

        Writing changes neither the file nor anybody else's view. Memory is taken only for pages written to (for
        all of them below `MAPPED_FROM`, and while this process holds very many mappings).

        Raises
        ------
        DataLost
            the version is not in the store.
        DataError
            the file is damaged.
        """
        try:
            descriptor = os.open(self.path(vid), os.O_RDONLY)
        except FileNotFoundError as error:
            raise DataLost(
                f"Version {vid:x} is not in the store {self.folder}: it was dropped or its runtime has ended. "
                "Run its task again."
            ) from error
        try:
            return view(load(descriptor, os.fstat(descriptor).st_size))
        finally:
            os.close(descriptor)

    def begin_copy(self, packed: Packed) -> Draft:
        """Return a copy of a value to be changed in place and sealed as another version.

        Parameters
        ----------
        packed
            e.g. `store.open(vid)`; it is copied once and not changed.

        Raises
        ------
        StoreFull
            no room; nothing is left behind.
        """
        hidden = self._hidden()
        try:
            descriptor = _create(hidden)
            try:
                memory = map_shared(descriptor, write(descriptor, packed))
            except OSError:
                os.close(descriptor)
                raise
        except OSError as error:
            remove(hidden)
            raise self.full(error, packed.nbytes) from error
        return Draft(self, hidden, descriptor, memory)

    def delete(self, vid: Vid) -> bool:
        """Unlink a version; tell whether it was there. What is mapped stays valid; large files take milliseconds."""
        return remove(self.path(vid))

    def exists(self, vid: Vid) -> bool:
        """Tell whether a version is sealed here."""
        return os.path.exists(self.path(vid))

    def nbytes(self, vid: Vid) -> int:
        """Return the size of a version's file, 0 if it is not here."""
        try:
            return os.stat(self.path(vid)).st_size
        except FileNotFoundError:
            return 0

    def total(self) -> int:
        """Return how many bytes all files take, unsealed ones too; looks at every file."""
        total = 0
        try:
            with os.scandir(self.folder) as entries:
                for entry in entries:
                    try:
                        total += entry.stat(follow_symlinks=False).st_size
                    except FileNotFoundError:
                        continue  # deleted meanwhile
        except FileNotFoundError:
            return 0
        return total

    def room(self) -> int:
        """Return how many bytes it could take in all: what it has, and what its file system has free."""
        return self.total() + _free(self.folder)

    def close(self) -> None:
        """Remove what this process has begun and not sealed. Idempotent; sealed versions stay."""
        mine = f".{os.getpid():x}."
        try:
            names = os.listdir(self.folder)
        except FileNotFoundError:
            return
        for name in names:
            if name.startswith(mine):
                remove(self._prefix + name)

    def full(self, error: OSError, nbytes: int) -> StoreFull:
        """Return what to raise when writing `nbytes` gave `error`."""
        if error.errno in _NO_ROOM:
            text = (
                f"The store {self.folder} has no room for {_size(nbytes)} ({_size(_free(self.folder))} free): drop "
                "results you no longer need (del, stop()), or set TREADLE_STORE to a folder on a larger local disk."
            )
        else:
            text = (
                f"The store {self.folder} cannot be written ({error.strerror}): stop() and start() make a new one, "
                "TREADLE_STORE says where."
            )
        full = StoreFull(text)
        full.errno = error.errno
        return full

    def _hidden(self) -> str:
        return f"{self._prefix}.{os.getpid():x}.{next(_count):x}"


def _create(path: str) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)


def _free(folder: Path) -> int:
    try:
        state = os.statvfs(folder)
    except OSError:
        return 0
    return state.f_bavail * state.f_frsize


def _size(nbytes: int) -> str:
    return f"{nbytes / 1e9:.1f} GB" if nbytes >= 1e9 else f"{nbytes / 1e6:.1f} MB"
