"""Calls: what the caller's side knows of each task it submitted.

Law: plain records, changed only by `Client.receive` and `Client.submit`. The bytes of results are handles:
when the last Version of an output goes, its handle goes.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ..core.model import FinishedRow, Number, OutputRow, Vid, vid_of
from ..core.states import TASK_FINAL, TaskState
from ..wire.messages import Looked
from ..worker.failure import Failure, unpack_failure

if TYPE_CHECKING:
    from .client import Client


class Call:
    """One call of a task."""

    __slots__ = (
        "_failure", "again", "attempt", "cell", "client", "error", "function", "looked", "notes", "number", "outputs", "root",
        "run_s", "state", "title", "watchers", "worker",
    )  # fmt: skip

    again: list[weakref.WeakMethod[Callable[[Call], None]]]  # not there unless it has failed

    def __init__(self, client: Client, number: Number, function: str, cell: int, title: str | None) -> None:
        self.client = client
        self.number = number
        self.function = function
        self.cell = cell
        self.title = title
        self.state = TaskState.WAITING
        self.outputs: tuple[OutputRow, ...] = ()
        self._failure: bytes | None = None
        self.root = 0
        self.worker = 0
        self.attempt = 0
        self.run_s = 0.0
        self.notes: dict[str, Any] | None = None
        self.looked = False
        self.error: BaseException | None = None
        self.watchers: list[Callable[[Call], None]] | None = None

    def __repr__(self) -> str:
        return f"{self.label} ({self.state})"

    @property
    def label(self) -> str:
        """What people call it: its title or function, and its number."""
        return f"{self.title or self.function} #{self.number}"

    @property
    def where(self) -> str:
        """Which cell submitted it, for people: ` of cell [5]`; nothing in a script, or if its name says it."""
        return "" if not self.cell or self.function == f"cell[{self.cell}]" else f" of cell [{self.cell}]"

    @property
    def final(self) -> bool:
        """Whether it has ended, well or not."""
        return self.state in TASK_FINAL

    @property
    def failure(self) -> Failure | None:
        """Why it has no result, as its worker described it."""
        return unpack_failure(self._failure) if self._failure is not None else None

    def finish(self, row: FinishedRow) -> None:
        """Take over how it ended and tell who watches."""
        self.state, self.outputs, self._failure, self.root = row[1], row[2], row[3], row[4]
        self.worker, self.attempt, self.run_s = row[5]
        self.notes = row[6]
        if self.watchers is not None:
            watchers, self.watchers = self.watchers, None
            for watcher in watchers:
                watcher(self)

    def rearm(self) -> None:
        """Be open again: what is known of the attempt that failed is forgotten, and the next end is told again."""
        self.state, self.outputs, self._failure, self.root = TaskState.WAITING, (), None, 0
        self.notes = self.error = None
        self.looked = False
        again = [watcher for kept in getattr(self, "again", ()) if (watcher := kept()) is not None]
        self.watchers = again or None
        self.again = []

    def look(self) -> None:
        """Note that a person has looked at how it ended."""
        look_at([self])

    def watch_again(self, watcher: Callable[[Call], None]) -> None:
        """Have a method called when this call, which has failed, ends once more after a retry. Holds it weakly."""
        self.again = [*getattr(self, "again", ()), weakref.WeakMethod(watcher)]

    def watch(self, watcher: Callable[[Call], None]) -> None:
        """Have `watcher(call)` called once when it is final (at once if it is). It must be short and never raise."""
        if self.watchers is None:
            self.watchers = []
        self.watchers.append(watcher)
        if self.final and self.watchers is not None and watcher in self.watchers:
            self.watchers.remove(watcher)
            watcher(self)


class Version:
    """A handle on output `output` of a call; the runtime keeps the bytes for as long as this object lives."""

    __slots__ = ("__weakref__", "call", "holds", "output", "parents", "vid")

    def __init__(self, call: Call, output: int, parents: tuple[Version, ...] = ()) -> None:
        self.call = call
        self.output = output
        self.vid: Vid = vid_of(call.number, output)
        self.parents = parents  # the versions below it, needed for as long as this one may fail
        self.holds: list[Callable[[], Any]] | None = (
            None  # of a group: its members, weakly where that is possible
        )
        call.client.link.handles.hold(self, self.vid)

    def settled(self, call: Call) -> None:
        """Let go of older versions once this one is there."""
        if call.state == TaskState.DONE:
            self.parents = ()
        else:
            call.watch_again(self.settled)

    def unsettled(self) -> list[Call]:
        """Return the calls that must end before it is known which version below a failed one is the last good one."""
        return [version.call for version in self._below(lambda _version: True) if not version.call.final]

    def all_below(self) -> list[Version]:
        """Return this version and all that are kept in case it fails."""
        return self._below(lambda _version: True)

    def last_good(self) -> list[Version]:
        """Return the newest versions at or below this one that exist (several where groups were merged)."""
        good = [version for version in self._below(_is_bad) if not _is_bad(version)]
        return sorted(good, key=lambda version: version.vid)

    def _below(self, beyond: Callable[[Version], bool]) -> list[Version]:
        """Return this version and those below, going on beneath those that `beyond` says."""
        found: dict[Vid, Version] = {}
        waiting = [self]  # no recursion: thousands of tasks may have changed one object
        while waiting:
            version = waiting.pop()
            if version.vid not in found:
                found[version.vid] = version
                if beyond(version):
                    waiting += version.parents
        return list(found.values())


def _is_bad(version: Version) -> bool:
    return version.call.state != TaskState.DONE


def look_at(calls: Sequence[Call]) -> None:
    """Note that a person has looked at how calls of one client ended; pages are told of those that failed.

    Any thread; never blocks.
    """
    news = [call for call in calls if not call.looked]
    for call in news:
        call.looked = True
    if failed := [call.number for call in news if call.state == TaskState.FAILED]:
        news[0].client.link.send(Looked(failed))
