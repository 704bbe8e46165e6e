"""Which modules are the person's own: theirs travel by value, everybody else's are imported by name.

Law: looks at files and paths, never at code. Local = under the folder of the notebook or script, or installed
editable; not the standard library, not site-packages, not Treadle.
"""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from importlib.machinery import PathFinder
from types import ModuleType
from typing import Any, Final

_OURS: Final = frozenset({"treadle", "treadle_runtime"})
_INSTALLED: Final = ("site-packages", "dist-packages")
_answers: dict[str, tuple[Any, bool]] = {}


def _here() -> list[str]:
    """The current folder, unless somebody has removed it."""
    try:
        return [os.getcwd()]
    except OSError:
        return []


_started_in: Final = _here()


def is_local(module: ModuleType) -> bool:
    """Tell whether a module is the person's own code. `__main__` is not asked about: it always is."""
    name = getattr(module, "__name__", "")
    file = getattr(module, "__file__", None)
    known = _answers.get(name)
    if known is None or known[0] != file:
        known = _answers[name] = (file, _is_local(name, file))
    return known[1]


def is_local_name(name: str) -> bool:
    """Tell whether importing this top-level name would read the person's own code; imports nothing."""
    try:
        spec = PathFinder.find_spec(name)
    except (ImportError, ValueError):  # a broken package: the import will say so
        return False
    return spec is not None and _is_local(name, spec.origin)


def by_value(thing: Any) -> bool:
    """Tell whether a function or class is the person's own: defined in `__main__`, a local module, or nowhere."""
    name = getattr(thing, "__module__", None)
    if name is None or name == "__main__":
        return True
    module = sys.modules.get(name)
    return module is None or is_local(module)


def _is_local(name: str, file: Any) -> bool:
    if not isinstance(file, str) or name.partition(".")[0] in _OURS or not file.endswith((".py", ".ipynb")):
        return False
    path = os.path.realpath(file)
    parts = path.split(os.sep)
    if any(part in parts for part in _INSTALLED) or any(_below(path, folder) for folder in _libraries()):
        return False
    return any(_below(path, folder) for folder in _own_folders())


def _below(path: str, folder: str) -> bool:
    return path.startswith(os.path.join(os.path.realpath(folder), ""))


def _libraries() -> list[str]:
    return [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]


def _own_folders() -> list[str]:
    main = getattr(sys.modules.get("__main__"), "__file__", None)
    folders = [*_started_in, *_here(), *sys.path[:1], *([os.path.dirname(main)] if main else []), *_editable()]
    return [os.path.abspath(folder) for folder in folders if folder]  # "" is the current one


def _editable() -> list[str]:
    """Return the folders of editable installs: lines of .pth files, and maps of setuptools' finders."""
    found = []
    for folder in [*site.getsitepackages(), site.getusersitepackages()]:
        names = os.listdir(folder) if os.path.isdir(folder) else []
        for name in names:
            if name.endswith(".pth"):
                with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as lines:
                    found += [line.strip() for line in lines if os.path.isdir(line.strip())]
    for name, module in list(sys.modules.items()):
        if name.startswith("__editable__"):
            found += [os.path.dirname(path) for path in getattr(module, "MAPPING", {}).values()]
    return found
