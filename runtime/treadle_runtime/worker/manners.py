"""How tasks may speak: levels of loggers, filters of warnings, form of figures, as they were in the kernel at the call.

Law: takes a snapshot in the caller, tells cheaply whether it still holds, applies one in a worker. Part of a call's world.
"""

from __future__ import annotations

import logging
import sys
import warnings
from typing import Any, Final

import msgspec

from .imports import when_imported

_MARK: Final = -1  # no level: put among the levels a logger has cached, it is gone when any level is set
_OFF: Final = 1 << 30
_PER_CALL: Final = frozenset({"default", "module", "once"})
"""What Python shows once: every one is said, so that it can be counted."""

_MATPLOTLIB: Final = "matplotlib"
_BACKEND: Final = "treadle_runtime.worker.figures"

Filter = tuple[str, str | None, str | None, str, str, int]
"""(action, pattern of the text, pattern of the module, module and name of the category, line)"""


class Manners(msgspec.Struct, array_like=True):
    """A snapshot."""

    levels: dict[str, int] = {}  # of loggers that have one; "" is the root
    disabled: int = 0
    filters: list[Filter] = []
    figures: dict[str, Any] = {}  # "formats", "options", "rc" (see `worker.figures`)


_encoder = msgspec.msgpack.Encoder(enc_hook=str)
_decoder = msgspec.msgpack.Decoder(Manners)


# ---------------------------------------------------------------- in the caller
class Listener:
    """The manners of this process, watched."""

    __slots__ = ("_cache", "_figures", "_filters", "figures")

    def __init__(self) -> None:
        self.figures: dict[str, Any] = {}
        """Set by a notebook as a new dict whenever they change."""
        self._cache: Any = getattr(logging.root, "_cache", None)
        self._filters: list[Any] | None = None
        self._figures = self.figures

    def changed(self) -> bool:
        """Tell whether a new snapshot would differ from the last one (0.2 us)."""
        return (
            warnings.filters != self._filters
            or self.figures is not self._figures
            or (self._cache is not None and _MARK not in self._cache)
        )

    def encode(self) -> bytes:
        """Take a snapshot."""
        self._filters, self._figures = list(warnings.filters), self.figures
        if self._cache is not None:
            self._cache[_MARK] = True
        return _encoder.encode(
            Manners(
                _levels(),
                logging.root.manager.disable,
                [_filter(*each) for each in self._filters],
                self.figures,
            )
        )


def _levels() -> dict[str, int]:
    found = {"": logging.root.level}
    for name, logger in list(logging.root.manager.loggerDict.items()):
        if isinstance(logger, logging.Logger) and (logger.level or logger.disabled):
            found[name] = _OFF if logger.disabled else logger.level
    return found


def _filter(action: str, text: Any, category: type[Warning], module: Any, line: int) -> Filter:
    return action, _pattern(text), _pattern(module), category.__module__, category.__qualname__, line


def _pattern(given: Any) -> str | None:
    return given if given is None or isinstance(given, str) else str(given.pattern)


# ---------------------------------------------------------------- in a worker
_applied = b""
_levelled: set[str] = set()
_filtered: list[Any] = []
_figures: dict[str, Any] = {}
_watching = False


def apply(data: bytes) -> None:
    """Give this process the manners of a call. Main thread of a worker."""
    global _applied
    if data == _applied or not data:
        return
    manners = _decoder.decode(data)
    for name in _levelled - manners.levels.keys():
        logging.getLogger(name).setLevel(logging.NOTSET)
    for name, level in manners.levels.items():
        logging.getLogger(name).setLevel(level)
    _levelled.clear()
    _levelled.update(manners.levels)
    logging.disable(manners.disabled)
    _apply_filters(manners.filters)
    _figure_manners(manners.figures)
    _applied = data


def _apply_filters(filters: list[Filter]) -> None:
    """Put the kernel's filters in place, below those that modules have brought along which only this process imported."""
    own = (
        [each for each in warnings.filters if each not in _filtered and (each[1] or each[3])]
        if _filtered
        else []
    )
    with warnings.catch_warnings():  # to make them as `warnings` does
        warnings.resetwarnings()
        for action, text, module, category_module, category, line in reversed(filters):
            said: Any = "always" if action in _PER_CALL else action
            warnings.filterwarnings(
                said, text or "", _category(category_module, category), module or "", line
            )
        made = list(warnings.filters)
    warnings.filters[:] = [*own, *made]  # type: ignore[index]
    warnings.simplefilter(
        "always", append=True
    )  # what no filter mentions; it also tells that the list has changed
    _filtered[:] = warnings.filters


class _ByName(type):
    """The class of stand-ins for categories whose module need not be imported here."""

    def __subclasscheck__(cls, other: type) -> bool:
        name = (vars(cls)["of"], cls.__qualname__)
        return any((base.__module__, base.__qualname__) == name for base in other.__mro__)


def _category(module: str, name: str) -> Any:
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    if isinstance(found, type) and issubclass(found, Warning):
        return found
    return _ByName(name, (Warning,), {"of": module, "__qualname__": name})


def _figure_manners(figures: dict[str, Any]) -> None:
    """Have figures look as the notebook's do, from when matplotlib is imported."""
    global _figures, _watching
    if figures == _figures:
        return
    _figures = figures
    for name, act in ((_MATPLOTLIB, _look), (_BACKEND, _draw)):
        if not _watching:
            when_imported(name, act)
        elif name in sys.modules:
            act(sys.modules[name])
    _watching = True


def _look(matplotlib: Any) -> None:
    rc = matplotlib.rcParams
    backend = rc["backend"]
    rc.update(matplotlib.rcParamsDefault)
    for name, value in _figures.get("rc", {}).items():
        if name in rc:
            rc[name] = value
    rc["backend"] = backend


def _draw(figures: Any) -> None:
    vars(figures).update({name: _figures[name] for name in ("formats", "options") if name in _figures})
