"""How a worker's end is told."""

from __future__ import annotations

import pytest

from treadle_runtime.engines.protocol import Ended
from treadle_runtime.host.death import describe
from treadle_runtime.worker.failure import unpack_failure
from treadle_runtime.worker.status import Status


def status(number: int = 17) -> Status:
    return Status(1, number, 2, 0, 0, 0, 0, (0, 0), 2048)


@pytest.mark.parametrize(
    ("ended", "parts"),
    [
        (Ended(3, 9, None), ["Worker 3", "signal 9", "SIGKILL", "memory ran out"]),
        (Ended(3, 11, None, 4096), ["SIGSEGV", "compiled code", "4 MiB"]),
        (Ended(3, 63, None), ["signal 63"]),
        (Ended(3, None, 5), ["by itself", "exit code 5", "2 MiB"]),
    ],
)
def test_signal_exit_code_memory_and_task_are_named(ended: Ended, parts: list[str]) -> None:
    reason = describe(ended, status(), "").reason
    assert all(part in reason for part in [*parts, "task #17"]), reason


def test_last_words_are_those_before_the_crash_report() -> None:
    words = "all is well\nabout to crash\n\nFatal Python error: Segmentation fault\n\nStack:\n  File x\n"
    death = describe(Ended(3, 11, None), status(), words)
    assert "its last words: about to crash." in death.reason
    assert death.words == words


def test_the_failure_carries_all_of_it() -> None:
    failure = unpack_failure(describe(Ended(3, 9, None, 5000), status(), "words").failure())
    assert failure.lost is not None
    assert (failure.number, failure.worker, failure.attempt, failure.output) == (17, 3, 2, "words")
    assert (failure.lost.signal, failure.lost.exitcode, failure.lost.peak_kib) == (9, None, 5000)


def test_a_worker_without_a_task_or_a_page() -> None:
    assert "task" not in describe(Ended(3, None, 1), None, "").reason
    assert describe(Ended(3, None, 1), status(0), "").number == 0
