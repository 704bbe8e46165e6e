"""Cancel, take back, and the ends of a worker, with a real process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import cloudpickle

import treadle_runtime
from treadle_runtime.core.model import Outcome
from treadle_runtime.worker.status import StatusReader

cloudpickle.register_pickle_by_value(sys.modules[__name__])


def forever() -> None:
    while True:
        pass


def sleep() -> None:
    time.sleep(60)


def test_a_running_loop_is_cancelled_within_half_a_second(host: Any) -> None:
    (number,) = host.launch(host.row(host.define(forever)))
    host.wait_running(number)
    start = time.monotonic()
    host.stop(number)
    assert host.wait(number).outcome == Outcome.INTERRUPTED
    assert time.monotonic() - start < 0.5
    assert host.call(lambda: 1).value == 1


def test_a_blocking_call_is_cancelled(host: Any) -> None:
    (number,) = host.launch(host.row(host.define(sleep)))
    host.wait_running(number)
    host.stop(number)
    assert host.wait(number).outcome == Outcome.INTERRUPTED


def test_only_the_named_attempt_is_cancelled(host: Any) -> None:
    (number,) = host.launch(host.row(host.define(forever), attempt=2))
    host.wait_running(number)
    host.stop(number, attempt=1)
    host.stop(number + 1000)
    os.kill(host.process.pid, signal.SIGINT)  # a Ctrl-C that is not ours
    (queued,) = host.launch(host.row(host.define(lambda: 5)))
    host.take_back(queued)
    assert host.wait(queued).outcome == Outcome.TAKEN_BACK  # the control thread has been past all of it
    assert number not in host.returned
    host.stop(number, attempt=2)
    assert host.wait(number).outcome == Outcome.INTERRUPTED


def test_queued_tasks_are_cancelled_and_taken_back_while_another_computes(host: Any) -> None:
    busy, quick = host.define(sleep), host.define(lambda: 1)
    runs, cancelled, taken, stays = host.launch(host.row(busy), *[host.row(quick) for _ in range(3)])
    host.wait_running(runs)
    host.stop(cancelled)
    host.take_back(taken, runs, 4711)
    assert host.wait(cancelled).outcome == Outcome.INTERRUPTED
    assert host.wait(taken).outcome == Outcome.TAKEN_BACK
    assert runs not in host.returned
    host.stop(runs)
    assert host.wait(stays).value == 1


def test_a_cancel_that_overtakes_its_launch_is_not_lost(host: Any) -> None:
    quick, busy = host.define(lambda: 1), host.define(sleep)
    runs, queued = host.launch(host.row(busy), host.row(quick))
    host.wait_running(runs)
    host.stop(50)
    host.take_back(queued)
    assert host.wait(queued).outcome == Outcome.TAKEN_BACK  # so the cancel has been read, too
    host.launch(host.row(quick, number=50))
    assert host.wait(50).outcome == Outcome.INTERRUPTED
    host.stop(runs)
    host.launch(host.row(quick, number=50, attempt=2), host.row(quick, number=52))
    host.wait(52)
    assert host.wait(50).attempt == 2


def test_results_do_not_wait_behind_a_long_task(host: Any) -> None:
    def now_and_then(n: int) -> int:
        if n == 40:
            time.sleep(60)
        return n

    function = host.define(now_and_then)
    numbers = host.launch(*[host.row(function, n) for n in range(41)])
    host.wait(numbers[39])
    assert numbers[40] not in host.returned
    host.stop(numbers[40])
    assert host.wait(numbers[40]).outcome == Outcome.INTERRUPTED


def test_messages_are_served_during_a_long_task(host: Any) -> None:
    (number,) = host.launch(host.row(host.define(sleep)))
    host.wait_running(number)
    (queued,) = host.launch(host.row(host.define(lambda: 1)))
    host.stop(queued)
    assert host.wait(queued).outcome == Outcome.INTERRUPTED
    assert number not in host.returned
    host.stop(number)
    host.wait(number)


def test_a_keyboard_interrupt_of_its_own_is_a_failure(host: Any) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt("mine")

    assert host.call(interrupt).outcome == Outcome.RAISED


def test_a_stubborn_task_can_be_asked_again(host: Any) -> None:
    def stubborn() -> None:
        try:
            while True:
                pass
        except KeyboardInterrupt:
            print("once", flush=True)
        while True:
            pass

    (number,) = host.launch(host.row(host.define(stubborn)))
    host.wait_running(number)
    host.stop(number)
    host.until(lambda: "once" in host.log())
    host.stop(number)
    assert host.wait(number).outcome == Outcome.INTERRUPTED


def test_the_status_page_tells_what_killed_the_worker(host: Any) -> None:
    def crash() -> None:
        import ctypes

        print("last words", end="")
        sys.stdout.flush()
        ctypes.string_at(0)

    host.call(lambda: print("before"))
    (number,) = host.launch(host.row(host.define(crash), attempt=3))
    assert host.ended() == -signal.SIGSEGV
    reader = StatusReader(host.session.status(1))
    status = reader.read()
    reader.close()
    assert (status.number, status.attempt, status.done, status.pid) == (number, 3, 1, host.process.pid)
    assert host.log()[status.out_offset :] == "last words"
    assert "Segmentation fault" in host.log("err")
    assert "crash" in host.log("err")


def test_a_hard_exit_ends_the_worker_with_its_code(host: Any) -> None:
    host.launch(host.row(host.define(lambda: os._exit(7))))
    assert host.ended() == 7


def test_a_forked_child_that_comes_back_does_not_answer(host: Any) -> None:
    def fork() -> int:
        child = os.fork()
        if child:
            os.waitpid(child, 0)
        return child

    assert host.call(fork).value > 0
    assert host.call(lambda: 1).value == 1
    assert len(host.order) == 2


def test_it_ends_when_its_runtime_has_gone() -> None:
    """The runtime is a process that starts a worker and is killed."""
    script = textwrap.dedent(
        """
        import socket, subprocess, sys, zmq
        from treadle_runtime.wire.session import RuntimeOptions, Session
        session = Session.create(RuntimeOptions())
        (session.folder / "store").mkdir()
        router = zmq.Context().socket(zmq.ROUTER)
        router.bind(session.workers)
        ours, theirs = socket.socketpair()
        line = theirs.fileno()
        worker = subprocess.Popen([sys.executable, "-m", "treadle_runtime.worker", str(session.folder), "1", str(line)],
                                  stdin=subprocess.DEVNULL, process_group=0, pass_fds=(line,))
        router.recv_multipart()
        print(worker.pid, session.folder, flush=True)
        sys.stdin.read()
        """
    )
    for environ in ({}, {"TREADLE_NO_PRCTL": "1"}, {"TREADLE_NO_PRCTL": "1", "TREADLE_NO_PIDFD": "1"}):
        with subprocess.Popen(
            [sys.executable, "-c", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(Path(treadle_runtime.__file__).parent.parent), **environ},
        ) as runtime:
            assert runtime.stdout is not None
            pid, folder = runtime.stdout.readline().split()
            runtime.kill()
        deadline = time.monotonic() + 10
        while _is_alive(int(pid)):
            assert time.monotonic() < deadline, f"worker {pid} outlived its runtime with {environ}"
            time.sleep(0.01)
        subprocess.run(["rm", "-r", folder], check=True)


def _is_alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] not in (b"Z", b"X")
    except FileNotFoundError:
        return False
