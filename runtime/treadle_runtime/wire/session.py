"""Where a runtime lives: its folder, its options, and the descriptor that lets others find it.

Law: knows names, places and small JSON files; starts and connects nothing. The store's folder lies elsewhere (store.
folders) and has an owner.json of its own. Layout of a session's folder:

    owner.json    pid, start time, host and boot id of the runtime process (0600)
    options.json  RuntimeOptions it was started with (0600)
    token         what a peer must show (0600)
    clients.sock  stream socket for clients (wire.stream);  workers.sock  ROUTER for workers ("w3.c": the control thread)
    journal       frames as they came in (record.journal)
    refused       why the runtime could not start: name of the error, its text (0600)
    logs/         host.log; 3.out and 3.err: descriptors 1 and 2 of worker 3
    status/3      the mapped status page of worker 3 (worker.status)

A descriptor `treadle-NAME.json` in Jupyter's runtime folder names each live runtime. Folders of homes on NFS are
seen by several machines: whoever reads a descriptor compares host and boot id before anything else.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import platform
import shutil
import socket
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import msgspec

from .. import __version__, errors
from ..errors import EngineError, TreadleError
from .auth import make_token, read_token, write_private
from .process import boot_id, is_alive, start_time

PATH_LIMIT: Final = 100
"""Bytes of a socket's path that every system allows (104 on macOS, 108 on Linux, less a margin)."""


@dataclass(frozen=True, slots=True)
class RuntimeOptions:
    """What a runtime process is started with.

    Parameters
    ----------
    workers, threads : int
        Worker processes, and threads of each.
    memory : int
        Bytes the store may take.
    keep_alive_s : float
        How long it lives on without a client while nothing runs.
    seed : int or None
        Seeds random numbers in every task.
    name : str
        What people call it (`treadle ps`); "" for one of its own making.
    script : bool
        It ends with its client, running tasks or not.
    interactive : bool
        Workers run at nice 5, so that the person's own machine stays pleasant.
    preload : tuple of str
        Modules that workers import while they have nothing else to do.
    idle_s : float
        Workers without work for so long end, and come back with the next task.
    detach : bool
        Without a client it works until nothing is left to do, however long that takes.
    """

    workers: int = 2
    threads: int = 1
    memory: int = 1 << 30
    keep_alive_s: float = 0.0
    seed: int | None = None
    name: str = ""
    script: bool = True
    interactive: bool = False
    preload: tuple[str, ...] = ()
    idle_s: float = 300.0
    detach: bool = False


@dataclass(frozen=True, slots=True)
class Owner:
    """The runtime process of a folder."""

    pid: int
    start_time: float
    host: str
    boot_id: str

    def is_here(self) -> bool:
        """Tell whether it is a process of this machine since this boot."""
        return (self.host, self.boot_id) == (socket.gethostname(), boot_id())

    def is_alive(self) -> bool:
        """Tell whether it still runs; only to be asked if `is_here()`."""
        return is_alive(self.pid, self.start_time)

    @classmethod
    def myself(cls) -> Owner:
        """Return the owner that this process would be."""
        return cls(os.getpid(), start_time(os.getpid()) or 0.0, socket.gethostname(), boot_id())


@dataclass(frozen=True, slots=True)
class Notebook:
    """A kernel and the notebook it runs.

    Parameters
    ----------
    kernel : str
        Its connection file, which a restart keeps.
    path, file : str
        Of the notebook when the kernel began, and which file that was (device and inode); "" if it is not known.
    present : bool
        The kernel lives and is a client.
    """

    kernel: str
    path: str
    file: str
    present: bool

    def is_same(self, other: Notebook) -> bool:
        """Tell whether both are one notebook, by kernel or by path and file."""
        if self.kernel == other.kernel:
            return True
        return bool(self.path and self.file) and (self.path, self.file) == (other.path, other.file)

    def left(self) -> Notebook:
        """Return it without its kernel."""
        return replace(self, present=False)


def environment() -> tuple[str, str, str]:
    """Return what tasks of one runtime have in common: Treadle's version, Python's, the environment's folder."""
    return __version__, platform.python_version(), sys.prefix


@dataclass(frozen=True, slots=True)
class Descriptor:
    """What the file in Jupyter's runtime folder says about a live runtime."""

    name: str
    folder: str
    store: str
    epoch: str
    protocol: int
    started: float  # seconds of the epoch
    workers: int
    script: bool
    owner: Owner
    named: bool = False  # by a person
    clients: int = 0
    environment: tuple[str, str, str] = ("", "", "")
    notebooks: tuple[Notebook, ...] = ()  # whose kernels are or were its clients, newest first

    @property
    def file(self) -> Path:
        """Where it is written down; names given by people are one for each host, others are unique."""
        host = f"@{self.owner.host}" if self.named else ""
        return descriptors_folder() / f"treadle-{self.name}{host}.json"


