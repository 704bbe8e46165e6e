"""What the machine's GPUs do and how full the store is, for those who watch.

Law: looks, never changes; what is not there (no NVML, a driver that fails) is simply not shown. Needs no package of
its own: GPUs are seen where `pynvml` can be imported and finds a driver.
"""

from __future__ import annotations

import importlib
from typing import Any, Final

from ..core.model import Kind
from .values import Values

ROWS_PER_S: Final = 20_000
"""So many versions are looked at in a second, on average."""


class Gpus:
    """The GPUs of this machine; loading the driver waits for the first who asks."""

    def __init__(self) -> None:
        self._nvml: Any = None
        self._handles: list[tuple[Any, str]] | None = None

    def sample(self) -> list[dict[str, Any]]:
        """Return {"name":, "busy": percent, "used": bytes, "total": bytes} of each."""
        if self._handles is None:
            self._handles = self._find()
        found = []
        for handle, name in self._handles:
            try:
                memory = self._nvml.nvmlDeviceGetMemoryInfo(handle)
                busy = int(self._nvml.nvmlDeviceGetUtilizationRates(handle).gpu)
            except self._nvml.NVMLError:  # it fell off the bus, or its driver is renewed
                continue
            found.append({"name": name, "busy": busy, "used": int(memory.used), "total": int(memory.total)})
        return found

    def _find(self) -> list[tuple[Any, str]]:
        try:
            nvml = self._nvml = importlib.import_module("pynvml")
        except ImportError:
            return []
        try:
            nvml.nvmlInit()
            handles = [nvml.nvmlDeviceGetHandleByIndex(index) for index in range(nvml.nvmlDeviceGetCount())]
            return [(handle, _text(nvml.nvmlDeviceGetName(handle))) for handle in handles]
        except nvml.NVMLError:  # no driver, or no permission
            return []


class StoreGauge:
    """How many bytes the store's files take, counted now and then."""

    def __init__(self, values: Values) -> None:
        self._values = values
        self._next = 0.0
        self._used = 0

    def used(self, now: float) -> int:
        """Return the bytes of sealed files."""
        rows = self._values.rows
        if now >= self._next:
            self._next = now + len(rows) / ROWS_PER_S
            self._used = sum([row[2] for row in rows.values() if row[1] == Kind.FILE])
        return self._used


def _text(name: str | bytes) -> str:
    return name.decode(errors="replace") if isinstance(name, bytes) else name
