"""What a page sees and does over the Jupyter server, and who is kept out."""

from __future__ import annotations

import json
import os
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import websocket
from jupyter_server.extension.manager import ExtensionPackage

import treadle
from treadle_runtime.client.attach import list_runtimes
from treadle_runtime.core.model import Number
from treadle_runtime.wire import messages as m
from treadle_runtime.wire.codec import encode
from treadle_runtime.wire.session import Descriptor, Owner, Session, publish

from ..conftest import soon
from .conftest import BASE, TOKEN, Page, Server

HOSTILE = "</script><img src=x onerror=alert(1)>\u2028{{7*7}}"


@pytest.fixture(scope="module")
def runtime() -> Iterator[str]:
    """The name of a runtime of this process."""
    treadle.start(workers=2, name="bench")
    yield "bench"
    treadle.stop(cancel=True)


@treadle.task
def nap(seconds: float) -> float:
    import time

    time.sleep(seconds)
    return seconds


@treadle.task(name=HOSTILE)
def shout() -> None:
    print(HOSTILE)
    raise ValueError(HOSTILE)


def number(future: Any) -> Number:
    return int(future._call_now().number)


def test_the_list_says_what_lives_and_names_no_folder(server: Server, runtime: str) -> None:
    answer = server.ask("treadle/api/runtimes")
    assert answer.headers["Content-Type"].startswith("application/json")
    listed = answer.json
    assert (listed["version"], listed["feed"]) == (treadle.__version__, 1)
    row = {row["name"]: row for row in listed["runtimes"]}[runtime]
    assert (row["title"], row["workers"], row["kernels"], row["version"]) == (
        "bench",
        2,
        [],
        treadle.__version__,
    )
    assert row["busy"] + row["running"] + row["waiting"] == 0
    (found,) = [each for each in list_runtimes() if each.name == runtime]
    assert found.folder not in answer.text
    assert (Path(found.folder) / "token").read_text() not in answer.text


def test_a_page_sees_cancels_and_is_answered(server: Server, runtime: str) -> None:
    page = server.look(runtime)
    future = nap(60)
    page.see(lambda: page.state(number(future)) == "running")
    assert server.runtimes()[runtime]["running"] == 1
    assert page.ask("cancel", numbers=[number(future)])["total"] == 1
    page.see(lambda: page.state(number(future)) == "cancelled")
    with pytest.raises(treadle.TaskCancelled):
        future.result(10)
    by_epoch = server.look(server.runtimes()[runtime]["epoch"])
    assert by_epoch.state(number(future)) == "cancelled"


def test_hostile_words_stay_words(server: Server, runtime: str) -> None:
    page = server.look(runtime)
    future = shout()
    page.see(lambda: any(row["number"] == number(future) for row in page.failures))
    found = page.ask("details", number=number(future))
    assert found["message"] == HOSTILE
    assert found["label"].startswith(HOSTILE[:20])
    assert page.ask("log", number=number(future), offset=0)["parts"] == [["stdout", f"{HOSTILE}\n"]]
    assert future.exception(10) is not None


@pytest.mark.parametrize("token", [None, "wrong", ""])
def test_without_the_token_nothing_is_told(server: Server, runtime: str, token: str | None) -> None:
    for method, path in (("GET", "treadle/api/runtimes"), ("DELETE", f"treadle/api/runtimes/{runtime}")):
        answer = server.ask(path, method, token=token)
        assert answer.status in (401, 403)
        assert runtime not in answer.text
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        server.connect(runtime, token=token)
    assert refused.value.status_code == 403
    assert runtime in server.runtimes()


