"""How a page finds lines and cards again: the classes of their outermost element, which every sanitiser keeps.

Law: pure; names in, HTML out. `kernel_ext/README.md` has the scheme, and the plugin of the page reads it: what changes here
changes there.
"""

from __future__ import annotations

import uuid
from typing import Final, Literal

from treadle_runtime.core.model import Number

from ..view.escaped import escape

Kind = Literal["line", "card", "note"]
SMALL: Final = "font-size:12px;opacity:.8"
STYLE: Final = (
    "font-size:13px;line-height:1.5;margin:2px 0;padding:0 8px"  # as far from the edge as printed text
)


def new_id(kind: Kind) -> str:
    """Return the id of a new display, which is also a class of its element."""
    return f"treadle-{kind}-{uuid.uuid4().hex[:12]}"


def anchored(
    html: str,
    display_id: str,
    epoch: str,
    tasks: tuple[Number, Number] | None,
    cell: int = 0,
    is_open: bool = False,
) -> str:
    """Return HTML in an element that can be found.

    Parameters
    ----------
    display_id
        of the display; `new_id` made it.
    epoch
        which runtime the numbers belong to.
    tasks
        the first and the last number of the tasks it tells of, if these are all between them.
    cell
        the number of their cell, 0 if it has none.
    is_open
        whether something of it is still to come.

    Examples
    --------
    >>> anchored("3 done", "treadle-line-1", "e", (1, 3), 5)
    '<div class="treadle-line treadle-line-1 treadle-in-e treadle-tasks-1-3 treadle-of-5" style="font-size:13px;line-height:1.5;margin:2px 0;padding:0 8px">3 done</div>'
    """
    kind = display_id.rpartition("-")[0]
    names = [kind, display_id, f"treadle-in-{epoch}"]
    names += [f"treadle-tasks-{tasks[0]}-{tasks[1]}"] if tasks is not None else []
    names += [f"treadle-of-{cell}"] if cell else []
    names += ["treadle-open"] if is_open else []
    return f'<div class="{" ".join(names)}" style="{STYLE}">{html}</div>'


def cancelling(command: str, tasks: tuple[Number, Number]) -> str:
    """Return what a page of ours exchanges for a button that cancels these tasks, and others show as it is."""
    place = f"treadle-cancel treadle-tasks-{tasks[0]}-{tasks[1]}"
    return f'<span class="{place}">· cancel: <code>{escape(command)}</code></span>'
