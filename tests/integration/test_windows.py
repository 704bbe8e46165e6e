"""Without what Windows lacks, `import treadle` and `engine="inline"` work, and `start()` says to use WSL."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

# What others import stands before the cut: the standard library is the one of this system.
SCRIPT = """
import asyncio, concurrent.futures, ctypes, doctest, getpass, importlib.abc, inspect, logging, multiprocessing, os, pdb, platform
import runpy, select, shutil, signal, socket, subprocess, sys, sysconfig, tempfile, threading, time, unittest, uuid, zipfile
import cloudpickle, msgspec, numpy, psutil, xxhash, zmq
sysconfig.get_config_vars(), platform.uname()

GONE = {"fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "syslog"}

class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name in GONE:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

for name in GONE:
    sys.modules.pop(name, None)
sys.meta_path.insert(0, Refuse())
for module, names in {
    os: "register_at_fork fork getuid geteuid getgid setsid sched_getaffinity sched_yield pidfd_open memfd_create posix_fallocate pread pwrite "
    "mkfifo nice uname sysconf statvfs fchmod chown killpg waitid WNOHANG O_CLOEXEC O_NOFOLLOW O_DIRECTORY set_blocking eventfd sendfile",
    signal: "SIGKILL SIGHUP SIGUSR1 SIGALRM SIGCHLD SIGBUS SIGPIPE SIGSTOP SIGCONT setitimer pthread_kill pthread_sigmask ITIMER_REAL alarm",
    socket: "AF_UNIX SCM_RIGHTS CMSG_LEN recv_fds send_fds",
    select: "epoll poll kqueue",
}.items():
    for name in names.split():
        if hasattr(module, name):
            delattr(module, name)
sys.platform = "win32"

import treadle
from treadle import INOUT, task, wait_on

@task(c=INOUT, timeout=5)
def grow(c, x):
    c.append(x)
    return x

@task
def fail():
    raise ValueError("no")

with treadle.start(engine="inline"):
    c = []
    assert wait_on([grow(c, n) for n in range(3)]) == [0, 1, 2]
    assert wait_on(c) == [0, 1, 2]
    try:
        wait_on(fail())
    except ValueError as error:
        assert str(error) == "no"
try:
    treadle.start()
except treadle.EngineError as error:
    print(error)
"""


def test_inline_works_and_start_says_wsl():
    path = os.pathsep.join([str(ROOT / "runtime"), str(ROOT / "kernel_ext")])
    environ = {key: value for key, value in os.environ.items() if not key.startswith("TREADLE_")}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "run Jupyter in WSL" in done.stdout
