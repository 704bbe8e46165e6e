"""Options and the plan they make: how many workers, how many threads, which line is said."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from treadle_runtime.config import THREAD_VARIABLES, WORKER_NBYTES, Options, plan, seconds, thread_variables
from treadle_runtime.errors import UsageError
from treadle_runtime.machine import Machine

GB = 10**9


def machine(root: Path, environ: dict[str, str] | None = None, **numbers: Any) -> Machine:
    return Machine(environ or {}, **{"root": root, "memory": 64 * GB, "available": 32 * GB, **numbers})


def with_slurm(root: Path, **environ: str) -> dict[str, str]:
    command = root / "sbatch"
    command.write_text("#!/bin/sh\n")
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    return {"PATH": str(root), **environ}


def test_by_default_one_worker_per_usable_cpu(tmp_path: Path) -> None:
    made = plan(machine=machine(tmp_path, cpus=8))
    assert (made.workers, made.threads, made.notices) == (8, 1, ())


def test_at_least_two_workers_without_a_word(tmp_path: Path) -> None:
    made = plan(machine=machine(tmp_path, cpus=1))
    assert (made.workers, made.threads, made.notices) == (2, 1, ())


def test_memory_caps_the_default(tmp_path: Path) -> None:
    assert plan(machine=machine(tmp_path, cpus=64, memory=5 * WORKER_NBYTES)).workers == 5
    assert plan(machine=machine(tmp_path, cpus=64, memory=WORKER_NBYTES)).workers == 2


def test_a_login_node_gets_four_workers_and_a_line(tmp_path: Path) -> None:
    made = plan(machine=machine(tmp_path, with_slurm(tmp_path), cpus=64))
    assert made.workers == 4
    [line] = made.notices
    assert "login node" in line
    assert "sbatch" in line


def test_inside_a_job_the_job_decides(tmp_path: Path) -> None:
    environ = with_slurm(tmp_path, SLURM_JOB_ID="1", SLURM_CPUS_PER_TASK="16")
    made = plan(machine=machine(tmp_path, environ, cpus=64))
    assert (made.workers, made.notices) == (16, ())


def test_workers_and_threads_share_the_cpus(tmp_path: Path) -> None:
    here = machine(tmp_path, cpus=8)
    assert plan(workers=2, machine=here).threads == 4
    assert plan(workers=3, machine=here).threads == 2
    assert plan(workers=2, threads=7, machine=here).threads == 7


def test_more_workers_than_cpus_is_legitimate_and_said(tmp_path: Path) -> None:
    made = plan(workers=20, machine=machine(tmp_path, cpus=2))
    assert (made.workers, made.threads) == (20, 1)
    assert made.notices[0].startswith("20 workers share 2 CPUs")


@pytest.mark.parametrize(
    ("limit", "named"),
    [
        ({"memory": 10 * WORKER_NBYTES}, "memory of 0.7 GB"),
        ({"processes": 30}, "RLIMIT_NPROC"),
        ({"descriptors": 128}, "RLIMIT_NOFILE"),
    ],
)
def test_more_than_a_limit_allows_names_the_limit(tmp_path: Path, limit: dict[str, Any], named: str) -> None:
    with pytest.raises(UsageError, match="use at most") as caught:
        plan(workers=100, machine=machine(tmp_path, cpus=4, **limit))
    assert named in str(caught.value)


@pytest.mark.parametrize("workers", [0, -1, 2.5, True, "3", 10**9])
def test_numbers_of_workers_that_make_no_sense(tmp_path: Path, workers: Any) -> None:
    with pytest.raises(UsageError, match="workers="):
        plan(workers=workers, machine=machine(tmp_path, cpus=4))


@pytest.mark.parametrize("threads", [0, -2, 1.5, False])
def test_numbers_of_threads_that_make_no_sense(tmp_path: Path, threads: Any) -> None:
    with pytest.raises(UsageError, match="threads="):
        plan(threads=threads, machine=machine(tmp_path))


def test_the_store_takes_half_of_what_is_free_or_what_was_said(tmp_path: Path) -> None:
    here = machine(tmp_path)
    assert plan(machine=here).memory == 16 * GB
    assert plan(memory="50%", machine=here).memory == 32 * GB
    assert plan(memory="4GB", machine=here).memory == 4 * GB
    assert plan(memory="1.5GiB", machine=here).memory == 3 << 29
    assert plan(memory=2_000_000, machine=here).memory == 2_000_000


@pytest.mark.parametrize("memory", [0, -1000, 1.5, "much", "", "0%", "101%", "4 apples", "10 KB"])
def test_sizes_that_make_no_sense(tmp_path: Path, memory: Any) -> None:
    with pytest.raises(UsageError, match="memory="):
        plan(memory=memory, machine=machine(tmp_path))


def test_a_negative_size_is_none() -> None:
    with pytest.raises(UsageError, match="memory=-1 is no size"):
        Options.from_environment({}, memory=-1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [(90, 90.0), ("90", 90.0), ("30m", 1800.0), ("2h", 7200.0), ("1h30m", 5400.0), ("0", 0.0)],
)
def test_times(text: Any, expected: float) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["soon", "-1", -1, "30x", "", float("nan"), float("inf"), True, [1]])
def test_times_that_make_no_sense(text: Any) -> None:
    with pytest.raises(UsageError, match="keep_alive="):
        seconds(text)


def test_every_option_also_from_the_environment() -> None:
    environ = {
        "TREADLE_WORKERS": "3",
        "TREADLE_THREADS": "2",
        "TREADLE_MEMORY": "2GB",
        "TREADLE_KEEP_ALIVE": "30m",
        "TREADLE_SEED": "42",
        "TREADLE_ENGINE": "inline",
    }
    assert Options.from_environment(environ) == Options(3, 2, 2 * GB, 1800.0, 42, "inline")


def test_the_call_wins_over_the_configuration_and_that_over_the_environment() -> None:
    environ = {
        "TREADLE_WORKERS": "3",
        "TREADLE_THREADS": "3",
        "TREADLE_SEED": "3",
        "TREADLE_KEEP_ALIVE": "soon",
    }
    configured = {"workers": "4", "threads": 4, "keep_alive": "4m", "memory": None}
    found = Options.from_environment(environ, configured, workers=5)
    assert (found.workers, found.threads, found.seed, found.keep_alive, found.memory) == (
        5,
        4,
        3,
        240.0,
        None,
    )
    with pytest.raises(UsageError, match=r"c\.Treadle\.workers='two' is not possible"):
        Options.from_environment({}, {"workers": "two"})


def test_what_the_call_says_wins_and_none_says_nothing() -> None:
    environ = {"TREADLE_WORKERS": "3", "TREADLE_SEED": "  "}
    assert Options.from_environment(environ, workers=5).workers == 5
    assert Options.from_environment(environ, workers=None) == Options(workers=3)


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("TREADLE_WORKERS", "0"),
        ("TREADLE_WORKERS", "two"),
        ("TREADLE_THREADS", "1.5"),
        ("TREADLE_MEMORY", "lots"),
        ("TREADLE_KEEP_ALIVE", "later"),
        ("TREADLE_SEED", "-1"),
        ("TREADLE_ENGINE", "steam"),
    ],
)
def test_a_wrong_variable_is_named(variable: str, text: str) -> None:
    with pytest.raises(UsageError, match=f"{variable}="):
        Options.from_environment({variable: text})


def test_an_unknown_option_is_named_with_those_there_are() -> None:
    with pytest.raises(UsageError, match="no option 'wrokers': it takes workers, threads"):
        Options.from_environment({}, wrokers=3)


def test_options_feed_the_plan(tmp_path: Path) -> None:
    asked = Options.from_environment({"TREADLE_MEMORY": "25%"})
    assert plan(asked.workers, asked.threads, asked.memory, machine(tmp_path, cpus=3)).memory == 16 * GB


def test_thread_variables_leave_alone_what_the_person_set() -> None:
    made = thread_variables(3, {"OMP_NUM_THREADS": "1"})
    assert "OMP_NUM_THREADS" not in made
    assert set(made) == set(THREAD_VARIABLES) - {"OMP_NUM_THREADS"}
    assert set(made.values()) == {"3"}
