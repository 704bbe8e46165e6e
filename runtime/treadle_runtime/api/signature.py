"""What `@task` was told about a function, checked when it is decorated, and the check of each call.

Law: knows functions and directions; nothing of futures, data or the runtime. A mistake in the decorator is a
UsageError at the decorator; a wrong call is Python's own TypeError at the call.
"""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from inspect import Parameter
from typing import Any, TypeAlias

from ..errors import FutureUsedAsValue, UsageError
from ..wire.codec import spelled
from .annotations import directions_in
from .directions import IN, Direction, direction_of
from .options import LATER, OPTIONS, TaskOptions, options_from
from .stand_in import binding, checking

Written: TypeAlias = tuple[str, Direction, Any]
"""(parameter name, or `args[2]` / `kwargs['c']`, direction, the object given) of an argument the task writes."""


class TaskSignature:
    """A function as a task: its options, its parameters and which of them it writes.

    Attributes
    ----------
    function : callable
        What runs: without the `staticmethod` or `classmethod` around it.
    name : str
        How people see it: `f`, `Solver.step`, `<lambda>`.
    options : TaskOptions
    binding : str
        `"function"`, `"static"` or `"class"`: what was found around the function.
    parameters : tuple of str or None
        Their names; None if the callable does not tell (some C functions): then all arguments are IN,
        and a wrong call fails in the task.
    signature : inspect.Signature or None
        For `help` and editors.
    """

    __slots__ = (
        "_arity",
        "_bound",
        "_given",
        "_kinds",
        "_open",
        "_plain",
        "_positional",
        "_target",
        "_writes",
        "binding",
        "function",
        "name",
        "options",
        "parameters",
        "signature",
    )

    def __init__(self, function: Any, options: TaskOptions, directions: dict[str, Direction]) -> None:
        self.binding = _binding_of(function)
        self.function: Callable[..., Any] = function if self.binding == "function" else function.__func__
        self.name = display_name(self.function)
        self.options = options
        self.signature = _signature_of(self.function)
        self.parameters = None if self.signature is None else tuple(self.signature.parameters)
        kinds = [] if self.signature is None else list(self.signature.parameters.values())
        self._positional = [p.name for p in kinds if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        self._given = directions
        self._kinds = kinds
        self._lay_out()
        # a wrapper may take other arguments than the function it shows: what is called decides
        self._arity = checking(_signature_of(self.function, False), self.function, self.name)
        self._bound = binding(self.signature, self.function, self.name)

    def _lay_out(self, last: bool = False) -> None:
        """Note what is written where, as the decorator and the annotations say.

        A name in an annotation that has no value yet is looked for once more at the first call, and that is the `last` time.
        """
        annotated, self._open = directions_in(self.function, {p.name: p for p in self._kinds})
        for name, direction in annotated.items():
            if self._given.get(name, direction) is not direction:
                raise UsageError(
                    f"{name} of {self.name} is {direction!r} in its signature and {self._given[name]!r} in @task: "
                    "give one of them"
                )
        self._open = self._open and not last
        directions = {**annotated, **self._given}
        self._writes = _places(directions, self._kinds)
        first = self._positional[0] if self._positional else "self"
        self._target = (first, directions.get(first, self.options.target_direction))
        self._plain = not self._writes and not self._open

    @classmethod
    def of(
        cls,
        function: Any,
        options: Mapping[str, Any] | None = None,
        directions: Mapping[str, Any] | None = None,
    ) -> TaskSignature:
        """Check what `@task` was given and return the signature.

        Parameters
        ----------
        function : callable
            Any callable; also a `staticmethod` or `classmethod` object.
        options : mapping
            The keywords of `@task`: options (`returns=2`; 0 and 1 both mean the one future every task gives) and
            directions (`c=INOUT`). A parameter named like an option: `name=INOUT` is its direction.
        directions : mapping
            `directions={"c": INOUT}`: the same for any name. `Annotated[list, INOUT]` in the signature counts as well.

        Raises
        ------
        UsageError
            Unknown name, value of the wrong type, or something that cannot be a task.

        Examples
        --------
        >>> from treadle_runtime.api.directions import INOUT
        >>> def axpy(a, x, y):
        ...     y += a * x
        >>> TaskSignature.of(axpy, {"y": INOUT, "priority": True}).bind((2.0, "x", "y"), {})
        [('y', INOUT, 'y')]
        """
        _refuse(function)
        binding = _binding_of(function)
        inner = function if binding == "function" else function.__func__
        signature = _signature_of(inner)
        names = None if signature is None else signature.parameters
        open_ended = names is not None and any(p.kind is p.VAR_KEYWORD for p in names.values())
        found: dict[str, Direction] = {}
        told: dict[str, Any] = {}
        for key, value in (options or {}).items():
            is_parameter = names is not None and (key in names or (open_ended and key not in OPTIONS))
            if isinstance(value, Direction) and (is_parameter or key not in OPTIONS):
                found[key] = value
            elif key in OPTIONS:
                told[key] = value
            elif key in LATER and not (names is not None and key in names):
                raise UsageError(f"@task option {key!r} is not available yet: leave it out")
            else:
                if names is not None and (key in names or isinstance(value, (dict, list))):
                    direction_of(key, value)
                _parameter(key, names, False, display_name(inner))
        for key, value in (directions or {}).items():
            found[key] = direction_of(key, value)
        for key in found:
            _parameter(key, names, open_ended, display_name(inner))
        return cls(function, options_from(told), found)

    @property
    def writes(self) -> bool:
        """Whether calls write an argument."""
        if self._open:
            self._lay_out(last=True)
        return bool(self._writes)

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any], method: bool = False) -> Sequence[Written]:
        """Check a call and return the arguments it writes.

        Parameters
        ----------
        args, kwargs
            As given; defaults are applied by the call on the worker.
        method : bool
            `args[0]` is the object whose method this is: it is written unless `target_direction=IN`.

        Raises
        ------
        TypeError
            In Python's own words, if the function cannot be called like this.
        """
        if self._arity is not None:
            self._arity(*args, **kwargs)
        if self._plain and not method:
            return ()
        if self._open:
            self._lay_out(last=True)
        return self._written(args, kwargs, method)

    def _written(self, args: tuple[Any, ...], kwargs: dict[str, Any], method: bool) -> list[Written]:
        found: list[Written] = []
        if method and self._target[1].writes:
            found.append((*self._target, args[0] if args else kwargs.get(self._target[0])))
        for name, direction, index, kind in self._writes:
            if method and index == 0:
                continue
            if kind is Parameter.VAR_POSITIONAL:
                found += [(f"{name}[{i}]", direction, value) for i, value in enumerate(args[index:])]
            elif kind is Parameter.VAR_KEYWORD:
                named = self.parameters or ()
                found += [
                    (f"{name}[{key!r}]", direction, value)
                    for key, value in kwargs.items()
                    if key not in named
                ]
            elif 0 <= index < len(args):
                found.append((name, direction, args[index]))
            elif name in kwargs:
                found.append((name, direction, kwargs[name]))
        return found

    def title(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
        """Return what `name=` makes of this call, None without it.

        Raises
        ------
        UsageError
            The format names something that is no argument, or an argument cannot be shown like this.
        """
        form = self.options.name
        if form is None or "{" not in form:
            return form
        return spelled(self._filled(form, args, kwargs))

    def _filled(self, form: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
        values: dict[str, Any] = self._bound(*args, **kwargs) if self._bound is not None else {"args": args}
        try:
            return form.format(**values)
        except FutureUsedAsValue:
            return self._title_with_futures(form, values)
        except (KeyError, IndexError, ValueError, AttributeError, TypeError) as error:
            raise self._bad_title(form, error) from error

    def _title_with_futures(self, form: str, values: dict[str, Any]) -> str:
        for name, value in values.items():
            try:
                format(value)
            except FutureUsedAsValue:
                values[name] = _Shown(value)
        try:
            return form.format(**values)
        except (KeyError, IndexError, ValueError, AttributeError, TypeError) as error:
            raise self._bad_title(form, error) from error

    def _bad_title(self, form: str, error: Exception) -> UsageError:
        known = ", ".join(self.parameters or ("args",))
        return UsageError(f"name={form!r} cannot be filled in ({error}): it may show {known} of {self.name}")


class _Shown:
    """A future in a title: its repr, whatever the format asks for."""

    def __init__(self, value: object) -> None:
        self._value = value

    def __format__(self, _spec: str) -> str:
        return repr(self._value)


def display_name(function: Callable[..., Any]) -> str:
    """Return how people see a callable: its qualified name without the functions it was defined in."""
    while isinstance(function, functools.partial):
        function = function.func
    name = getattr(function, "__qualname__", None) or type(function).__qualname__
    return str(name).rpartition("<locals>.")[2]


def by_place(function: Callable[..., Any]) -> dict[str, Any]:
    """Return which arguments can't be given by name, as plain data; empty if all can.

    "only": names before `/`; "star": what `*` takes, and "before": the other names before it, which go by place if it takes anything.
    """
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # a builtin: all that is given by place is called so
        return {"star": "args"}
    star = next((one.name for one in parameters if one.kind is Parameter.VAR_POSITIONAL), "")
    found = {
        "only": [one.name for one in parameters if one.kind is Parameter.POSITIONAL_ONLY],
        "before": [one.name for one in parameters if star and one.kind is Parameter.POSITIONAL_OR_KEYWORD],
        "star": star,
    }
    return {name: told for name, told in found.items() if told}


def _binding_of(function: object) -> str:
    if isinstance(function, staticmethod):
        return "static"
    return "class" if isinstance(function, classmethod) else "function"


def _refuse(function: object) -> None:
    """Raise UsageError for what cannot be a task."""
    inner = function.__func__ if isinstance(function, staticmethod | classmethod) else function
    while isinstance(inner, functools.partial):
        inner = inner.func
    if not callable(inner):
        raise UsageError(f"@task needs a function, not {type(inner).__name__}: write @task above a def")
    name = display_name(inner)
    if inspect.isgeneratorfunction(inner) or inspect.isasyncgenfunction(inner):
        kind = "a generator function" if inspect.isgeneratorfunction(inner) else "an async generator function"
        raise UsageError(
            f"{name} is {kind}, which has no value to send: return list(...) instead of yielding"
        )


def _signature_of(function: Callable[..., Any], follow_wrapped: bool = True) -> inspect.Signature | None:
    try:
        return inspect.signature(function, follow_wrapped=follow_wrapped)
    except (ValueError, TypeError):  # C callables that do not tell
        return None


def _parameter(key: str, names: Mapping[str, Parameter] | None, open_ended: bool, function: str) -> str:
    """Return `key` if it is a parameter, else raise UsageError with those there are."""
    if names is None:
        raise UsageError(
            f"{function} does not tell its parameters, so {key} can have no direction: wrap it in a def"
        )
    if key in names or open_ended:
        return key
    close = difflib.get_close_matches(key, [*names, *OPTIONS], 1)
    hint = f" Did you mean {close[0]}?" if close else ""
    listed = f"its parameters are {', '.join(names)}" if names else "it has no parameters"
    raise UsageError(f"{function} has no parameter {key!r} and @task no such option: {listed}.{hint}")


def _places(
    directions: dict[str, Direction], kinds: list[Parameter]
) -> tuple[tuple[str, Direction, int, Any], ...]:
    """Return (name, direction, position or -1, kind) of each written parameter, in the order of the parameters."""
    found: list[tuple[str, Direction, int, Any]] = []
    named = set()
    for index, parameter in enumerate(kinds):
        named.add(parameter.name)
        direction = directions.get(parameter.name, IN)
        if direction.writes:
            by_keyword = parameter.kind in (Parameter.KEYWORD_ONLY, Parameter.VAR_KEYWORD)
            found.append((parameter.name, direction, -1 if by_keyword else index, parameter.kind))
    taken = [(n, d, -1, Parameter.KEYWORD_ONLY) for n, d in directions.items() if n not in named and d.writes]
    return (*found, *taken)
