"""The client's end: threads that wait, interrupts, forks, callbacks, and giving everything back."""

from __future__ import annotations

import gc
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from treadle_runtime.api import session as api
from treadle_runtime.api.sync import wait_on
from treadle_runtime.api.task import task
from treadle_runtime.client.attach import attach_runtime
from treadle_runtime.client.client import Client
from treadle_runtime.config import Options
from treadle_runtime.core.model import vid_of
from treadle_runtime.errors import RuntimeLost, UsageError
from treadle_runtime.wire import messages as m


def test_several_threads_wait_each_for_its_own(place: Any, tmp_path: Path) -> None:
    caller = place.start()
    ended: list[str] = []

    def until(path: Path) -> None:
        while not path.exists():
            time.sleep(0.005)

    def wait(name: str, number: int) -> None:
        caller.wait(number)
        ended.append(name)
        (tmp_path / {"b": "c", "c": "a", "a": "-"}[name]).touch()

    held = caller.define(until)
    threads = [threading.Thread(target=wait, args=(name, caller.call(held, tmp_path / name))) for name in "abc"]
    for thread in threads:
        thread.start()
    (tmp_path / "b").touch()
    for thread in threads:
        thread.join(20)
    assert ended == ["b", "c", "a"]


def test_results_come_in_while_nobody_waits(place: Any, eventually: Any) -> None:
    caller = place.start()
    number = caller.call(caller.define(lambda: 1))
    eventually(lambda: number in caller.finished)
    again = caller.call(1)  # also after the background thread has settled down
    eventually(lambda: again in caller.finished)


def test_a_wait_ends_at_its_timeout_and_can_be_repeated(place: Any) -> None:
    caller = place.start(workers=1)
    number = caller.call(caller.define(time.sleep), 0.5)
    begin = time.monotonic()
    assert not caller.link.wait(lambda: number in caller.finished, 0.1)
    assert time.monotonic() - begin < 0.45
    caller.wait(number)


def test_a_callback_may_wait_itself(place: Any) -> None:
    caller = place.start()
    plus = caller.define(lambda a: a + 1)
    first = caller.call(plus, 1)
    found: list[Any] = []
    receive = caller.link._receive

    def on_message(message: m.ToClient) -> None:
        receive(message)
        if isinstance(message, m.Finished) and not found:
            found.append(None)
            second = caller.call(plus, 2)
            found[0] = caller.value(second)

    caller.link._receive = on_message
    caller.wait(first)
    assert found == [3]


def test_a_callback_that_raises_does_not_take_the_connection_along(place: Any, caplog: Any) -> None:
    caller = place.start()
    plus = caller.define(lambda a: a + 1)
    receive = caller.link._receive

    def on_message(message: m.ToClient) -> None:
        receive(message)
        if isinstance(message, m.Finished):
            raise ValueError("a bug in a callback")

    caller.link._receive = on_message
    assert [caller.value(caller.call(plus, i)) for i in range(3)] == [1, 2, 3]
    assert "a bug in a callback" in caplog.text


def test_an_interrupt_ends_a_wait_at_once(place: Any) -> None:
    caller = place.start(workers=1)
    number = caller.call(caller.define(time.sleep), 1.0)
    timer = threading.Timer(0.2, signal.raise_signal, [signal.SIGINT])
    begin = time.monotonic()
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        caller.link.wait(lambda: False, 30)
    assert time.monotonic() - begin < 5
    timer.join()
    assert caller.wait(number)[1] == "done"


def test_interrupts_at_any_moment_lose_nothing(place: Any) -> None:
    caller = place.start()
    double = caller.define(lambda a: 2 * a)
    numbers: list[int] = []
    interrupts, armed, stop = 0, False, threading.Event()

    def on_press(*_: Any) -> None:  # one press, one interrupt: none while the test itself counts
        nonlocal armed
        if armed:
            armed = False
            raise KeyboardInterrupt

    def press() -> None:
        while not stop.wait(0.002):
            os.kill(os.getpid(), signal.SIGINT)

    presser = threading.Thread(target=press)
    gc.collect()  # what other tests left must not be finalised here: Python swallows an interrupt inside __del__
    gc.disable()

    def in_peace() -> bool:
        return all(number in caller.finished for number in numbers)

    previous = signal.signal(signal.SIGINT, on_press)
    presser.start()
    try:
        end = time.monotonic() + 3
        while time.monotonic() < end:
            try:
                armed = True
                while time.monotonic() < end:
                    row_ready = len(numbers)
                    numbers.append(caller.next)
                    caller.call(double, row_ready)
                    caller.link.wait(in_peace, 0.01)
                armed = False
            except KeyboardInterrupt:
                interrupts += 1
                if numbers and numbers[-1] == caller.next:  # pressed before the call took its number
                    numbers.pop()
    finally:
        stop.set()
        presser.join()
        signal.signal(signal.SIGINT, previous)
        gc.enable()
    status = caller.link.ask("status", {})
    counts = status["counts"]
    submitted = sum(counts.values())
    assert interrupts > 10
    # A press between taking a number and submitting may leave out a call; none that was submitted is lost or doubled.
    assert caller.link.wait(lambda: len(caller.finished) == submitted, 20), (
        submitted,
        len(caller.finished),
        counts,
    )
    assert set(caller.finished) <= set(range(1, caller.next))
    assert len(numbers) - submitted <= interrupts


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")  # that it is no good idea is what is tested
def test_a_forked_child_is_told_and_does_no_harm(place: Any) -> None:
    caller = place.start(workers=1)
    plus = caller.define(lambda a: a + 1)
    assert caller.value(caller.call(plus, 1)) == 2
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        told = b""
        try:
            caller.link.send(m.Release([1]))  # as from a __del__: silently nothing
            for act in (
                lambda: caller.call(plus, 1),
                lambda: caller.link.wait(lambda: False, 1),
                caller.link.flush,
            ):
                try:
                    act()
                except UsageError as error:
                    told += b"+" if "fork" in str(error) else b"?"
            caller.link.close()
        finally:
            os.write(writing, told)
            os._exit(0)
    os.waitpid(pid, 0)
    assert os.read(reading, 10) == b"+++"
    os.close(reading)
    os.close(writing)
    assert caller.value(caller.call(plus, 2)) == 3


