"""Kernels that restart, die, are shut down and come back: their runtime is found again, and what they left with it.

One kernel is restarted several times; each test begins with whatever the one before has left cleared.
"""

from __future__ import annotations

import re
import time

import psutil
import pytest

from treadle_runtime.client.attach import attach_runtime, list_runtimes, stop_runtime

TASKS = """
@task
def f(x): return x + 1
@task
def slow(path):
    import os, time
    while not os.path.exists(path): time.sleep(0.01)
    return path
@task(c=INOUT)
def bump(c): c.append(len(c))
"""
LIMIT_S = 30.0


def restart(notebook, now: bool = False) -> str:
    """Restart the kernel and return what `%load_ext` says then."""
    notebook.manager.restart_kernel(now=now)
    notebook.client.wait_for_ready(timeout=60)
    notebook.reply(notebook.start("%colors NoColor"))
    return notebook.ok("%load_ext treadle").text.strip()


def pid(notebook) -> int:
    return notebook.value("treadle.start().client.link.ask('status', {})['pid']")


def soon(true, what: str):
    end = time.monotonic() + LIMIT_S
    while not (found := true()):
        assert time.monotonic() < end, f"waited {LIMIT_S} s for {what}"
        time.sleep(0.02)
    return found


@pytest.fixture(scope="module")
def lab(open_notebook, tmp_path_factory):
    runtimes = tmp_path_factory.mktemp("runtimes")
    patch = pytest.MonkeyPatch()
    patch.setenv("JUPYTER_RUNTIME_DIR", str(runtimes))  # for this process, too
    opened = open_notebook(TREADLE_KEEP_ALIVE="60")
    opened.ok("%load_ext treadle")
    yield opened
    opened.client.stop_channels()
    opened.manager.shutdown_kernel()
    left = [psutil.Process(each.owner.pid) for each in list_runtimes()]
    late = psutil.wait_procs(left, timeout=20)[1]
    for each in list_runtimes():
        stop_runtime(each.name)
    patch.undo()
    assert late == []  # shut down, not restarted: they end at once


def test_idle_kernel_finds_its_results_by_name(lab):
    lab.ok(TASKS)
    lab.ok(
        "x = f(1); fs = [f(i) for i in range(4)]; d = {'a': fs[0], 1: (x,)}; c = ['c']; alias = c; bump(c)"
    )
    lab.ok("p = treadle.put('stored'); bad = treadle.task(int)('nonsense'); other = 5")
    lab.ok("wait_on(fs, x); bad.exception()")
    runtime = pid(lab)
    said = restart(lab)
    assert said == "Treadle 0.1: re-attached: 6 done, 1 failed: %treadle recover | clear"
    assert pid(lab) == runtime

    listed = lab.ok("%treadle recover").text
    assert re.search(r"^x +f #1 done, cell \[4\], \d\d:\d\d:\d\d$", listed, re.M)
    assert re.search(r"^fs +f #2 ... f #5: 4 done, cell \[4\]", listed, re.M)
    assert re.search(r"^c +bump #6 done", listed, re.M)
    assert re.search(r"^bad +int #7 failed", listed, re.M)
    assert "other" not in listed

    assert "No name 'nix' was left. Names: " in lab.ok("%treadle recover nix").text
    lab.ok("c = 'mine'\n%treadle recover x fs")
    assert lab.ok("x, fs[3]").shown[-1]["text/plain"] == "(<Future f #1 done>, <Future f #5 done>)"
    assert lab.value("wait_on(fs), x.result()") == ([1, 2, 3, 4], 2)
    said = lab.ok("%treadle recover all").text
    assert "c is a name here already: `%treadle recover c` replaces it" in said
    assert lab.value("c") == "mine"
    lab.ok("%treadle recover c alias 3")
    assert lab.value("wait_on(task_3)") == 2
    assert lab.value("c, alias is c, wait_on(p), wait_on(d)") == (["c", 1], True, "stored", {"a": 1, 1: (2,)})
    assert "ValueError" in lab.run("wait_on(bad)").error
    lab.ok(TASKS)
    assert lab.value("wait_on(f(fs[2])), wait_on(treadle.future(1))") == (4, 2)
    lab.ok("%treadle clear")
    assert lab.value("wait_on(fs)") == [1, 2, 3, 4]  # they are its own now


def test_busy_kernel_that_restarts_finds_its_tasks_held(lab, tmp_path):
    gate = str(tmp_path / "gate")
    cell = lab.start(f"s = [slow({gate!r}) for _ in range(4)]; n = f(s[3])\nprint('called')\nwait_on(s)")
    lab.until(lambda: "called" in lab.cells[cell].text, "the calls")
    [found] = list_runtimes()
    spy = attach_runtime(found.name, lambda _: None)
    try:
        client = int(spy.ask("kernels", {})[0])
        soon(
            lambda: "s" in spy.ask("names", {"client": client, "changes": {}}),
            "the names of the running cell",
        )
    finally:
        spy.close()
    said = restart(lab)
    told = re.fullmatch(
        r"Treadle 0.1: re-attached: (.*), (\d) running, (\d) held: %treadle resume \| recover \| clear", said
    )
    assert told, said
    assert int(told[2]) + int(told[3]) == 5
    held = lab.value("treadle.start().client.link.ask('held', {'client': treadle.start().client.cid})")
    assert len(held) == int(told[3]) >= 2
    why = lab.value(f"treadle.start().client.link.ask('explain', {{'number': {held[0]}}})")
    assert "held: its kernel has gone; %treadle resume" in why
    assert "`%treadle resume` lets what is held go on" in lab.ok("%treadle recover s n").text
    open(gate, "w").close()
    assert lab.value("wait_on(s[0])") == gate  # what ran ends
    assert not lab.value("s[3].done()")
    waits = lab.run("s[3].result(timeout=0.1)")
    assert "TimeoutError" in waits.error
    assert re.search(r"Treadle: slow #\d+ is held: %treadle resume lets what is held go on.", waits.text)
    assert lab.ok("%treadle resume").text.strip() == f"Treadle: {told[3]} tasks go on"
    assert lab.value("wait_on(s)") == [gate] * 4
    assert "TypeError" in lab.run("wait_on(n)").error  # it went on, too: a path plus one
    assert lab.ok("%treadle resume").text.strip() == "Treadle: nothing is held"


