"""Groups: very many tasks as few boxes (cell x function x levels), each with counts per state.

Law: bounded, whatever comes: when there are too many boxes, levels are merged, then all of an old cell into one box,
then very old cells into one. A group that was merged says into which (`into`), so that its tasks need not be told.
"""

from __future__ import annotations

from typing import TypeAlias

from .delta import GROUP_LIMIT, GROUP_SOURCES, Record

CellKey: TypeAlias = tuple[int, int]
_CELLS_KEPT = 8
_CELLS_NAMED = 40
_OLDER: CellKey = (-1, 0)
_MANY = -1  # as function: more than one


class Group:
    """Tasks of one function, cell and range of levels. `key` names it in the feed."""

    __slots__ = ("bucket", "cell", "counts", "function", "into", "key", "sources")

    def __init__(self, key: str, cell: CellKey, function: int, bucket: int) -> None:
        self.key = key
        self.cell = cell
        self.function = function
        self.bucket = bucket
        self.counts: dict[str, int] = {}
        self.sources: dict[str, int] = {}
        self.into: Group | None = None


def newest(group: Group) -> Group:
    """Return the group that stands for `group` now."""
    while group.into is not None:
        group = group.into
    return group


class Groups:
    """All groups of a projection."""

    def __init__(self, limit: int = GROUP_LIMIT) -> None:
        self._limit = limit
        self._shift = 0
        self._made = 0
        self._groups: dict[tuple[CellKey, int, int], Group] = {}
        self._whole: dict[CellKey, None] = {}  # cells that are one box, oldest first
        self._aside: set[CellKey] = set()  # cells that live on in the box of older ones

    def home(self, cell: CellKey, function: int, depth: int) -> Group:
        """Return the group that a task belongs to, made if need be."""
        key = self._key(cell, function, depth >> self._shift)
        group = self._groups.get(key)
        if group is None:
            self._made += 1
            group = self._groups[key] = Group(f"g{self._made}", *key)
            while len(self._groups) > self._limit:
                self._make_room()
        return newest(group)

    def find(self, key: str) -> Group | None:
        """Return the group that is shown under this key, None if there is none (any more)."""
        return next((group for group in self._groups.values() if group.key == key), None)

    def connect(self, group: Group, source: str, edges: int = 1) -> None:
        """Count more edges from `source` (a group's key or a task's number)."""
        if source != group.key:
            sources = group.sources
            if source in sources or len(sources) < GROUP_SOURCES:
                sources[source] = sources.get(source, 0) + edges

    def rename(self, names: dict[str, str]) -> None:
        """Turn edges from `names`' keys (tasks or groups that went into a group) into edges from that group."""
        for group in self._groups.values():
            for source in [source for source in group.sources if source in names]:
                self.connect(group, names[source], group.sources.pop(source))

    def records(self) -> dict[str, Record]:
        """Return the feed's records, parents before children where levels tell."""
        return {
            group.key: {
                "fn": group.function,
                "cell": group.cell[1],
                "depth": group.bucket << self._shift,
                "span": 1 << self._shift,
                "counts": {state: n for state, n in group.counts.items() if n},
                "in": dict(group.sources),
            }
            for group in sorted(self._groups.values(), key=lambda group: (group.cell, group.bucket))
        }

    def _make_room(self) -> None:
        """Halve the levels, make one box of the oldest cell, or put the oldest such box into that of older ones."""
        cells = list(dict.fromkeys(group.cell for group in self._groups.values() if group.cell != _OLDER))
        parted = [cell for cell in cells if cell not in self._whole]
        widen = len(parted) <= _CELLS_KEPT and any(group.bucket for group in self._groups.values())
        if widen:
            self._shift += 1
        elif parted:
            self._whole[parted[0]] = None
        while not widen and (len(self._whole) > min(_CELLS_NAMED, self._limit // 3) or not parted):
            cell = next(iter(self._whole))
            del self._whole[cell]
            self._aside.add(cell)
            parted = parted or [cell]
        olds, self._groups = list(self._groups.values()), {}
        renamed: dict[str, str] = {}
        for group in olds:
            group.cell, group.function, group.bucket = self._key(
                group.cell, group.function, group.bucket >> widen
            )
            kept = self._groups.setdefault((group.cell, group.function, group.bucket), group)
            if kept is not group:
                group.into = kept
                renamed[group.key] = kept.key
                for state, n in group.counts.items():
                    kept.counts[state] = kept.counts.get(state, 0) + n
                for source, n in group.sources.items():
                    self.connect(kept, source, n)
        self.rename(renamed)

    def _key(self, cell: CellKey, function: int, bucket: int) -> tuple[CellKey, int, int]:
        if cell in self._aside or cell == _OLDER:
            return _OLDER, _MANY, 0
        return (cell, _MANY, 0) if cell in self._whole else (cell, function, bucket)
