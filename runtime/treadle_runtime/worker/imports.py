"""What is done when a module is imported in this process: to teach libraries where they are, if and when they come.

Law: knows names of modules and functions to call with them; what is not imported costs nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

Act = Callable[[ModuleType], None]


class _Finder:
    """Stands before the other finders and sees which module comes."""

    def __init__(self) -> None:
        self.waiting: dict[str, list[Act]] = {}

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return what another finder found, with our acts behind its loading; None for anything not waited for."""
        acts = self.waiting.get(name)
        if acts is None:
            return None
        for finder in sys.meta_path:
            if finder is not self and (spec := finder.find_spec(name, path, target)) is not None:
                if spec.loader is not None:
                    self._teach(spec, acts)
                return spec
        return None

    @staticmethod
    def _teach(spec: ModuleSpec, acts: list[Act]) -> None:
        load = spec.loader.exec_module  # type: ignore[union-attr]

        def exec_module(module: ModuleType) -> None:
            load(module)
            for act in acts:
                act(module)

        spec.loader.exec_module = exec_module  # type: ignore[union-attr,method-assign]


_finder = _Finder()


def when_imported(name: str, act: Act) -> None:
    """Call `act(module)` right after this module has been loaded; now, if that has happened already."""
    if (module := sys.modules.get(name)) is not None:
        act(module)
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)
    _finder.waiting.setdefault(name, []).append(act)
