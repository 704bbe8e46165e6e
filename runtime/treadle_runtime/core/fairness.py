"""Which ready task goes next: highest priority, then in turn between (client, cell), then as submitted.

Law: knows the order of tasks, nothing of workers. Constant time per task, whatever the number of tasks and cells
(logarithmic for those that got ready out of order).
"""

from __future__ import annotations

from bisect import insort
from collections import deque
from collections.abc import Iterator
from heapq import heapify, heappop, heappush
from typing import Final
from weakref import WeakValueDictionary

from .model import ClientId, Number
from .records import Client, Task
from .states import TaskState

PRIORITIES: Final = 16
"""How many empty priorities are remembered."""
_READY = TaskState.READY


class Lane:
    """The ready tasks of one cell of one client at one priority, first come first served."""

    __slots__ = ("__weakref__", "active", "cell", "client", "fresh", "late", "priority")

    def __init__(self, priority: int, client: Client, cell: int) -> None:
        self.priority = priority
        self.client = client
        self.cell = cell
        self.active = False  # stands in its priority's ring
        self.fresh: deque[Task] = deque()  # ascending numbers
        self.late: list[tuple[Number, Task]] = []  # heap of those that got ready after a later one

    def __iter__(self) -> Iterator[Task]:
        """All that stand in it, in no useful order, no longer ready ones included."""
        yield from self.fresh
        for _number, task in self.late:
            yield task


class FairQueue:
    """All ready tasks."""

    def __init__(self) -> None:
        self._lanes: WeakValueDictionary[tuple[int, ClientId, int], Lane] = WeakValueDictionary()
        self._order: list[int] = []  # negated priorities, ascending
        self._rings: dict[int, deque[Lane]] = {}  # by negated priority
        self.stale = 0  # tasks in it that were ended before their turn (a bound, for `compact`)

    def lane(self, priority: int, client: Client, cell: int) -> Lane:
        """The lane of this cell; it lives as long as one of its tasks."""
        key = (priority, client.cid, cell)
        lane = self._lanes.get(key)
        if lane is None or lane.client is not client:
            lane = self._lanes[key] = Lane(priority, client, cell)
        return lane

    def push(self, task: Task) -> None:
        """Queue a task that has become ready."""
        if task.queued:
            return
        task.queued = True
        lane = task.lane
        fresh = lane.fresh
        if not fresh or fresh[-1].number < task.number:
            fresh.append(task)
        else:
            heappush(lane.late, (task.number, task))
        if not lane.active:
            self._activate(lane)

    def _activate(self, lane: Lane) -> None:
        lane.active = True
        rank = -lane.priority
        ring = self._rings.get(rank)
        if ring is None:
            if len(self._order) > PRIORITIES:
                self._forget_empty()
            ring = self._rings[rank] = deque()
            insort(self._order, rank)
        ring.append(lane)

    def _forget_empty(self) -> None:
        self._rings = {rank: ring for rank, ring in self._rings.items() if ring}
        self._order = sorted(self._rings)

    def pop(self) -> Task | None:
        """Take the task whose turn it is, if there is one, and give the turn to the next cell."""
        for rank in self._order:
            ring = self._rings[rank]
            while ring:
                lane = ring[0]
                fresh, late = lane.fresh, lane.late
                if late and (not fresh or late[0][0] < fresh[0].number):
                    task = heappop(late)[1]
                elif fresh:
                    task = fresh.popleft()
                else:
                    ring.popleft()
                    lane.active = False
                    continue
                task.queued = False
                if task.state == _READY:
                    if len(ring) > 1:
                        ring.rotate(-1)
                    return task
        return None

    def unpop(self, task: Task) -> None:
        """Put back what `pop` has just given: nothing has happened."""
        task.queued = True
        lane = task.lane
        fresh = lane.fresh
        if not fresh or task.number < fresh[0].number:
            fresh.appendleft(task)
        else:
            heappush(lane.late, (task.number, task))
        ring = self._rings[-lane.priority]
        if len(ring) > 1:
            ring.rotate(1)

    def move(self, tasks: list[Task], olds: list[Lane]) -> None:
        """Let tasks stand in the lanes they now name, no longer in `olds`. Looks through all of these."""
        for lane in olds:
            lane.fresh = deque(task for task in lane.fresh if task.lane is lane)
            lane.late = [entry for entry in lane.late if entry[1].lane is lane]
            heapify(lane.late)
        for task in tasks:
            if task.queued:
                task.queued = False
                self.push(task)

    def lanes(self) -> list[Lane]:
        """The lanes with tasks, highest priority first, in the order of their turns."""
        return [lane for rank in self._order for lane in self._rings[rank]]

    def compact(self) -> None:
        """Throw out what is no longer ready (and priorities nobody uses)."""
        self.stale = 0
        for lane in self.lanes():
            for task in lane:
                task.queued = task.state == _READY
            lane.fresh = deque(task for task in lane.fresh if task.queued)
            lane.late = [entry for entry in lane.late if entry[1].queued]
            heapify(lane.late)
            lane.active = bool(lane.fresh or lane.late)
        for rank, ring in self._rings.items():
            self._rings[rank] = deque(lane for lane in ring if lane.active)
        self._forget_empty()

    def __len__(self) -> int:
        """How many stand in it, no longer ready ones included."""
        return sum(len(lane.fresh) + len(lane.late) for lane in self.lanes())
