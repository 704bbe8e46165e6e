"""A Jupyter server on private folders and a headless Chromium that looks at it.

The pitfalls that shaped this: a notebook's status says "idle" before its kernel's websocket is connected, and a cell
run then is lost; hence the wait for the kernel itself, which needs `--expose-app-in-browser`. Playwright's own
browser is never downloaded: the system's is used.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(Path(__file__).parent))
DEADLINE_S = 60.0
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_NUMBERED = re.compile(r"\[\d+\]:")
_CONNECTED = """() => {
  const kernel = window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel;
  return !!kernel && kernel.connectionStatus === 'connected' && kernel.status === 'idle';
}"""


def find_chromium() -> str:
    """Return the path of a Chromium or Chrome."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
    mac = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
    for name in (os.environ.get("TREADLE_BROWSER", ""), os.environ.get("CHROME", ""), *names, str(mac)):
        if name and (found := shutil.which(name)):
            return found
    raise RuntimeError(
        "The browser tests need a Chromium or Chrome. On Debian and Ubuntu: `apt-get install chromium`; "
        "elsewhere install Google Chrome; or set TREADLE_BROWSER to the program's path."
    )


@dataclass
class Server:
    """A running Jupyter server."""

    url: str
    token: str
    folder: Path

    def notebook(self, name: str, *cells: str | nbformat.NotebookNode) -> str:
        """Write a notebook of these cells into the server's folder and return its name."""
        new: Any = nbformat.v4
        node = new.new_notebook(
            cells=[new.new_code_cell(cell) if isinstance(cell, str) else cell for cell in cells],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        )
        write: Any = nbformat.write
        write(node, self.folder / name)
        return name


class Notebook:
    """A notebook that is open in the browser, in JupyterLab or in Notebook 7."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.cells = page.locator(".jp-Notebook .jp-CodeCell")

    def wait_for_kernel(self) -> None:
        """Wait until a cell that is run now will really run."""
        self.page.wait_for_function(_CONNECTED, timeout=DEADLINE_S * 1000)
        self.page.evaluate(
            "async () => await jupyterapp.shell.currentWidget.sessionContext.session.kernel.info"
        )

    def start(self, index: int) -> Locator:
        """Run a cell without waiting for its end."""
        cell = self.cells.nth(index)
        cell.locator(".jp-InputArea-editor .cm-content").click()
        self.page.keyboard.press("Control+Enter")
        return cell

    def run(self, index: int) -> Locator:
        """Run a cell and wait until it has ended."""
        cell = self.start(index)
        self.wait_for_end(index)
        return cell

    def wait_for_end(self, index: int) -> None:
        """Wait until a started cell has its number."""
        prompt = self.cells.nth(index).locator(".jp-InputPrompt")
        expect(prompt).to_have_text(_NUMBERED, timeout=DEADLINE_S * 1000)

    def is_busy(self, index: int) -> bool:
        """Tell whether a cell runs."""
        return self.cells.nth(index).locator(".jp-InputPrompt").inner_text().strip() == "[*]:"

    def output(self, index: int) -> str:
        """Return what a cell printed."""
        return self.cells.nth(index).locator(".jp-OutputArea-output").first.inner_text()

    def save(self) -> None:
        """Save the notebook."""
        self.page.evaluate("async () => await jupyterapp.shell.currentWidget.context.save()")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, headless=True, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    yield from serve(tmp_path_factory.mktemp("lab"))


@pytest.fixture(scope="session")
def server_without_anywidget(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose environment lacks anywidget's front end, as on many a JupyterHub."""
    yield from serve(tmp_path_factory.mktemp("bare"), disabled=["anywidget", "treadle"], knows_treadle=False)


