"""How joblib learns of Treadle's backend: when a program imports joblib, before or after Treadle.

Law: standard library alone, since `import treadle` imports it. Nothing here imports joblib before the program does.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

NAME = "treadle"


def register_with_joblib() -> None:
    """Make the backend known to joblib: now if joblib is imported, else as soon as it is."""
    if "joblib" in sys.modules:
        _register()
    elif not any(isinstance(finder, _AfterJoblib) for finder in sys.meta_path):
        sys.meta_path.insert(0, _AfterJoblib())


def _register() -> None:
    from joblib import register_parallel_backend

    register_parallel_backend(NAME, _backend)


class _AfterJoblib(importlib.abc.MetaPathFinder):
    """Registers the backend when joblib has been imported, and is gone then."""

    def find_spec(
        self, name: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != "joblib":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            spec.loader = _RegisterAfter(spec.loader)
        return spec


class _RegisterAfter(importlib.abc.Loader):
    """The loader of joblib, and the registration behind it."""

    def __init__(self, loader: Any) -> None:
        self._loader = loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        made: ModuleType | None = self._loader.create_module(spec)
        return made

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        _register()


def _backend(**options: Any) -> Any:
    from .joblib_backend import backend

    return backend(**options)
