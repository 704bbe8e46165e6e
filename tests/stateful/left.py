"""The outside of a scheduler whose clients may die and come back as others, which take over what the dead ones left."""

from __future__ import annotations

from typing import Any

from world import PretendedClient, World

from treadle_runtime.core import instructions as i
from treadle_runtime.core.events import ClientLeft, HandlesDropped, HandlesTaken, HoldEnded, TasksFollowed
from treadle_runtime.core.model import Vid
from treadle_runtime.core.records import Task
from treadle_runtime.core.states import TASK_FINAL, TaskState


class WorldWithDead(World):
    """A world with clients that died and are held for later ones."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.left: dict[int, PretendedClient] = {}
        self.followed: dict[int, set[int]] = {}  # number -> clients that were not told of its end yet
        self.followers: dict[int, set[int]] = {}

    def leave(self, client: int, cancel: bool) -> None:
        """A client, present or dead, is gone for good."""
        self._unfollow(client)
        if self.left.pop(client, None) is None:
            super().leave(client, cancel)
        else:
            self.feed(ClientLeft(self.later(), client, cancel))
            assert not self._held_of(client)

    def hold(self, client: int) -> None:
        """A client dies; what it leaves is held."""
        self.left[client] = self.clients.pop(client)
        self._unfollow(client)
        self.feed(ClientLeft(self.later(), client, hold=True))
        for task in self.scheduler.books.tasks.values():
            if task.lane.client.cid == client and task.state in (TaskState.WAITING, TaskState.READY):
                assert task.rare is not None
                assert task.rare.held or task.rare.told

    def resume(self, client: int) -> None:
        """What a dead client left waiting goes on."""
        self.feed(HoldEnded(self.later(), [client]))
        assert not self._held_of(client)

    def recover(self, client: int, dead: int, vid: Vid) -> None:
        """A client takes over what a dead one held, and wants to know how its task ends."""
        del self.left[dead].handles[vid]
        self.clients.setdefault(client, PretendedClient()).handles[vid] = None
        number = vid >> 16
        numbers = [number] if number in self.rows else []  # a put has no task
        if numbers and self.owner[number] != client:
            self.followed.setdefault(number, set()).add(client)
            self.followers.setdefault(number, set()).add(client)
        taken, dropped = HandlesTaken(self.later(), client, [vid]), HandlesDropped(self.now, dead, [vid])
        self.feed(taken, dropped, TasksFollowed(self.now, client, numbers))

    def finish(self) -> None:
        """Let what is held go on, or let go of it, and come to the end."""
        for dead in list(self.left):
            if self.chance.randrange(2):
                self.resume(dead)
            self.leave(dead, bool(self.chance.randrange(2)))
        super().finish()
        assert not any(self.followed.values()), "somebody was never told of what it follows"

    def _held_of(self, client: int) -> list[Task]:
        tasks = self.scheduler.books.tasks.values()
        mine = [task for task in tasks if task.lane.client.cid == client]
        return [task for task in mine if task.rare is not None and task.rare.held]

    def _unfollow(self, client: int) -> None:
        for followers in self.followed.values():
            followers.discard(client)

    # ------------------------------------------------------------ instructions
    def _launch(self, instruction: i.Launch) -> None:
        for number, _attempt, _inputs in instruction.tasks:
            task = self.scheduler.task(number)
            assert task is None or task.rare is None or not task.rare.held, "a held task was launched"
        super()._launch(instruction)

    def _drop(self, instruction: i.Drop) -> None:
        holders = {vid for dead in self.left.values() for vid in dead.handles}
        assert instruction.worker is not None or not holders.intersection(instruction.vids)
        super()._drop(instruction)

    def _report(self, instruction: i.Report) -> None:
        own = []
        for row in instruction.tasks:
            if self.owner[row[0]] == instruction.client:
                own.append(row)
            else:
                assert row[1] in TASK_FINAL
                assert instruction.client in self.followers[row[0]]
                self.followed[row[0]].discard(instruction.client)  # said again if it ran again
        super()._report(i.Report(instruction.client, own))

    def _rearm(self, instruction: i.Rearm) -> None:
        own = [number for number in instruction.numbers if self.owner[number] == instruction.client]
        for number in set(instruction.numbers) - set(own):
            assert instruction.client in self.followers[number]
        super()._rearm(i.Rearm(instruction.client, instruction.id, own, instruction.refused))
