"""What held many tasks back, in five sentences: the longest chain, idle workers, short tasks, bytes, the notebook.

Law: pure arithmetic and words over what is known of tasks that have ended; asks nobody, measures nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from .estimate import duration

SHORT_S: Final = 100e-6
"""Handling a task costs some tens of microseconds: shorter ones are mostly handling."""
MATTERS: Final = 0.1
"""A part of the time that is worth a person's."""
NAMED: Final = 4
LARGE_NBYTES: Final = 100e6


class Ran(NamedTuple):
    """A task that has ended; times in seconds of one clock."""

    number: int
    function: str
    born: float  # when the runtime had it
    ended: float
    run_s: float
    nbytes: int  # of its results
    makers: tuple[int, ...]  # whose results it read


@dataclass
class Review:
    """What held them back; worker-seconds are seconds times workers."""

    tasks: int
    there_were: int  # of the others is not known when they ran
    workers: int
    took_s: float
    work_s: float
    path: list[Ran]
    starting_s: float  # until the first task ran, of whatever cell
    elsewhere_s: float  # worker-seconds in which tasks of other cells ran
    notebook_s: float  # in which workers were free and the next task had not been called yet
    notebook_idle_s: float  # worker-seconds of that
    tail_idle_s: float  # worker-seconds at the end, when there were fewer tasks than workers
    short: Counter[str]
    result_nbytes: int
    stored_nbytes: int

    @property
    def path_s(self) -> float:
        """Seconds of the longest chain."""
        return sum(ran.run_s for ran in self.path)

    @property
    def idle_s(self) -> float:
        """Worker-seconds in which no task ran."""
        return max(0.0, self.workers * self.took_s - self.work_s - self.elsewhere_s)


def review(
    rows: Sequence[Ran],
    workers: int,
    stored_nbytes: int = 0,
    there_were: int = 0,
    others: Sequence[tuple[float, float]] = (),
) -> Review:
    """Return what held these tasks back.

    Parameters
    ----------
    rows
        at least one, in the order of their numbers.
    workers
        how many tasks can run at a time.
    stored_nbytes
        of arguments that were stored for them.
    there_were
        so many tasks in all, if that is more.
    others
        from when to when tasks of other cells ran: their workers were not idle.
    """
    began, end = min(ran.born for ran in rows), max(ran.ended for ran in rows)
    meanwhile = _within(others, began, end)
    first_ran = min([ran.ended - ran.run_s for ran in rows] + [since for since, _ in meanwhile])
    notebook_s, notebook_idle_s, tail_idle_s = _free(rows, workers, meanwhile)
    return Review(
        tasks=len(rows),
        there_were=max(there_were, len(rows)),
        workers=workers,
        took_s=end - began,
        work_s=sum(ran.run_s for ran in rows),
        path=_longest(rows),
        starting_s=max(0.0, first_ran - began),
        elsewhere_s=sum(to - since for since, to in meanwhile),
        notebook_s=notebook_s,
        notebook_idle_s=notebook_idle_s,
        tail_idle_s=tail_idle_s,
        short=Counter(ran.function for ran in rows if ran.run_s < SHORT_S),
        result_nbytes=sum(ran.nbytes for ran in rows),
        stored_nbytes=stored_nbytes,
    )


def _within(spans: Sequence[tuple[float, float]], began: float, end: float) -> list[tuple[float, float]]:
    """Return what of the spans lies between."""
    return [(max(since, began), min(to, end)) for since, to in spans if since < end and to > began]


def _longest(rows: Sequence[Ran]) -> list[Ran]:
    """Return the chain of tasks, each reading the one before, that ran longest."""
    ends: dict[int, float] = {}
    before: dict[int, int] = {}
    by_number = {ran.number: ran for ran in rows}
    for ran in rows:
        known = [maker for maker in ran.makers if maker in ends]
        maker = max(known, key=ends.__getitem__, default=0)
        before[ran.number] = maker
        ends[ran.number] = ran.run_s + ends.get(maker, 0.0)
    number, path = max(ends, key=ends.__getitem__), []
    while number:
        path.append(by_number[number])
        number = before[number]
    return path[::-1]


