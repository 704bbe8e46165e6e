"""Tasks in a real worker: results, failures, what they leave behind."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pytest

from treadle_runtime.core.model import Kind, Outcome, vid_of
from treadle_runtime.store.files import Store
from treadle_runtime.store.packing import unpack
from treadle_runtime.store.references import PLAIN, ref
from treadle_runtime.wire.messages import Free, Leave, Publish
from treadle_runtime.worker.world import World

cloudpickle.register_pickle_by_value(sys.modules[__name__])


def test_runs_many_tasks_in_order(host: Any) -> None:
    add = host.define(lambda a, b: a + b)
    numbers = host.launch(*[host.row(add, i, 1) for i in range(500)])
    host.until(lambda: len(host.returned) == 500)
    assert host.order == numbers
    assert [host.returned[n].value for n in numbers] == [i + 1 for i in range(500)]


def test_a_failure_leaves_the_worker_alive(host: Any) -> None:
    def divide(a: int) -> float:
        return a / 0

    failed = host.call(divide, 1)
    assert failed.outcome == Outcome.RAISED
    assert failed.error == "ZeroDivisionError: division by zero"
    assert host.call(lambda: 3).value == 3


def test_returns_that_cannot_be_unpickled_or_found_fail_their_task_only(host: Any) -> None:
    broken = host.define(lambda: 1, code=b"\x80\x05cnot_there_at_all\nf\n.")
    row = host.row(broken)
    host.launch(row)
    assert host.wait(row[0]).error == "ModuleNotFoundError: No module named 'not_there_at_all'"
    row = host.row(host.define(lambda: 1), payload=b"\x00nonsense")
    host.launch(row)
    assert host.wait(row[0]).outcome == Outcome.RAISED
    row = host.row(999)
    host.launch(row)
    assert "never told of function 999" in host.wait(row[0]).error


def test_a_task_can_ask_which_it_is(host: Any) -> None:
    def who() -> str:
        from treadle_runtime.worker.context import current_task

        return repr(current_task())

    answer = host.call(who)
    assert answer.value == f"<who #{answer.number}, attempt 1, worker 1>"


def test_exit_in_a_task_is_a_failure(host: Any) -> None:
    assert host.call(lambda: sys.exit(3)).error == "SystemExit: 3"
    assert host.call(lambda: 1).value == 1


def test_input_and_breakpoint_say_where_to_look(host: Any) -> None:
    for function in (lambda: input("?"), lambda: breakpoint()):
        error = host.call(function).error
        assert "UsageError" in error
        assert "%treadle debug" in error
        assert 'engine="inline"' in error
    assert "EOFError" in host.call(lambda: sys.stdin.readline()).error


def test_output_lies_between_offsets(host: Any) -> None:
    def speak(text: str) -> None:
        print(text)
        print("oops", text, file=sys.stderr, end="")

    speaker, silent = host.define(speak), host.define(lambda: None)
    first, quiet, second = host.launch(host.row(speaker, "one"), host.row(silent), host.row(speaker, "two"))
    host.wait(second)
    assert host.returned[quiet].notes is None
    ends = [host.returned[n].notes for n in (first, second)]
    out, err = host.log("out"), host.log("err")
    assert out[: ends[0]["out"]] == "one\n"
    assert out[ends[0]["out"] : ends[1]["out"]] == "two\n"
    assert err[: ends[0]["err"]] == "oops one"
    assert err[ends[0]["err"] : ends[1]["err"]] == "oops two"


def test_output_of_children_and_of_raw_writes_is_noted(host: Any) -> None:
    child = host.call(lambda: __import__("subprocess").run(["echo", "from a child"], check=True).returncode)
    assert host.log()[: child.notes["out"]] == "from a child\n"
    raw = host.call(lambda: os.write(2, b"raw\n"))
    assert host.log("err")[: raw.notes["err"]] == "raw\n"


def test_nothing_reaches_the_next_task(host: Any) -> None:
    def meddle() -> None:
        os.chdir("/")
        os.environ["LEFT_BEHIND"] = "1"
        del os.environ["PATH"]
        sys.path.insert(0, "/nowhere")
        os.umask(0o001)
        sys.setrecursionlimit(5000)
        signal.signal(signal.SIGUSR1, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115

    def look() -> Any:
        umask = os.umask(0)
        os.umask(umask)
        return (
            os.getcwd(),
            os.environ.get("LEFT_BEHIND"),
            os.environ.get("PATH"),
            sys.path[0],
            umask,
            sys.getrecursionlimit(),
            signal.getsignal(signal.SIGUSR1),
            sys.stdout.fileno(),
        )

    meddler, looker = host.define(meddle), host.define(look)
    before, _, _, after = host.launch(
        host.row(looker), host.row(meddler), host.row(meddler), host.row(looker)
    )
    host.wait(after)
    assert host.returned[before].value == host.returned[after].value
    spin = host.define(lambda: __import__("time").sleep(60))
    (number,) = host.launch(host.row(spin))
    host.wait_running(number)
    host.stop(number)  # the handler of SIGINT is ours again
    assert host.wait(number).outcome == Outcome.INTERRUPTED


def test_what_would_strike_later_is_put_right(host: Any) -> None:
    def meddle() -> None:
        import faulthandler

        signal.alarm(1)
        faulthandler.disable()
        os.environ = {}  # type: ignore[assignment]  # noqa: B003
        os.close(os.open(os.devnull, os.O_RDONLY))
        open(0).close()
        sys.stdin.close()
        threading.Thread(target=os.getpid).start()

    def look() -> Any:
        import faulthandler

        ended = os.read(0, 1) == b"" and os.get_inheritable(0) and not sys.stdin.closed
        return signal.alarm(0), faulthandler.is_enabled(), "PATH" in os.environ, ended

    meddler, looker = host.define(meddle), host.define(look)
    _, number = host.launch(host.row(meddler), host.row(looker))
    assert host.wait(number).value == (0, True, True, True)


def test_modules_are_imported_while_idle(unstarted: Any) -> None:
    unstarted.start(TREADLE_PRELOAD="not_there_at_all this.is.not wave")
    loaded = unstarted.define(lambda: "wave" in sys.modules)

    def found() -> bool:
        (number,) = unstarted.launch(unstarted.row(loaded))
        return bool(unstarted.wait(number).value)

    unstarted.until(found)


def test_held_values_reach_the_store_when_it_is_idle(host: Any) -> None:
    made = host.call(lambda: bytes(100_000))
    vid = vid_of(made.number, 0)
    host.until(lambda: vid in host.published)
    assert host.published[vid][0] == Kind.FILE


def test_each_call_has_its_own_world(host: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    worlds = []
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        monkeypatch.setenv("WHERE", name)
        monkeypatch.setenv("OMP_NUM_THREADS", "77")
        monkeypatch.syspath_prepend(f"/{name}")
        worlds.append(host.world(World.current()))
    look = host.define(
        lambda: (
            os.path.basename(os.getcwd()),
            os.environ["WHERE"],
            sys.path[0],
            os.environ.get("OMP_NUM_THREADS"),
        )
    )
    numbers = host.launch(*[host.row(look, world=world) for world in [*worlds, *worlds]])
    host.wait(numbers[-1])
    expected = [(name, name, f"/{name}", "77") for name in ("here", "there")]
    assert [host.returned[n].value for n in numbers] == expected * 2


def test_a_missing_folder_fails_the_task_and_says_so(
    host: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    world = host.world(World.current())
    monkeypatch.chdir(tmp_path)
    gone.rmdir()
    function = host.define(lambda: 1)
    (number,) = host.launch(host.row(function, world=world))
    error = host.wait(number).error
    assert error.startswith("FileNotFoundError")
    assert str(gone) in error
    assert host.call(lambda: 2).value == 2


def test_large_results_stay_until_published(host: Any) -> None:
    made = host.call(lambda: np.arange(100_000))
    ((kind, nbytes, data),) = made.outputs
    assert (kind, data) == (Kind.HELD, None)
    assert nbytes >= 800_000
    vid = vid_of(made.number, 0)
    payload = PLAIN + cloudpickle.dumps(((Marker(),), {}, []))
    total = host.define(lambda a: (int(a.sum()), a.__setitem__(0, 10**9))[0])
    reads = ((vid, int(Kind.HELD), nbytes, None),)
    one, two = host.launch(*[host.row(total, reads=reads, payload=payload) for _ in range(2)])
    host.wait(two)
    assert (
        host.returned[one].value == host.returned[two].value == sum(range(100_000))
    )  # each had its own copy
    host.send(Publish([vid, 12345]))
    host.until(lambda: len(host.published) == 2)
    assert host.published[vid][0] == Kind.FILE
    assert host.published[12345][0] == Kind.NONE
    value = unpack(Store(host.session.folder / "store").open(vid))
    assert np.array_equal(value, np.arange(100_000))
    (three,) = host.launch(host.row(total, reads=reads, payload=payload))  # queued before it was published
    assert host.wait(three).value == sum(range(100_000))
    host.send(Free([vid]))
    (four,) = host.launch(host.row(total, reads=reads, payload=payload))
    assert host.wait(four).outcome == Outcome.DECLINED


class Marker:
    """Pickles as a reference to the task's first input."""

    def __reduce__(self) -> Any:
        return (ref, (0,))


