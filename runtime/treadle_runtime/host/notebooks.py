"""The notebooks of a runtime: which client is whose kernel, what its names hold, what a dead kernel has left.

Law: knows kernels, files and names; what becomes of tasks and values is the scheduler's. A notebook is the same if its
kernel is (a restart keeps it, and so does renaming the file), else if path and file are; so a copy never is.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from ..core.events import ClientLeft, Event, HandlesDropped, HoldEnded
from ..core.explain import label
from ..core.model import ClientId, Number, Vid, client_of, is_put, maker_of, output_of
from ..core.records import Task
from ..core.states import TASK_FINAL, TaskState
from ..wire.session import Notebook

if TYPE_CHECKING:
    from .loop import Host

_RUNS: Final = (TaskState.PLACED, TaskState.RUNNING)


class Kernel:
    """One kernel: a client that belongs to a notebook."""

    __slots__ = ("cid", "left_at", "names", "notebook")

    def __init__(self, cid: ClientId, notebook: Notebook) -> None:
        self.cid = cid
        self.notebook = notebook
        self.names: dict[str, Any] = {}  # name -> what it holds (api.bindings)
        self.left_at: float | None = None


class Notebooks:
    """All kernels of one runtime, dead ones included until what they left is cleared."""

    def __init__(self) -> None:
        self._kernels: dict[ClientId, Kernel] = {}

    def rows(self) -> tuple[Notebook, ...]:
        """Return what the descriptor says of them, newest first."""
        return tuple(kernel.notebook for kernel in reversed(self._kernels.values()))

    def belong(self, cid: ClientId, notebook: Notebook) -> None:
        """Note that a client is the kernel of a notebook."""
        self._kernels[cid] = Kernel(cid, notebook)

    def known(self) -> list[ClientId]:
        """Return all kernels, newest first."""
        return list(reversed(self._kernels))

    def of_kernel(self, kernel: str) -> set[ClientId]:
        """Return the clients whose kernel has this id, the part of its connection file's name that Jupyter gives it."""
        name = f"kernel-{kernel}.json"
        return {cid for cid, each in self._kernels.items() if each.notebook.kernel.rpartition("/")[2] == name}

    def name(self, cid: ClientId, changes: dict[str, Any]) -> list[str]:
        """Note what names of a kernel hold now, None for nothing; return all of its names."""
        names = self._kernels[cid].names
        for name, held in changes.items():
            names.pop(name, None)
            if held is not None:
                names[name] = held
        return list(names)

    def left_by(self, cid: ClientId) -> list[Kernel]:
        """Return the dead kernels of the notebook that a client belongs to, newest first."""
        own = self._kernels.get(cid)
        if own is None:
            return []
        found: list[Kernel] = []
        for kernel in reversed(self._kernels.values()):
            dead = kernel.left_at is not None and kernel is not own
            # also if it is the notebook of one in between, and was renamed since
            if dead and any(kernel.notebook.is_same(later.notebook) for later in (own, *found)):
                found.append(kernel)
        return found

    def strangers(self, cid: ClientId) -> int:
        """Return how many other notebooks have left something that is still kept."""
        mine = self.left_by(cid)
        return sum(kernel.left_at is not None and kernel not in mine for kernel in self._kernels.values())

    def on_left(self, cid: ClientId, for_good: bool, now: float, events: list[Event]) -> bool:
        """A client has gone; True if what it leaves is held for its notebook."""
        left = self.left_by(cid)
        kernel = self._kernels.get(cid)
        if kernel is None:
            return False
        if for_good:
            self.forget([kernel, *left])
            events += [ClientLeft(now, dead.cid, cancel=True) for dead in left]
            return False
        kernel.left_at = now
        kernel.notebook = kernel.notebook.left()
        events += [ClientLeft(now, dead.cid, hold=True) for dead in left]
        return True

    def forget(self, kernels: list[Kernel]) -> None:
        """Nothing of these is kept any more."""
        for kernel in kernels:
            self._kernels.pop(kernel.cid, None)


def hearers(host: Host, number: Number) -> tuple[ClientId, ...]:
    """Who shows what a task says: its client, and once that has gone those after it that have taken the task over."""
    owner = client_of(number)
    if owner in host.clients.present:
        return (owner,)
    task = host.scheduler.task(number)
    followers = () if task is None or task.rare is None else task.rare.followers
    after = (client.cid for client in followers if not client.gone)
    return tuple(cid for cid in after if any(dead.cid == owner for dead in host.notebooks.left_by(cid)))


# ---------------------------------------------------------------- questions
def belong(host: Host, client: ClientId, kernel: str, path: str, file: str) -> bool:
    """A client is the kernel of this notebook."""
    host.notebooks.belong(client, Notebook(kernel, path, file, True))
    host.publish()
    return True


