"""The worker process from start to end: puts the parts together, says it is ready, works, leaves.

Law: the only module here that knows the session's folder, and the only one that opens sockets.

The runtime starts `python -m treadle_runtime.worker FOLDER N LINE` in a session of its own, with descriptor LINE on
the line that tasks travel by, 1 and 2 on `logs/N.out` and `logs/N.err` (append-only), 0 on nothing, and may set
TREADLE_STORE (the store's folder; else FOLDER/store) and TREADLE_PRELOAD (modules to import while idle).
"""

from __future__ import annotations

import ctypes
import faulthandler
import gc
import importlib
import os
import signal
import socket
import sys
import types
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import zmq

from .. import place
from ..errors import EngineError
from ..store.files import Store
from ..wire.asides import STREAM
from ..wire.codec import encode
from ..wire.messages import Ready
from ..wire.session import Session
from .backlog import Backlog
from .control import GONE, Control
from .functions import Functions
from .loop import Loop
from .mail import Mail, RuntimeGone
from .runner import Runner
from .status import StatusPage
from .values import Values
from .world import note_given

CONNECT_MS: Final = 30_000
_PR_SET_PDEATHSIG: Final = 1


def main(folder: str, number: int, line: int) -> None:
    """Work for the runtime in `folder` as its worker `number` until it says leave or is gone."""
    session = Session(folder)
    owner = session.owner()
    parent = os.getppid() if owner is None else owner.pid  # which may have died before we could ask who it is
    _die_with(parent)
    faulthandler.enable(2)
    place.mark_worker()
    _own_main_module()
    note_given()
    token = session.token()
    context = zmq.Context(1)
    control = _connect(context, session, f"w{number}.c")
    mail = Mail(_inherited(line))
    status = StatusPage(session.status(number))
    values = Values(Store(_store_folder(session)))
    functions, backlog = Functions(), Backlog()
    runner = Runner(number, values, backlog, status, session.log(number, STREAM))
    loop = Loop(
        mail,
        runner,
        values,
        functions,
        backlog,
        preloader(os.environ.get("TREADLE_PRELOAD", "").split()),
    )
    gc.collect()
    gc.freeze()  # what is here now stays: the collector need not look at it again after each task
    control.send(encode(Ready(number, token, os.getpid())))  # when this is heard we can be reached both ways
    Control(control, loop, parent).start()
    try:
        loop.run()
    except RuntimeGone:
        os._exit(GONE)
    mail.close()
    context.term()  # ends the control thread, too
    status.close()


def preloader(names: list[str]) -> Callable[[], bool]:
    """Return what imports one of these modules at each call, False when none is left."""
    waiting = list(reversed(names))

    def step() -> bool:
        if not waiting:
            return False
        # A module that can't be imported here fails the task that needs it, with its own message.
        with suppress(Exception, SystemExit):
            importlib.import_module(waiting.pop())
        return True

    return step


def _connect(context: zmq.Context[zmq.Socket[bytes]], session: Session, identity: str) -> zmq.Socket[bytes]:
    socket = context.socket(zmq.DEALER)
    socket.set(zmq.IDENTITY, identity.encode())
    socket.set(zmq.SNDHWM, 0)
    socket.set(zmq.RCVHWM, 0)
    socket.set(zmq.LINGER, 0)
    socket.set(zmq.IMMEDIATE, 1)
    socket.connect(session.workers)
    if not socket.poll(CONNECT_MS, zmq.POLLOUT):
        raise EngineError(f"The runtime at {session.workers} does not answer. Stop it and start a new one.")
    return socket


def _inherited(descriptor: int) -> socket.socket:
    """Return our end of the line; what a task starts does not inherit it in turn."""
    os.set_inheritable(descriptor, False)
    return socket.socket(fileno=descriptor)


def _store_folder(session: Session) -> Path:
    return Path(os.environ.get("TREADLE_STORE") or session.folder / "store")


def _die_with(parent: int) -> None:
    """Have the system kill this process when its parent ends, where it can; the control thread watches as well.

    The system means the *thread* that started us, so the runtime starts workers from its main thread.
    """
    if sys.platform == "linux" and not os.environ.get("TREADLE_NO_PRCTL"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(GONE)


def _own_main_module() -> None:
    """Give user code an empty `__main__`: ours is nobody's business, and multiprocessing would import it again."""
    sys.modules["__main__"] = types.ModuleType("__main__")
