"""What type checkers and editors see of calls: the function's own parameters, and futures of what it returns.

Law: types only, nothing of it runs. Any argument may be a future of the right kind, which no type can say of a
parameter it does not know: so a call that does not fit the signature is typed as well, and fails when it is made.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, overload

P = ParamSpec("P")
Q = ParamSpec("Q")
F_co = TypeVar("F_co", covariant=True)


class Calls(Protocol[P, F_co]):
    """Something to be called like the function, which gives futures."""

    @overload
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> F_co: ...
    @overload
    def __call__(self, *args: Any, **kwargs: Any) -> F_co: ...


class Several(Calls[P, F_co], Protocol[P, F_co]):
    """A task with `returns=N`: a call gives a tuple of futures."""

    @property
    def function(self) -> Callable[P, Any]:
        """The plain function."""

    @overload
    def __get__(self, instance: None, owner: type | None = None) -> Several[P, F_co]: ...
    @overload
    def __get__(
        self: Several[Concatenate[Any, Q], F_co], instance: object, owner: type | None = None
    ) -> Calls[Q, F_co]: ...
