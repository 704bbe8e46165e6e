"""What a task was given, as values here; the text of a call that repeats it; the call itself, repeated here.

Law: reads what is recorded of one task; changes nothing of it. The values are copies, as the task's own were.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import CoroutineType
from typing import Any, Final

from .. import place
from ..client.calls import Call
from ..client.client import Client
from ..client.futures import Future
from ..client.inline import Surroundings
from ..client.remote_traceback import leaves_no_trace
from ..core.model import Kind, Vid, output_of
from ..core.states import TaskState
from ..errors import DataLost, UsageError
from ..store.packing import Packed
from ..store.references import Inputs, decode_payload
from ..worker.code import Code, load_code
from ..worker.context import TaskContext
from .earlier import own_call
from .session import peek

_LITERAL: Final = 60  # characters of an argument that is spelled out


@dataclass(slots=True)
class Recipe:
    """A task as it is recorded: its function, and what that was called with."""

    call: Call
    name: str
    function: Callable[..., Any] | Code
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    data: tuple[Any, ...]
    options: dict[str, Any]

    @property
    def plain(self) -> Callable[..., Any]:
        """The function itself; what it reads besides its arguments is there only while the recipe runs."""
        return self.function.call if isinstance(self.function, Code) else self.function

    def arguments(self) -> dict[str, Any]:
        """Return what was given, by parameter; what `**` takes stands beside the others."""
        try:
            signature = inspect.signature(self.plain)
            bound = signature.bind(*self.args, **self.kwargs).arguments
        except (TypeError, ValueError):  # a builtin, or a call that does not fit
            return {"args": self.args, **self.kwargs}
        for name, parameter in signature.parameters.items():
            if parameter.kind is parameter.VAR_KEYWORD:
                bound.update(bound.pop(name, {}))
        return dict(bound)

    @contextlib.contextmanager
    def entered(self) -> Iterator[Callable[[], Any]]:
        """Give what repeats the call here: with the data, the seeds and the place of a task, which end with the block."""
        context = TaskContext()
        options = {**self.options, **{k: v for k, v in (self.call.notes or {}).items() if k == "seed"}}
        context.begin(self.call.number, self.call.attempt, self.name, options)
        try:
            with place.running(context), Surroundings(options.get("seed")):
                function = (
                    self.function.enter(self.data) if isinstance(self.function, Code) else self.function
                )
                yield functools.partial(_run, function, self.args, self.kwargs)
        finally:
            if isinstance(self.function, Code):
                self.function.leave()


def _run(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    result = function(*args, **kwargs)
    if isinstance(result, CoroutineType):
        from ..worker.coroutines import run  # late: asyncio

        return run(result)
    return result


def recipe(number: int | Future[Any]) -> Recipe:
    """Return what is recorded of a task; blocks while its inputs are fetched.

    Raises UsageError if they are no longer kept or not there, DataLost if an input is gone.
    """
    session = peek()
    if session is None:
        raise UsageError("Nothing runs, so there are no inputs to look at. A runtime takes them with it.")
    client = session.client
    call = own_call(client, number)
    if call.state == TaskState.UPSTREAM:
        raise UsageError(
            f"{call.label} was not run, so it has no inputs. Look at task #{call.root}, which failed."
        )
    found = client.link.ask("recipe", {"number": call.number})
    if found is None:
        raise UsageError(
            f"{call.label} has ended ({call.state}), and what it was given is no longer kept. Call it again."
        )
    _function, name, code, payload, reads, options, *_more = found
    try:
        values = _fetch(client, reads)
    except DataLost as error:
        raise DataLost(
            f"An input of {call.label} is gone: what made it ended, and nobody held it any more."
        ) from error
    inputs = Inputs([functools.partial(values.__getitem__, vid) for vid in reads]) if reads else None
    args, kwargs, _groups, *data = decode_payload(payload, inputs)
    return Recipe(call, name, load_code(code), args, kwargs, data[0] if data else (), options or {})


def _fetch(client: Client, vids: list[Vid]) -> dict[Vid, Packed]:
    wanted: dict[Vid, Call] = {}
    for vid in vids:
        call = wanted[vid] = Call(client, 0, "an input", 0, None)  # stands for whoever made it
        call.outputs = ((int(Kind.FILE), 0, None),) * (output_of(vid) + 1)
    return client.fetch(wanted)


@leaves_no_trace
def inputs(number: int | Future[Any], *names: str) -> dict[str, Any]:
    """Return what a task was given, by the names of its function's parameters.

    Parameters
    ----------
    number
        of the task as it is shown (`f #17`), or its future.
    *names
        only these parameters.

    Returns
    -------
    dict
        copies of the arguments as they were at the call; inputs that other tasks made, as they made them.

    Raises
    ------
    UsageError
        they are no longer kept: those of tasks that failed and of open ones are, of others the small ones for a while.
    DataLost
        an input was dropped since.

    Notes
    -----
    Any thread; blocks until all are fetched, and, of a task that waits, until they are made.

    Examples
    --------
    >>> import treadle
    >>> with treadle.start(engine="inline"):
    ...     x = treadle.task(int)("no number")
    ...     _ = x.exception()
    ...     treadle.inputs(x)
    {'args': ('no number',)}
    """
    found = recipe(number).arguments()
    for name in names:
        if name not in found:
            raise UsageError(f"The task was given no {name!r}. It was given {', '.join(found) or 'nothing'}.")
    return {name: found[name] for name in names} if names else found


@leaves_no_trace
def as_code(number: int | Future[Any]) -> str:
    """Return text that repeats a task's call, to be pasted into a cell: small arguments as literals, others by `inputs`.

    Raises
    ------
    UsageError, DataLost
        as `inputs`.

    Examples
    --------
    >>> import treadle
    >>> @treadle.task
    ... def invert(x):
    ...     return 1 / x
    >>> with treadle.start(engine="inline"):
    ...     x = invert(0)
    ...     _ = x.exception()
    ...     print(treadle.as_code(x))
    invert(x=0)
    """
    found = recipe(number)
    call, given = found.call, found.arguments()
    if not found.name.isidentifier():  # a cell, or a name that only people read
        return f"globals().update(treadle.inputs({call.number}))  # the names that {call.label} read"
    places = _places(found.plain, given)
    parts, fetched = [], []
    for name, value in given.items():
        literal = _literal(value)
        stars = places.get(name)
        if stars is not None:
            parts.append(f"{stars}{literal or f'treadle.inputs({call.number})[{name!r}]'}")
        elif literal is not None:
            parts.append(f"{name}={literal}")
        else:
            fetched.append(repr(name))
    if fetched:
        only = "" if len(fetched) == len(given) else f", {', '.join(fetched)}"
        parts.append(f"**treadle.inputs({call.number}{only})")
    return f"{found.name}({', '.join(parts)})"


def _places(function: Any, given: dict[str, Any]) -> dict[str, str]:
    """Return which of these arguments are given by place, and what stands before them: "" or the star."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return {"args": "*"}
    star = next(
        (name for name, one in parameters.items() if one.kind is one.VAR_POSITIONAL and given.get(name)), None
    )
    places: dict[str, str] = {}
    for name, one in parameters.items():
        if name in given and (
            one.kind is one.POSITIONAL_ONLY or (star and one.kind is one.POSITIONAL_OR_KEYWORD)
        ):
            places[name] = ""
    return {**places, star: "*"} if star else places


def _literal(value: Any) -> str | None:
    """Return how a small plain value is written, None for others."""
    if not isinstance(value, (int, float, str, bytes, bool, complex, type(None), list, tuple, dict, set)):
        return None
    if isinstance(value, (str, bytes, list, tuple, dict, set)) and len(value) > _LITERAL:
        return None
    text = repr(value)
    if len(text) > _LITERAL:
        return None
    try:
        same = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return None
    return text if type(same) is type(value) and same == value else None
