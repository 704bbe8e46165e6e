"""Facts: what became true inside. Never acted upon, only recorded and shown.

Law: plain tuples for speed, one shape per kind, first element the kind's letter.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from .model import ClientId, FunctionId, Number, Vid, WorkerId

TASK: Final = "t"
TaskBecame: TypeAlias = tuple[str, Number, str, WorkerId, float]
"""("t", number, state, worker or 0, at)"""

BORN: Final = "b"
TaskBorn: TypeAlias = tuple[str, Number, FunctionId, ClientId, int, int, tuple[Number, ...], str | None, float]
"""("b", number, function, client, cell, depth, makers of what it reads, title, at); precedes its first "t"."""

DATUM: Final = "d"
DatumBecame: TypeAlias = tuple[str, Vid, str, int, float]
"""("d", vid, state, nbytes, at)"""

WORKER: Final = "w"
WorkerBecame: TypeAlias = tuple[str, WorkerId, str, str, float]
"""("w", worker, state, reason, at)"""

EVICTED: Final = "e"
TaskEvicted: TypeAlias = tuple[str, Number]
"""("e", number): its record left the bounded history."""

Fact: TypeAlias = TaskBecame | TaskBorn | DatumBecame | WorkerBecame | TaskEvicted
