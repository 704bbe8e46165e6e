"""`display` and figures in a task: what IPython and matplotlib do where there is neither shell nor window.

Law: turns objects into bundles with IPython's own formatters and says them; knows no notebook. IPython is imported when
the task does it, or calls the builtin `display` that notebooks have; tasks that display nothing pay nothing.
"""

from __future__ import annotations

import builtins
import os
import sys
import traceback
from base64 import b64encode
from types import ModuleType
from typing import Any, Final

from ..wire.asides import Cleared, Shown
from .asides import say
from .context import TaskContext
from .imports import when_imported

_FUNCTIONS: Final = "IPython.core.display_functions"
_WIDGET: Final = "application/vnd.jupyter.widget-view+json"
_BACKEND: Final = "module://treadle_runtime.worker.figures"
_CHOSEN: Final = frozenset({"agg", "cairo", "pdf", "pgf", "ps", "svg", "template"})
"""Backends that show nothing; whoever asks for one gets it."""
_formatter: Any = None


def install(task: TaskContext) -> None:
    """Have `display`, `plt.show` and what builds on them work in this worker, once IPython or matplotlib is imported."""
    when_imported(_FUNCTIONS, _replace)
    when_imported("matplotlib", lambda matplotlib: _choose_backend(matplotlib, task))
    builtins.display = _late_display  # type: ignore[attr-defined]


def _choose_backend(matplotlib: ModuleType, task: TaskContext) -> None:
    """Have figures displayed, whatever the kernel's backend; and none left to the next task."""
    if os.environ.get("MPLBACKEND", "").lower() not in _CHOSEN:
        matplotlib.rcParams["backend"] = _BACKEND

    def ended(result: Any) -> None:
        if task.function.startswith("cell["):
            _show_left(result)

    def tidy() -> None:
        pyplot = sys.modules.get("matplotlib.pyplot")
        if pyplot is not None and pyplot.get_fignums():
            ended(None)
            pyplot.close("all")

    task.ended, task.tidy = ended, [*task.tidy, tidy]


def _show_left(result: Any) -> None:
    figures = sys.modules.get(_BACKEND.removeprefix("module://"))
    if figures is not None:
        try:
            figures.show_left(result)
        except Exception:  # noqa: BLE001 - as the inline backend does: what can't be drawn is told, the cell has ended well
            traceback.print_exc()


def _replace(module: ModuleType) -> None:
    """Give IPython's module functions that need no shell; `update_display` and handles use them, too."""
    vars(module).update(display=display, publish_display_data=publish_display_data, clear_output=clear_output)


def _late_display(*objects: Any, **options: Any) -> Any:
    """Display objects: the builtin of notebooks."""
    try:
        import IPython.display  # noqa: F401
    except ImportError:  # then there is nothing but text
        print(*objects)
        return None
    return display(*objects, **options)


def display(
    *objects: Any,
    include: Any = None,
    exclude: Any = None,
    metadata: dict[str, Any] | None = None,
    transient: dict[str, Any] | None = None,
    display_id: str | bool | None = None,
    raw: bool = False,
    clear: bool = False,
    update: bool = False,
    **_others: Any,
) -> Any:
    """Display objects below the cell that called this task; as IPython's function of this name."""
    from IPython.core.display_functions import DisplayHandle

    if display_id is None:
        display_id = (transient or {}).get("display_id")
    elif display_id is True:
        display_id = os.urandom(16).hex()
    if update and not display_id:
        raise TypeError("display_id required when update=True")
    if clear:
        clear_output(wait=True)
    for shown in objects:
        data, own = (shown, {}) if raw else _format(shown, include, exclude)
        if data:
            _show(data, {**own, **(metadata or {})}, str(display_id or ""), update)
    return DisplayHandle(display_id) if display_id else None  # type: ignore[no-untyped-call]


def publish_display_data(
    data: dict[str, Any],
    metadata: dict[str, Any] | None = None,
    *,
    transient: dict[str, Any] | None = None,
    update: bool = False,
    **_others: Any,
) -> None:
    """Display a bundle below the cell that called this task; as IPython's function of this name."""
    _show(data, metadata or {}, str((transient or {}).get("display_id") or ""), update)


def clear_output(wait: bool = False) -> None:
    """Take away what this task has displayed so far; as IPython's function of this name."""
    say(Cleared(wait))


def _format(shown: Any, include: Any, exclude: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    global _formatter
    if _formatter is None:
        from IPython.core.formatters import DisplayFormatter

        _formatter = DisplayFormatter()
        _formatter.mimebundle_formatter.for_type_by_name("matplotlib.figure", "Figure", _figure_bundle)
    data, metadata = _formatter.format(shown, include=include, exclude=exclude)
    data.pop(_WIDGET, None)  # its model is in this process, where no page can find it
    return data, metadata


def _figure_bundle(figure: Any, include: Any = None, exclude: Any = None) -> Any:  # noqa: ARG001 - a formatter
    from .figures import bundle

    return bundle(figure)


def _show(data: dict[str, Any], metadata: dict[str, Any], display_id: str, update: bool) -> None:
    data = {
        kind: b64encode(value).decode() if isinstance(value, bytes) else value for kind, value in data.items()
    }
    say(Shown(data, metadata, display_id, update))
