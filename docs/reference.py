"""Writes docs/api.md from the docstrings of what `treadle` gives.

Run `python docs/reference.py --write` after a docstring has changed; a test compares the two.
"""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "runtime"))
sys.path.insert(0, str(Path(__file__).parents[1] / "kernel_ext"))

import treadle

PAGE = Path(__file__).parents[1] / "docs/api.md"
HEAD = """# Reference

Made from the docstrings (`python docs/reference.py --write`). Errors have [a page of their own](errors.md); `IN`, `OUT` and `INOUT` are the directions
of a parameter ([guide](guide.md#changing-data-in-place)).
"""
ADDRESS = re.compile(r" at 0x[0-9a-f]+")


def page() -> str:
    """Return the whole page."""
    return "\n".join([HEAD, *(entry(name, getattr(treadle, name)) for name in sorted(names(), key=str.lower))])


def names() -> list[str]:
    """Return what has an entry: functions and classes, without the errors."""
    found = []
    for name in treadle.__all__:
        thing = getattr(treadle, name)
        is_error = isinstance(thing, type) and issubclass(thing, BaseException)
        if (callable(thing) or isinstance(thing, type)) and not is_error:
            found.append(name)
    return found


def entry(name: str, thing: Any) -> str:
    """Return the section of one name: its signature and its docstring as it stands."""
    called = inspect.unwrap(thing)
    kind = "class " if isinstance(thing, type) else ""
    try:
        # as text, since what a default or an annotation looks like differs between versions of Python
        parameters = [str(each).split(":")[0].split(" =")[0] for each in inspect.signature(called).parameters.values()]
    except (TypeError, ValueError):
        parameters = []
    text = ADDRESS.sub("", inspect.getdoc(thing) or "")
    return f"## {name}\n\n```text\n{kind}{name}({', '.join(parameters)})\n\n{text}\n```\n"


if __name__ == "__main__":
    if "--write" in sys.argv[1:]:
        PAGE.write_text(page(), encoding="utf-8")
    else:
        print(page())
