"""Which names code uses: read from its bytecode.

Law: looks at code objects only, never at values.
"""

from __future__ import annotations

import dis
from dataclasses import dataclass, field
from types import CodeType
from typing import Final

_READ: Final = frozenset({"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"})
_STORED: Final = frozenset({"STORE_GLOBAL", "DELETE_GLOBAL"})
_CELL_READ: Final = frozenset({"LOAD_DEREF", "LOAD_CLASSDEREF", "LOAD_FROM_DICT_OR_DEREF"})
_CELL_STORED: Final = frozenset({"STORE_DEREF", "DELETE_DEREF"})
_ATTRIBUTE: Final = frozenset({"LOAD_ATTR", "LOAD_METHOD"})

Chain = tuple[str, ...]


@dataclass(slots=True)
class Names:
    """What a code object, with the code nested in it, uses by name; everything in order of first use."""

    read: dict[str, set[Chain]] = field(default_factory=dict)
    """Global (or class body) names, and the chains of attributes read from each; () for a use without."""
    cells: dict[str, set[Chain]] = field(default_factory=dict)
    """The same for free variables."""
    stored: set[str] = field(default_factory=set)
    """Globals that are assigned or deleted."""
    rebound: set[str] = field(default_factory=set)
    """Free variables that are assigned or deleted."""
    imports: dict[tuple[int, str], None] = field(default_factory=dict)
    """Modules imported in the body: (level, name as written); level 0 is absolute."""
    mentioned: dict[str, None] = field(default_factory=dict)
    """Every attribute, global and imported name."""


def names_of(code: CodeType) -> Names:
    """Return what `code` uses by name."""
    names = Names()
    _collect(code, names)
    return names


def _collect(code: CodeType, names: Names) -> None:
    names.mentioned.update(dict.fromkeys(code.co_names))
    chain: list[str] = []
    root: dict[str, set[Chain]] | None = None
    base = ""
    level: object = 0
    fromlist: object = None
    for step in dis.get_instructions(code):
        if root is not None and step.opname in _ATTRIBUTE:
            chain.append(step.argval)
            level, fromlist = fromlist, None
            continue
        if root is not None:
            root.setdefault(base, set()).add(tuple(chain))
            root = None
        if step.opname in _READ:
            root, base, chain = names.read, step.argval, []
        elif step.opname in _CELL_READ:
            root, base, chain = names.cells, step.argval, []
        elif step.opname in _STORED:
            names.stored.add(step.argval)
        elif step.opname in _CELL_STORED and step.argval in code.co_freevars:
            names.rebound.add(step.argval)
        elif step.opname == "IMPORT_NAME":
            names.imports[level if isinstance(level, int) else 0, step.argval] = None
        level, fromlist = fromlist, step.argval  # what the two steps before an import load
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            _collect(constant, names)