def test_a_chain_queued_ahead_finds_its_inputs(host: Any) -> None:
    step = host.define(lambda a: a + 1)
    first = host.row(step, 0)
    rows = [first]
    payload = PLAIN + cloudpickle.dumps(((Marker(),), {}, []))
    for _ in range(50):
        reads = ((vid_of(rows[-1][0], 0), int(Kind.HELD), 0, None),)
        rows.append(host.row(step, reads=reads, payload=payload))
    host.launch(*rows)
    assert host.wait(rows[-1][0]).value == 51


def test_a_missing_input_is_declined(host: Any) -> None:
    function = host.define(lambda a: a)
    (number,) = host.launch(host.row(function, 1, reads=((vid_of(7, 0), int(Kind.HELD), 0, None),)))
    assert host.wait(number).outcome == Outcome.DECLINED


def test_a_kept_result_is_not_changed_by_later_tasks(host: Any) -> None:
    def make() -> Any:
        import builtins

        builtins.kept = np.zeros(100_000)  # type: ignore[attr-defined]
        return builtins.kept  # type: ignore[attr-defined]

    def change() -> None:
        import builtins

        builtins.kept[:] = 1  # type: ignore[attr-defined]

    made = host.call(make)
    host.call(change)
    vid = vid_of(made.number, 0)
    host.send(Publish([vid]))
    host.until(lambda: vid in host.published)
    assert unpack(Store(host.session.folder / "store").open(vid)).sum() == 0


