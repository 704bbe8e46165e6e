"""Tensors travel as the memory they are made on. A stand-in with torch's interface, so torch need not be here."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from treadle_runtime.errors import NotSerializable
from treadle_runtime.store import arrays
from treadle_runtime.store.packing import pack, unpack

DTYPES = {"float32": "f4", "uint8": "u1", "int64": "i8", "bfloat16": "u2"}


class Dtype:
    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"torch.{self.name}"


class Tensor:
    """As much of torch.Tensor as the reducer needs."""

    layout = "strided"
    is_quantized = False

    def __init__(self, array: np.ndarray, dtype: Dtype, device: str = "cpu", requires_grad: bool = False) -> None:
        self.array, self.dtype, self.requires_grad = array, dtype, requires_grad
        self.device = types.SimpleNamespace(type=device, __str__=lambda: device)

    __slots__ = ("array", "device", "dtype", "requires_grad")

    shape = property(lambda self: self.array.shape)

    def _with(self, array: np.ndarray) -> Tensor:
        return Tensor(array, self.dtype)

    def detach(self) -> Tensor:
        return self._with(self.array)

    resolve_conj = resolve_neg = detach

    def contiguous(self) -> Tensor:
        return self._with(np.ascontiguousarray(self.array))

    def reshape(self, *shape: Any) -> Tensor:
        return self._with(self.array.reshape(*shape))

    def view(self, dtype: Dtype) -> Tensor:
        return Tensor(self.array.view(DTYPES[dtype.name]), dtype)

    def numpy(self) -> np.ndarray:
        return self.array

    def requires_grad_(self, requires_grad: bool) -> Tensor:
        self.requires_grad = requires_grad
        return self


class Parameter(Tensor):
    __slots__ = ()

    def __init__(self, data: Tensor, requires_grad: bool = True) -> None:
        super().__init__(data.array, data.dtype, requires_grad=requires_grad)


for kind in (Tensor, Parameter):
    kind.__module__, kind.__qualname__ = "torch", kind.__name__


@pytest.fixture
def torch() -> Iterator[types.ModuleType]:
    """The stand-in, imported after Treadle as a user's torch is."""
    module = types.ModuleType("torch")
    module.Tensor, module.nn = Tensor, types.SimpleNamespace(Parameter=Parameter)  # type: ignore[attr-defined]
    module.strided = "strided"  # type: ignore[attr-defined]
    module.from_numpy = lambda array: Tensor(array, Dtype("uint8"))  # type: ignore[attr-defined]
    for name in DTYPES:
        setattr(module, name, Dtype(name))
    known, waiting = dict(arrays.REDUCERS), dict(arrays._waiting)
    before = sys.modules.get("torch")
    sys.modules["torch"] = module
    yield module
    if before is None:
        del sys.modules["torch"]
    else:
        sys.modules["torch"] = before
    arrays.REDUCERS.clear()
    arrays.REDUCERS.update(known)
    arrays._waiting.update(waiting)


@pytest.mark.parametrize("dtype", ["float32", "int64", "bfloat16"])
def test_memory_of_a_tensor_travels_out_of_band(torch: types.ModuleType, dtype: str) -> None:
    array = np.arange(600_000).astype(DTYPES[dtype]).reshape(600, 1000)[:, ::2]
    packed = pack({"weights": Tensor(array, getattr(torch, dtype), requires_grad=True)})
    assert len(packed.stream) < 4096
    back = unpack(packed)["weights"]
    np.testing.assert_array_equal(back.array, array)
    assert (type(back), back.dtype, back.shape, back.requires_grad) == (Tensor, getattr(torch, dtype), (600, 500), True)
    back.array[0, 0] = 1


def test_a_parameter_stays_one(torch: types.ModuleType) -> None:
    back = unpack(pack(Parameter(Tensor(np.ones(2000, "f4"), torch.float32), requires_grad=False)))
    assert type(back) is Parameter
    assert back.requires_grad is False


@pytest.mark.usefixtures("torch")
def test_a_tensor_on_a_device_is_refused() -> None:
    with pytest.raises(NotSerializable, match=r"args\[0\]\[1\].*Pass x\.cpu\(\)"):
        pack([1, Tensor(np.ones(3, "f4"), Dtype("float32"), device="cuda")], root="args[0]")


def test_a_library_that_is_just_being_imported_is_learnt_later(torch: types.ModuleType) -> None:
    del torch.Tensor
    pack([1])
    assert Tensor not in arrays.REDUCERS
    torch.Tensor = Tensor  # type: ignore[attr-defined]
    pack([1])
    assert Tensor in arrays.REDUCERS
