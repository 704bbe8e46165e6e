"""The world inside a task: folder, path, environment, what it may not ask, seeds (docs/guide.md, "Inside a task")."""

from __future__ import annotations

import os
import random
import signal
import sys

import numpy as np
import pytest

from treadle_runtime.api import Session, barrier, rng, start, stop, task, wait_on
from treadle_runtime.config import Options
from treadle_runtime.errors import TaskFailed, UsageError


def test_the_folder_at_the_moment_of_the_call(engine, tmp_path, monkeypatch):
    if engine == "virtual":
        return  # its workers are this process, whose folder is the present one
    where = task(os.getcwd)
    before = where()
    monkeypatch.chdir(tmp_path)
    assert wait_on(before, where()) == [wait_on(before), os.path.realpath(tmp_path)]
    assert wait_on(before) != os.path.realpath(tmp_path)


def test_the_path_at_the_moment_of_the_call(tmp_path, monkeypatch):
    (tmp_path / "only_here_now.py").write_text("VALUE = 41\n")

    @task
    def load():
        import only_here_now

        return only_here_now.VALUE

    monkeypatch.syspath_prepend(str(tmp_path))
    assert wait_on(load()) == 41
    sys.modules.pop("only_here_now", None)


def test_the_environment_at_the_moment_of_the_call(engine, monkeypatch):
    if engine == "virtual":
        return
    read = task(lambda: os.environ.get("OF_THE_MOMENT"))
    found = []
    for value in ("1", "2"):
        monkeypatch.setenv("OF_THE_MOMENT", value)
        found.append(read())
    monkeypatch.delenv("OF_THE_MOMENT")
    assert wait_on([*found, read()]) == ["1", "2", None]


def disturb():
    os.chdir("/")
    sys.path.append("/nowhere")
    os.environ["LEFT_BEHIND"] = "1"
    os.umask(0o000)
    sys.setrecursionlimit(4000)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def look():
    mask = os.umask(0o022)
    os.umask(mask)
    return os.getcwd(), list(sys.path), os.environ.get("LEFT_BEHIND"), mask, sys.getrecursionlimit(), signal.getsignal(signal.SIGTERM)


def test_what_a_task_changes_does_not_reach_the_next(engine):
    if engine == "virtual":
        return  # its tasks run in this process, as simulated workers
    here = look()
    before = wait_on([task(look)() for _ in range(2)])
    wait_on([task(disturb)() for _ in range(4)])
    assert wait_on([task(look)() for _ in range(2)]) == before
    assert look() == here


@pytest.mark.parametrize("leave", [sys.exit, lambda: quit(), lambda: (_ for _ in ()).throw(GeneratorExit())])
def test_leaving_fails_the_task_only(leave):
    with pytest.raises(TaskFailed, match="Exit"):
        wait_on(task(leave)())
    assert wait_on(task(abs)(-1)) == 1


def test_an_interrupt_of_ones_own_fails_the_task_only(engine):
    if engine == "inline":
        return  # there it is as if Ctrl-C had been pressed
    with pytest.raises(TaskFailed, match="KeyboardInterrupt"):
        wait_on(task(lambda: (_ for _ in ()).throw(KeyboardInterrupt()))())
    assert wait_on(task(abs)(-1)) == 1


@pytest.mark.parametrize("question", [lambda: input("? "), lambda: breakpoint()])
def test_nobody_can_be_asked(engine, question):
    if engine == "local":
        with pytest.raises(UsageError, match=r"%treadle debug.*engine=\"inline\""):
            wait_on(task(question)())


def test_the_interface_inside_a_task():
    def inner():
        from treadle_runtime.api import put

        barrier()
        stop()
        return wait_on(put([1])), wait_on([2, task(abs)(-3)]), start(workers=5) is not None

    assert wait_on(task(inner)()) == ([1], [2, 3], True)
    assert wait_on(task(abs)(-1)) == 1


def test_rng_is_the_tasks_own():
    draw = task(lambda: (rng() is rng(), float(rng().random())))
    found = wait_on([draw() for _ in range(3)])
    assert all(same for same, _ in found)
    assert len({drawn for _, drawn in found}) == 3
    assert 0 <= rng().random() < 1  # outside tasks, too


@task
def draws():
    return random.random(), float(np.random.rand()), float(rng().random())


def test_seeds_give_the_same_everywhere():
    drawn = {}
    for options in ({"engine": "inline"}, {"workers": 1}, {"workers": 3}):
        with Session(Options(seed=11, **options)) as session:
            drawn[str(options)] = _drawn_in(session)
    assert len(set(drawn.values())) == 1
    (values,) = set(drawn.values())
    assert len(set(values)) == 6  # no two tasks draw the same


def _drawn_in(session):
    from treadle_runtime.api import session as module

    before, module._session = module._session, session
    try:
        random.seed(1)
        np.random.seed(1)
        state, numbers = random.getstate(), np.random.get_state()[1].tolist()
        found = wait_on([draws() for _ in range(6)])
        assert random.getstate() == state  # the caller's own generators are left alone
        assert np.random.get_state()[1].tolist() == numbers
        return tuple(found)
    finally:
        module._session = before
