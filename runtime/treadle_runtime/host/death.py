"""Why a worker died, in words for people and as a packed failure.

Law: knows how processes end and what a status page says last; sends nothing, decides nothing.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..core.model import Number
from ..engines.protocol import Ended
from ..worker.failure import pack_exception, pack_lost
from ..worker.limit import too_late

if TYPE_CHECKING:
    from ..worker.status import Status

WORDS: Final = 2000
"""Characters of last output that a failure carries."""
_HINTS: Final = {
    signal.SIGKILL: "killed from outside, perhaps because memory ran out",
    signal.SIGSEGV: "a crash in compiled code",
    signal.SIGBUS: "a crash in compiled code, or a mapped file that was cut short",
    signal.SIGABRT: "compiled code gave up",
    signal.SIGFPE: "a crash in compiled code",
    signal.SIGILL: "compiled code for another kind of processor",
}


@dataclass(frozen=True, slots=True)
class Death:
    """The end of one worker; `number` is the task that ran, 0 if none did."""

    ended: Ended
    number: Number
    attempt: int
    peak_kib: int
    words: str
    reason: str
    limit_s: float = 0.0  # it was ended since the task ran longer than this

    def failure(self, function: str = "a task") -> bytes:
        """Return the packed description that the task's future raises as WorkerLost, or TaskTimeout."""
        if self.limit_s:
            late = too_late(f"{function} #{self.number}", self.limit_s)
            return pack_exception(self.number, late, "", self.ended.worker, self.attempt)

        return pack_lost(
            self.number,
            self.ended.worker,
            self.ended.signal,
            self.ended.exitcode,
            self.peak_kib,
            self.words,
            self.attempt,
            self.reason,
        )


def describe(ended: Ended, status: Status | None, words: str, killed: float | None = None) -> Death:
    """Put together what is known of a worker's end; `killed`: the scheduler wanted it (see `instructions.Kill`)."""
    number = attempt = 0
    peak = ended.peak_kib
    if status is not None:
        number, attempt, peak = status.number, status.attempt, max(peak, status.peak_kib)
    if killed is not None:
        late = (
            f"took longer than {killed:g} s, and did not react" if killed else "did not react to its cancel"
        )
        how = f"was ended by Treadle, since what it ran {late}"
    elif ended.signal is not None:
        try:
            name = signal.Signals(ended.signal).name
        except ValueError:
            name = "unknown"
        hint = _HINTS.get(ended.signal, "")  # type: ignore[call-overload]
        how = f"was ended by signal {ended.signal} ({name}{': ' + hint if hint else ''})"
    else:
        how = f"ended by itself with exit code {ended.exitcode}"
    what = f"Worker {ended.worker} {how}"
    if number:
        what += f" while it ran task #{number}" if killed is None else f" (task #{number})"
    if peak:
        what += f"; its memory had reached {peak / 1024:.0f} MiB"
    last = words.partition("Fatal Python error:")[0].rstrip().rpartition("\n")[2].strip()
    if last:
        what += f"; its last words: {last[:300]}"
    return Death(ended, number, attempt, peak, words[-WORDS:], what + ".", killed or 0.0)
