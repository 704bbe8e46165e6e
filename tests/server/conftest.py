"""A real Jupyter server below a hub's prefix, a real runtime, and pages that speak to it without a browser."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
import websocket

from ..conftest import soon

ROOT = Path(__file__).parents[2]
LIMIT_S = 30.0
BASE = "/user/ada/"
TOKEN = "not-to-be-logged-4711"
AUTHORIZER = """
import os
from jupyter_server.auth import AllowAllAuthorizer

class Flag(AllowAllAuthorizer):
    def is_authorized(self, handler, user, action, resource):
        return not (os.path.exists(os.environ["FORBID"]) and (action, resource) == ("execute", "kernels"))
"""


@dataclass
class Answer:
    status: int
    text: str
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Page:
    """A websocket to a runtime and the picture it shows."""

    def __init__(self, connection: websocket.WebSocket) -> None:
        self.connection = connection
        self.tasks: dict[str, Any] = {}
        self.failures: list[Any] = []
        self.resets = 0
        self.asked = 0

    def say(self, kind: str, **fields: Any) -> None:
        self.connection.send(json.dumps({"type": kind, **fields}))

    def hear(self, kind: str = "") -> dict[str, Any]:
        while True:
            message: dict[str, Any] = json.loads(self.connection.recv())
            if message["type"] == "delta":
                self._take(message["data"])
            if not kind or message["type"] == kind:
                return message

    def ask(self, name: str, **args: Any) -> Any:
        self.asked += 1
        self.say("command", id=self.asked, name=name, args=args)
        answer = self.hear("reply")
        return answer.get("data", answer.get("error"))

    def see(self, true: Callable[[], bool]) -> None:
        while not true():
            self.hear("delta")

    def closed_with(self) -> int:
        """Read until the server closes; return the code it gives."""
        while True:
            frame = self.connection.recv_frame()
            if frame.opcode == websocket.ABNF.OPCODE_CLOSE:
                return int.from_bytes(frame.data[:2], "big")

    def state(self, number: int) -> str | None:
        return self.tasks.get(str(number), {}).get("state")

    def _take(self, delta: dict[str, Any]) -> None:
        if delta.get("reset"):
            self.tasks, self.failures = {}, []
            self.resets += 1
        for key, record in delta.get("put", {}).get("task", {}).items():
            self.tasks.setdefault(key, {}).update(record)
        self.failures += delta.get("add", {}).get("failure", ())


@dataclass
class Server:
    """A running Jupyter server."""

    port: int
    process: psutil.Process
    log: Path
    forbid: Path
    pages: list[Page] = field(default_factory=list)

    def ask(
        self, path: str, method: str = "GET", token: str | None = TOKEN, base: str = BASE, **headers: str
    ) -> Answer:
        if token is not None:
            headers["Authorization"] = f"token {token}"
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{base}{path}", None, headers, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=LIMIT_S) as answer:
                return Answer(answer.status, answer.read().decode(), dict(answer.headers))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.read().decode(), dict(error.headers))

    def runtimes(self) -> dict[str, Any]:
        return {row["name"]: row for row in self.ask("treadle/api/runtimes").json["runtimes"]}

    def connect(self, name: str, token: str | None = TOKEN, base: str = BASE, **options: Any) -> Page:
        """Open a page's websocket. Raises websocket.WebSocketBadStatusException."""
        headers = [f"Authorization: token {token}"] if token is not None else []
        connection = websocket.create_connection(
            f"ws://127.0.0.1:{self.port}{base}treadle/ws/{name}",
            timeout=LIMIT_S,
            header=headers + options.pop("header", []),
            **options,
        )
        self.pages.append(page := Page(connection))
        return page

    def look(self, name: str, **options: Any) -> Page:
        """Open a page that is shown what there is."""
        page = self.connect(name, **options)
        assert page.hear()["type"] == "welcome"
        page.say("hello", feeds=[1], version="0.1.0")
        page.see(lambda: page.resets > 0)
        return page

    def cookie(self) -> str:
        """Log in as a browser does; return the cookies."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{BASE}api?token={TOKEN}")
        with urllib.request.urlopen(request, timeout=LIMIT_S) as answer:
            return "; ".join(each.split(";")[0] for each in answer.headers.get_all("Set-Cookie"))


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Where everything of this file lives; a socket's path must be short."""
    place = Path(tempfile.mkdtemp(prefix="ts-", dir="/tmp"))
    yield place
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(scope="module", autouse=True)
def environment(folder: Path) -> Iterator[None]:
    """Runtimes of this process, and the server, live in this folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        patch.setenv("TREADLE_STORE", str(folder))
        for name in ("CONFIG", "DATA", "RUNTIME"):
            patch.setenv(f"JUPYTER_{name}_DIR", str(folder / name.lower()))
        paths = [
            str(ROOT / "runtime"),
            str(ROOT / "kernel_ext"),
            str(folder),
            os.environ.get("PYTHONPATH", ""),
        ]
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
        patch.setenv("JUPYTER_TOKEN", TOKEN)
        patch.setenv("FORBID", str(folder / "forbid"))
        config = folder / "config" / "jupyter_server_config.d"
        config.mkdir(parents=True)
        shutil.copy(ROOT / "kernel_ext/treadle/server/config/treadle.json", config)
        (folder / "flag_authorizer.py").write_text(AUTHORIZER)
        yield


@pytest.fixture(scope="module")
def running(folder: Path) -> Iterator[Server]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    arguments = [
        *("--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0"),
        *(f"--ServerApp.base_url={BASE}", f"--ServerApp.root_dir={folder}"),
        *(
            "--ServerApp.authorizer_class=flag_authorizer.Flag",
            "--ServerApp.terminals_enabled=False",
            "--debug",
        ),
    ]
    log = folder / "server.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyter_server", *arguments],
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    server = Server(port, psutil.Process(process.pid), log, folder / "forbid")
    try:
        soon(lambda: process.poll() is not None or _serves(server), LIMIT_S)
        assert process.poll() is None, log.read_text(errors="replace")[-3000:]
        yield server
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture
def server(running: Server) -> Iterator[Server]:
    yield running
    running.forbid.unlink(missing_ok=True)
    while running.pages:
        running.pages.pop().connection.shutdown()


def _serves(server: Server) -> bool:
    try:
        return server.ask("api/status").status == 200
    except OSError:
        return False
