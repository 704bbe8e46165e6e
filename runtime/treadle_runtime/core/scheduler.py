"""The one door: events go in, instructions and facts come out. That line is the architecture.

Law: dispatches and answers questions; every decision stands in the module named for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from . import attempts, graph, holding, later, leaving, policy, recovery, retry
from . import explain as words
from . import versions as data
from .books import Books, SchedulerOptions, Step
from .events import (
    CancelWanted,
    CellRunAgain,
    ClientJoined,
    ClientLeft,
    Event,
    FunctionsDefined,
    HandlesDropped,
    HandlesTaken,
    HoldEnded,
    RetryWanted,
    TasksFollowed,
    TasksReturned,
    TasksSubmitted,
    Tick,
    VersionsPublished,
    VersionsPut,
    VersionsWanted,
    WorkerJoined,
    WorkerLeft,
    WorkersObserved,
    WorkersUnwanted,
)
from .model import Number, Vid
from .records import Task, Version


def _on_client_joined(books: Books, event: ClientJoined) -> None:
    client = books.client(event.client)
    if client.gone:  # the same process has found its way back
        client.gone = False
        holding.on_hold_ended(books, HoldEnded(event.at, [event.client]))


def _on_functions_defined(books: Books, event: FunctionsDefined) -> None:
    for fid, name in event.names:
        books.function(fid).name = name


def _on_handles_taken(books: Books, event: HandlesTaken) -> None:
    client = books.client(event.client)
    for vid in event.vids:
        version = books.versions.get(vid)
        if version is not None:
            data.take_handle(client, version)


def _on_handles_dropped(books: Books, event: HandlesDropped) -> None:
    client = books.clients.get(event.client)
    if client is not None:
        data.drop_handles(books, client, event.vids)


def _on_versions_wanted(books: Books, event: VersionsWanted) -> None:
    client = books.client(event.client)
    for vid in event.vids:
        data.want(books, client, vid)


HANDLERS: Final[dict[type, Callable[[Books, Any], None]]] = {
    ClientJoined: _on_client_joined,
    ClientLeft: recovery.on_client_left,
    HoldEnded: holding.on_hold_ended,
    TasksFollowed: holding.on_tasks_followed,
    FunctionsDefined: _on_functions_defined,
    TasksSubmitted: graph.on_tasks_submitted,
    VersionsPut: graph.on_versions_put,
    HandlesTaken: _on_handles_taken,
    HandlesDropped: _on_handles_dropped,
    VersionsWanted: _on_versions_wanted,
    CancelWanted: recovery.on_cancel_wanted,
    CellRunAgain: later.on_cell_run_again,
    RetryWanted: retry.on_retry_wanted,
    WorkerJoined: recovery.on_worker_joined,
    WorkerLeft: recovery.on_worker_left,
    TasksReturned: attempts.on_tasks_returned,
    VersionsPublished: recovery.on_versions_published,
    WorkersUnwanted: leaving.on_workers_unwanted,
    WorkersObserved: attempts.on_workers_observed,
    Tick: recovery.on_tick,
}


class Scheduler:
    """Decides what runs where and when, what lives and what is dropped. Pure: time comes with the events.

    Parameters
    ----------
    options : SchedulerOptions, optional
        Limits and measures.

    Examples
    --------
    >>> scheduler = Scheduler()
    >>> row = (1, 7, b"", (), 1, (), 0, 0, 0, None, None)
    >>> step = scheduler.handle([WorkerJoined(0.0, 1), TasksSubmitted(0.0, 1, [row])])
    >>> step.instructions
    [Launch(worker=1, tasks=[(1, 1, ())])]
    """

    def __init__(self, options: SchedulerOptions | None = None) -> None:
        self.books = Books(options or SchedulerOptions())

    def handle(self, events: Iterable[Event]) -> Step:
        """Take in events, in order, and decide. Never blocks; one call is one turn.

        Parameters
        ----------
        events : iterable of Event
            What happened, oldest first.

        Returns
        -------
        Step
            `(instructions, facts)`. Instructions are to be carried out in their order.
        """
        books = self.books
        for event in events:
            if event.at > books.now:
                books.now = event.at
            HANDLERS[type(event)](books, event)
        policy.place(books)
        if books.leaving:
            leaving.see_off(books)
        return books.close_turn()

    def counts(self) -> dict[str, int]:
        """How many tasks are in each state; final ones count for ever, evicted ones too."""
        return dict(self.books.counts)

    def task(self, number: Number) -> Task | None:
        """The record of a task, or None if there was none or it has left the bounded history."""
        return self.books.tasks.get(number)

    def version(self, vid: Vid) -> Version | None:
        """The record of a version, or None if it is not known (any more)."""
        return self.books.versions.get(vid)

    def explain(self, number: Number) -> str:
        """Say in plain sentences why a task is where it is ("why is it waiting?")."""
        return words.explain(self.books, number)

    def story(self, number: Number) -> list[tuple[Any, ...]]:
        """How a task got here: its facts as they were said, with the cause behind the unusual ones.

        Returns
        -------
        list of tuple
            First `("b", ...)`, then `("t", number, state, worker, at)` or the same with a cause as sixth element;
            empty if the task is not known.
        """
        return words.story(self.books, number)
