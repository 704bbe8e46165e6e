"""How far a task is: told by the task itself, or by its tqdm bars, through the status page of its worker.

Law: writes numbers where the runtime looks ten times a second; no message, no file. tqdm is taught when it is imported; how
its bars look elsewhere is the matter of `bars`.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any, Final

from . import bars
from .context import TaskContext, current_task
from .imports import when_imported
from .status import StatusPage

_UNKNOWN: Final = float("nan")


def report(done: float, total: float | None, text: str) -> None:
    """Say how far the running task is; outside of tasks nobody hears it."""
    task = current_task()
    if task is not None and task.report is not None:
        task.report(task.number, done / total if total else _UNKNOWN, text)


def install(task: TaskContext, page: StatusPage) -> None:
    """Have tasks of this worker say how far they are. Main thread, before the first task."""
    task.report = page.report
    when_imported("tqdm.std", _teach)
    when_imported("tqdm.notebook", _replace)


def _teach(module: ModuleType) -> None:
    """Have the outermost bar of tqdm say how far it is whenever it is drawn."""
    plain = module.tqdm.display

    def display(self: Any, *args: Any, **options: Any) -> Any:
        if not getattr(self, "pos", 0):
            report(self.n, self.total, str(self.desc or "").rstrip(": "))
        bars.adopt(self)
        return plain(self, *args, **options)

    plain_close = module.tqdm.close

    def close(self: Any) -> None:
        plain_close(self)
        bars.end(self)

    module.tqdm.display, module.tqdm.close = display, close


def _replace(module: ModuleType) -> None:
    """Make bars for notebooks ordinary ones: their widgets would live in this process, where no page finds them."""
    plain = sys.modules["tqdm.std"]
    vars(module).update(tqdm=plain.tqdm, tqdm_notebook=plain.tqdm, trange=plain.trange, tnrange=plain.trange)
