"""How long will it take: seconds left of many tasks, from what the ones before took, and how to say that calmly.

Law: pure arithmetic and words; knows no task, clock or screen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from ..core.states import TaskState

AFTER_S: Final = 5.0
AFTER_PART: Final = 0.05
"""No estimate is told before so many seconds and such a part of the tasks."""
LEAST_S: Final = 0.05
"""Less than this is as good as nothing: growing by factors must begin somewhere."""


def seconds_left(
    left: Iterable[tuple[int, float | None]],
    workers: int,
    path_s: float = 0.0,
    quiet_s: float = 0.0,
) -> float | None:
    """Return about how long it will take until all have ended, None if nothing is known.

    Parameters
    ----------
    left
        (tasks left, mean seconds of one) for each function; None: none of it has ended yet, it counts like the others.
    workers
        how many tasks run at a time.
    path_s
        seconds of the longest chain of tasks that wait for each other, as far as it is known.
    quiet_s
        seconds since one has ended: those that run take longer than usual, who knows how long, so that much again.

    Examples
    --------
    >>> seconds_left([(10, 2.0), (4, 1.0)], workers=2)
    12.0
    >>> seconds_left([(10, 2.0)], workers=8, path_s=20.0)
    20.0
    >>> seconds_left([(2, 0.001)], workers=2, quiet_s=8.0)
    8.0
    >>> seconds_left([(3, None)], workers=2) is None
    True
    """
    rows = list(left)
    known = [(count, mean_s) for count, mean_s in rows if mean_s is not None]
    if not known:
        return None
    usual_s = sum(count * mean_s for count, mean_s in known) / sum(count for count, _ in known)
    work_s = sum(count * (usual_s if mean_s is None else mean_s) for count, mean_s in rows)
    return max(work_s / max(1, workers), path_s, quiet_s)


class Countdown:
    """An estimate that people can watch: it does not jump by more than a factor of two in a second.

    Examples
    --------
    >>> shown = Countdown()
    >>> shown.next(10.0, at=0.0), shown.next(100.0, at=1.0), shown.next(100.0, at=2.0)
    (10.0, 20.0, 40.0)
    """

    def __init__(self) -> None:
        self._shown: float | None = None
        self._at = 0.0

    def next(self, estimate_s: float, at: float) -> float:
        """Return what to show at this time (seconds of any steady clock) for an estimate."""
        if self._shown is None:
            shown = estimate_s
        else:
            passed = max(0.0, at - self._at)
            factor = 2.0**passed
            least, most = (self._shown - passed) / factor, max(LEAST_S, self._shown) * factor
            shown = min(max(estimate_s, least), most)
        self._shown, self._at = shown, at
        return shown


def may_tell(elapsed_s: float, ended: int, submitted: int) -> bool:
    """Tell whether enough has ended, for long enough, to speak of the rest."""
    return elapsed_s >= AFTER_S and ended >= AFTER_PART * submitted


def duration(seconds: float) -> str:
    """Return seconds as people say them.

    Examples
    --------
    >>> duration(0), duration(0.0123), duration(1.44), duration(75), duration(7300)
    ('0 s', '12 ms', '1.4 s', '1 min 15 s', '2 h 2 min')
    """
    if not seconds:
        return "0 s"
    if seconds < 0.00095:
        return f"{seconds * 1e6:.0f} µs"
    if seconds < 0.0995:
        return f"{seconds * 1e3:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes = round(seconds / 60) if seconds >= 3600 else int(seconds // 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes} min {seconds - 60 * minutes:.0f} s"


_WORDS: Final = {
    TaskState.RUNNING: "running",
    TaskState.WAITING: "waiting",
    TaskState.DONE: "done",
    TaskState.FAILED: "failed",
    TaskState.UPSTREAM: "not run",
    TaskState.CANCELLED: "cancelled",
}


def progress_words(counts: Mapping[str, int], left_s: float | None = None, waiting: str = "waiting") -> str:
    """Return where many tasks stand, in one line; `waiting` is what those are called that do not run.

    Examples
    --------
    >>> progress_words({"running": 2, "done": 210, "failed": 2}, 1.42)
    '2 running · 210 done · 2 failed · 1.4 s left'
    """
    words = {**_WORDS, TaskState.WAITING: waiting}
    parts = [f"{counts[state]} {word}" for state, word in words.items() if counts.get(state)]
    if left_s is not None:
        parts.append(f"{duration(left_s)} left")
    return " · ".join(parts)


def said_words(said: Sequence[tuple[int, float | None, str]]) -> str:
    """Return how far tasks that run say they are, as (number, fraction or None, text) of each.

    Examples
    --------
    >>> said_words([(17, 0.42, "epoch 3")])
    '#17: 42 %, epoch 3'
    >>> said_words([(17, 0.4, ""), (18, 0.6, "")])
    '50 % of what runs'
    """
    if len(said) == 1:
        number, fraction, text = said[0]
        return f"#{number}: {said_word(fraction, text)}"
    known = [min(1.0, max(0.0, fraction)) for _, fraction, _ in said if fraction is not None]
    return f"{sum(known) / len(known):.0%} of what runs".replace("%", " %", 1) if known else ""


def said_word(fraction: float | None, text: str) -> str:
    """Return how far one task says it is.

    Examples
    --------
    >>> said_word(0.42, "epoch 3")
    '42 %, epoch 3'
    """
    part = "" if fraction is None else f"{fraction:.0%}".replace("%", " %")
    return ", ".join(filter(None, (part, text)))


def final_words(counts: Mapping[str, int], took_s: float, work_s: float, workers: int) -> str:
    """Return how it ended: how many, how long, and what the workers were good for.

    Examples
    --------
    >>> final_words({"done": 210}, 12.3, 23.4, 2)
    '210 done in 12.3 s, 1.9x (23.4 s of work on 2 workers)'
    """
    on = f"{workers} worker{'s' if workers != 1 else ''}"
    gain = f", {work_s / took_s:.1f}x" if work_s >= 0.1 * took_s > 0 else ""
    return f"{progress_words(counts)} in {duration(took_s)}{gain} ({duration(work_s)} of work on {on})"
