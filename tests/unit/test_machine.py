"""Limits of machine and process, read from made-up file trees and environments."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from treadle_runtime.machine import (
    Machine,
    batch_job,
    free_memory,
    login_node,
    spare_processes,
    usable_cpus,
    usable_memory,
)


def tree(root: Path, **texts: str) -> Path:
    """Write files under root; `__` in a name stands for `/`."""
    for name, text in texts.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def cgroup_file(root: Path, path: str, text: str) -> None:
    target = root / "sys/fs/cgroup" / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)


def test_without_limits_the_affinity_counts(tmp_path: Path) -> None:
    assert usable_cpus(Machine(root=tmp_path, cpus=12)) == 12


@pytest.mark.parametrize(
    ("environ", "cpus"),
    [
        ({"CPU_LIMIT": "3"}, 3),
        ({"CPU_LIMIT": "1.5"}, 2),
        ({"CPU_LIMIT": "0.2"}, 1),
        ({"CPU_LIMIT": ""}, 16),
        ({"CPU_LIMIT": "many"}, 16),
        ({"CPU_LIMIT": "0"}, 16),
        ({"CPU_LIMIT": "64"}, 16),
        ({"SLURM_CPUS_PER_TASK": "4", "SLURM_CPUS_ON_NODE": "8"}, 4),
        ({"SLURM_CPUS_ON_NODE": "8"}, 8),
        ({"PBS_NCPUS": "5"}, 5),
        ({"NCPUS": "6"}, 6),
        ({"LSB_DJOB_NUMPROC": "7"}, 7),
        ({"SLURM_CPUS_ON_NODE": "8", "CPU_LIMIT": "2"}, 2),
    ],
)
def test_variables_of_hubs_and_batch_systems_cap_the_cpus(tmp_path: Path, environ: dict[str, str], cpus: int) -> None:
    assert usable_cpus(Machine(environ, root=tmp_path, cpus=16)) == cpus


def test_quota_of_cgroup_v2_own_or_any_parent(tmp_path: Path) -> None:
    tree(tmp_path, proc__self__cgroup="0::/user/job\n")
    cgroup_file(tmp_path, "user/job/cpu.max", "max 100000\n")
    assert usable_cpus(Machine(root=tmp_path, cpus=16)) == 16
    cgroup_file(tmp_path, "user/cpu.max", "350000 100000\n")
    assert usable_cpus(Machine(root=tmp_path, cpus=16)) == 4


def test_quota_of_cgroup_v1_also_where_a_container_sees_only_the_root(tmp_path: Path) -> None:
    tree(tmp_path, proc__self__cgroup="3:cpu,cpuacct:/docker/1f\n2:memory:/docker/1f\n")
    cgroup_file(tmp_path, "cpu,cpuacct/cpu.cfs_quota_us", "200000")
    cgroup_file(tmp_path, "cpu,cpuacct/cpu.cfs_period_us", "100000")
    assert usable_cpus(Machine(root=tmp_path, cpus=16)) == 2
    cgroup_file(tmp_path, "cpu,cpuacct/cpu.cfs_quota_us", "-1")
    assert usable_cpus(Machine(root=tmp_path, cpus=16)) == 16


def test_memory_is_the_least_of_machine_cgroups_and_hub(tmp_path: Path) -> None:
    tree(tmp_path, proc__self__cgroup="0::/a/b\n")
    cgroup_file(tmp_path, "a/b/memory.max", "max\n")
    assert usable_memory(Machine(root=tmp_path, memory=10**10)) == 10**10
    cgroup_file(tmp_path, "a/memory.max", "4000000000\n")
    assert usable_memory(Machine(root=tmp_path, memory=10**10)) == 4 * 10**9
    assert usable_memory(Machine({"MEM_LIMIT": "1000000000"}, root=tmp_path, memory=10**10)) == 10**9


def test_free_memory_counts_file_cache_of_the_cgroup_as_free(tmp_path: Path) -> None:
    tree(tmp_path, proc__self__cgroup="4:memory:/job\n")
    cgroup_file(tmp_path, "memory/job/memory.limit_in_bytes", "1000")
    cgroup_file(tmp_path, "memory/job/memory.usage_in_bytes", "900")
    cgroup_file(tmp_path, "memory/job/memory.stat", "cache 500\ntotal_inactive_file 400\n")
    assert free_memory(Machine(root=tmp_path, memory=10**10, available=10**9)) == 500
    assert free_memory(Machine(root=tmp_path, memory=10**10, available=300)) == 300


def test_process_limits_name_themselves(tmp_path: Path) -> None:
    assert spare_processes(Machine(root=tmp_path)) is None
    assert spare_processes(Machine(root=tmp_path, processes=50)) == (50, "RLIMIT_NPROC (ulimit -u)")
    tree(tmp_path, proc__self__cgroup="0::/\n")
    cgroup_file(tmp_path, "pids.max", "100")
    cgroup_file(tmp_path, "pids.current", "70")
    assert spare_processes(Machine(root=tmp_path, processes=50)) == (30, "the cgroup's pids.max")


def test_a_login_node_has_a_batch_system_and_no_job(tmp_path: Path) -> None:
    command = tmp_path / "sbatch"
    assert login_node(Machine({"PATH": str(tmp_path)})) is None
    command.write_text("#!/bin/sh\n")
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    assert login_node(Machine({"PATH": str(tmp_path)})) == "sbatch"
    job = Machine({"PATH": str(tmp_path), "SLURM_JOB_ID": "17"})
    assert batch_job(job)
    assert login_node(job) is None


def test_this_machine_gives_sane_numbers() -> None:
    here = Machine.here()
    assert 1 <= usable_cpus(here) <= (os.cpu_count() or 1)
    assert 0 <= free_memory(here) <= usable_memory(here) <= here.memory
