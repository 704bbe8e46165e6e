"""`treadle ps` and `treadle stop`: the runtimes of this person on this machine.

Law: asks `client.attach`; finds and ends nothing itself.
"""

from __future__ import annotations

import time

from ..client.attach import list_runtimes, stop_runtime


def show() -> int:
    """Print one line for each live runtime and return the exit code."""
    found = list_runtimes()
    if not found:
        print("No runtime lives on this machine.")
        return 0
    wide = max(len("NAME"), *(len(each.name) for each in found))
    print(f"{'NAME':<{wide}}  {'PID':>8}  {'WORKERS':>7}  {'UP':>8}  STARTED BY")
    for each in found:
        up = _span(time.time() - each.started)
        who = "a script" if each.script else "a notebook"
        print(f"{each.name:<{wide}}  {each.owner.pid:>8}  {each.workers:>7}  {up:>8}  {who}")
    return 0


def stop(name: str) -> int:
    """End the runtime called `name`; exit code 1 if there is none."""
    if stop_runtime(name):
        print(f"{name} has ended")
        return 0
    names = ", ".join(each.name for each in list_runtimes())
    print(f"No runtime is called {name!r}. " + (f"These live: {names}" if names else "None lives on this machine."))
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
