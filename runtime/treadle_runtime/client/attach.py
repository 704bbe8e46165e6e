"""Finding and starting runtimes: the folder, the process, the first words.

Law: the only module of the client that starts a process or reads a descriptor. A runtime of another host or
another boot is never touched: its files may lie in a home that several machines share.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from typing import Final

from ..errors import EngineError, RuntimeLost
from ..wire import messages as m
from ..wire.process import start_time
from ..wire.session import Descriptor, RuntimeOptions, Session, bury_dead, published
from ..wire.stream import listen
from .connection import Connection
from .link import Receive
from .runtime_process import RuntimeProcess, reap

START_LIMIT_S: Final = 20.0
STOP_LIMIT_S: Final = 10.0
_HOME: Final = str(Path(__file__).resolve().parents[2])
"""Where the package lies that the children must find."""

__all__ = ["RuntimeOptions", "attach_runtime", "list_runtimes", "start_runtime", "stop_runtime"]


def start_runtime(options: RuntimeOptions, receive: Receive, limit_s: float = START_LIMIT_S) -> Connection:
    """Start a runtime process and connect to it.

    Blocks until it has answered (about 0.15 s); its workers come up meanwhile.

    Parameters
    ----------
    options : RuntimeOptions
        What to start.
    receive : callable
        Gets every message from the runtime but the welcome; see `Connection`.
    limit_s : float
        Seconds to wait for the answer.

    Raises
    ------
    EngineError
        It could not be started, or did not answer; the text holds what it wrote before it ended.
    StoreFull
        There is no room or no folder for its data.

    Examples
    --------
    >>> link = start_runtime(RuntimeOptions(workers=2), print)     # doctest: +SKIP
    >>> link.welcome.client                                        # doctest: +SKIP
    1
    """
    if not hasattr(os, "getuid"):
        raise EngineError(
            'Worker processes need Linux or macOS. On Windows run Jupyter in WSL, or say treadle.start(engine="inline").'
        )
    reap()
    deadline = time.monotonic() + limit_s
    session = Session.create(options)
    child = connection = None
    try:
        with listen(session.clients) as door:
            child = _spawn(session, door)
        connection = Connection(session, RuntimeProcess(child.pid, None, child, options.script), receive)
        connection.greet(_hello(session), deadline)
    except BaseException as error:
        if child is not None:
            child.kill()
        if connection is not None:
            connection.close()
        words, refusal = _tail(session.host_log), session.refusal()
        shutil.rmtree(session.folder, ignore_errors=True)
        if refusal is not None:
            raise refusal from None
        if isinstance(error, EngineError) and words:
            raise EngineError(f"{error.message} Before that it wrote:\n{words}") from None
        raise
    return connection


def attach_runtime(name: str, receive: Receive, limit_s: float = START_LIMIT_S) -> Connection:
    """Connect to the live runtime called `name`. Raises EngineError if there is none, or it refuses."""
    for found in list_runtimes():
        if found.name == name:
            return _connect(found, receive, limit_s)
    raise EngineError(f"No runtime called {name!r} lives on this machine. `treadle ps` lists those that do.")


def list_runtimes() -> list[Descriptor]:
    """Return the runtimes of this user on this machine that live, oldest first. Removes what dead ones left.

    Examples
    --------
    >>> [each.name for each in list_runtimes()]     # doctest: +SKIP
    ['q2m8x1']
    """
    reap()
    bury_dead()
    found = [descriptor for _, descriptor in published()]
    return sorted((each for each in found if each.owner.is_here()), key=lambda each: each.started)


def stop_runtime(name: str, cancel: bool = True) -> bool:
    """End the runtime called `name`, whoever is attached to it; blocks until it is gone (bounded).

    Parameters
    ----------
    name : str
        As `list_runtimes` tells it.
    cancel : bool
        Cancel its tasks; otherwise it ends after them, and this call waits for that.

    Returns
    -------
    bool
        False if no runtime of this name lives here.
    """
    for found in list_runtimes():
        if found.name != name:
            continue
        with contextlib.suppress(EngineError):  # it ends already, or does not answer: then it is killed below
            connection = _connect(found, lambda _: None, STOP_LIMIT_S)
            try:
                connection.ask("stop", {"cancel": cancel})
                connection.wait(lambda: False, STOP_LIMIT_S if cancel else None)
            except RuntimeLost:
                pass  # as asked for
            finally:
                connection.close()
        if found.owner.is_alive():
            os.kill(found.owner.pid, 9)
            _await_death(found)
        bury_dead()
        return True
    return False


def _connect(found: Descriptor, receive: Receive, limit_s: float) -> Connection:
    if found.protocol != m.PROTOCOL:
        raise EngineError(
            f"The runtime {found.name!r} is of another version of Treadle. `treadle stop {found.name}` ends it."
        )
    session = Session(found.folder)
    connection = Connection(session, RuntimeProcess(found.owner.pid, found.owner.start_time), receive)
    try:
        connection.greet(_hello(session), time.monotonic() + limit_s)
    except BaseException:
        connection.close()
        raise
    return connection


def _hello(session: Session) -> m.Hello:
    pid = os.getpid()
    return m.Hello(m.PROTOCOL, session.token(), pid, start_time(pid) or 0.0)


def _spawn(session: Session, door: socket.socket) -> subprocess.Popen[bytes]:
    """Start the runtime process, in a session of its own: the Stop button's SIGINT never reaches it.

    `door`, the listening socket for clients, becomes its standard input.
    """
    environ = dict(os.environ)
    if _HOME not in sysconfig.get_paths().values():  # a checkout that only this process' sys.path names
        environ["PYTHONPATH"] = os.pathsep.join(filter(None, [_HOME, environ.get("PYTHONPATH")]))
    log = os.open(session.host_log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        return subprocess.Popen(
            # -P: a file of the user's folder must not pass for a module of the standard library.
            [sys.executable, "-P", "-m", "treadle_runtime.host", str(session.folder)],
            stdin=door.fileno(),
            stdout=log,
            stderr=log,
            env=environ,
            start_new_session=True,
        )
    except OSError as error:
        raise EngineError(f"The system refuses to start the runtime process ({error}).") from error
    finally:
        os.close(log)


def _tail(log: Path) -> str:
    try:
        return log.read_text(errors="replace")[-2000:].strip()
    except OSError:
        return ""


def _await_death(found: Descriptor) -> None:
    limit = time.monotonic() + STOP_LIMIT_S
    while found.owner.is_alive() and time.monotonic() < limit:
        time.sleep(0.01)
