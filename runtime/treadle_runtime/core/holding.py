"""Held tasks: what a dead client left waiting is not placed until somebody has it go on; and who follows others' tasks.

Law: a held task misses one thing more than its inputs, leave to go on. So it waits like any other, and nobody but
`graph.recount` and `policy` need know. What a client left keeps its handles until it leaves a second time, for good.
What is queued on workers has not begun, so it is held when they have given it back.
"""

from __future__ import annotations

from itertools import islice

from .books import Books
from .events import HoldEnded, TasksFollowed
from .model import Number
from .records import Client, Task, Worker
from .states import TASK_FINAL, TaskState
from .workers import take_back

CAUSE = "held: its kernel has gone"


def hold_client(books: Books, client: Client) -> None:
    """A client has died, and may come back as another: its waiting tasks are held, its handles kept, once each."""
    client.gone = client.held = True
    for vid in client.handles:
        client.handles[vid] = 1  # nobody is left who could give the others back
    for task in books.tasks.values():
        if task.lane.client is client and task.state in (TaskState.WAITING, TaskState.READY):
            rare = task.rare
            if rare is None or not (
                rare.held or rare.told
            ):  # what was done once is made again for whoever reads it
                _hold(books, task)
    for worker in books.workers.values():
        take_back(books, worker, _queued(worker, client))


def mark(books: Books, task: Task) -> None:
    """Have a task be held that has come back from its worker; `recount` follows."""
    rare = task.rarely()
    if not rare.told:
        rare.held = True
        books.held += 1


def unmark(books: Books, task: Task) -> None:
    """A task that will never run is held no longer."""
    if task.rare is not None and task.rare.held:
        task.rare.held = False
        books.held -= 1


def on_hold_ended(books: Books, event: HoldEnded) -> None:
    """What these clients left goes on."""
    clients = [client for cid in event.clients if (client := books.clients.get(cid)) is not None]
    for client in clients:
        client.held = False
    for task in books.tasks.values():
        if task.rare is not None and task.rare.held and task.lane.client in clients:
            unmark(books, task)
            task.missing -= 1
            if not task.missing:
                books.move(task, TaskState.READY, "resumed")
                books.queue.push(task)


def on_tasks_followed(books: Books, event: TasksFollowed) -> None:
    """A client wants to be told of tasks that another one submitted: when they end, or now if they have."""
    client = books.client(event.client)
    for number in event.numbers:
        task = books.tasks.get(number)
        if task is None:
            books.tell(client, (number, TaskState.CANCELLED, number))  # nothing will ever come of it
        elif task.lane.client is not client:  # it is told anyway
            if client not in task.rarely().followers:
                task.rarely().followers += (client,)
            if task.state in TASK_FINAL:
                books.tell(client, (number, task.state, task.root))


def _queued(worker: Worker, client: Client) -> list[Task]:
    """Return the tasks of a client that wait on a worker, but for those whose values others wait for there."""
    found: dict[Number, Task] = {}
    for task in islice(reversed(worker.tasks.values()), max(0, len(worker.tasks) - 1)):  # the first runs
        if task.lane.client is not client or task.state != TaskState.PLACED or not _may_go(task):
            continue
        readers = (reader for version in task.outputs for reader in (version.readers or {}).values())
        if all(reader.worker is None or reader.number in found for reader in readers):
            found[task.number] = task
    return list(found.values())


def _may_go(task: Task) -> bool:
    rare = task.rare
    return rare is None or not (rare.retracted or rare.cancel_wanted or rare.told)


def _hold(books: Books, task: Task) -> None:
    mark(books, task)
    task.missing += 1
    if task.state == TaskState.READY:
        books.queue.stale += task.queued
        books.move(task, TaskState.WAITING, CAUSE)
