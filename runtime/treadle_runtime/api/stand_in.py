"""Functions that have the signature of another and a body of ours: how a call is checked at the interpreter's own speed.

Law: makes functions; knows nothing of tasks.
"""

from __future__ import annotations

import builtins
import inspect
from collections.abc import Callable
from inspect import Parameter
from types import CodeType, FunctionType
from typing import Any


def checking(
    signature: inspect.Signature | None, function: Callable[..., Any], name: str
) -> Callable[..., Any] | None:
    """Return what takes the calls that `function` takes, does nothing, and raises the interpreter's own TypeError."""
    return _stand_in(signature, function, name, _nothing.__code__)


def binding(
    signature: inspect.Signature | None, function: Callable[..., Any], name: str
) -> Callable[..., Any] | None:
    """Return what gives the arguments of a call by name, defaults included."""
    return _stand_in(signature, function, name, _everything.__code__)


def _nothing() -> None:
    return None


def _everything() -> dict[str, Any]:
    return locals()


def _stand_in(
    signature: inspect.Signature | None, function: Callable[..., Any], called: str, body: CodeType
) -> Callable[..., Any] | None:
    """Make a function with this signature and name around `body`.

    Calling it checks a call at the interpreter's own speed and raises its own TypeError.
    """
    if signature is None:
        return None
    parameters = list(signature.parameters.values())
    before, both, star, keyword, stars = (
        [p.name for p in parameters if p.kind is kind]
        for kind in (
            Parameter.POSITIONAL_ONLY,
            Parameter.POSITIONAL_OR_KEYWORD,
            Parameter.VAR_POSITIONAL,
            Parameter.KEYWORD_ONLY,
            Parameter.VAR_KEYWORD,
        )
    )
    varnames = (*before, *both, *keyword, *star, *stars)
    code = body.replace(
        co_argcount=len(before) + len(both),
        co_posonlyargcount=len(before),
        co_kwonlyargcount=len(keyword),
        co_nlocals=len(varnames),
        co_varnames=varnames,
        co_flags=body.co_flags | inspect.CO_VARARGS * bool(star) | inspect.CO_VARKEYWORDS * bool(stars),
        co_name=getattr(function, "__name__", called),
        co_qualname=called,
    )
    defaults = tuple(
        p.default
        for p in parameters
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) and p.default is not p.empty
    )
    made = FunctionType(code, {"__builtins__": builtins}, code.co_name, defaults)
    made.__kwdefaults__ = {
        p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is not p.empty
    }
    return made
