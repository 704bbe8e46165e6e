"""task: the decorator, and what happens when a task is called.

Law: turns one call into one row. What a function is belongs to functions.py, how arguments travel to capture.py,
what is written to writing.py; this file is the order in which they are asked.
"""

from __future__ import annotations

import functools
import opcode
import sys
from collections.abc import Callable, Coroutine, Sequence
from types import FrameType
from typing import Any, Concatenate, Final, Generic, Literal, ParamSpec, Protocol, TypeVar, overload

from .. import place
from ..client.calls import Version
from ..client.futures import Future
from ..client.remote_traceback import leaves_no_trace, rebuild_traceback, strip
from ..errors import UsageError
from ..store.locality import by_value
from ..store.members import members_of
from .capture import Capture, simple_payload
from .directions import INOUT, Direction
from .functions import FunctionBook, FunctionVersion, Watch
from .grouping import gathered, open_groups
from .named import find, imported
from .session import Session, check_ended, current, ended
from .shapes import Calls, Several
from .signature import TaskSignature
from .writing import is_constant, plan_groups, prepare, register

_CALL_WITH_STARS: Final[int] = opcode.opmap["CALL_FUNCTION_EX"]
P = ParamSpec("P")
Q = ParamSpec("Q")
R = TypeVar("R")
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")


class Task(Generic[P, R]):
    """A function whose calls run on workers. Made by `task`."""

    def __init__(self, function: Callable[P, R], options: dict[str, Any], directions: dict[str, Any]) -> None:
        self._given = (function, options, directions)
        self._signature = TaskSignature.of(function, options, directions)
        self._watched: tuple[FunctionBook, Watch] | None = None
        self._method = (
            False  # whether it stands in a class: then its first argument is the object, however called
        )
        functools.update_wrapper(self, self._signature.function)
        signature = self._signature.signature
        if signature is not None:
            self.__signature__ = signature

    @overload
    def __call__(self, /, *args: P.args, **kwargs: P.kwargs) -> Future[R]: ...
    @overload
    def __call__(self, /, *args: Any, **kwargs: Any) -> Future[R]: ...
    def __call__(self, /, *args: Any, **kwargs: Any) -> Future[R]:
        """Have the function run with these arguments as they are now; returns at once."""
        try:
            future: Future[R] = submit(self, args, kwargs, self._method)
        except BaseException as error:
            strip(error)
            raise
        return future

    def __set_name__(self, owner: type, name: str) -> None:
        self._method = self._signature.binding == "function"

    @overload
    def __get__(self, instance: None, owner: type | None = None) -> Task[P, R]: ...
    @overload
    def __get__(
        self: Task[Concatenate[Any, Q], R], instance: object, owner: type | None = None
    ) -> Calls[Q, Future[R]]: ...
    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        binding = self._signature.binding
        if binding == "class":
            return _Bound(self, owner if owner is not None else type(instance), method=False)
        if binding == "static" or instance is None:
            return self
        return _Bound(self, instance, method=True)

    def watch(self, book: FunctionBook) -> Watch:
        """Return what follows the changes of the function for one book."""
        if self._watched is None or self._watched[0] is not book:
            self._watched = book, book.watch(self._signature.function, self._signature.name)
        return self._watched[1]

    @property
    def function(self) -> Callable[P, R]:
        """The plain function: calling it runs it here and now."""
        return self._signature.function

    @property
    def writes(self) -> bool:
        """Whether calls write an argument (OUT, INOUT)."""
        return self._signature.writes

    def __repr__(self) -> str:
        return f"<task {self._signature.name}>"

    def __reduce__(self) -> Any:
        function = self._signature.function
        module = sys.modules.get(getattr(function, "__module__", None) or "")
        name = getattr(function, "__qualname__", "")
        if module is not None and not by_value(function) and find(module, name) is self:
            return imported, (module.__name__, name)
        return Task, self._given


class _Bound:
    """A task taken from an object (or class) as a method."""

    __slots__ = ("_method", "_target", "_task")

    def __init__(self, task: Task[..., Any], target: Any, method: bool) -> None:
        self._task = task
        self._target = target
        self._method = method

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        try:
            return submit(self._task, (self._target, *args), kwargs, self._method)
        except BaseException as error:
            strip(error)
            raise

    def __repr__(self) -> str:
        return f"<task {self._task._signature.name} of {type(self._target).__name__}>"


class _Decorator(Protocol):
    """`task` with options, for functions whose value is one future."""

    @overload
    def __call__(self, function: Callable[P, Coroutine[Any, Any, R]], /) -> Task[P, R]: ...
    @overload
    def __call__(self, function: Callable[P, R], /) -> Task[P, R]: ...