def test_a_forked_child_that_lives_on_does_not_keep_the_runtime(place: Any, eventually: Any) -> None:
    script = place.script(
        "import os, sys, time\n"
        f"sys.path[:0] = {[os.path.abspath('runtime')]!r}\n"
        "from treadle_runtime.client.attach import RuntimeOptions, start_runtime\n"
        "link = start_runtime(RuntimeOptions(workers=1), lambda message: None)\n"
        "child = os.fork()\n"
        "if not child:\n"
        "    time.sleep(600)\n"
        "print(child, flush=True)\n"
        "os._exit(0)\n"
    )
    assert script.stdout is not None
    child = int(script.stdout.readline())
    try:
        eventually(lambda: not place.sessions())
        os.kill(child, 0)  # it lives
    finally:
        os.kill(child, signal.SIGKILL)


def test_closing_gives_everything_back(place: Any) -> None:
    def descriptors() -> int:
        gc.collect()
        return len(os.listdir("/proc/self/fd"))

    place.start().stop()  # what is opened once and for all
    before, threads = descriptors(), threading.active_count()
    for _ in range(3):
        caller = place.start()
        caller.value(caller.call(caller.define(lambda: 1)))
        caller.stop()
        caller.link.close()  # a second time: nothing
    assert descriptors() == before
    assert threading.active_count() == threads
    with pytest.raises(RuntimeLost, match="stopped"):
        caller.call(1)
    caller.link.send(m.Release([1]))


def test_two_clients_share_a_runtime_and_one_leaves(place: Any) -> None:
    caller = place.start(name="shared")
    seen: list[Any] = []
    other = attach_runtime("shared", seen.append)
    assert other.welcome is not None
    assert other.welcome.client == 2
    assert caller.link.ask("status", {})["clients"] == 2
    other.send(m.Bye(stop=True))
    other.close()
    assert any(isinstance(message, m.Refused) and "goes on" in message.reason for message in seen)
    assert caller.value(caller.call(caller.define(lambda: "still here"))) == "still here"


def test_the_feed_names_its_runtime(place: Any) -> None:
    caller = place.start(name="mine", workers=1)
    caller.link.send(m.Watch(True))
    assert caller.link.wait(lambda: any(isinstance(each, m.Delta) for each in caller.log), 20)
    picture = next(each.data for each in caller.log if isinstance(each, m.Delta))
    shown = picture["put"]["session"]["self"]
    assert (shown["name"], shown["workers"]) == ("mine", 1)
    assert shown["memory_per_worker"] > 1 << 20


def test_two_sessions_on_one_runtime_each_call_their_own_functions(
    place: Any, eventually: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = place.start(name="shared", workers=1)

    def join(client: Client) -> None:
        link = attach_runtime("shared", client.receive)
        assert link.welcome is not None
        client.attach(link, link.welcome)

    sessions = [api.Session(Options(workers=1), join) for _ in range(2)]
    found = []
    for name, session in zip("ab", sessions, strict=True):
        monkeypatch.setattr(api, "_session", session)
        monkeypatch.setenv("WHO", name)
        found.append(task(lambda name=name: (name, os.environ["WHO"]))())
    for name, session, future in zip("ab", sessions, found, strict=True):
        monkeypatch.setattr(api, "_session", session)
        assert wait_on(future) == (name, name)
    for session in sessions:
        session.client.link.send(m.Bye())
        session.end()
    eventually(lambda: caller.link.ask("status", {})["clients"] == 1)


def test_what_is_dropped_here_goes_there_though_nobody_waits(place: Any, eventually: Any) -> None:
    caller = place.start(workers=1)
    number = caller.call(caller.define(lambda: 1))
    caller.wait(number)

    class Version:
        pass

    version = Version()
    caller.link.handles.hold(version, vid_of(number, 0))
    assert caller.link.ask("handles", {"client": 1}) == [vid_of(number, 0)]
    del version
    # The thread that owns the socket meanwhile takes it away.
    eventually(lambda: not caller.link._queue)
    assert caller.link.ask("handles", {"client": 1}) == []


def test_submitting_from_many_threads_loses_nothing(place: Any) -> None:
    caller = place.start()
    double = caller.define(lambda a: 2 * a)
    lock = threading.Lock()
    numbers: list[int] = []

    def submit() -> None:
        for i in range(300):
            with lock:
                number = caller.call(double, i)
            numbers.append(number)

    threads = [threading.Thread(target=submit) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    caller.wait(*numbers)
    assert len(set(numbers)) == 1200
    assert caller.link.ask("status", {})["counts"]["done"] == 1200