def test_a_cookie_is_enough_but_not_from_a_foreign_page(server: Server, runtime: str) -> None:
    cookie = server.cookie()
    own = f"http://127.0.0.1:{server.port}"
    assert server.look(runtime, token=None, cookie=cookie, origin=own).resets == 1
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        server.connect(runtime, token=None, cookie=cookie, origin="http://evil.example")
    assert refused.value.status_code == 403
    foreign = server.ask("treadle/api/runtimes", token=None, Cookie=cookie, Origin="http://evil.example")
    assert foreign.status in (403, 404)
    assert runtime not in foreign.text
    stop = server.ask(f"treadle/api/runtimes/{runtime}", "DELETE", token=None, Cookie=cookie, Origin=own)
    assert stop.status == 403  # no _xsrf
    assert runtime in server.runtimes()


def test_another_name_of_the_host_is_refused(server: Server, runtime: str) -> None:
    assert server.ask("treadle/api/runtimes", Host="evil.example").status == 403
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        server.connect(runtime, host="evil.example")
    assert refused.value.status_code == 403


def test_who_may_not_execute_kernels_may_nothing(server: Server, runtime: str) -> None:
    server.forbid.touch()
    assert server.ask("treadle/api/runtimes").status == 403
    assert server.ask(f"treadle/api/runtimes/{runtime}", "DELETE").status == 403
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        server.connect(runtime)
    assert refused.value.status_code == 403
    server.forbid.unlink()
    assert runtime in server.runtimes()


def test_only_below_the_prefix(server: Server, runtime: str) -> None:
    assert server.ask("treadle/api/runtimes", base="/").status == 404
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        server.connect(runtime, base="/")
    assert refused.value.status_code == 404
    assert BASE == "/user/ada/"


@pytest.mark.parametrize("name", ["nobody", "..%2f..%2fetc", "%00", "a" * 5000])
def test_a_runtime_that_is_none_is_not_found(server: Server, name: str) -> None:
    with pytest.raises(websocket.WebSocketBadStatusException) as refused:
        server.connect(name)
    assert refused.value.status_code in (400, 404)
    assert server.ask(f"treadle/api/runtimes/{name}", "DELETE").status in (400, 404)


def test_a_file_or_folder_that_lets_others_in_is_not_trusted(server: Server, runtime: str) -> None:
    (found,) = [each for each in list_runtimes() if each.name == runtime]
    try:
        found.file.chmod(0o644)
        assert runtime not in server.runtimes()
        with pytest.raises(websocket.WebSocketBadStatusException):
            server.connect(runtime)
    finally:
        found.file.chmod(0o600)
    try:
        os.chmod(found.folder, 0o755)
        page = server.connect(runtime)
        assert "not private to you" in page.hear("refused")["reason"]
        assert page.closed_with() == 4400
    finally:
        os.chmod(found.folder, 0o700)


def test_what_is_no_message_ends_the_line_alone(server: Server, runtime: str) -> None:
    page = server.look(runtime)
    page.connection.send("no json")
    assert "no message" in page.hear("refused")["reason"]
    assert page.closed_with() == 4404
    binary = server.look(runtime)
    binary.connection.send_binary(b"\x80\x04.")
    assert binary.closed_with() == 4400
    long = server.look(runtime)
    long.connection.send("x" * 100_000)
    assert long.closed_with() == 1009
    assert server.look(runtime).resets == 1


def test_a_page_that_goes_leaves_nothing(server: Server, runtime: str) -> None:
    server.runtimes()
    before = server.process.num_fds()
    pages = [server.look(runtime) for _ in range(5)]
    assert server.process.num_fds() >= before + 5
    for page in pages[:3]:
        page.connection.close()
    for page in pages[3:]:
        page.connection.sock.close()  # without a word
    soon(lambda: server.process.num_fds() <= before)


def test_a_page_that_does_not_read_costs_nobody_anything(server: Server, runtime: str) -> None:
    slow, other = server.look(runtime), server.look(runtime)
    futures = [nap(0.0) for _ in range(1000)]
    treadle.wait_on(futures)
    other.see(lambda: other.state(number(futures[-1])) == "done")
    before = server.process.memory_info().rss
    for _ in range(300):  # 20 MB of pictures, not one of them read
        slow.say("reset")
        other.ask("why", number=number(futures[0]))
    assert server.process.memory_info().rss < before + (12 << 20)
    late = nap(0.0)
    treadle.wait_on(late)
    other.see(lambda: other.state(number(late)) == "done")
    slow.see(lambda: slow.state(number(late)) == "done")
    assert slow.resets < 300


