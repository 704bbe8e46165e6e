"""How arrays, tensors and the like are taken apart so that their memory travels out of band.

Law: imports neither numpy nor torch; knows them once the user's code has imported them. A reducer gets an
object of exactly the type it is registered for and gives what `__reduce_ex__` gives, or NotImplemented to
leave it to the type's own way.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from types import FunctionType
from typing import Any, Final

from .travel import TravelPickler

Reducer = Callable[[Any], Any]


def _refuse_file(file: Any) -> Any:
    """cloudpickle would read the whole file into a StringIO: not what anybody means by passing an open file."""
    if file is sys.stdout or file is sys.stderr:
        return NotImplemented
    raise TypeError("an open file stays in its process")


REDUCERS: Final[dict[type, Reducer]] = {io.TextIOWrapper: _refuse_file}
SMALL: Final = 4096
"""Buffers below this many bytes stay in the stream: a table row and a copy of their own would cost more."""


class ReducingPickler(TravelPickler):
    """The pickler of what travels, with the reducers of this module; `learn()` first."""

    def reducer_override(self, obj: Any) -> Any:
        """Return how `obj` is taken apart, NotImplemented for its own way."""
        kind = type(obj)
        reduce = REDUCERS.get(kind)
        if reduce is not None:
            return reduce(obj)
        return NotImplemented if kind is FunctionType and obj in _by_name else super().reducer_override(obj)


def learn() -> None:
    """Register reducers for the libraries that have been imported since the last call."""
    for name, register in tuple(_waiting.items()):
        if name in sys.modules and register(sys.modules[name]):
            _waiting.pop(name, None)  # another thread may have been quicker


def _learn_numpy(numpy: Any) -> bool:
    if not hasattr(numpy, "ndarray"):
        return False  # another thread is importing it just now
    REDUCERS[numpy.ndarray] = _reduce_array
    REDUCERS[type(numpy.dtype)] = _leave  # classes of dtypes: spares cloudpickle's search for where they are from
    _by_name.add(numpy.zeros(1).__reduce_ex__(5)[0])
    return True


def _learn_torch(torch: Any) -> bool:
    if not hasattr(torch, "Tensor") or not hasattr(getattr(torch, "nn", None), "Parameter"):
        return False
    REDUCERS[torch.Tensor] = _reduce_tensor
    REDUCERS[torch.nn.Parameter] = _reduce_tensor
    return True


_waiting: Final[dict[str, Callable[[Any], bool]]] = {"numpy": _learn_numpy, "torch": _learn_torch}


def _leave(_: Any) -> Any:
    return NotImplemented


def _reduce_array(array: Any) -> Any:
    """Strided views become contiguous in their own order; dates, which export no buffer, go as integers.

    Small arrays go in a third of the time that numpy's own way takes, most of which is the pickle of the dtype.
    """
    dtype, flags = array.dtype, array.flags
    if array.nbytes < SMALL:
        if not array.nbytes or dtype.isbuiltin != 1 or dtype.kind not in "biufc" or not flags.c_contiguous:
            return NotImplemented
        data = array.tobytes()
        return _small, (bytearray(data) if flags.writeable else data, dtype.char, array.shape)
    if dtype.hasobject:
        return NotImplemented
    if dtype.kind in "mM":
        return _retyped, (_contiguous(array).view("i8"), dtype)
    return NotImplemented if flags.c_contiguous or flags.f_contiguous else _contiguous(array).__reduce_ex__(5)


def _contiguous(array: Any) -> Any:
    """Return `array`, or a copy in the memory order nearest to its own that is contiguous (C if neither is)."""
    if array.flags.c_contiguous or array.flags.f_contiguous:
        return array
    copy = array.copy(order="K")
    return copy if copy.flags.c_contiguous or copy.flags.f_contiguous else copy.copy(order="C")


def _small(data: bytes | bytearray, char: str, shape: tuple[int, ...]) -> Any:
    import numpy

    return numpy.frombuffer(data, char).reshape(shape)


def _retyped(array: Any, dtype: Any) -> Any:
    return array.view(dtype)


def _reduce_tensor(tensor: Any) -> Any:
    """A dense tensor in main memory goes as the numpy array over its memory; one on a device is refused."""
    if tensor.device.type != "cpu":
        raise TypeError(f"a tensor on {tensor.device} stays in its process")
    torch = sys.modules["torch"]
    if tensor.layout is not torch.strided or tensor.is_quantized or getattr(tensor, "__dict__", None):
        return NotImplemented
    flat = tensor.detach().resolve_conj().resolve_neg().contiguous()
    memory = flat.reshape(-1).view(torch.uint8).numpy()
    is_parameter = type(tensor) is not torch.Tensor
    kind = str(flat.dtype).removeprefix("torch.")
    gradient = tensor.grad if getattr(tensor, "is_leaf", False) else None
    return _tensor, (memory, kind, tuple(flat.shape), tensor.requires_grad, is_parameter, gradient)


def _tensor(
    memory: Any, dtype: str, shape: tuple[int, ...], requires_grad: bool, is_parameter: bool, gradient: Any = None
) -> Any:
    import torch  # a worker that gets a tensor needs it

    tensor = torch.from_numpy(memory).view(getattr(torch, dtype)).reshape(shape).detach()  # no view of anything
    if is_parameter:
        tensor = torch.nn.Parameter(tensor, requires_grad=requires_grad)
    else:
        tensor.requires_grad_(requires_grad)
    if gradient is not None:
        tensor.grad = gradient
    return tensor


_by_name: Final[set[Any]] = {_small, _retyped, _tensor}
"""Functions known to be found by name: to ask cloudpickle takes 3 us each."""
