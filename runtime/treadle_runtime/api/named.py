"""Things that travel by their name: what stands under it in a module, here and in a worker.

Law: knows modules and names, nothing of what is found.
"""

from __future__ import annotations

import sys
from typing import Any


def find(module: Any, name: str) -> Any:
    """Return what stands under a qualified name in a module, None if there is no such thing."""
    found = module
    for part in name.split("."):
        found = getattr(found, "__dict__", {}).get(part)
    return found


def imported(module: str, name: str) -> Any:
    """Import a module and return what stands under the name: what is pickled instead of the thing itself."""
    __import__(module)
    return find(sys.modules[module], name)