def test_what_recovered_tasks_print_is_shown_where_they_are_recovered(lab, tmp_path):
    lab.ok(TASKS)
    begun, first, last = (str(tmp_path / name) for name in ("begun", "first", "last"))
    lab.ok(
        "@task\ndef talks(begun, first, last):\n    import os, time\n    print('one', flush=True)\n    open(begun, 'w').close()\n"
        "    while not os.path.exists(first): time.sleep(0.01)\n    print('two', flush=True)\n"
        "    while not os.path.exists(last): time.sleep(0.01)\n    print('three')\n"
    )
    cell = lab.start(f"t = talks({begun!r}, {first!r}, {last!r}); quiet = [f(1)]")
    lab.until(lambda: "one" in lab.cells[cell].text, "the first line")
    restart(lab)
    open(first, "w").close()
    lab.ok("1\n2\n3")  # so that a cell of this kernel has the number of the one that called it
    said = lab.ok("%treadle recover t quiet")
    assert "`%treadle log t` shows what was printed meanwhile" in said.text
    lab.until(lambda: "two" in lab.ok("%treadle log t").text, "what it printed meanwhile")
    assert "one" in lab.ok("%treadle log t").text
    open(last, "w").close()
    lab.ok("wait_on(t)")
    lab.until(lambda: re.search(r"^talks#\d+ three$", said.text, re.M), "the rest, below the cell that recovers")
    assert not re.search(r"\bone$", said.text, re.M)  # the dead kernel showed that
    lab.ok("%treadle clear")


def status(lab):
    """What lists of runtimes are told."""
    return lab.value("treadle.start().client.link.ask('command', {'name': 'status', 'args': {}})['data']")


def test_killed_twice_and_cleared(lab, tmp_path):
    lab.ok(TASKS)
    gate = str(tmp_path / "gate")
    lab.ok(
        f"first = f(10); wait_on(first); s = [slow({gate!r}) for _ in range(6)]; c = [1]; bump(c); bump(c)"
    )
    lab.start("import os, signal\nlate = f(20)\ntry:\n    late.result(0.01)\nexcept TimeoutError:\n    os.kill(os.getpid(), signal.SIGKILL)")
    soon(lambda: not lab.manager.is_alive(), "the death of the kernel")
    told = re.search(r"(\d+) held: %treadle resume \| recover \| clear", restart(lab, now=True))  # SIGKILL
    runtime = pid(lab)
    now = status(lab)
    assert (now["held"], now["waiting"]) == (int(told[1]), 0)
    for verb in ("status", "tasks", "cancel all"):
        assert f"{told[1]} held: %treadle resume | recover | clear" in lab.ok(f"%treadle {verb}").text
    late = re.search(r"^late +f #(\d+) held", lab.ok("%treadle recover").text, re.M)  # bound in the moment before
    assert "`late` was left by the kernel before this one: `%treadle recover late` first" in lab.run("%treadle why late").text
    assert f"#{late[1]} was left by the kernel before this one" in lab.run(f"%treadle story #{late[1]}").text
    lab.ok("%treadle resume\n%treadle recover s")
    assert status(lab)["held"] == 0
    assert "held: %treadle resume | recover | clear" in restart(lab, now=True)  # resumed ones are held again
    assert pid(lab) == runtime
    assert "still writes it" in lab.ok("%treadle recover c").text
    lab.ok("%treadle recover first")
    assert lab.value("wait_on(first)") == 11
    assert lab.ok("%treadle clear").text.startswith("Treadle: let go of ")
    assert (
        lab.ok("%treadle recover").text.strip()
        == "Treadle: no kernel before this one has left anything here."
    )
    assert lab.value("wait_on(first)") == 11
    lab.ok(TASKS)
    assert lab.value("wait_on(f(1))") == 2  # and the workers are free again


@pytest.mark.long
def test_stop_waits_for_what_the_kernel_before_has_left_running_and_says_so(lab, tmp_path):
    gate = tmp_path / "gate"
    lab.ok(f"{TASKS}\ns = [slow({str(gate)!r}) for _ in range(6)]")
    lab.until(lambda: status(lab)["running"] == 2, "the workers to be busy")
    assert "2 running, 4 held" in restart(lab, now=True)
    stopping = lab.start("treadle.stop()")
    lab.until(lambda: "waiting for 2 tasks of the kernel before this one" in lab.cells[stopping].text, "a word of it")
    gate.touch()
    lab.until(lambda: lab.cells[stopping].status == "idle", "the end")
    assert lab.cells[stopping].error == ""
    lab.ok(TASKS)
    assert lab.value("wait_on(f(1))") == 2
