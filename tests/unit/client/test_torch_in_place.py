"""Modules and optimizers of torch are brought up to date with their parameters in place. Stand-ins, so torch need not be here."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from treadle_runtime.client.graft import graft
from treadle_runtime.store.members import members_of
from treadle_runtime.store.packing import pack, unpack
from treadle_runtime.store.tensors import extent_of, is_part


class Tensor:
    def __init__(self, array: Any, base: Any = None) -> None:
        self.array, self._base, self.grad = array, base, None
        self.is_leaf, self.requires_grad = True, True
        self.device = types.SimpleNamespace(type="cpu")

    data = property(lambda self: self)
    shape = property(lambda self: self.array.shape)
    dtype = property(lambda self: self.array.dtype)

    def copy_(self, other: Tensor) -> None:
        self.array[...] = other.array

    def numel(self) -> int:
        return int(self.array.size)

    def element_size(self) -> int:
        return int(self.array.itemsize)

    def untyped_storage(self) -> Any:
        memory = self.array if self.array.base is None else self.array.base
        return types.SimpleNamespace(data_ptr=lambda: memory.ctypes.data, nbytes=lambda: memory.nbytes)


class Module:
    def __init__(self) -> None:
        self.weight = Tensor(np.zeros(3))
        self.tags = {"a": [1]}

    def __getstate__(self) -> dict[str, Any]:
        return dict(self.__dict__)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)


class Optimizer:
    def __init__(self, parameters: list[Tensor]) -> None:
        self.state: dict[Any, Any] = {}
        self.param_groups = [{"params": parameters}]

    def __getstate__(self) -> dict[str, Any]:
        return {"state": self.state, "param_groups": self.param_groups}

    __setstate__ = Module.__setstate__


for kind, home in ((Tensor, "torch"), (Module, "torch.nn.modules.module"), (Optimizer, "torch.optim.optimizer")):
    kind.__module__ = home
    kind.__qualname__ = kind.__name__


@pytest.fixture(autouse=True)
def torch() -> Iterator[None]:
    """The stand-in, where its classes are looked for."""
    before = {name: sys.modules.get(name) for name in ("torch", "torch.nn.modules.module", "torch.optim.optimizer")}
    for name, kinds in (("torch", (Tensor,)), ("torch.nn.modules.module", (Module,)), ("torch.optim.optimizer", (Optimizer,))):
        module = sys.modules[name] = types.ModuleType(name)
        for one in kinds:
            setattr(module, one.__name__, one)
    yield
    for name, was in before.items():
        if was is None:
            del sys.modules[name]
        else:
            sys.modules[name] = was


def test_parameters_of_a_module_stay_the_same_objects_for_its_optimizer() -> None:
    module = Module()
    optimizer = Optimizer([module.weight])
    weight = module.weight
    live = members_of([module, optimizer])[1:]
    fresh = unpack(pack(live))
    new = next(member for member in fresh if isinstance(member, Module))
    new.weight.array += 2
    new.weight.grad = Tensor(np.ones(3))
    new.tags["a"].append(2)
    next(member for member in fresh if isinstance(member, Optimizer)).state[new.weight] = 5
    assert graft(live, fresh) == []
    assert module.weight is weight is optimizer.param_groups[0]["params"][0]
    assert weight.array.tolist() == [2, 2, 2]
    assert weight.grad.array.tolist() == [1, 1, 1]
    assert optimizer.state == {weight: 5}
    assert module.tags == {"a": [1, 2]}


def test_parts_of_memory_are_known() -> None:
    whole = np.zeros(10)
    assert not is_part(Tensor(whole))
    assert is_part(Tensor(whole[:5]))
    assert is_part(Tensor(whole, base=Tensor(whole)))
    assert extent_of(Tensor(whole[2:])) == extent_of(whole[5:]) == extent_of(whole)
    assert extent_of("no memory") is None