class Session:
    """The folder of one runtime; only knows places in it."""

    __slots__ = ("folder",)

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)

    @classmethod
    def create(cls, options: RuntimeOptions) -> Session:
        """Make a fresh folder with token and options in it; nothing runs yet."""
        session = cls(tempfile.mkdtemp(prefix="s-", dir=sessions_folder()))  # 0700
        for name in ("logs", "status"):
            (session.folder / name).mkdir(0o700)
        make_token(session.folder / "token")
        write_private(session.folder / "options.json", msgspec.json.encode(options))
        return session

    @property
    def clients(self) -> Path:
        """The socket for clients."""
        return self.folder / "clients.sock"

    @property
    def workers(self) -> str:
        """Address of the socket for workers."""
        return f"ipc://{self.folder}/workers.sock"

    @property
    def journal(self) -> Path:
        """The journal's file."""
        return self.folder / "journal"

    @property
    def host_log(self) -> Path:
        """Standard output and error of the runtime process."""
        return self.folder / "logs" / "host.log"

    def log(self, worker: int, stream: str) -> Path:
        """Return the file of a worker's "out" or "err"."""
        return self.folder / "logs" / f"{worker}.{stream}"

    def status(self, worker: int) -> Path:
        """Return the file of a worker's status page."""
        return self.folder / "status" / str(worker)

    def token(self) -> str:
        """Return the token, if folder and file are private to this user (else EngineError)."""
        return read_token(self.folder / "token")

    def options(self) -> RuntimeOptions:
        """Return the options the runtime was started with."""
        return msgspec.json.decode((self.folder / "options.json").read_bytes(), type=RuntimeOptions)

    def own(self) -> Owner:
        """Write down that this process is the runtime, and return what was written."""
        owner = Owner.myself()
        write_private(self.folder / "owner.json", msgspec.json.encode(owner))
        return owner

    def refuse(self, error: TreadleError) -> None:
        """Write down why the runtime can't start."""
        write_private(self.folder / "refused", f"{type(error).__name__}\n{error.message}".encode())

    def refusal(self) -> TreadleError | None:
        """Return why the runtime could not start, None if it has not said so."""
        try:
            name, _, text = (self.folder / "refused").read_text().partition("\n")
        except OSError:
            return None
        kind = getattr(errors, name, EngineError)
        return kind(text) if issubclass(kind, TreadleError) else EngineError(text)

    def owner(self) -> Owner | None:
        """Return the runtime process, None if it has not said so yet."""
        try:
            return msgspec.json.decode((self.folder / "owner.json").read_bytes(), type=Owner)
        except FileNotFoundError:
            return None


def descriptors_folder() -> Path:
    """Return Jupyter's runtime folder, where descriptors are kept (made if it is missing)."""
    folder = os.environ.get("JUPYTER_RUNTIME_DIR")
    if folder:
        place = Path(folder)
    else:
        share = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
        data = Path.home() / "Library" / "Jupyter" if sys.platform == "darwin" else Path(share) / "jupyter"
        place = Path(os.environ.get("JUPYTER_DATA_DIR") or data) / "runtime"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return place


def publish(descriptor: Descriptor) -> Path:
    """Write the descriptor of a live runtime and return its file."""
    path = descriptor.file
    write_private(path, msgspec.json.encode(descriptor))
    return path


def claim(descriptor: Descriptor) -> None:
    """Write the descriptor of a runtime under a name that must be free. Raises EngineError if it is taken."""
    path = descriptor.file
    hidden = path.with_name(f".{path.name}.{os.getpid()}.claim")
    write_private(hidden, msgspec.json.encode(descriptor))
    try:
        with contextlib.suppress(FileExistsError):
            os.link(hidden, path)  # exactly one of several succeeds
            return
        other = msgspec.json.decode(path.read_bytes(), type=Descriptor).owner
        if other.is_here() and other.is_alive():
            raise EngineError(f"A runtime called {descriptor.name!r} lives already, process {other.pid}.")
        os.replace(hidden, path)
    finally:
        hidden.unlink(missing_ok=True)


def published() -> list[tuple[Path, Descriptor]]:
    """Return all descriptors of this user that can be read, whoever wrote them and alive or not."""
    found = []
    for path in sorted(descriptors_folder().glob("treadle-*.json")):
        try:
            if path.lstat().st_uid == os.getuid():
                found.append((path, msgspec.json.decode(path.read_bytes(), type=Descriptor)))
        except (OSError, msgspec.DecodeError):
            continue  # half gone, or not ours to read
    return found


def bury_dead() -> None:
    """Remove what killed runtimes of this machine left: descriptors, folders, stores."""
    for path, descriptor in published():
        if not descriptor.owner.is_here() or descriptor.owner.is_alive():
            continue
        for folder in (descriptor.folder, descriptor.store):
            with contextlib.suppress(OSError, msgspec.DecodeError):
                if Session(folder).owner() == descriptor.owner:  # it really is the one it owned
                    shutil.rmtree(folder, ignore_errors=True)
        path.unlink(missing_ok=True)


def session_folders() -> list[Path]:
    """Return the folders of all sessions of this user that are in the usual place, for the janitor."""
    return sorted(sessions_folder().glob("s-*"))


def sessions_folder() -> Path:
    """Return (made, private) the folder that holds this user's sessions, with a short enough path."""
    user = f"treadle-{os.getuid()}"
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    places = [Path(runtime) / "treadle"] if runtime and os.path.isdir(runtime) else []
    places += [Path(tempfile.gettempdir()) / user, Path("/tmp") / user]
    reasons = []
    for place in places:
        if len(os.fsencode(place)) + len("/s-12345678/workers.sock") > PATH_LIMIT:
            reasons.append(f"{place}: too long for a socket's path")
            continue
        try:
            place.mkdir(mode=0o700, exist_ok=True)
            state = place.lstat()
            if state.st_uid == os.getuid() and not state.st_mode & 0o077:
                return place
            reasons.append(f"{place}: not private to {getpass.getuser()}")
        except OSError as error:
            reasons.append(str(error))
    raise EngineError(
        f"No folder for the runtime's sockets: {'; '.join(reasons)}. Set XDG_RUNTIME_DIR to a private local folder."
    )
