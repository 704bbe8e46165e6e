"""`Out[3]`, `_3` and `_` of `%%task` cells: the future of the cell's last value until that is there, then the value.

Law: knows IPython's names for results, of tasks whether they failed. Futures are put in by the main thread, values by any.
"""

from __future__ import annotations

import contextlib
from typing import Any, Final

from treadle_runtime.api import Future
from treadle_runtime.core.states import TaskState
from treadle_runtime.errors import TreadleError

_UNDERS: Final = ("_", "__", "___")


class Outs:
    """What stands in `Out` for values that are still to come."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._waiting: dict[int, Any] = {}  # number of the cell -> future

    def __bool__(self) -> bool:
        kept = self._shell.user_ns.get("_oh", {})
        for number in [
            number for number, future in list(self._waiting.items()) if kept.get(number) is not future
        ]:
            self._waiting.pop(number, None)
        return bool(self._waiting)

    def put(self, number: int, future: Any) -> None:
        """Have `Out[number]` and `_` be this future. Main thread."""
        space, hook = self._shell.user_ns, self._shell.displayhook
        kept = space.get("_oh")
        if not number or not isinstance(kept, dict):
            return
        kept[number] = self._waiting[number] = future
        self._shell.push({f"_{number}": future}, interactive=False)
        if any(name in space and space[name] is not getattr(hook, name) for name in _UNDERS):
            return  # the person uses these names
        hook.___, hook.__, hook._ = hook.__, hook._, future
        self._shell.push({name: getattr(hook, name) for name in _UNDERS}, interactive=False)

    def coming(self) -> list[Any]:
        """Return the futures whose values are there or may still come: who reads all of `Out` waits for these."""
        return [future for future in list(self._waiting.values()) if not future.done() or _is_there(future)]

    def settle_all(self) -> None:
        """Put in the values that are there; a task that failed fails whoever reads its own `_3`, not who reads `Out`."""
        for future in [future for future in list(self._waiting.values()) if _is_there(future)]:
            with contextlib.suppress(TreadleError):  # as above, if it can't be had any more
                self.settle(future, future.result())

    def future_of(self, name: str) -> Any:
        """Return the future that `_3` or `_` stands for, None if it is none of ours or its value is there."""
        value = self._shell.user_ns.get(name)
        if value is None and name[1:].isdigit():
            value = self._waiting.get(int(name[1:]))
        return value if any(value is future for future in list(self._waiting.values())) else None

    def settle(self, future: Any, value: Any) -> None:
        """Put the value where the future still stands; None is kept nowhere, as in any cell. Any thread."""
        space, hook = self._shell.user_ns, self._shell.displayhook
        kept = space.get("_oh", {})
        for number in [number for number, waiting in list(self._waiting.items()) if waiting is future]:
            self._waiting.pop(number, None)
            if kept.get(number) is not future:
                continue
            if value is None:
                kept.pop(number, None)
                space.pop(f"_{number}", None)
            else:
                kept[number] = value
                self._shell.push({f"_{number}": value}, interactive=False)
        for name in _UNDERS:
            if getattr(hook, name, None) is future:
                setattr(hook, name, value)
                if space.get(name) is future:
                    self._shell.push({name: value}, interactive=False)


def _is_there(future: Future[Any]) -> bool:
    return future.done() and future._call_now().state == TaskState.DONE
