"""How figures of a notebook look, for the tasks that draw some.

Law: reads what the inline backend and matplotlib are set to, if they are imported; changes nothing, imports nothing.
"""

from __future__ import annotations

import sys
from typing import Any, Final

_ITS_OWN: Final = frozenset({"backend", "backend_fallback", "interactive", "toolbar", "webagg.port"})


def share(session: Any, shell: Any) -> None:
    """Have the tasks that a session submits from now on draw as this notebook does."""
    listener = session.worlds.listener
    if (figures := figure_manners(shell)) != listener.figures:
        listener.figures = figures


def figure_manners(shell: Any) -> dict[str, Any]:
    """Return formats, options of `print_figure` and the `rcParams` that are not the defaults; empty without matplotlib."""
    found: dict[str, Any] = {}
    inline = getattr(sys.modules.get("matplotlib_inline.config"), "InlineBackend", None)
    if inline is not None and inline.initialized():
        now = inline.instance()
        found.update(formats=sorted(now.figure_formats), options=dict(now.print_figure_kwargs))
    elif asked := dict(getattr(shell, "config", {}).get("InlineBackend", {})):  # for when it is imported
        if formats := asked.get("figure_formats") or asked.get("figure_format"):
            found["formats"] = [formats] if isinstance(formats, str) else sorted(formats)
        if options := asked.get("print_figure_kwargs"):
            found["options"] = dict(options)
    matplotlib = sys.modules.get("matplotlib")
    if matplotlib is not None:
        default = matplotlib.rcParamsDefault
        changed = {
            name: _plain(value)
            for name, value in dict.items(matplotlib.rcParams)
            if name not in _ITS_OWN and value != default.get(name)
        }
        if changed:
            found["rc"] = changed
    return found


def _plain(value: Any) -> Any:
    """Return a value as it travels; cycles of colours are read from text again."""
    return value if value is None or isinstance(value, (bool, int, float, str, list, tuple)) else str(value)