def kernels(host: Host) -> list[ClientId]:
    """The kernels that have been clients, newest first, as far as they or what they left are still there."""
    return host.notebooks.known()


def names(host: Host, client: ClientId, changes: dict[str, Any]) -> list[str]:
    """What names of a kernel hold has changed; all of its names."""
    return host.notebooks.name(client, changes)


def left(host: Host, client: ClientId) -> dict[str, int]:
    """How many tasks a dead kernel of the client's notebook has left, in the words of people."""
    return dict(Counter(_word(task) for task in _kept(host, host.notebooks.left_by(client))))


def held(host: Host, client: ClientId) -> list[Number]:
    """The tasks that dead kernels of the client's notebook left, and that nobody has resumed."""
    return [task.number for task in _kept(host, host.notebooks.left_by(client)) if _word(task) == "held"]


def estate(host: Host, client: ClientId) -> dict[str, Any]:
    """All that dead kernels of the client's notebook have left: tasks, stored values, names."""
    offset = time.time() - time.monotonic()
    kernels = host.notebooks.left_by(client)
    named: dict[str, Any] = {}
    for kernel in kernels:
        named = {**kernel.names, **named}
    stored = [(vid, host.scheduler.version(vid)) for vid in _handles(host, kernels) if is_put(vid)]
    said = host.output.said()
    ended = {kernel.cid: kernel.left_at or 0.0 for kernel in kernels}
    return {
        "tasks": [
            {**row_of(task, offset), "unheard": task.number in said and _after(task, ended)}
            for task in _kept(host, kernels)
        ],
        "puts": [[vid, int(version.kind), version.nbytes] for vid, version in stored if version is not None],
        "names": named,
    }


def let_go(host: Host, client: ClientId, vids: list[Vid]) -> bool:
    """Dead kernels of the client's notebook need not hold these any longer."""
    now = time.monotonic()
    host.wishes += [HandlesDropped(now, kernel.cid, vids) for kernel in host.notebooks.left_by(client)]
    return True


def resume(host: Host, client: ClientId) -> int:
    """What dead kernels of the client's notebook left waiting goes on; how many tasks that are."""
    count = len(held(host, client))
    kernels = [kernel.cid for kernel in host.notebooks.left_by(client)]
    host.wishes.append(HoldEnded(time.monotonic(), kernels))
    return count


def clear(host: Host, client: ClientId) -> dict[str, int]:
    """Cancel what dead kernels of the client's notebook left unfinished, and release all they held."""
    counts = left(host, client)
    kernels = host.notebooks.left_by(client)
    host.wishes += [ClientLeft(time.monotonic(), kernel.cid, cancel=True) for kernel in kernels]
    host.notebooks.forget(kernels)
    host.publish()
    return counts


def numbers_of(vids: list[Vid]) -> list[Number]:
    """Return the tasks that make these versions, each once; values that were put have none."""
    return list(dict.fromkeys(maker_of(vid) for vid in vids if not is_put(vid)))


def row_of(task: Task, offset: float) -> dict[str, Any]:
    """Return a task as plain data; `offset` makes wall clock times of its own."""
    born = task.log[0]
    return {
        "number": task.number,
        "function": task.function.name,
        "title": born[7],
        "label": label(task),
        "cell": born[4],
        "state": _word(task),
        "at": born[-1] + offset,
        "outputs": [output_of(version.vid) for version in task.outputs if version.pins],
        "sizes": [version.nbytes for version in task.outputs],
    }


def _handles(host: Host, kernels: list[Kernel]) -> set[Vid]:
    clients = host.scheduler.books.clients
    return {vid for kernel in kernels if kernel.cid in clients for vid in clients[kernel.cid].handles}


def _kept(host: Host, kernels: list[Kernel]) -> list[Task]:
    """The tasks of dead kernels that go on, or whose results can be had; also those taken over from one to the next."""
    handles = _handles(host, kernels)
    theirs = {kernel.cid for kernel in kernels}
    return [
        task
        for task in host.scheduler.books.tasks.values()
        if (task.state not in TASK_FINAL and task.lane.client.cid in theirs)
        or any(version.vid in handles for version in task.outputs)
    ]


def _after(task: Task, ended: dict[ClientId, float]) -> bool:
    """Tell whether a task went on when its kernel had gone."""
    return task.state not in TASK_FINAL or bool(task.log[-1][4] > ended.get(client_of(task.number), 0.0))


def _word(task: Task) -> str:
    if task.rare is not None and task.rare.held:
        return "held"
    if task.state in _RUNS:
        return "running"
    if task.state in (TaskState.UPSTREAM, TaskState.FAILED):
        return "failed"
    return "waiting" if task.state == TaskState.READY else task.state
