"""put: a value stored once and shared by many tasks, as a constant.

Law: a Put is a future whose task has already ended.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from ..client.futures import Future

T = TypeVar("T")


class Put(Future[T], Generic[T]):
    """A stored constant: pass it to tasks like the value; `wait_on` gives the value."""

    constant = True

    def __repr__(self) -> str:
        _kind, nbytes, _data = self._call.outputs[0]
        return f"<Put {nbytes} bytes>"