def serve(
    base: Path, *arguments: str, disabled: Sequence[str] = (), knows_treadle: bool = True, base_url: str = "/"
) -> Iterator[Server]:
    """Run a Jupyter server on folders below `base`; `disabled` names labextensions that are off."""
    labconfig = base / "config" / "labconfig"
    labconfig.mkdir(parents=True)
    off = {"disabledExtensions": dict.fromkeys(disabled, True)}
    off |= {"buildCheck": False, "buildAvailable": False}  # each page of JupyterLab would start node to see whether it is to be built
    (labconfig / "page_config.json").write_text(json.dumps(off))
    config = base / "config" / "jupyter_server_config.d"
    if knows_treadle:  # as the wheel puts it there
        shutil.copytree(ROOT / "kernel_ext" / "treadle" / "server" / "config", config)
    elif not config.exists():  # whatever the environment of these tests has installed
        config.mkdir()
        (config / "treadle.json").write_text('{"ServerApp": {"jpserver_extensions": {"treadle.server": false}}}')
    folder = base / "notebooks"
    folder.mkdir()
    shutil.copy(Path(__file__).parent / "fake_feed.py", folder)
    environment = _environment(base)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = "browser-tests"
    words = [
        *arguments,
        f"--ServerApp.base_url={base_url}",
        *("--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0"),
        *(f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={folder}", "--expose-app-in-browser"),
        "--JupyterNotebookApp.expose_app_in_browser=True",
        *("--LabApp.news_url=None", "--ServerApp.terminals_enabled=False"),
    ]
    log = base / "server.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *words],
            env=environment,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        url = f"http://127.0.0.1:{port}{base_url.rstrip('/')}"
        _wait_until_served(f"{url}/api/status?token={token}", process, log)
        yield Server(url, token, folder)
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _environment(base: Path) -> dict[str, str]:
    """Private folders, with the labextension as the wheel puts it there."""
    news = base / "settings" / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    news.parent.mkdir(parents=True)
    news.write_text(
        '{"fetchNews": "false", "checkForUpdates": false}'
    )  # its popup would lie over the notebook
    environment = dict(os.environ)
    for name in ("CONFIG", "DATA", "RUNTIME"):
        environment[f"JUPYTER_{name}_DIR"] = str(base / name.lower())
    for name in ("SETTINGS", "WORKSPACES"):
        environment[f"JUPYTERLAB_{name}_DIR"] = str(base / name.lower())
    extensions = base / "share" / "labextensions"
    extensions.mkdir(parents=True)
    (extensions / "treadle").symlink_to(ROOT / "labextension" / "dist")
    environment["JUPYTER_PATH"] = str(base / "share")
    environment["JUPYTER_PREFER_ENV_PATH"] = "0"  # these folders come before those of the environment
    environment["IPYTHONDIR"] = str(base / "ipython")
    environment["TREADLE_KEEP_ALIVE"] = "30s"  # long enough to come back after a restart, and not to stay behind
    environment["PYTHONPATH"] = os.pathsep.join(
        [str(ROOT / "runtime"), str(ROOT / "kernel_ext"), *_python_path()]
    )
    return environment


def _python_path() -> list[str]:
    return [part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part]


def _wait_until_served(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with suppress(OSError), urllib.request.urlopen(url, timeout=5):
            return
        time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text(errors='replace')[-3000:]}")


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert not [error for error in errors if "trd" in error or "treadle" in error.lower()]


@dataclass
class Opener:
    """Opens notebooks of a server in a page."""

    page: Page
    server: Server

    def lab(self, name: str) -> Notebook:
        return self._open(f"/lab/tree/{name}?reset&")

    def notebook7(self, name: str) -> Notebook:
        return self._open(f"/notebooks/{name}?")

    def _open(self, path: str) -> Notebook:
        self.page.goto(f"{self.server.url}{path}token={self.server.token}")
        notebook = Notebook(self.page)
        expect(notebook.cells.first).to_be_visible(timeout=DEADLINE_S * 1000)
        notebook.wait_for_kernel()
        return notebook


@pytest.fixture
def opener(page: Page, server: Server) -> Opener:
    return Opener(page, server)


@pytest.fixture
def bare_opener(page: Page, server_without_anywidget: Server) -> Opener:
    return Opener(page, server_without_anywidget)


@pytest.fixture
def shoot(page: Page) -> Callable[[Locator, str], None]:
    """Return what takes a picture of a part of the page, if TREADLE_SHOTS names a folder for pictures."""

    def take(part: Locator, name: str) -> None:
        if folder := os.environ.get("TREADLE_SHOTS"):
            part.scroll_into_view_if_needed()
            part.screenshot(path=Path(folder) / f"{name}.png", animations="disabled")
            page.screenshot(path=Path(folder) / f"{name}-page.png")

    return take


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Path]:
    """What tasks wait for; opened in the end, so that none is left."""
    gate = tmp_path / "gate"
    yield gate
    gate.touch()


@pytest.fixture
def tour() -> Path:
    """The folder of the demo notebooks."""
    return ROOT / "notebooks"
