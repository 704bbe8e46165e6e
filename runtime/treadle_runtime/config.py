"""Options of `start`, from the call and from `TREADLE_*`; how many workers with how many threads they make.

Law: pure decisions on numbers that `machine` reads. Starts nothing, prints nothing: what a person should know comes
back as `Plan.notices`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from .errors import UsageError
from .machine import Machine, free_memory, login_node, spare_processes, usable_cpus, usable_memory

ENGINES = ("local", "inline")
LEAST_WORKERS = 2
LOGIN_NODE_WORKERS = 4
WORKER_NBYTES = 64 << 20  # what a worker with numpy takes before it has done anything
WORKER_THREADS = 4  # main, control and the two of its sockets: what process limits count
WORKER_DESCRIPTORS = 4  # in the runtime process: pidfd, logs, status page
OWN_DESCRIPTORS = 64
KEEP_ALIVE_S = 600.0  # after the last client has gone and nothing runs
KEEP_ALIVE_AT_MOST_S = 3600.0  # in all, without a client

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",  # also what torch and scikit-learn follow
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMEXPR_MAX_THREADS",
    "NUMBA_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "RAYON_NUM_THREADS",
    "LOKY_MAX_CPU_COUNT",
)

_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_SWITCHES = {"true": True, "1": True, "on": True, "false": False, "0": False, "off": False}
_PREFIXES = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}


@dataclass(frozen=True, slots=True)
class Options:
    """What `start` was asked for; None means: decide for me.

    Parameters
    ----------
    workers, threads : int or None
        Worker processes; threads of each.
    memory : int or None
        Bytes the store may take; a negative number -p means p percent of the usable memory.
    keep_alive : float or None
        Seconds the runtime lives on without a client and without work.
    seed : int or None
        Seeds random numbers in every task.
    engine : str
        "local" or "inline".
    name : str
        Of the runtime, for others to join it; "" for one of its own making.
    detach : bool
        The runtime ends what it has to do when the script has ended.
    """

    workers: int | None = None
    threads: int | None = None
    memory: int | None = None
    keep_alive: float | None = None
    seed: int | None = None
    engine: str = "local"
    name: str = ""
    detach: bool = False

    @classmethod
    def from_environment(
        cls,
        environ: Mapping[str, str] | None = None,
        configured: Mapping[str, Any] | None = None,
        **given: Any,
    ) -> Options:
        """Options of a call (`given`; None counts as not given), else as configured, else `TREADLE_*`, else the defaults.

        Parameters
        ----------
        environ : mapping, optional
            Environment, `os.environ` by default.
        configured : mapping, optional
            What a configuration file or `%config Treadle` says; numbers may come as text.
        **given
            workers, threads, memory ("4GB", "50%", bytes), keep_alive ("30m", seconds), seed, engine,
            name, detach.

        Raises
        ------
        UsageError
            A value that makes no sense; the message names the option, `c.Treadle.` option or variable.

        Examples
        --------
        >>> Options.from_environment({"TREADLE_WORKERS": "3"}, keep_alive="30m")
        Options(workers=3, threads=None, memory=None, keep_alive=1800.0, seed=None, engine='local', name='', detach=False)
        """
        source = os.environ if environ is None else environ
        names = [option.name for option in fields(cls)]
        unknown = sorted(set(given) - set(names))
        if unknown:
            raise UsageError(f"start has no option {unknown[0]!r}: it takes {', '.join(names)}")
        values: dict[str, Any] = {}
        for name in names:
            variable = f"TREADLE_{name.upper()}"
            if given.get(name) is not None:
                values[name] = _PARSERS[name](given[name], f"{name}=")
            elif configured is not None and configured.get(name) is not None:
                value = configured[name]
                value = _plain(value) if isinstance(value, str) else value
                values[name] = _PARSERS[name](value, f"c.Treadle.{name}=")
            elif source.get(variable, "").strip():
                values[name] = _PARSERS[name](_plain(source[variable].strip()), f"{variable}=")
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be started: `workers` processes, `threads` each, a store of `memory` bytes; lines for the person."""

    workers: int
    threads: int
    memory: int
    notices: tuple[str, ...] = ()


