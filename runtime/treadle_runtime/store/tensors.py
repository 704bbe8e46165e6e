"""What is peculiar about torch: whose memory a tensor looks at, and modules, which pickle themselves though others share their parts.

Law: never imports torch; asks only objects that are of it. Knows no tasks.
"""

from __future__ import annotations

import sys
from typing import Any, Final

import numpy as np

_MODULE: Final = ("torch.nn.modules.module", "Module")
_OPTIMIZER: Final = ("torch.optim.optimizer", "Optimizer")


def is_tensor(value: Any) -> bool:
    """Tell whether a value is a torch tensor (a parameter, too)."""
    return type(value).__module__.partition(".")[0] == "torch" and hasattr(value, "copy_")


def own_parts(value: Any) -> list[Any]:
    """Return what a module or optimizer refers to, its parameters among it; nothing for anything else."""
    if "torch" in sys.modules:
        for kind in type(value).__mro__:
            name = kind.__module__, kind.__qualname__
            if name == _MODULE:
                return list(vars(value).values())
            if name == _OPTIMIZER:
                return [value.state, value.param_groups]
    return []


def is_part(tensor: Any) -> bool:
    """Tell whether a tensor is a view: of another tensor, or of memory that is larger than itself."""
    if getattr(tensor, "_base", None) is not None:
        return True
    extent = extent_of(tensor)
    return extent is not None and extent[1] - extent[0] > tensor.numel() * tensor.element_size()


def extent_of(value: Any) -> tuple[int, int] | None:
    """Return the memory behind an array or a tensor: where it begins and ends; None if that can't be told."""
    if isinstance(value, np.ndarray):
        while isinstance(value.base, np.ndarray):
            value = value.base
        begin = value.__array_interface__["data"][0]
        return begin, begin + value.nbytes
    if is_tensor(value) and value.device.type == "cpu" and hasattr(value, "untyped_storage"):
        try:
            memory = value.untyped_storage()
            begin = memory.data_ptr()
        except RuntimeError:  # sparse and other tensors without one piece of memory
            return None
        return begin, begin + memory.nbytes()
    return None


def take_over(old: Any, new: Any) -> None:
    """Give a tensor the content, gradient and wish for gradients of another of its shape."""
    old.data.copy_(new.data)
    if not (getattr(old, "is_leaf", False) and getattr(new, "is_leaf", False)):
        return
    if old.requires_grad != new.requires_grad:
        old.requires_grad_(new.requires_grad)
    if old.grad is not None and new.grad is not None and old.grad.shape == new.grad.shape:
        old.grad.data.copy_(new.grad.data)
    else:
        old.grad = new.grad
