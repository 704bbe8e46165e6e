"""GPUs are shown where NVML is there, and nothing is said where it is not."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from treadle_runtime.core.model import Kind
from treadle_runtime.host.gauges import Gpus, StoreGauge
from treadle_runtime.host.values import Values


class Nvml(ModuleType):
    """A `pynvml` of two GPUs, one of which can fall off the bus."""

    class NVMLError(Exception):
        pass

    def __init__(self, driver: bool = True) -> None:
        super().__init__("pynvml")
        self.driver = driver
        self.lost: set[int] = set()

    def nvmlInit(self) -> None:  # noqa: N802 - NVML's name
        if not self.driver:
            raise self.NVMLError("Driver Not Loaded")

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        return 2

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:  # noqa: N802
        return index

    def nvmlDeviceGetName(self, handle: int) -> Any:  # noqa: N802
        return b"Tesla T4" if handle else "A100"

    def nvmlDeviceGetMemoryInfo(self, handle: int) -> Any:  # noqa: N802
        if handle in self.lost:
            raise self.NVMLError("GPU is lost")
        return SimpleNamespace(used=1 << 30, total=16 << 30)

    def nvmlDeviceGetUtilizationRates(self, handle: int) -> Any:  # noqa: N802
        return SimpleNamespace(gpu=40 + handle)


def test_gpus_are_seen_where_nvml_is(monkeypatch: pytest.MonkeyPatch) -> None:
    nvml = Nvml()
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    gpus = Gpus()
    first, second = gpus.sample()
    assert first == {"name": "A100", "busy": 40, "used": 1 << 30, "total": 16 << 30}
    assert (second["name"], second["busy"]) == ("Tesla T4", 41)
    nvml.lost.add(0)
    assert [gpu["name"] for gpu in gpus.sample()] == ["Tesla T4"]


def test_nothing_is_said_without_nvml_or_its_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)  # importing it fails
    assert Gpus().sample() == []
    monkeypatch.setitem(sys.modules, "pynvml", Nvml(driver=False))
    gpus = Gpus()
    assert gpus.sample() == gpus.sample() == []


def test_the_store_is_counted_no_oftener_than_its_size_allows() -> None:
    values = Values()
    values.keep([(n, int(Kind.FILE), 1000, None) for n in range(20_000)] + [(-1, int(Kind.INLINE), 5, b"12345")])
    gauge = StoreGauge(values)
    assert gauge.used(10.0) == 20_000_000
    values.drop(list(range(10_000)))
    assert gauge.used(10.5) == 20_000_000
    assert gauge.used(11.5) == 10_000_000
