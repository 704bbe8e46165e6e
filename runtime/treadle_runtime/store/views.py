"""Arrays that share memory, pickled so that they still do.

Law: knows the arrays of one pickle that own (or stand for) memory; every other array over the same memory is
written as geometry over one of them.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from ..errors import TreadleError
from .diagnose import explain_pickling
from .members import is_memory, root_of
from .packing import Packed, Pickler, pack
from .references import view

ROOT: Final = "the changed arguments"


class Bases:
    """The arrays of one pickle whose views shall stay views."""

    __slots__ = ("_by_root",)

    def __init__(self) -> None:
        self._by_root: dict[int, np.ndarray[Any, Any]] = {}

    def __bool__(self) -> bool:
        return bool(self._by_root)

    def add(self, member: Any) -> None:
        """Let views of this array stay views of it; of several over the same memory the largest counts."""
        if isinstance(member, np.ndarray) and member.flags.forc:
            key = id(root_of(member))
            have = self._by_root.get(key)
            if have is None or member.nbytes >= have.nbytes:
                self._by_root[key] = member

    def reduce(self, array: np.ndarray[Any, Any]) -> Any:
        """Return how an array is pickled as a view, or None if it owns its memory here."""
        base = self._by_root.get(id(root_of(array)))
        if base is None or base is array:
            return None
        offset = array.__array_interface__["data"][0] - base.__array_interface__["data"][0]
        if offset < 0 or offset > base.nbytes:
            return None
        geometry = base, array.dtype, array.shape, array.strides, offset
        return view, geometry if type(array) is np.ndarray else (*geometry, type(array))


class _GroupPickler(Pickler):
    def __init__(self, members: list[Any]) -> None:
        super().__init__()
        self._bases = Bases()
        for member in members:
            self._bases.add(member)

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, np.ndarray) and is_memory(obj) and (reduced := self._bases.reduce(obj)) is not None:
            return reduced
        return super().reducer_override(obj)


def pack_group(members: list[Any]) -> Packed:
    """Pack the members of a group, keeping which arrays are views of which.

    Raises NotSerializable like `pack`.
    """
    if not any(isinstance(member, np.ndarray) for member in members):
        return pack(members, root=ROOT)
    try:
        return _GroupPickler(members).pack(members)
    except TreadleError:
        raise
    except Exception as error:
        raise explain_pickling(members, ROOT, error) from error
