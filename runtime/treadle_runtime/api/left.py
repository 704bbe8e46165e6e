"""What a dead kernel of this notebook has left in its runtime: found, resumed, cleared, bound to names again.

Law: asks the runtime and makes futures; prints nothing. Knows notebooks only by the answers.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..client.calls import Call
from ..client.futures import Future
from ..client.raising import rebuild as unpacked
from ..client.taken_over import stored, take_over
from ..core.model import Vid, is_put, maker_of, output_of, vid_of
from ..errors import UsageError
from .bindings import members_in, rebuild, vids_in
from .future_of import future_of
from .session import Session


class NotYet(UsageError):  # noqa: N818 - it names what is the case
    """An object that tasks write can't be had before these have ended."""


def belong(session: Session, kernel: str, path: str, file: str) -> None:
    """Tell the runtime whose kernel this is, so that what it leaves is held for the next one."""
    _ask(session, "belong", kernel=kernel, path=path, file=file)


def summary(session: Session) -> dict[str, int]:
    """Return how many tasks were left, by "done", "failed", "running", "waiting", "held" and so on."""
    return _ask(session, "left")  # type: ignore[no-any-return]


def resume(session: Session) -> int:
    """Have what is held go on; returns how many tasks that are."""
    session.client.held = frozenset()
    return _ask(session, "resume")  # type: ignore[no-any-return]


def clear(session: Session) -> dict[str, int]:
    """Cancel what was left unfinished and release the rest; returns what there was."""
    session.client.held = frozenset()
    return _ask(session, "clear")  # type: ignore[no-any-return]


class Estate:
    """What was left, as it is now.

    Attributes
    ----------
    tasks : dict
        Number -> the task as plain data (`host.notebooks.row_of`).
    names : dict
        Name -> what it held (`bindings`), as far as that is still there.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        found = _ask(session, "estate")
        self.tasks: dict[int, dict[str, Any]] = {row["number"]: row for row in found["tasks"]}
        self._puts: dict[Vid, list[int]] = {row[0]: row for row in found["puts"]}
        self.names = {name: held for name, held in found["names"].items() if self._is_there(held)}
        self._futures: dict[Vid, Future[Any]] = {}
        self._unpacked: dict[Vid, list[Any]] = {}

    def rows_of(self, held: Any) -> list[dict[str, Any]]:
        """Return the tasks behind what a name held; of an object that tasks write, the newest."""
        newest = (versions[0][0] for versions in members_in(held))
        numbers = dict.fromkeys(maker_of(vid) for vid in (*vids_in(held), *newest))
        return [self.tasks[number] for number in numbers if number in self.tasks]

    def take(self, held: Any) -> Any:
        """Return the value of a name again: futures on the old tasks, objects that tasks wrote as they are now.

        Raises NotYet for an object that is still written. Blocks while an object is read.
        """
        wanted = self._needed(held)
        new = [vid for vid in dict.fromkeys(wanted) if vid not in self._futures]
        for vid in new:  # first, so that they are known when the runtime tells of their end
            self._futures[vid] = future_of(self._call(vid), output_of(vid))
        _ask(self._session, "follow", vids=new)
        return rebuild(held, self._futures.__getitem__, self._member)

    def let_go(self, kept: Iterable[Any] = ()) -> None:
        """Have the dead kernel hold no longer what was taken, but for what else names like `kept` held."""
        needed: set[Vid] = set()
        for held in kept:
            needed.update(vids_in(held))
            needed.update(vid for versions in members_in(held) for vid, _index in versions)
        _ask(self._session, "let_go", vids=[vid for vid in self._futures if vid not in needed])

    def take_task(self, number: int) -> Any:
        """Return a future of a task (a tuple of them if it has several results). Raises UsageError if it is not there."""
        row = self.tasks.get(number)
        if row is None or not row["outputs"]:
            raise UsageError(f"#{number} is not among what was left. `%treadle recover` lists that.")
        vids = [vid_of(number, output) for output in row["outputs"]]
        held: Any = vids[0] if len(vids) == 1 else ["t", vids]
        return self.take(held)

    def _needed(self, held: Any) -> list[Vid]:
        return [*vids_in(held), *(self._newest(versions)[0] for versions in members_in(held))]

    def _call(self, vid: Vid) -> Call:
        if is_put(vid):
            return stored(self._session.client, *self._puts[vid])
        client, row = self._session.client, self.tasks[maker_of(vid)]
        if row["state"] == "held":
            client.held |= {row["number"]}
        return take_over(client, row, own=True)

    def _newest(self, versions: Iterable[list[int]]) -> list[int]:
        """Return the newest version (and place) that exists. Raises NotYet if there may be a newer one."""
        for version in versions:
            row = self.tasks.get(maker_of(version[0]))
            if row is None or row["state"] in ("failed", "cancelled"):
                continue
            if row["state"] != "done":
                raise NotYet(f"{row['label']} ({row['state']}) still writes it")
            return version
        raise UsageError("no version of it is left")

    def _member(self, versions: list[list[int]]) -> Any:
        vid, index = self._newest(versions)
        if vid not in self._unpacked:
            client, call = self._session.client, self._futures[vid]._call
            client.wait_for([call])
            self._unpacked[vid] = unpacked(client.fetch({vid: call})[vid], call)
        return self._unpacked[vid][index]

    def _is_there(self, held: Any) -> bool:
        members = all(any(self._has(vid) for vid, _index in versions) for versions in members_in(held))
        return members and all(self._has(vid) for vid in vids_in(held))

    def _has(self, vid: Vid) -> bool:
        if is_put(vid):
            return vid in self._puts
        row = self.tasks.get(maker_of(vid))
        return row is not None and output_of(vid) in row["outputs"]


def _ask(session: Session, question: str, **args: Any) -> Any:
    client = session.client
    return client.link.ask(question, {"client": client.cid, **args})
