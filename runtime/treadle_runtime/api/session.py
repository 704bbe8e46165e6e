"""Session: the one client of this process, made at the first use; `start`, `stop`.

Law: the only module-level state of the api (`_session`). Knows which link to make; the rest asks `current()`.
"""

from __future__ import annotations

import atexit
import itertools
import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from types import TracebackType
from typing import Any, Protocol

import xxhash

from .. import place
from ..client.calls import Call
from ..client.client import Client
from ..client.farewell import end_open, keep_results
from ..client.futures import Future
from ..client.inline import open_inline
from ..client.printing import Printer
from ..client.remote_traceback import leaves_no_trace
from ..client.ticker import ticker_for
from ..config import Options, Plan, plan, switch
from ..core.model import first_number
from ..core.states import TaskState
from ..errors import UsageError
from ..store.members import is_atom
from ..store.packing import pack
from ..wire import messages as m
from .capture import Shelf
from .captured import Surroundings
from .functions import FunctionBook, FunctionVersion
from .leaving import at_exit, outlast
from .put import Put
from .resizing import adapt, settle_in, shelf_limit
from .reuse import Reuse
from .signature import TaskSignature
from .unseen import told
from .worlds import Worlds


class Face(Protocol):
    """What a notebook extension gives to the api (see `set_face`)."""

    def on_start(self, session: Session) -> None:
        """A session was made: tell it which cell runs, take its output."""

    def configured(self) -> Mapping[str, Any]:
        """Return the options of `start` that its configuration sets."""

    def tell(self, level: str, text: str) -> None:
        """Show one line, "info" or "warning", to the person. Any thread."""