def test_seeds_and_own_generators(host: Any) -> None:
    def draw() -> Any:
        import random

        from treadle_runtime.worker.context import rng

        return random.random(), float(np.random.random()), float(rng().random())

    drawer = host.define(draw)
    numbers = host.launch(*[host.row(drawer, options={"seed": seed}) for seed in (1, 2, 1)], host.row(drawer))
    host.wait(numbers[-1])
    one, two, again, free = [host.returned[n] for n in numbers]
    assert one.value == again.value
    assert not set(one.value) & set(two.value)
    assert one.notes is None
    (replay,) = host.launch(host.row(drawer, options={"seed": free.notes["seed"]}))
    assert host.wait(replay).value[2] == free.value[2]


def test_peak_memory_is_of_the_task_alone(host: Any) -> None:
    def fill(mib: int) -> int:
        import time

        data = bytearray(mib << 20)
        time.sleep(0.03)
        return len(data)

    filler = host.define(fill)
    small, large, after = host.launch(host.row(filler, 1), host.row(filler, 200), host.row(filler, 1))
    host.wait(after)
    assert host.returned[large].peak_kib > 200 << 10
    assert abs(host.returned[small].peak_kib) < 200 << 10
    assert abs(host.returned[after].peak_kib) < 200 << 10  # the mark was put back


def test_leave_finishes_what_runs_and_gives_the_rest_back(host: Any, tmp_path: Path) -> None:
    def wait_for(path: str) -> str:
        import time

        while not os.path.exists(path):
            time.sleep(0.005)
        return "finished"

    function = host.define(wait_for)
    runs, queued = host.launch(
        host.row(function, str(tmp_path / "go")), host.row(function, str(tmp_path / "go"))
    )
    host.wait_running(runs)
    host.send(Leave())
    (tmp_path / "go").touch()
    assert host.ended() == 0
    host.until(lambda: queued in host.returned)
    assert host.returned[runs].value == "finished"
    assert host.returned[queued].outcome in (Outcome.TAKEN_BACK, Outcome.OK)


def test_main_module_of_tasks_is_empty(host: Any) -> None:
    assert (
        host.call(lambda: sorted(k for k in vars(sys.modules["__main__"]) if not k.startswith("__"))).value
        == []
    )


def test_pack_of_a_result_that_cannot_be_pickled_names_it(host: Any) -> None:
    assert "result" in host.call(lambda: [open(os.devnull)]).error  # noqa: SIM115
