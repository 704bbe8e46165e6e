"""Future: what a call of a task returns at once.

Law: a `concurrent.futures.Future` in every respect that others rely on, but its lock is made on first need and its
value is fetched when asked for. Using it as if it were its value is an error that says what to do.
"""

from __future__ import annotations

import concurrent.futures
import sys
import threading
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar

from ..core.states import TaskState
from ..errors import FutureAttribute, FutureUsedAsValue
from .calls import Call, Version
from .remote_traceback import leaves_no_trace, strip

if TYPE_CHECKING:
    from .groups import Group

T = TypeVar("T")
_MISSING: Any = object()

_STANDARD_STATE = {
    TaskState.RUNNING: "RUNNING",
    TaskState.DONE: "FINISHED",
    TaskState.FAILED: "FINISHED",
    TaskState.UPSTREAM: "FINISHED",
    TaskState.CANCELLED: "CANCELLED_AND_NOTIFIED",
}


class Future(concurrent.futures.Future, Generic[T]):  # type: ignore[type-arg]
    """The result of a task that may not be there yet.

    Use `wait_on(x)` for the value, or pass the future itself to other tasks at any depth. It stays usable for ever.

    Notes
    -----
    Any thread. `result`, `exception` and `await` wait; nothing else blocks.

    Examples
    --------
    >>> import treadle
    >>> with treadle.start(engine="inline"):
    ...     x = treadle.task(pow)(2, 5)
    ...     treadle.wait_on(x)
    32
    """

    constant = False
    """Whether tasks get the stored value, whatever has become of the copy that was handed out here."""

    def __init__(self, version: Version) -> None:
        # concurrent.futures.Future.__init__ is not called: it would make a lock per future, 7 us and 1.7 KB
        own = self.__dict__  # past __setattr__, for speed
        own["_call"], own["_version"] = version.call, version

    _call: Call
    _version: Version | None
    _value: Any = _MISSING
    _group: Group | None = None

    # ------------------------------------------------------------ the standard interface
    def _call_now(self) -> Call:
        group = self._group
        return self._call if group is None else group.newest.call

    @property
    def _state(self) -> str:  # type: ignore[override]
        return _STANDARD_STATE.get(self._call_now().state, "PENDING")

    def done(self) -> bool:
        """Tell whether the task has ended, well or not. Never blocks."""
        return self._call_now().final

    def running(self) -> bool:
        """Tell whether a worker runs the task now. Asks the runtime, for about a millisecond, if it has not ended."""
        call = self._call_now()
        client = call.client
        if call.final or client.closed or client.lost is not None:
            return False
        return [call.number, TaskState.RUNNING] in client.link.ask("states", {"numbers": [call.number]})

    def cancelled(self) -> bool:
        """Tell whether the task was cancelled."""
        return self._call_now().state == TaskState.CANCELLED

    def cancel(self) -> bool:
        """Ask for the task to be cancelled; True when that is under way (or done), False if it has ended."""
        call = self._call_now()
        if call.final:
            return call.state == TaskState.CANCELLED
        call.client.cancel([call.number])
        return True

    def result(self, timeout: float | None = None) -> T:
        """Return the value; wait for it at most `timeout` seconds.

        Raises
        ------
        TimeoutError
            after `timeout`; the task goes on.
        Exception
            the user's own exception if the task raised; `UpstreamFailed`, `TaskCancelled`, `WorkerLost`.
        """
        try:
            return self._call.client.value_of(self, timeout)  # type: ignore[no-any-return]
        except BaseException as error:
            strip(error)
            raise

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Return what `result` would raise, or None; wait at most `timeout` seconds."""
        call = self._call_now()
        try:
            call.client.wait_for([call], timeout)
            call.look()
            if call.state == TaskState.CANCELLED:
                raise call.client.error_of(call)
        except BaseException as error:
            strip(error)
            raise
        return None if call.state == TaskState.DONE else call.client.error_of(call)

    def add_done_callback(self, fn: Callable[[Any], object]) -> None:
        """Have `fn(future)` called when it is done, in whichever thread notices; at once if it is."""
        call = self._call_now()
        call.watch(lambda _call: self._run_callback(fn))
        call.client.link.attend(self.done)

    def _run_callback(self, fn: Callable[[Any], object]) -> None:
        try:
            fn(self)
        except Exception:  # noqa: BLE001 - as the standard library does: a callback's error is logged, not raised
            concurrent.futures._base.LOGGER.exception("exception calling callback for %r", self)

    def set_running_or_notify_cancel(self) -> bool:
        raise RuntimeError("The state of a task's future is set by the runtime alone.")

    def set_result(self, result: Any) -> None:  # noqa: ARG002
        raise RuntimeError("The result of a task's future is set by the runtime alone.")

    def set_exception(self, exception: BaseException | None) -> None:  # noqa: ARG002
        raise RuntimeError("The exception of a task's future is set by the runtime alone.")

    def __await__(self) -> Generator[Any, None, T]:
        try:
            yield from self._call.client.suspend([self._call_now()])
            return self.result()
        except BaseException as error:
            strip(error)
            raise

    @property
    def _condition(self) -> threading.Condition:  # type: ignore[override]
        """Asked for by whoever waits as the standard library does."""
        if (lock := self.__dict__.get("_lock")) is None:
            lock = self._make_lock()
        call = self._call_now()
        if not call.final:
            call.client.link.attend(self.done)
        return lock

    def _make_lock(self) -> threading.Condition:
        lock = self.__dict__["_lock"] = threading.Condition()
        self.__dict__["_waiters"] = []
        call = self._call_now()
        if not call.final:
            call.watch(self._notify_waiters)
        elif call.state != TaskState.DONE:
            call.watch_again(self._notify_waiters)
        call.client.flush()
        return lock

    def _notify_waiters(self, _call: Call) -> None:
        """Serve `concurrent.futures.wait` and `as_completed`, which register in `_waiters`."""
        condition: threading.Condition = self.__dict__["_lock"]
        with condition:
            cancelled = self.cancelled()
            failed = not cancelled and self._call_now().state != TaskState.DONE
            if cancelled or failed:
                self._call_now().watch_again(self._notify_waiters)
            for waiter in self.__dict__["_waiters"]:
                if cancelled:
                    waiter.add_cancelled(self)
                elif failed:
                    waiter.add_exception(self)
                else:
                    waiter.add_result(self)
            condition.notify_all()

    # ------------------------------------------------------------ not the value
    if not TYPE_CHECKING:  # checkers are to find what is no attribute of a future

        def __getattr__(self, name: str) -> Any:
            if name == "_waiters":
                self._make_lock()
                return self.__dict__[name]
            if name[:2] == "__" or name[:6] in ("_repr_", "_ipyth"):
                raise AttributeError(name)
            try:
                raise FutureAttribute(f"{self._plainly()}: use wait_on(x).{name}")
            except FutureAttribute as error:
                strip(error)
                raise

    def __setattr__(self, name: str, value: Any) -> None:
        if name[:1] != "_":
            try:
                raise FutureAttribute(f"{self._plainly()}: use wait_on(x).{name} = ...")
            except FutureAttribute as error:
                strip(error)
                raise
        self.__dict__[name] = value

    def __repr__(self) -> str:
        call = self._call_now()
        return f"<Future {call.label} {call.state}>"

    def _plainly(self) -> str:
        call = self._call_now()
        return f"x is the future of {call.label} ({call.state})"

    @leaves_no_trace
    def _not_a_value(self, *_args: object, **_kwargs: object) -> NoReturn:
        raise FutureUsedAsValue(f"{self._plainly()}: use wait_on(x)")

    @leaves_no_trace
    def __bool__(self) -> bool:
        for depth in (1, 2):  # 1 is what keeps Treadle's frames out of tracebacks
            if (
                sys._getframe(depth)
                .f_globals.get("__name__", "")
                .startswith(("concurrent.futures", "asyncio"))
            ):
                return True  # concurrent.futures.wait asks whether there is a future, not what it holds
        return self._not_a_value()

    @leaves_no_trace
    def __iter__(self) -> NoReturn:
        raise FutureUsedAsValue(
            f"{self._plainly()}: use wait_on(x), or declare @task(returns=2) to unpack two results"
        )

    def __reduce__(self) -> Any:
        capture = _captures.current
        if capture is None:
            raise FutureUsedAsValue(
                f"{self._plainly()} and can't be pickled outside a task call: use wait_on(x)"
            )
        return capture.future(self)

    def __reduce_ex__(self, _protocol: Any) -> Any:
        try:
            return self.__reduce__()
        except FutureUsedAsValue as error:
            strip(error)
            raise

    def __copy__(self) -> Future[T]:
        return self

    def __deepcopy__(self, _memo: object) -> Future[T]:
        return self

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other


_VALUE_METHODS = [
    "len",
    "getitem",
    "setitem",
    "delitem",
    "contains",
    "call",
    "int",
    "float",
    "complex",
    "index",
    "format",
    "array",
    "array_ufunc",
    "array_function",
    "round",
    "trunc",
    "floor",
    "ceil",
    "lt",
    "le",
    "gt",
    "ge",
    "neg",
    "pos",
    "abs",
    "invert",
    "enter",
    "exit",
    "reversed",
    "next",
    "bytes",
    "add",
    "sub",
    "mul",
    "matmul",
    "truediv",
    "floordiv",
    "mod",
    "divmod",
    "pow",
    "lshift",
    "rshift",
    "and",
    "xor",
    "or",
    "radd",
    "rsub",
    "rmul",
    "rmatmul",
    "rtruediv",
    "rfloordiv",
    "rmod",
    "rdivmod",
    "rpow",
    "rlshift",
    "rrshift",
    "rand",
    "rxor",
    "ror",
    "iadd",
    "isub",
    "imul",
    "imatmul",
    "itruediv",
    "ifloordiv",
    "imod",
    "ipow",
    "ilshift",
    "irshift",
    "iand",
    "ixor",
    "ior",
]
for _name in _VALUE_METHODS:
    setattr(Future, f"__{_name}__", Future._not_a_value)


class _Captures(threading.local):
    current: Any = None


_captures = _Captures()


def wait_for_end(future: Future[Any]) -> None:
    """Wait until a task has ended, however it did; nobody has looked at its failure by that."""
    call = future._call_now()
    call.client.wait_for([call])