def plan(
    workers: int | None = None,
    threads: int | None = None,
    memory: int | str | None = None,
    machine: Machine | None = None,
    running: int = 0,
) -> Plan:
    """Decide how many workers to start, with how many threads each, and how large the store may grow.

    Parameters
    ----------
    workers : int, optional
        Worker processes; by default the CPUs this process may use, capped by memory, at least 2, and at most 4 on a
        login node.
    threads : int, optional
        Threads of each worker; by default workers x threads = CPUs.
    memory : int or str, optional
        Limit of the store: bytes, "4GB" or "50%" of the usable memory; by default half of what is free.
    machine : Machine, optional
        Where limits are read; this machine by default.
    running : int
        Workers there are already: limits of processes count them.

    Raises
    ------
    UsageError
        Numbers that make no sense, or more workers than memory, processes or open files allow: it names the limit.

    Examples
    --------
    >>> plan(machine=Machine(cpus=8)).workers
    8
    """
    here = machine or Machine.here()
    cpus = usable_cpus(here)
    notices: list[str] = []
    most, limit = _most_workers(here, running)
    if workers is None:
        chosen = max(LEAST_WORKERS, min(cpus, most))
        batch = login_node(here)
        if batch and chosen > LOGIN_NODE_WORKERS:
            chosen = LOGIN_NODE_WORKERS
            notices.append(
                f"{chosen} workers only: this looks like a login node ({batch} is installed, no job is active). "
                "Run inside a job for more, or say start(workers=N)."
            )
    else:
        chosen = _count(workers, "workers=")
        if chosen > most:
            raise UsageError(f"workers={chosen} is more than {limit} allows: use at most {most}")
        if chosen > max(cpus, LEAST_WORKERS):
            notices.append(
                f"{chosen} workers share {cpus} CPU{'s' if cpus > 1 else ''}: good for tasks that wait, not for tasks that compute."
            )
    each = max(1, cpus // chosen) if threads is None else _count(threads, "threads=")
    if memory is not None and not (isinstance(memory, int) and -100 <= memory < 0):  # else as `Options` has it
        memory = _memory(memory, "memory=")
    return Plan(chosen, each, _store_nbytes(memory, here), tuple(notices))


def thread_variables(threads: int, environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that hold a worker's libraries to `threads` threads, without those the person has set.

    Examples
    --------
    >>> thread_variables(2, {"OMP_NUM_THREADS": "1"})["MKL_NUM_THREADS"]
    '2'
    """
    return {name: str(threads) for name in THREAD_VARIABLES if name not in environ}


def seconds(value: float | str, name: str = "keep_alive=") -> float:
    """Seconds from a number or "90s", "30m", "2h", "1h30m", "1d"; raises UsageError for anything else.

    Examples
    --------
    >>> seconds("1h30m")
    5400.0
    """
    if isinstance(value, str):
        text = value.strip().lower()
        parts = re.findall(r"(\d+(?:\.\d+)?)\s*([smhd])", text)
        if parts and re.fullmatch(r"(\d+(?:\.\d+)?\s*[smhd]\s*)+", text):
            return float(sum(float(number) * _UNITS_S[unit] for number, unit in parts))
        value = _plain(text)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < float("inf"):
        raise UsageError(f'{name}{value!r} is no time: give seconds, or a text such as "30m" or "2h"')
    return float(value)


def _memory(value: int | str, name: str) -> int:
    """Bytes; a share of the usable memory comes back as a negative number of percent."""
    if isinstance(value, str):
        found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(i?)B?", value.strip(), re.IGNORECASE)
        share = re.fullmatch(r"(\d+)\s*%", value.strip())
        if share and 1 <= int(share[1]) <= 100:
            return -int(share[1])
        if found:
            value = int(float(found[1]) * (1024 if found[3] else 1000) ** _PREFIXES[found[2].upper()])
    if isinstance(value, bool) or not isinstance(value, int) or value < 1 << 20:
        raise UsageError(
            f'{name}{value!r} is no size for the store: give at least 1 MiB in bytes, or a text such as "4GB" or "50%"'
        )
    return value


def _store_nbytes(asked: int | None, machine: Machine) -> int:
    if asked is None:
        return max(1 << 20, free_memory(machine) // 2)
    return asked if asked > 0 else max(1 << 20, usable_memory(machine) * -asked // 100)


def _most_workers(machine: Machine, running: int) -> tuple[int, str]:
    """The largest number of workers that limits allow, and the name of the limit that is met first."""
    memory = usable_memory(machine)
    limits = [
        (memory // WORKER_NBYTES, f"the memory of {memory / 1e9:.1f} GB ({WORKER_NBYTES >> 20} MiB each)")
    ]
    spare = spare_processes(machine)
    if spare is not None:
        limits.append((running + spare[0] // WORKER_THREADS, f"the limit of processes, {spare[1]},"))
    if machine.descriptors is not None:
        room = (machine.descriptors - OWN_DESCRIPTORS) // WORKER_DESCRIPTORS
        limits.append((room, "the limit of open files, RLIMIT_NOFILE (ulimit -Hn),"))
    most, name = min(limits)
    return max(1, most), name


def _count(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise UsageError(
            f"{name}{value!r} is not possible: give a whole number of at least 1, or leave it out"
        )
    return value


def _seed(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise UsageError(f"{name}{value!r} is no seed: give a whole number of at least 0")
    return value


def _engine(value: Any, name: str) -> str:
    if value not in ENGINES:
        raise UsageError(
            f"{name}{value!r} is no engine: use {' or '.join(repr(engine) for engine in ENGINES)}"
        )
    return str(value)


def _name(value: Any, name: str) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9][\w.-]{0,63}", value):
        raise UsageError(f"{name}{value!r} is no name for a runtime: use letters, digits, '-', '_' and '.'")
    return value


def switch(value: Any, name: str) -> bool:
    """True or False from either, or from text that says so; raises UsageError for anything else."""
    found = _SWITCHES.get(str(value).lower())
    if found is None:
        raise UsageError(f"{name}{value!r} is neither True nor False")
    return found


def _plain(text: str) -> int | float | str:
    """A number written as text as that number; other text as it is."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


_PARSERS: dict[str, Any] = {
    "workers": _count,
    "threads": _count,
    "memory": _memory,
    "keep_alive": seconds,
    "seed": _seed,
    "engine": _engine,
    "name": _name,
    "detach": switch,
}
