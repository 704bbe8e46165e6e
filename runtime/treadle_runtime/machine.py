"""What this process may really use: CPUs, memory, processes, open files.

Law: reads limits (affinity, cgroups, batch systems, rlimits) and says what they allow; decides nothing. All that is
read comes through a `Machine`, so that tests bring their own file tree and environment.
"""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

BATCH_COMMANDS = ("sbatch", "qsub", "bsub")
BATCH_JOBS = ("SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "JOB_ID")
# Per batch system the first that is set counts: it is the more exact one.
BATCH_CPUS = (
    ("CPU_LIMIT",),
    ("SLURM_CPUS_PER_TASK", "SLURM_CPUS_ON_NODE"),
    ("PBS_NCPUS", "NCPUS"),
    ("LSB_DJOB_NUMPROC",),
)


@dataclass(frozen=True, slots=True)
class Machine:
    """Where limits are read from.

    Parameters
    ----------
    environ : mapping of str to str
        Environment variables.
    root : Path
        Root of the file tree with `proc` and `sys`.
    cpus : int
        CPUs of the affinity mask.
    memory, available : int
        Physical memory, and how much of it is free or can be freed, in bytes.
    processes, descriptors : int or None
        How many more processes and threads, and how many open files, the system allows; None means no limit.
    """

    environ: Mapping[str, str] = field(default_factory=dict)
    root: Path = Path("/")
    cpus: int = 1
    memory: int = 1 << 62
    available: int = 1 << 62
    processes: int | None = None
    descriptors: int | None = None

    @classmethod
    def here(cls) -> Machine:
        """The machine and process we are in. Any thread, about 1 ms, does not block."""
        import psutil

        affinity = getattr(os, "sched_getaffinity", None)  # not on macOS and Windows
        memory = psutil.virtual_memory()
        processes, descriptors = _rlimits()
        return cls(
            os.environ,
            cpus=len(affinity(0)) if affinity else os.cpu_count() or 1,
            memory=memory.total,
            available=memory.available,
            processes=processes,
            descriptors=descriptors,
        )


def usable_cpus(machine: Machine | None = None) -> int:
    """How many CPUs this process may really use, at least 1.

    The least of the affinity mask, the cgroup quota (v1 and v2), `CPU_LIMIT` and what Slurm, PBS or LSF gave.
    A fraction counts as a whole CPU. Any thread, does not block.

    Examples
    --------
    >>> usable_cpus(Machine({"SLURM_CPUS_PER_TASK": "3"}, cpus=64))
    3
    """
    here = machine or Machine.here()
    limits = [float(here.cpus), *_cgroup_cpus(here)]
    for names in BATCH_CPUS:
        given = (_positive(here.environ.get(name)) for name in names)
        limits += [value for value in given if value is not None][:1]
    return max(1, math.ceil(min(limits)))


def usable_memory(machine: Machine | None = None) -> int:
    """How many bytes of memory this process and its children may use in all: cgroup, `MEM_LIMIT`, or the machine's.

    Examples
    --------
    >>> usable_memory(Machine({"MEM_LIMIT": "2147483648"}))
    2147483648
    """
    here = machine or Machine.here()
    limits = [here.memory, *(limit for limit, _used in _cgroup_memory(here))]
    hub = _positive(here.environ.get("MEM_LIMIT"))  # JupyterHub's, in bytes
    return int(min([*limits, hub] if hub else limits))


def free_memory(machine: Machine | None = None) -> int:
    """How many bytes may still be used now, file cache counted as free; never negative."""
    here = machine or Machine.here()
    rooms = [limit - used for limit, used in _cgroup_memory(here)]
    return max(0, min([here.available, usable_memory(here), *rooms]))


def spare_processes(machine: Machine | None = None) -> tuple[int, str] | None:
    """How many more processes and threads may be made, and the name of the limit; None if there is none."""
    here = machine or Machine.here()
    limits = [] if here.processes is None else [(here.processes, "RLIMIT_NPROC (ulimit -u)")]
    for folder in _cgroup_folders(here, "pids"):
        most, now = _number(folder / "pids.max"), _number(folder / "pids.current")
        if most is not None:
            limits.append((max(0, most - (now or 0)), "the cgroup's pids.max"))
    return min(limits, default=None)


def batch_job(machine: Machine | None = None) -> bool:
    """Is this process part of a batch job (Slurm, PBS, LSF, Grid Engine)?"""
    environ = (machine or Machine.here()).environ
    return any(environ.get(name) for name in BATCH_JOBS)


def login_node(machine: Machine | None = None) -> str | None:
    """The batch command found, if a batch system is installed here but no job is active; else None."""
    here = machine or Machine.here()
    if batch_job(here):
        return None
    path = here.environ.get("PATH", "")
    return next((command for command in BATCH_COMMANDS if shutil.which(command, path=path)), None)


def _rlimits() -> tuple[int | None, int | None]:
    """What is left of RLIMIT_NPROC (root has none), and RLIMIT_NOFILE's hard limit."""
    try:
        import resource
    except ImportError:  # Windows has no rlimits
        return None, None
    processes = resource.getrlimit(resource.RLIMIT_NPROC)[0]
    descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    endless = resource.RLIM_INFINITY
    return (
        None if processes == endless or os.getuid() == 0 else max(0, processes - _my_threads()),
        None if descriptors == endless else descriptors,
    )


def _my_threads() -> int:
    """Threads of this user's processes: RLIMIT_NPROC counts them."""
    import psutil

    count = 0
    for process in psutil.process_iter():
        try:
            if process.uids().real == os.getuid():
                count += process.num_threads()
        except psutil.Error:  # it has ended meanwhile, or is not ours to look at
            continue
    return count


def _cgroup_folders(machine: Machine, controller: str) -> Iterator[Path]:
    """The process' cgroup folders of a controller, v1 and v2, from its own up to the root; they may not exist."""
    base = machine.root / "sys/fs/cgroup"
    for line in (_text(machine.root / "proc/self/cgroup") or "").splitlines():
        _hierarchy, names, path = (line + "::").split(":", 2)
        if names and controller not in names.split(","):
            continue
        mounts = [base / names, base / controller] if names else [base, base / "unified"]
        parts = [part for part in path.rstrip(":").split("/") if part not in ("", "..")]
        for mount in dict.fromkeys(mounts):
            for depth in range(len(parts), -1, -1):
                yield mount.joinpath(*parts[:depth])


def _cgroup_cpus(machine: Machine) -> Iterator[float]:
    for folder in _cgroup_folders(machine, "cpu"):
        quota, _, period = (_text(folder / "cpu.max") or "").partition(" ")
        quota = quota or _text(folder / "cpu.cfs_quota_us") or ""
        period = period or _text(folder / "cpu.cfs_period_us") or ""
        if quota.isdigit() and period.isdigit() and int(quota) and int(period):
            yield int(quota) / int(period)


def _cgroup_memory(machine: Machine) -> Iterator[tuple[int, int]]:
    """(limit, used without what is only file cache) of each cgroup that has a limit."""
    for folder in _cgroup_folders(machine, "memory"):
        for limit_name, used_name, cache_name in (
            ("memory.max", "memory.current", "inactive_file"),
            ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
        ):
            limit = _number(folder / limit_name)
            if limit is not None:
                stat = dict(line.split(" ", 1) for line in (_text(folder / "memory.stat") or "").splitlines())
                cache = int(stat.get(cache_name, 0))
                yield limit, max(0, (_number(folder / used_name) or 0) - cache)


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):  # not there, or not ours to read: no limit known
        return None


def _number(path: Path) -> int | None:
    text = _text(path) or ""
    return int(text) if text.isdigit() else None


def _positive(text: str | None) -> float | None:
    """A variable's value as a positive number; anything else (unset, empty, words) is no limit."""
    try:
        value = float(text or 0)
    except ValueError:
        return None
    return value if 0 < value < math.inf else None
