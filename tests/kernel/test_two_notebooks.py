"""Two kernels: on one runtime by its name; and of one notebook, its copy, and itself under another name."""

from __future__ import annotations

import os
import re
import shutil
import time

import psutil
import pytest

from treadle_runtime.cli.main import main
from treadle_runtime.client.attach import list_runtimes

TASKS = """
@task
def f(x): return x + 1
@task
def slow(path):
    import os, time
    while not os.path.exists(path): time.sleep(0.01)
    return path
"""
FRESH = "Treadle 0.1: 2 workers at the first task. %treadle help"


def pid(notebook) -> int:
    return notebook.value("treadle.start().client.link.ask('status', {})['pid']")


def load_again(notebook, path: str) -> str:
    """Load the extension as in a kernel that was started for the notebook at `path`."""
    notebook.ok("%unload_ext treadle")
    notebook.ok(f"import os; os.environ['JPY_SESSION_NAME'] = {path!r}")
    return notebook.ok("%load_ext treadle").text.strip()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebooks")
    (folder / "one.ipynb").write_text("{}")
    patch = pytest.MonkeyPatch()
    patch.setenv("JUPYTER_RUNTIME_DIR", str(folder))  # for this process, too
    yield folder
    patch.undo()


@pytest.fixture(scope="module")
def pair(open_notebook, folder):
    """Two kernels of the same notebook."""
    path = str(folder / "one.ipynb")
    opened = [open_notebook(JPY_SESSION_NAME=path, TREADLE_KEEP_ALIVE="60") for _ in range(2)]
    for each in opened:
        assert each.ok("%load_ext treadle").text.strip() == FRESH
        each.ok(TASKS)
    yield opened
    for each in opened:
        each.client.stop_channels()
        if each.manager.is_alive():
            each.manager.shutdown_kernel()
    left = [psutil.Process(each.owner.pid) for each in list_runtimes()]
    main(["stop", "--all"])
    assert psutil.wait_procs(left, timeout=20)[1] == []


def test_two_notebooks_share_a_runtime_and_its_published_results(pair, tmp_path, capsys):
    one, two = pair
    gate = str(tmp_path / "gate")
    one.ok("treadle.start(name='shared', workers=2)")
    one.ok(
        f"x = slow({gate!r}); mine = [f(i) for i in range(3)]\ntreadle.publish('x', x); treadle.publish('n', {{'a': 1}})"
    )
    two.ok("treadle.start(name='shared')")
    assert pid(one) == pid(two)
    main(["ps"])
    assert re.search(rf"^shared +{pid(one)} +2 +2 .*one.ipynb$", capsys.readouterr().out, re.M)

    two.ok("x = treadle.get('x'); y = f(x)")
    assert two.value("isinstance(x, treadle.Future), x.done(), treadle.get('n')") == (True, False, {"a": 1})
    assert two.value(
        "[g.number if hasattr(g, 'number') else repr(g).split()[2] for g in treadle.futures()]"
    ) == ["#1000000001"]
    nothing = two.run("treadle.get('nix')").error
    assert "Nothing is published as 'nix'. There is 'x' (since " in nothing
    other = two.run("treadle.start(name='other')").error
    assert "A runtime with name='shared' is running, so name='other' can't take effect." in other
    assert "engine='inline' can't take effect" in two.run("treadle.start(engine='inline')").error

    two.ok("%treadle cancel all")
    assert "TaskCancelled" in two.run("wait_on(y)").error
    open(gate, "w").close()
    assert one.value("wait_on(x)") == gate  # of the other one, so it was not cancelled
    assert two.value("wait_on(x)") == gate
    assert one.value("wait_on(mine)") == [1, 2, 3]

    two.ok("keep = f(5)")
    assert (
        "left the runtime, which goes on for 1 other client; `treadle stop shared` ends it"
        in two.ok("treadle.stop()").text
    )
    assert two.value("wait_on(keep)") == 6
    one.ok("treadle.unpublish('n')")
    assert "There is 'x'" in one.run("treadle.get('n')").error
    one.ok("treadle.stop()")
    assert list_runtimes() == []


def test_notebook_is_known_by_kernel_or_path_and_never_by_a_copy(pair, folder, tmp_path):
    one, two = pair
    path, copy, moved = (str(folder / name) for name in ("one.ipynb", "copy.ipynb", "moved.ipynb"))
    shutil.copy(path, copy)
    gate = str(tmp_path / "gate")
    one.ok(f"s = [slow({gate!r}) for _ in range(3)]")
    runtime = pid(one)
    assert load_again(two, path) == FRESH  # another kernel of the notebook, while the first one lives
    one.manager.shutdown_kernel()  # with tasks that run, so the runtime stays for its lease
    assert load_again(two, copy) == FRESH
    said = load_again(two, path)  # opened again: another kernel, the same notebook
    assert re.fullmatch(
        r"Treadle 0.1: re-attached: (\d running, )?\d held: %treadle resume \| recover \| clear", said
    ), said
    assert pid(two) == runtime
    two.ok("%treadle recover s\n%treadle resume")

    os.rename(path, moved)
    two.manager.restart_kernel()
    two.client.wait_for_ready(timeout=60)
    said = two.ok("%load_ext treadle").text.strip()
    assert re.fullmatch(r"Treadle 0.1: re-attached: (\d running, )?\d held: %treadle resume .*", said), said
    assert (
        sum(map(int, re.findall(r"(\d) (?:running|held)", said))) == 3
    )  # once each, though two kernels knew them
    assert pid(two) == runtime
    two.ok("%treadle resume\n%treadle recover all")
    open(gate, "w").close()
    assert two.value("wait_on(s)") == [gate] * 3
    two.ok("%treadle clear\n%treadle stop")


@pytest.mark.long
def test_runtime_of_another_environment_is_not_joined(pair):
    _one, two = pair
    two.ok("%load_ext treadle\n%treadle start")
    [found] = list_runtimes()
    text = found.file.read_text()
    two.manager.restart_kernel()
    two.client.wait_for_ready(timeout=60)
    other = text.replace(found.environment[2], "/another/environment")
    end = time.monotonic() + 20
    while list_runtimes()[0].clients:  # it writes its file anew when the kernel has gone
        assert time.monotonic() < end
        time.sleep(0.02)
    found.file.write_text(other)
    said = two.ok("%load_ext treadle").text.strip()
    assert said == (
        "Treadle 0.1: a fresh runtime at the first task, since the one before runs in another environment "
        f"(/another/environment); `treadle stop {found.name}` ends it"
    )
    found.file.write_text(text)
