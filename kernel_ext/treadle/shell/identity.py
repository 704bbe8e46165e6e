"""Which notebook this kernel runs, and whether a runtime that lives is the one it had before.

Law: reads what kernel, environment and file system say; starts nothing. How notebooks are told apart stands in
`treadle_runtime.wire.session.Notebook`.
"""

from __future__ import annotations

import os
from typing import Any

from treadle_runtime.wire.session import Descriptor, Notebook


def notebook_of(shell: Any) -> Notebook | None:
    """Return the notebook of a shell; None for one that no kernel runs, as in a terminal."""
    if not hasattr(shell, "kernel"):
        return None
    from ipykernel.kernelapp import IPKernelApp  # here already, since it runs this

    if not IPKernelApp.initialized():
        return None  # embedded: nothing restarts it
    # the file is the same after a restart; a path is what the server said when the kernel began
    kernel = IPKernelApp.instance().abs_connection_file
    path = os.environ.get("JPY_SESSION_NAME") or str(shell.user_ns.get("__vsc_ipynb_file__") or "")
    path = os.path.abspath(path) if path else ""
    try:
        state = os.stat(path) if path else None
    except OSError:
        state = None
    return Notebook(kernel, path, "" if state is None else f"{state.st_dev}:{state.st_ino}", True)


def runtime_before(mine: Notebook) -> Descriptor | None:
    """Return the runtime that this notebook had before, the newest if there are several."""
    from treadle_runtime.client.attach import list_runtimes

    for found in reversed(list_runtimes()):
        if any(_left_by(mine, other) for other in found.notebooks):
            return found
    return None


def _left_by(mine: Notebook, other: Notebook) -> bool:
    """Tell whether `other` is an earlier life of this kernel, or of the notebook without a kernel any more."""
    return other.kernel == mine.kernel or (not other.present and other.is_same(mine))