class _DecoratorOfSeveral(Protocol):
    """`task(returns=N)`: as many futures as the tuple that the function returns has values."""

    @overload
    def __call__(self, function: Callable[P, tuple[A, B]], /) -> Several[P, tuple[Future[A], Future[B]]]: ...
    @overload
    def __call__(
        self, function: Callable[P, tuple[A, B, C]], /
    ) -> Several[P, tuple[Future[A], Future[B], Future[C]]]: ...
    @overload
    def __call__(self, function: Callable[P, Any], /) -> Several[P, tuple[Future[Any], ...]]: ...


@overload
def task(function: Callable[P, Coroutine[Any, Any, R]], /) -> Task[P, R]: ...
@overload
def task(function: Callable[P, R], /) -> Task[P, R]: ...
@overload
def task(
    *,
    returns: Literal[0, 1] | Direction | None = None,
    directions: dict[str, Any] | None = None,
    **options: Any,
) -> _Decorator: ...
@overload
def task(
    *, returns: int, directions: dict[str, Any] | None = None, **options: Any
) -> _DecoratorOfSeveral: ...


@leaves_no_trace
def task(function: Any = None, /, *, directions: dict[str, Any] | None = None, **options: Any) -> Any:
    """Make a function a task: calls return futures at once and run on workers, in an order that data decide.

    Parameters
    ----------
    returns : int
        How many values the function returns, as that many futures; without it one future.
    priority : bool or int
        Higher goes first among the tasks that are ready.
    name : str
        What this call is shown as, formatted with its arguments: `name="case {i}"`.
    check : bool
        Compare IN arguments before and after every call (True) or never (False); else at the first call of each
        version of the function.
    target_direction : IN or INOUT
        Of methods: whether `self` is only read. INOUT unless given.
    retry_lost : bool
        Whether a task whose worker died is run again. True unless given.
    reuse : bool
        Whether a call that equals an earlier one (code, arguments, data it reads, folder and environment) joins that
        instead of running again. Only for functions whose result depends on nothing else.
    timeout : float
        Seconds that one run may take, waiting not counted; then it is ended and fails with `TaskTimeout`.
    retries : int
        How often it is tried again after its own code raised or took too long, with its arguments as they were.
    directions : dict
        Directions by parameter name; `c=INOUT` as a keyword does the same.

    Raises
    ------
    UsageError
        at the decoration, for an unknown option or parameter.

    Notes
    -----
    Calls may come from any thread and never wait for other tasks. A task called inside a task runs at once, there.

    Examples
    --------
    >>> import treadle
    >>> @treadle.task(c=treadle.INOUT)
    ... def add(c, x):
    ...     c.append(x)
    >>> with treadle.start(engine="inline"):
    ...     c = [1]
    ...     _ = add(c, 2)
    ...     treadle.wait_on(c)
    [1, 2]
    """
    if directions is not None and not isinstance(directions, dict):
        raise UsageError(
            f"directions={directions!r} is no dictionary. Give directions={{'c': INOUT}}, or c=INOUT."
        )
    if function is None:
        return leaves_no_trace(lambda f: Task(f, options, directions or {}))
    if isinstance(function, Task):
        raise UsageError(f"{function!r} is a task already. Call it, or decorate its .function.")
    return Task(function, options, directions or {})


def submit(task: Task[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], method: bool = False) -> Any:
    """Submit one call and return its future (a tuple of them with `returns=N`)."""
    signature = task._signature
    if place.inside_task():
        return signature.function(*args, **kwargs)
    try:
        written = signature.bind(args, kwargs, method)
    except TypeError as error:
        raise rebuild_traceback(error, ()) from None  # the caller's mistake, told at the caller's line
    session = current()
    if ended:
        check_ended((*args, *kwargs.values()))
    client = session.client
    client.room.make(0)
    version, captured = task.watch(session.functions).look(as_is=bool(written))
    if not written and (signature.options.reuse or session.reuse.on):
        return _join(session, signature, version, captured, args, kwargs)
    if not written and not captured and (payload := simple_payload(args, kwargs)) is not None:
        return _send(session, signature, version, None, payload, (), args, kwargs)
    if not written:
        capture = Capture(client, session.shelf)
        payload = capture.payload(args, kwargs, (), captured)
        return _send(session, signature, version, capture, payload, (), args, kwargs)
    if signature is _probe._signature:
        return _references(written)[0]
    if not method:
        _warn_unreachable(session, signature, written, kwargs)
    named = {id(value) for _, _, value in written}
    others = [value for value in (*args, *kwargs.values(), *captured) if id(value) not in named]
    while True:  # again if another thread has come between: this call comes after what that one did
        with client.pending.planning() as plan:
            capture = Capture(client, session.shelf)
            groups = plan_groups(client, written, signature.name)
            plan.concerns(groups)
            prepare(capture, written, groups, others)
            payload = capture.payload(args, kwargs, groups, captured)
            with client.settling:
                if plan.outdated:
                    continue
                if session.options.engine != "inline":
                    return _send(session, signature, version, capture, payload, groups, args, kwargs)
            return _send(session, signature, version, capture, payload, groups, args, kwargs)  # runs here: no lock is held


