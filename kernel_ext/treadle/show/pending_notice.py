"""`f(c)`, then showing `c`: what is shown is older than what was written, and one line says so.

Law: looks at the value a cell has shown; waits for nothing, changes nothing. In constant time for what has no
writes pending.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from treadle_runtime.api import Future
from treadle_runtime.api.session import clients
from treadle_runtime.api.sync import written


def pending_text(value: Any, source: str, space: Mapping[str, Any]) -> str:
    """Return the line for a value that tasks still write, "" for any other.

    Parameters
    ----------
    value
        what the cell has shown.
    source
        the cell; its last expression is how the person calls the value.
    space
        the notebook's names, for a value that the cell does not name.
    """
    for client in () if isinstance(value, Future) else clients():
        if not len(client.pending):
            continue
        if (group := written(client, value)) is None:
            continue
        writes = [call for call in group.newest.unsettled() if not call.final]
        name = _name(value, source, space)
        if not writes:
            return f"{name}: tasks have written it since; wait_on({name})"
        return f"{name}: {len(writes)} write{'s' if len(writes) > 1 else ''} pending; wait_on({name})"
    return ""


def _name(value: Any, source: str, space: Mapping[str, Any]) -> str:
    try:
        last = ast.parse(source).body[-1:]
    except SyntaxError:  # magics: the shell has read it, Python alone can't
        last = []
    if last and isinstance(last[0], ast.Expr):
        return ast.unparse(last[0].value)
    return next((name for name, held in space.items() if held is value and not name.startswith("_")), "it")
