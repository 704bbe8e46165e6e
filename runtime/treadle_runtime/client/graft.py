"""Bring live objects up to date in place from the fresh copies a worker made.

Law: pure object surgery. `live[i]` and `fresh[i]` are the same member before and after tasks; afterwards every
live member has the fresh content, and wherever fresh content holds a member, the live one stands.
"""

from __future__ import annotations

import array
import collections
import random
from typing import Any

import numpy as np

from ..store.members import ATOMS, has_plain_state, is_atom, root_of, state_of
from ..store.references import view
from ..store.tensors import is_tensor, take_over
from ..store.travel import dumps


def graft(live: list[Any], fresh: list[Any]) -> list[tuple[Any, Any]]:
    """Update each `live[i]` from `fresh[i]`; return (live, fresh) of those that can't be updated in place."""
    surgeon = _Surgeon(live, fresh)
    return [(old, new) for old, new in zip(live, fresh, strict=True) if not surgeon.update(old, new)]


class _Surgeon:
    def __init__(self, live: list[Any], fresh: list[Any]) -> None:
        self._instead = {id(new): old for old, new in zip(live, fresh, strict=True) if _can_update(old, new)}
        self._done: dict[int, Any] = {}
        self._keep = fresh

    def update(self, old: Any, new: Any) -> bool:
        """Give `old` the content of `new`; tell whether that was possible."""
        if old is new:  # a future's value: nothing to update, but live members may stand in it
            if _has_items(new) or has_plain_state(new):
                self._fill(new, new)
            return True
        if not _can_update(old, new):
            self.adopt(new)
            return False
        if isinstance(old, np.ndarray):
            if root_of(old) is not old:
                return True  # a view: its base, a member like itself, brings the content
            if new.dtype.hasobject:
                new = self._object_array(new)
            _overwrite(old, new)
        elif isinstance(old, random.Random):
            old.setstate(new.getstate())
        elif isinstance(old, np.random.Generator):
            old.bit_generator.state = new.bit_generator.state
        elif isinstance(old, np.random.RandomState):
            old.set_state(new.get_state())
        elif is_tensor(old):
            take_over(old, new)
        else:
            self._fill(old, new)
        return True

    def adopt(self, value: Any) -> Any:
        """Return what shall stand for fresh `value`: the live member, or itself with live members put into it."""
        if type(value) in ATOMS:
            return value
        if (old := self._instead.get(id(value))) is not None:
            return old
        if id(value) in self._done:
            return self._done[id(value)]
        if isinstance(value, tuple) or type(value) is frozenset:
            return self._adopt_tuple(value)
        self._done[id(value)] = value
        if is_atom(value):
            return value
        if isinstance(value, np.ndarray):
            made = self._adopt_array(value)
            self._done[id(value)] = made
            return made
        if _has_items(value) or has_plain_state(value):
            self._fill(value, value)
        return value

    def _adopt_tuple(self, value: Any) -> Any:
        items = [self.adopt(item) for item in value]
        if all(a is b for a, b in zip(items, value, strict=True)):
            made = value
        elif hasattr(value, "_make"):
            made = value._make(items)
        else:
            made = type(value)(items)
        self._done[id(value)] = made
        return made

    def _adopt_array(self, value: Any) -> Any:
        base = root_of(value)
        old = self._instead.get(id(base))
        if base is value or old is None:
            return self._object_array(value) if value.dtype.hasobject else value
        offset = value.__array_interface__["data"][0] - base.__array_interface__["data"][0]
        kind = None if type(value) is np.ndarray else type(value)
        return view(old, value.dtype, value.shape, value.strides, offset, kind)

    def _object_array(self, value: Any) -> Any:
        flat = value.reshape(-1)
        for i in range(flat.size):
            flat[i] = self.adopt(flat[i])
        return flat.reshape(value.shape)

    def _fill(self, old: Any, new: Any) -> None:
        if isinstance(old, list):
            old[:] = [self.adopt(item) for item in new]
        elif isinstance(old, (bytearray, array.array)):
            old[:] = new[:]
        elif isinstance(old, dict):
            plain: Any = collections.OrderedDict if isinstance(old, collections.OrderedDict) else dict
            items = [(self.adopt(key), self.adopt(item)) for key, item in plain.items(new)]
            if isinstance(old, collections.defaultdict):
                old.default_factory = self.adopt(new.default_factory)
            plain.clear(old)
            for key, item in items:
                plain.__setitem__(old, key, item)
        elif isinstance(old, set):
            content = [self.adopt(item) for item in new]
            old.clear()
            old.update(content)
        elif isinstance(old, collections.deque):
            content = [self.adopt(item) for item in new]
            old.clear()
            old.extend(content)
        if has_plain_state(old) or (_has_items(old) and hasattr(old, "__dict__")):
            self._attributes(old, new)
        elif not _has_items(old):
            self._own_state(old, new)

    def _own_state(self, old: Any, new: Any) -> None:
        """Hand over the state of an instance that pickles itself, as copy would."""
        reduced = new.__reduce_ex__(4)
        state = reduced[2] if len(reduced) > 2 else None
        if state is not None:
            old.__setstate__(self.adopt(state))

    def _attributes(self, old: Any, new: Any) -> None:
        state = {name: self.adopt(value) for name, value in state_of(new).items()}
        for name in state_of(old).keys() - state.keys():
            object.__delattr__(old, name)
        for name, value in state.items():
            object.__setattr__(old, name, value)


_ITEM_TYPES = (list, dict, set, collections.deque, bytearray, array.array)


def _has_items(value: Any) -> bool:
    return isinstance(value, _ITEM_TYPES)


def _can_update(old: Any, new: Any) -> bool:
    if type(old) is not type(new):
        return False
    if isinstance(old, np.ndarray) or is_tensor(old):
        return bool(old.shape == new.shape and old.dtype == new.dtype)
    if _has_items(old):
        return True
    if isinstance(old, (random.Random, np.random.RandomState)):
        return True
    if isinstance(old, np.random.Generator):
        return type(old.bit_generator) is type(new.bit_generator)
    return has_plain_state(old) or (hasattr(old, "__setstate__") and _made_alike(old, new))


def _overwrite(old: Any, new: Any) -> None:
    """Give an array new content, and one that keeps more than memory (a mask, a unit) that as well."""
    writeable = old.flags.writeable
    if not writeable:
        old.flags.writeable = True
    if type(old) is np.ndarray:
        old[...] = new
    else:
        old.view(np.ndarray)[...] = new.view(np.ndarray)
        vars(old).update(vars(new))
    old.flags.writeable = writeable


def _made_alike(old: Any, new: Any) -> bool:
    """Tell whether two instances that pickle themselves differ in nothing but the state they would be given."""
    (make, args, *_), (make_new, args_new, *_) = old.__reduce_ex__(4), new.__reduce_ex__(4)
    same = make is make_new and len(args) == len(args_new)
    return same and all(a is b or dumps(a) == dumps(b) for a, b in zip(args, args_new, strict=True))