def _join(
    session: Session,
    signature: TaskSignature,
    version: FunctionVersion,
    captured: tuple[Any, ...],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    """Return the futures of an equal call, or submit this one for later calls to join."""
    capture = Capture(session.client, session.shelf)
    payload = capture.payload(args, kwargs, [], captured)
    what = (payload, tuple(capture.reads), session.world(), signature.options.returns)
    key = session.reuse.key(signature.function, version.id, *what)
    if key is not None and (found := session.reuse.find(key)) is not None:
        return gathered(found)
    futures = _send(session, signature, version, capture, payload, (), args, kwargs)
    if key is not None:
        session.reuse.keep(key, futures)
    return futures


def _warn_unreachable(
    session: Session, signature: TaskSignature, written: Any, kwargs: dict[str, Any]
) -> None:
    """Warn about a written object that nobody but this very call holds, as the `[1, 2]` of `f([1, 2])`."""
    by_place, by_keyword = _counts_of_temporary()
    for (name, _direction, value), count in zip(written, _references(written), strict=True):
        if (
            count > (by_keyword if name in kwargs else by_place)
            or isinstance(value, Future)
            or is_constant(value)
        ):
            continue
        if _unpacks(sys._getframe(3)):
            return  # f(*row): the row holds it, and counts can't tell
        if [id(member) for member in members_of(value)] == [
            id(value)
        ]:  # else what it holds, or looks at, may be reached in other ways
            session.client.notify_once(
                "warning",
                f"{name} of {signature.name} was given an object without a name ({type(value).__name__}), so what the "
                "task writes can't be reached. Keep it in a variable and wait_on that.",
            )


def _unpacks(caller: FrameType) -> bool:
    """Tell whether the call under way in this frame is one with stars."""
    return int(caller.f_code.co_code[caller.f_lasti]) == _CALL_WITH_STARS


def _references(written: Any) -> list[int]:
    return [sys.getrefcount(entry[2]) for entry in written]


@functools.cache
def _counts_of_temporary() -> tuple[int, int]:
    """Measure how many references such an object has on its way here; -1 where named objects have no more."""
    named: list[int] = []
    count: Any = _probe
    counts = (int(count(named)), int(count([]))), (int(count(c=named)), int(count(c=[])))
    by_place, by_keyword = (temporary if temporary < held else -1 for held, temporary in counts)
    return by_place, by_keyword


def _send(
    session: Session,
    signature: TaskSignature,
    version: FunctionVersion,
    capture: Capture | None,
    payload: bytes,
    groups: Sequence[list[Any]],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    options = signature.options
    client = session.client
    title = signature.title(args, kwargs) if options.name is not None else None
    returns = options.returns
    call = client.new_call(signature.name, session.cell, title)
    renews = _renews(client, capture, groups, returns) if capture is not None and groups else ()
    row = (
        call.number,
        version.id,
        payload,
        tuple(capture.reads) if capture is not None else (),
        returns + len(groups),
        renews,
        session.cell,
        session.world(),
        options.priority,
        title,
        session.launch_options(signature, version),
    )
    client.submit(call, row)
    if groups:
        register(client, call, returns, groups)
    one = returns == 1
    futures: Any = Future(Version(call, 0)) if one else tuple(Future(Version(call, k)) for k in range(returns))
    return gathered(futures) if open_groups else futures


def _renews(
    client: Any, capture: Capture, groups: Sequence[list[Any]], returns: int
) -> tuple[tuple[int, int], ...]:
    """Say which reads the new versions take the place of."""
    found: dict[tuple[int, int], None] = {}
    for k, group in enumerate(groups):
        for member in group:
            pending = client.pending.get(member)
            version = pending[0].newest if pending is not None else getattr(member, "_version", None)
            if isinstance(version, Version) and version.vid in capture.reads:
                found[(capture.reads.index(version.vid), returns + k)] = None
    return tuple(found)


@task(c=INOUT)
def _probe(c: Any) -> Any:
    return c
