"""What stands behind `%%task` and `%task`.

Law: text in, options out; knows no notebook.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import Final

from treadle_runtime.errors import UsageError

USAGE: Final = (
    "-i a,b  -o a,b  --inout a,b  --name NAME  --wait  --for NAME in ITEMS [--collect a,b] [--chain]"
)
_NAMES: Final = r"(?P<value>[^\W\d]\w*(?:\s*,\s*[^\W\d]\w*)*)"
_OPTION: Final = re.compile(
    rf"""\s*(?:(?P<names>-i|-o|--in|--out|--inout|--collect)(?:\s+|=){_NAMES}
        |--name(?:\s+|=)(?P<name>"[^"]*"|'[^']*'|\S+)
        |(?P<flag>--wait|--await|--chain)
        |(?P<items>--for))(?=\s|$)""",
    re.VERBOSE,
)
_NEXT: Final = re.compile(
    r"\s+(?=(?:-i|-o|--in|--out|--inout|--collect|--name|--wait|--await|--chain)(?:[\s=]|$))"
)
_FIELDS: Final = {
    "-i": "inputs", "--in": "inputs", "-o": "outputs", "--out": "outputs", "--inout": "inout", "--collect": "collect",
}  # fmt: skip


@dataclass
class CellOptions:
    """The options of one cell."""

    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    inout: tuple[str, ...] = ()
    name: str | None = None
    wait: bool = False
    awaited: bool = False  # as `wait`, and the cell awaits what the magic gives
    items: ast.For | None = None
    collect: tuple[str, ...] = ()
    chain: bool = False

    @property
    def targets(self) -> tuple[str, ...]:
        """The names that `--for` gives a value."""
        if self.items is None:
            return ()
        names = [node.id for node in ast.walk(self.items.target) if isinstance(node, ast.Name)]
        return tuple(dict.fromkeys(names))


def read_options(line: str) -> tuple[CellOptions, str]:
    """Return the options at the beginning of a line, and the rest of it.

    Raises
    ------
    UsageError
        `--for` without items, or what belongs to `--for` without it.
    """
    options = CellOptions()
    while match := _OPTION.match(line):
        line = line[match.end() :]
        if match["names"]:
            field = _FIELDS[match["names"]]
            given = tuple(name.strip() for name in match["value"].split(","))
            setattr(options, field, getattr(options, field) + given)
        elif match["name"]:
            options.name = match["name"].strip("\"'")
        elif match["items"]:
            options.items, line = _items(line)
        elif match["flag"] == "--chain":
            options.chain = True
        else:
            options.wait = True
            options.awaited |= match["flag"] == "--await"
    if options.items is None and (options.collect or options.chain):
        raise UsageError(
            "--collect and --chain belong to --for, as in `%%task --for seed in range(9) --collect score`."
        )
    return options, line.strip()


def _items(line: str) -> tuple[ast.For, str]:
    """Return `NAME in ITEMS` as a loop, and what follows; ITEMS ends where the next option begins."""
    for end in [*(match.start() for match in _NEXT.finditer(line)), len(line)]:
        try:
            loop = ast.parse(f"for {line[:end].strip()}: pass").body[0]
        except SyntaxError:
            continue
        if isinstance(loop, ast.For) and all(
            isinstance(node, (ast.Name, ast.Tuple, ast.List, ast.Starred, ast.expr_context))
            for node in ast.walk(loop.target)
        ):
            return loop, line[end:]
    raise UsageError("--for needs names and items, as in `%%task --for seed in range(9) --collect score`.")
