"""`treadle ps` and `treadle stop`: the runtimes of this person on this machine.

Law: asks `client.attach`; finds and ends nothing itself.
"""

from __future__ import annotations

import os
import time

from ..client.attach import list_runtimes, stop_runtime
from ..wire.session import Descriptor


def show() -> int:
    """Print one line for each live runtime and return the exit code."""
    found = list_runtimes()
    if not found:
        print("No runtime lives on this machine.")
        return 0
    wide = max(len("NAME"), *(len(each.name) for each in found))
    print(f"{'NAME':<{wide}}  {'PID':>8}  {'WORKERS':>7}  {'CLIENTS':>7}  {'UP':>8}  OF")
    for each in found:
        up = _span(time.time() - each.started)
        numbers = f"{each.owner.pid:>8}  {each.workers:>7}  {each.clients:>7}  {up:>8}"
        print(f"{each.name:<{wide}}  {numbers}  {_of(each)}")
    return 0


def _of(found: Descriptor) -> str:
    """Whose runtime it is: its notebooks by file, as far as they are known."""
    names = dict.fromkeys(os.path.basename(notebook.path) for notebook in found.notebooks if notebook.path)
    if found.notebooks:
        return ", ".join(names) or "a notebook"
    return "a script" if found.script else "scripts or notebooks"


def stop(name: str) -> int:
    """End the runtime called `name`; exit code 1 if there is none."""
    if stop_runtime(name):
        print(f"{name} has ended")
        return 0
    names = ", ".join(each.name for each in list_runtimes())
    print(
        f"No runtime is called {name!r}. "
        + (f"These live: {names}" if names else "None lives on this machine.")
    )
    return 1


def stop_all() -> int:
    """End every runtime of this person on this machine."""
    found = list_runtimes()
    if not found:
        print("No runtime lives on this machine.")
    return max((stop(each.name) for each in found), default=0)


def _span(seconds: float) -> str:
    minutes = int(seconds) // 60
    return f"{int(seconds)} s" if minutes < 2 else f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
