"""Figures of tasks: a backend of matplotlib that opens no window; `show` displays, as the inline backend does.

Law: imported by matplotlib alone, when a task uses it. Knows figures and the settings that came with the task's world.
"""

from __future__ import annotations

import io
from base64 import b64encode
from typing import Any, Final

from matplotlib._pylab_helpers import Gcf
from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ..wire.asides import Shown
from .asides import say

_KINDS: Final = {
    "png": "image/png",
    "png2x": "image/png",
    "retina": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "svg": "image/svg+xml",
    "pdf": "application/pdf",
}
formats: list[str] = ["png"]
options: dict[str, Any] = {"bbox_inches": "tight"}


class FigureManager(FigureManagerBase):
    """What pyplot holds a figure by."""

    def show(self) -> None:
        """Display this figure (`fig.show()`)."""
        _display(self.canvas.figure)


class FigureCanvas(FigureCanvasAgg):
    """A canvas in memory."""

    manager_class = FigureManager


def show(*_: Any, **__: Any) -> None:
    """Display all open figures and close them (`plt.show()`)."""
    try:
        for manager in Gcf.get_all_fig_managers():
            _display(manager.canvas.figure)
    finally:
        Gcf.destroy_all()


def show_left(result: Any) -> None:
    """Display figures that a cell has left open, but for the one that is its value, and close them."""
    value = result[0] if isinstance(result, tuple) and result else result
    for manager in Gcf.get_all_fig_managers():
        if manager.canvas.figure is value:
            Gcf.destroy(manager)
    show()


def bundle(figure: Figure) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a figure as data and metadata, in the formats of the notebook."""
    data: dict[str, Any] = {"text/plain": repr(figure)}
    metadata: dict[str, Any] = {}
    for name in formats:
        if (kind := _KINDS.get(name)) is None:
            continue
        retina = name in ("retina", "png2x")
        dpi = figure.dpi * (2 if retina else 1)
        drawn = io.BytesIO()
        figure.canvas.print_figure(
            drawn, format="png" if retina else name, dpi=dpi, facecolor=figure.get_facecolor(), **options
        )
        raw = drawn.getvalue()
        data[kind] = raw.decode() if name == "svg" else b64encode(raw).decode()
        if retina and raw[:8] == b"\x89PNG\r\n\x1a\n":
            width, height = (int.from_bytes(raw[at : at + 4], "big") // 2 for at in (16, 20))
            metadata[kind] = {"width": width, "height": height}
    return data, metadata


def _display(figure: Figure) -> None:
    say(Shown(*bundle(figure)))
