"""Processes that end when they should not: workers, clients, the runtime itself."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from typing import Any

import pytest

from treadle_runtime.client.attach import list_runtimes, start_runtime, stop_runtime
from treadle_runtime.core.model import vid_of
from treadle_runtime.errors import EngineError, RuntimeLost, StoreFull
from treadle_runtime.wire import messages as m
from treadle_runtime.wire.process import start_time
from treadle_runtime.wire.session import RuntimeOptions
from treadle_runtime.worker.failure import unpack_failure

SCRIPT = """
import sys, time
sys.path[:0] = {path!r}
from treadle_runtime.client.attach import RuntimeOptions, start_runtime
from treadle_runtime.store.references import encode_payload
from treadle_runtime.wire import messages as m
import cloudpickle, pickle
link = start_runtime(RuntimeOptions(workers=2, script={script}, keep_alive_s={keep}), lambda message: None)
link.send(m.Define([(1, "sleep", cloudpickle.dumps(time.sleep), {{}})]))
for number in range(4):
    payload = encode_payload(pickle.dumps((({seconds},), {{}}, ())), [], plain=True)
    link.submit((1 + number, 1, payload, (), 1, (), 0, 0, 0, None, None))
link.flush()
link.wait(lambda: len([w for w in link.ask("workers", {{}}) if w["task"]]) == 2, 20)
print(link.pid, *[w["pid"] for w in link.ask("workers", {{}})], flush=True)
sys.stdin.read() if {wait} else None
"""


def script_of(**values: Any) -> str:
    path = [os.path.abspath("runtime"), os.path.abspath("kernel_ext")]
    return SCRIPT.format(**{"path": path, "script": True, "keep": 0.0, "seconds": 60, "wait": True, **values})


def first_line(child: subprocess.Popen[str]) -> list[int]:
    assert child.stdout is not None
    return [int(word) for word in child.stdout.readline().split()]


def test_a_killed_worker_is_replaced_and_its_task_runs_again(place: Any, eventually: Any) -> None:
    caller = place.start()

    def once(marker: str) -> str:
        import os
        import signal

        if not os.path.exists(marker):
            open(marker, "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        return "second time"

    number = caller.call(caller.define(once), str(place.folder / "marker"))
    assert caller.value(number) == "second time"
    assert caller.finished[number][5][1] == 2  # the attempt
    eventually(lambda: sum(each["ready"] for each in caller.workers()) == 2)
    story = caller.link.ask("story", {"number": number})
    assert any("SIGKILL" in str(fact) for fact in story)
    (place.folder / "marker").unlink()


def test_a_task_that_kills_every_worker_fails_with_the_reason(place: Any) -> None:
    caller = place.start()

    def crash() -> None:
        import ctypes
        import sys

        print("my last words", file=sys.stderr, flush=True)
        ctypes.string_at(0)

    number = caller.call(caller.define(crash))
    row = caller.wait(number)
    assert row[1] == "failed"
    failure = unpack_failure(row[3])
    assert failure.lost is not None
    assert failure.lost.signal == signal.SIGSEGV
    assert f"#{number}" in failure.lost.reason
    assert "my last words" in failure.output
    assert failure.lost.peak_kib > 0


def test_exit_codes_are_named(place: Any) -> None:
    caller = place.start()

    def leave() -> None:
        import os

        os._exit(7)

    row = caller.wait(caller.call(caller.define(leave)))
    lost = unpack_failure(row[3]).lost
    assert lost is not None
    assert (lost.signal, lost.exitcode) == (None, 7)
    assert "exit code 7" in lost.reason


def test_processes_that_a_task_started_end_with_its_worker(place: Any, eventually: Any) -> None:
    caller = place.start(workers=1)

    def fork_and_die(path: str) -> None:
        import os
        import subprocess

        child = subprocess.Popen(["sleep", "600"])
        with open(path + "~", "w") as file:
            file.write(str(child.pid))
        os.rename(path + "~", path)
        os._exit(1)

    path = place.folder / "pid"
    caller.wait(caller.call(caller.define(fork_and_die), str(path)))
    eventually(lambda: start_time(int(path.read_text())) is None)
    path.unlink()


def test_workers_that_cannot_start_fail_tasks_instead_of_hanging(place: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    bad = place.folder / "bad"
    bad.mkdir()
    (bad / "numpy.py").write_text("raise ImportError('numpy is broken here')")
    monkeypatch.setenv("PYTHONPATH", f"{bad}{os.pathsep}{os.environ['PYTHONPATH']}")
    caller = place.start()
    row = caller.wait(caller.call(caller.define(lambda: 1)))
    assert row[1] == "failed"
    raised = unpack_failure(row[3]).raised[0]
    assert raised.type_name.endswith("EngineError")
    assert "numpy is broken here" in raised.message
    assert any(isinstance(message, m.Notice) for message in caller.log)
    caller.stop()
    (bad / "numpy.py").unlink()
    bad.rmdir()


def test_a_killed_runtime_wakes_every_waiter_and_takes_its_workers_along(place: Any, eventually: Any) -> None:
    caller = place.start()
    number = caller.call(caller.define(time.sleep), 600)
    pids = [each["pid"] for each in caller.workers()]
    errors: list[BaseException] = []

    def wait() -> None:
        try:
            caller.link.wait(lambda: number in caller.finished, None)
        except RuntimeLost as error:
            errors.append(error)

    threads = [threading.Thread(target=wait) for _ in range(3)]
    for thread in threads:
        thread.start()
    os.kill(caller.link.pid, signal.SIGKILL)
    for thread in threads:
        thread.join(10)
    assert len(errors) == 3
    assert "signal 9" in str(errors[0])
    assert [type(message) for message in caller.log].count(m.Refused) == 1
    with pytest.raises(RuntimeLost):
        caller.call(1, 1)
    with pytest.raises(RuntimeLost):
        caller.link.ask("status", {})
    eventually(lambda: not any(map(start_time, pids)))
    caller.link.close()
    assert list_runtimes() == []  # and what it left is removed
    assert place.sessions() == []


def test_a_killed_runtime_is_noticed_while_nobody_waits(place: Any, eventually: Any) -> None:
    caller = place.start()
    os.kill(caller.link.pid, signal.SIGKILL)
    eventually(lambda: any(isinstance(message, m.Refused) for message in caller.log))
    caller.link.close()
    assert list_runtimes() == []


@pytest.mark.parametrize("pidfd", [True, False])
def test_a_script_that_dies_takes_all_with_it(
    place: Any, eventually: Any, monkeypatch: Any, pidfd: bool
) -> None:
    if not pidfd:
        monkeypatch.setenv("TREADLE_NO_PIDFD", "1")
    child = place.script(script_of())
    pids = first_line(child)
    child.kill()
    child.wait()
    eventually(lambda: not any(map(start_time, pids)))
    assert place.sessions() == []
    assert place.descriptors() == []


def test_a_script_that_ends_takes_all_with_it(place: Any, eventually: Any) -> None:
    child = place.script(script_of(wait=False))
    pids = first_line(child)
    assert child.wait(20) == 0
    eventually(lambda: not any(map(start_time, pids)))


def test_leaving_ends_a_scripts_runtime_and_leaves_a_notebooks(place: Any, eventually: Any) -> None:
    caller = place.start(workers=1)
    caller.link.close()
    assert place.sessions() == []
    caller = place.start(workers=1, script=False, keep_alive_s=0.3)
    caller.link.close()
    assert len(list_runtimes()) == 1
    eventually(lambda: list_runtimes() == [] and place.is_clean())


def test_a_notebook_that_dies_leaves_its_runtime_until_work_and_grace_are_over(
    place: Any, eventually: Any
) -> None:
    child = place.script(script_of(script=False, keep=0.3, seconds=1))
    pids = first_line(child)
    child.kill()
    child.wait()
    assert start_time(pids[0])
    assert len(list_runtimes()) == 1
    eventually(lambda: not any(map(start_time, pids)))


def test_stop_from_outside(place: Any) -> None:
    caller = place.start(name="mine")
    assert [(each.name, each.workers) for each in list_runtimes()] == [("mine", 2)]
    number = caller.call(caller.define(time.sleep), 600)
    assert caller.link.wait(lambda: any(each["task"] == number for each in caller.workers()), 20)
    assert stop_runtime("mine")
    assert not stop_runtime("mine")
    assert list_runtimes() == []
    with pytest.raises(RuntimeLost):
        caller.link.wait(lambda: False, 10)
    assert caller.finished[number][1] == "cancelled"


def test_stop_lets_waiting_tasks_end_first(place: Any) -> None:
    caller = place.start()
    sleep = caller.define(time.sleep)
    numbers = [caller.call(sleep, 0.01) for _ in range(20)]
    caller.stop(cancel=False)
    assert {caller.finished[number][1] for number in numbers} == {"done"}


def test_a_runtime_that_cannot_start_says_why(place: Any, monkeypatch: Any) -> None:
    bad = place.folder / "bad"
    bad.mkdir()
    (bad / "zmq.py").write_text("raise ImportError('no sockets today')")
    monkeypatch.setenv("PYTHONPATH", f"{bad}{os.pathsep}{os.environ['PYTHONPATH']}")
    with pytest.raises(EngineError, match="no sockets today"):
        start_runtime(RuntimeOptions(), print)
    assert place.sessions() == []
    (bad / "zmq.py").unlink()


def test_a_bug_of_the_runtime_is_told_to_whoever_waits(place: Any, monkeypatch: Any) -> None:
    broken = (
        "import sys\n"
        "from treadle_runtime.core.scheduler import Scheduler\n"
        "from treadle_runtime.core.events import TasksSubmitted\n"
        "handle = Scheduler.handle\n"
        "def stumble(self, events):\n"
        "    assert not any(isinstance(event, TasksSubmitted) for event in events), 'a made-up bug'\n"
        "    return handle(self, events)\n"
        "Scheduler.handle = stumble\n"
        "from treadle_runtime.host.__main__ import main\n"
        "main(sys.argv[1])\n"
    )
    popen = subprocess.Popen

    def start(command: list[str], **options: Any) -> Any:
        return popen([*command[:2], "-c", broken, command[-1]], **options)

    with monkeypatch.context() as patch:
        patch.setattr("treadle_runtime.client.attach.subprocess.Popen", start)
        caller = place.start(workers=1)
    number = caller.call(caller.define(lambda: 1))
    with pytest.raises(RuntimeLost, match="a made-up bug"):
        caller.link.wait(lambda: number in caller.finished, 20)
    caller.link.close()


def test_a_store_that_cannot_be_made_is_said_by_name(place: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("TREADLE_STORE", str(place.folder / "missing"))
    with pytest.raises(StoreFull, match="TREADLE_STORE"):
        start_runtime(RuntimeOptions(), print)
    assert place.sessions() == []


def test_values_of_a_dead_worker_are_made_again(place: Any) -> None:
    caller = place.start(workers=2)

    def slowly(n: int) -> tuple[int, bytes]:
        import os

        return os.getpid(), bytes(n)

    number = caller.call(caller.define(slowly), 200_000)
    caller.wait(number)
    for each in caller.workers():
        os.kill(each["pid"], signal.SIGKILL)
    length = caller.call(caller.define(lambda pair: len(pair[1])), reads=(vid_of(number, 0),))
    assert caller.value(length) == 200_000