class Session:
    """A client with what belongs to one connection: functions, stored arguments, the submitting cell.

    Returned by `start`; as a context manager it stops at the end of the block.
    """

    def __init__(
        self,
        options: Options,
        open_link: Callable[[Client], None] | None = None,
        planned: Plan | None = None,
    ) -> None:
        self.options = options
        self.plan = planned or plan(options.workers, options.threads, options.memory)
        self.cell = 0  # number of the cell that runs, 0 in scripts; set by the notebook extension
        self.client = Client(tell, self.plan.memory)
        self.client.on_output = Printer(self.client).on_output
        self.reuse = Reuse(self.plan.memory // 4)
        self.shelf = Shelf(self.client, shelf_limit(self.plan.memory))
        self.client.room.let_go = self.shelf.clear
        self.functions = FunctionBook(itertools.count(1).__next__, self._define, self._surroundings())
        self.worlds = Worlds(lambda world: self.client.link.send(world))
        self.world = self.worlds.current
        """Returns the id of the world of a call made now."""
        self._checked: set[int] = set()
        self._counts: dict[str, int] = {}
        for notice in self.plan.notices:
            tell("info", notice)
        self.joined = False  # a runtime that ran before
        (open_link or self._open)(self.client)
        first = first_number(self.client.cid) + 1  # functions of several clients have numbers of their own
        self.functions.next_id = itertools.count(first).__next__

    def _open(self, client: Client) -> None:
        if self.options.engine == "inline":
            open_inline(client)
            return
        from .joining import open_runtime  # late: an inline session needs no sockets

        self.joined = open_runtime(client, self.options, self.plan, _in_notebook())
        if self.joined:
            settle_in(self)
        if not _in_notebook():
            client.ticker = ticker_for(client, self.plan.workers)

    def _surroundings(self) -> Surroundings:
        def keep(value: Any) -> Future[Any]:
            return Put(self.client.put(pack(value)))

        def pending(value: Any) -> bool:
            return len(self.client.pending) > 0 and not is_atom(value)

        return Surroundings((Future,), keep, pending, self.client.notify_once)

    def _define(self, version: FunctionVersion) -> None:
        self.client.link.send(m.Define([version.row]))

    def launch_options(self, signature: TaskSignature, version: FunctionVersion) -> dict[str, Any] | None:
        """Return what the worker shall know of this call, None if nothing."""
        options = signature.options
        found: dict[str, Any] = {**options.of_attempts} if options.of_attempts else {}
        if options.check or (options.check is None and version.id not in self._checked):
            self._checked.add(version.id)
            found["check"] = True
        if self.options.seed is not None:
            count = self._counts[signature.name] = self._counts.get(signature.name, 0) + 1
            found["seed"] = (
                xxhash.xxh3_64_intdigest(f"{self.options.seed}/{signature.name}/{count}".encode()) >> 12
            )
        return found or None

    def seed(self, seed: int | None) -> None:
        """Seed random numbers in the tasks called from now on; counts of calls begin anew."""
        self.options = replace(self.options, seed=seed)
        self._counts.clear()

    def stop(self, cancel: bool = False) -> None:
        """End the runtime: wait for what runs and waits, or cancel it. Results that exist stay readable."""
        global _session
        client = self.client
        if client.closed:
            return
        if client.lost is None:
            if cancel:
                client.cancel([call.number for call in list(client.calls.values()) if not call.final])
            if self.joined:
                outlast(self, cancel)
            # a KeyboardInterrupt here leaves everything as it was: the tasks go on, stop may be called again
            client.wait(
                lambda: client.open == 0 or client.lost is not None, None, list(client.calls.values())
            )
        try:
            self.shelf.clear()
            keep_results(client)
        finally:
            client.link.send(m.Bye(stop=True, cancel=cancel))
            if _session is self:
                _session = None
            self.end()
            self._tell_unseen()

    def end(self) -> None:
        """Give everything back; what has not ended counts as cancelled, and the next wait for it says so."""
        self.client.close()
        end_open(self.client, TaskState.CANCELLED)
        if len(self.client.pending):
            ended.append(self.client)

    def _tell_unseen(self) -> None:
        """Name the failures nobody has looked at: with the runtime their story goes."""
        global unseen
        failures = self.failures()
        if failures:
            unseen += len(failures)
            tell("info", told(failures))

    def failures(self) -> list[Call]:
        """Return failed calls that nobody has looked at."""
        return self.client.unlooked_failures()

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        if self.options.detach and kind is None:
            self.leave()
        else:
            self.stop(cancel=kind is not None)

    def leave(self) -> None:
        """Leave the runtime to itself, which does what there is to do and keeps what was published."""
        global _session
        if _session is self:
            _session = None
        self.end()

    def __repr__(self) -> str:
        counts: dict[str, int] = {}
        for call in list(self.client.calls.values()):
            counts[call.state] = counts.get(call.state, 0) + 1
        told = ", ".join(f"{n} {state}" for state, n in counts.items()) or "no tasks yet"
        ended = " (stopped)" if self.client.closed else ""
        welcome = getattr(self.client.link, "welcome", None)  # comes again when somebody resizes the runtime
        count = self.plan.workers if welcome is None else welcome.workers
        where = "inline" if self.options.engine == "inline" else f"{count} worker{'s' if count > 1 else ''}"
        return f"<Treadle: {where}, {told}{ended}>"


unseen = 0
"""How many tasks of sessions that were stopped failed without anybody looking; `treadle run` asks."""

_session: Session | None = None
ended: list[Client] = []  # of earlier sessions, with writes on live objects that never came
_starting = threading.RLock()
_face: Face | None = None


def tell(level: str, text: str) -> None:
    """Give one line to the person: through the notebook if it listens, else a warning or a line on stderr."""
    if _face is not None:
        _face.tell(level, text)
    elif level == "warning":
        warnings.warn(text, TreadleWarning, stacklevel=_outside())
    else:
        print(f"treadle: {text}", file=sys.stderr)


class TreadleWarning(UserWarning):
    """Something that is probably not what was meant."""


def _in_notebook() -> bool:
    """Tell whether this process is a Jupyter kernel, without importing anything."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and hasattr(shell, "kernel")


def _outside() -> int:
    """Return the stacklevel of the first frame that is not Treadle's."""
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(here):
        frame = frame.f_back
        level += 1
    return level


def clients() -> list[Client]:
    """Return the clients that live objects may have writes pending with: the present one and some earlier ones."""
    ended[:] = [client for client in ended if len(client.pending)]
    return [*([_session.client] if _session is not None else []), *ended]


def check_ended(values: Iterable[Any]) -> None:
    """Raise what kept the writes of earlier sessions on these objects from coming; their values are the last good ones."""
    for client in clients():
        if client.closed:
            for value in values:
                client.settle_reachable(value)


def peek() -> Session | None:
    """Return the session if there is one; starts nothing."""
    return _session


def set_face(face: Face | None) -> None:
    """Have a notebook extension follow sessions (the one that runs included) and show lines; None ends that."""
    global _face
    _face = face
    if face is not None and _session is not None:
        face.on_start(_session)


def install(session: Session) -> None:
    """Make `session` the one of this process. Raises UsageError if another one runs."""
    global _session
    if peek() is not None:
        raise UsageError("A runtime is running already. Call treadle.stop() first.")
    _session = session


def adopt(session: Session) -> None:
    """Make `session`, which runs, the one of this process, and have the notebook follow it."""
    install(session)
    if _face is not None:
        _face.on_start(session)


def current() -> Session:
    """Return the session, starting it with the defaults if there is none."""
    session = _session
    if session is not None and not session.client.closed and session.client.lost is None:
        if place.in_forked_child():
            raise UsageError(
                "This process was forked from one that uses Treadle, and tasks can't be called in it. "
                "Call tasks in the process that imported treadle."
            )
        return session
    return start()


@leaves_no_trace
def start(**options: Any) -> Session:
    """Start the runtime; one that runs is resized, if other numbers are asked for.

    Parameters
    ----------
    workers, threads : int
        Worker processes (default: the CPUs this process may use, at least 2) and threads of each.
    memory : int or str
        Limit of the store: bytes, "4GB" or "50%".
    keep_alive : float or str
        Seconds (or "30m") that the runtime lives on without a client.
    seed : int
        Seeds random numbers in every task, independent of worker and order.
    engine : str
        "local", or "inline" to run every task at once in the caller, for debugging.
    name : str
        Join the runtime of this name, or make it: several notebooks and scripts share one (`publish`, `get`).
    detach : bool
        Let the runtime end what it has to do when the script or the kernel has ended.

    Raises
    ------
    UsageError
        an option that makes no sense, more than the machine allows, or another engine or name than the one that runs.
    EngineError
        it can't be started, or the one of this name runs in another environment.

    Notes
    -----
    Main thread. Returns as soon as the runtime answers; workers come up meanwhile. Every option also as
    `%config Treadle.workers=4` or `c.Treadle.workers` in ipython_config.py, and as `TREADLE_WORKERS`.
    In a running one more workers are started, surplus ones leave after the task they run, and with other `threads`
    all are replaced like that; nothing is lost. What is not given stays as it is.

    Examples
    --------
    >>> import treadle
    >>> with treadle.start(engine="inline") as runtime:
    ...     treadle.wait_on(treadle.task(max)(3, 4))
    4
    """
    global _session
    with _starting:
        wanted = Options.from_environment(None, _face.configured() if _face is not None else None, **options)
        session = _session
        if session is not None and not session.client.closed and session.client.lost is None:
            if not place.inside_task():
                adapt(session, wanted, options)
            return session
        if session is not None:
            session.end()
        _session = None
        _session = Session(Options(engine="inline") if place.in_worker() else wanted)
        if _session.joined:
            adapt(_session, wanted, options)
        if _face is not None:
            _face.on_start(_session)
        return _session


@atexit.register
def _at_exit() -> None:
    """A script ends with its tasks done, or cancelled if it ends by an error; a notebook's runtime lives on."""
    if _session is not None and _in_notebook():
        _session.client.close()
    elif _session is not None and not place.in_forked_child():
        at_exit(_session)


@leaves_no_trace
def stop(cancel: bool = False) -> None:
    """End the runtime: waits for what runs and waits (or cancels it). The next task call starts anew.

    Main thread; blocks until the tasks have ended. Does nothing if no runtime runs, or inside a task.

    Parameters
    ----------
    cancel : bool
        Cancel what has not ended instead of waiting for it.

    Examples
    --------
    >>> import treadle
    >>> session = treadle.start(engine="inline")
    >>> x = treadle.task(abs)(-3)
    >>> treadle.stop()
    >>> treadle.wait_on(x)
    3
    """
    if _session is not None and not place.inside_task():
        _session.stop(switch(cancel, "cancel="))