def _free(
    rows: Sequence[Ran], workers: int, others: Sequence[tuple[float, float]]
) -> tuple[float, float, float]:
    """Go through time: seconds and worker-seconds without enough tasks before the last call, and those after it."""
    last_call = max(ran.born for ran in rows)
    spans = [*((ran.born, ran.ended) for ran in rows), *others]
    changes = sorted([(since, 1) for since, _ in spans] + [(to, -1) for _, to in spans])
    notebook_s = notebook_idle_s = tail_idle_s = 0.0
    there, at = 0, changes[0][0]
    for when, change in changes:
        free = max(0, workers - there)
        if free and when <= last_call:
            notebook_s += when - at
            notebook_idle_s += free * (when - at)
        elif free:
            tail_idle_s += free * (when - at)
        there += change
        at = when
    return notebook_s, notebook_idle_s, tail_idle_s


def sentences(found: Review) -> list[str]:
    """Return a head line and five lines: what held it back, and what to do where that matters."""
    took, workers = found.took_s, found.workers
    gain = f", {found.work_s / took:.1f}x" if took else ""
    on = f"{workers} worker{'s' if workers != 1 else ''}"
    of = f" of {found.there_were}" if found.there_were > found.tasks else ""
    what = f"{found.tasks}{of} task{'' if found.tasks == 1 else 's'}"
    head = f"{what} in {duration(took)}: {duration(found.work_s)} of work on {on}{gain}"
    return [
        head,
        _path_line(found),
        _idle_line(found),
        _short_line(found),
        _data_line(found),
        _notebook_line(found),
    ]


def _path_line(found: Review) -> str:
    if found.there_were > found.tasks:
        return "critical path: not known, since when the others ran is forgotten. Sum up sooner, or smaller cells"
    path, share = found.path, found.path_s / found.took_s if found.took_s else 0.0
    names = [f"{ran.function} #{ran.number}" for ran in path]
    if len(names) > NAMED:
        names = [*names[: NAMED // 2], "...", *names[-NAMED // 2 :]]
    count = f"{len(path)} task{'s' if len(path) > 1 else ''}"
    line = f"critical path: {duration(found.path_s)} in {count} ({' > '.join(names)})"
    if share < 0.5 or found.path_s * found.workers < 1.2 * found.work_s:
        return f"{line}, {share:.0%} of the time: it did not hold anything back"
    longest = max(path, key=lambda ran: ran.run_s)
    return (
        f"{line}, {share:.0%} of the time: more workers would not help. "
        f"Split its longest task, {longest.function} ({duration(longest.run_s)}), or call what it waits for earlier"
    )


def _idle_line(found: Review) -> str:
    total = found.workers * found.took_s
    share = found.idle_s / total if total else 0.0
    elsewhere = found.elsewhere_s / total if total else 0.0
    line = f"idle workers: {share:.0%} of their time"
    if elsewhere >= MATTERS:
        line = f"{line}, {elsewhere:.0%} went to tasks of other cells"
    if share < MATTERS:
        return f"{line}: they had enough to do"
    starting = found.workers * found.starting_s
    waiting = max(0.0, found.idle_s - starting - found.notebook_idle_s - found.tail_idle_s)
    causes = {
        "the workers were still starting (treadle.start() in a cell before)": starting,
        "the notebook had not called the next task yet (see below)": found.notebook_idle_s,
        "fewer tasks than workers were left at the end (call the longest tasks first, or make them smaller)": found.tail_idle_s,
        "tasks waited for each other's results or were handed over (fewer, longer tasks; shorter chains)": waiting,
    }
    return f"{line}, mostly because {max(causes, key=causes.__getitem__)}"


def _short_line(found: Review) -> str:
    count = sum(found.short.values())
    line = f"short tasks: {count} of {found.tasks} below 100 µs"
    if count < MATTERS * found.tasks:
        return f"{line}: nothing to gain there"
    name = found.short.most_common(1)[0][0]
    return f"{line}, mostly {name}: several items in one task, treadle.map({name}, items, chunk=100)"


def _data_line(found: Review) -> str:
    line = (
        f"data: {_nbytes(found.result_nbytes)} of results, {_nbytes(found.stored_nbytes)} of arguments stored"
    )
    if found.stored_nbytes > LARGE_NBYTES and found.stored_nbytes >= found.result_nbytes:
        return f"{line}: give tasks what other tasks made, or let them read their files themselves"
    if found.result_nbytes > LARGE_NBYTES:
        return f"{line}: return less, or change large arrays in place (INOUT)"
    return f"{line}: not much"


def _notebook_line(found: Review) -> str:
    line = f"waiting in the notebook: {duration(found.notebook_s)} in which workers were free and nothing was called"
    if found.notebook_idle_s < MATTERS * found.workers * found.took_s:
        return f"{line}: fine"
    return (
        f"{line}. Call all tasks first, then wait_on once; what the cell computes itself can be a task, too"
    )


def _nbytes(count: int) -> str:
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} bytes"