def test_a_page_learns_that_its_runtime_was_killed(server: Server, tmp_path: Path) -> None:
    script = "import treadle, sys; treadle.start(workers=1, name='victim'); print('up', flush=True); sys.stdin.read()"
    child = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=tmp_path
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        assert child.stdout.readline() == b"up\n"
        page = server.look("victim")
        os.kill(server.runtimes()["victim"]["pid"], 9)
        assert page.closed_with() == 4404
        soon(lambda: "victim" not in server.runtimes())
    finally:
        child.stdin.close()
        child.wait(20)
        child.stdout.close()


def test_a_runtime_is_ended_from_a_page(server: Server, tmp_path: Path) -> None:
    script = "import treadle, sys; treadle.start(workers=1, name='idler'); print('up', flush=True); sys.stdin.read()"
    child = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=tmp_path
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        assert child.stdout.readline() == b"up\n"
        assert server.ask("treadle/api/runtimes/idler", "DELETE").status == 204
        soon(lambda: "idler" not in server.runtimes())
        assert server.ask("treadle/api/runtimes/idler", "DELETE").status == 404
    finally:
        child.stdin.close()
        child.wait(20)
        child.stdout.close()


@pytest.fixture
def older(folder: Path) -> Iterator[str]:
    """A runtime of a version that knows no pages: it refuses them in its own words."""
    home = folder / "old"
    home.mkdir(mode=0o700)
    session = Session(home)
    (home / "token").touch(0o600)
    door = socket.socket(socket.AF_UNIX)
    door.bind(str(session.clients))
    door.listen()

    def refuse() -> None:
        caller, _ = door.accept()
        with caller:
            caller.recv(4096)
            frame = encode(m.Refused("The first message must be a hello."))
            caller.sendall(struct.pack(">I", len(frame)) + frame)

    thread = threading.Thread(target=refuse)
    thread.start()
    path = publish(
        Descriptor(
            "older",
            str(home),
            "/none",
            "0e0e",
            2,
            1.0,
            1,
            False,
            Owner.myself(),
            environment=("0.0.9", "3.11.2", ""),
        )
    )
    yield "older"
    path.unlink()
    thread.join(10)
    door.close()


def test_a_runtime_of_another_version_gives_one_line(server: Server, older: str) -> None:
    page = server.connect(older)
    said = page.hear("refused")["reason"]
    assert "The runtime has Treadle 0.0.9" in said
    assert "`pip install --upgrade treadle`" in said
    assert page.closed_with() == 4400


def test_the_extension_is_sound() -> None:
    package = ExtensionPackage(name="treadle.server", enabled=True)
    assert package.validate()
    assert list(package.extension_points) == ["treadle.server"]


@pytest.mark.long
def test_jupyter_lists_the_extension_as_sound() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "jupyter_server.extension.serverextension", "list"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    told = done.stdout + done.stderr
    line = told[told.index("treadle.server") :]
    assert "enabled" in line.splitlines()[0]
    assert "OK" in line


def test_the_extension_brings_no_kernel_into_the_server() -> None:
    code = "import json, sys, treadle.server.handlers; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    loaded = {each.split(".")[0] for each in json.loads(done.stdout)}
    assert not {"ipykernel", "ipywidgets", "anywidget"} & loaded


def test_at_the_end_the_token_stands_in_no_log(server: Server, runtime: str) -> None:
    page: Page = server.connect(f"{runtime}?token={TOKEN}", token=None)
    assert page.hear()["type"] == "welcome"
    text = server.log.read_text(errors="replace")
    assert "treadle/ws" in text
    assert TOKEN not in text
    assert (Path(list_runtimes()[0].folder) / "token").read_text() not in text
    assert "Traceback" not in text
