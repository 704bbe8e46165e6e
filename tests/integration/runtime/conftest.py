"""Real runtimes in a private place, and the proof that nothing of them is left."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cloudpickle
import psutil
import pytest

from treadle_runtime.client.attach import RuntimeOptions, start_runtime
from treadle_runtime.client.connection import Connection
from treadle_runtime.core.model import Kind, TaskRow, first_number, vid_of
from treadle_runtime.store.files import Store
from treadle_runtime.store.packing import Packed, unpack
from treadle_runtime.store.references import encode_payload, ref
from treadle_runtime.wire import messages as m

from ...conftest import LIMIT_S, soon


class Read:
    """Stands for what the task reads at this place."""

    def __init__(self, index: int) -> None:
        self.index = index

    def __reduce__(self) -> Any:
        return ref, (self.index,)


class Caller:
    """The least that a client is: numbers, rows, what came back."""

    def __init__(self, **options: Any) -> None:
        self.finished: dict[int, Any] = {}
        self.log: list[m.ToClient] = []  # everything, in order
        self.values: dict[int, Any] = {}
        self.output: dict[int, str] = {}
        self.link: Connection = start_runtime(RuntimeOptions(**options), self.receive)
        assert self.link.welcome is not None
        self.next = first_number(self.link.welcome.client) + 1
        self.functions = 0

    def receive(self, message: m.ToClient) -> None:
        self.log.append(message)
        if isinstance(message, m.Finished):
            self.finished.update((row[0], row) for row in message.rows)
        elif isinstance(message, m.Values):
            self.values.update((row[0], row) for row in message.rows)
        elif isinstance(message, m.Output):
            for number, _, text in message.rows:
                self.output[number] = self.output.get(number, "") + text

    def define(self, function: Callable[..., Any]) -> int:
        self.functions += 1
        self.link.send(m.Define([(self.functions, function.__name__, cloudpickle.dumps(function), {})]))
        return self.functions

    def call(self, function: int, *args: Any, reads: tuple[int, ...] = (), options: Any = None) -> int:
        number, self.next = self.next, self.next + 1
        arguments = [*[Read(i) for i in range(len(reads))], *args]
        payload = encode_payload(_pickle((tuple(arguments), {}, ())), [], plain=True)
        row: TaskRow = (number, function, payload, reads, 1, (), 0, 0, 0, None, options)
        self.link.submit(row)
        return number

    def wait(self, *numbers: int, limit_s: float = LIMIT_S) -> Any:
        """Return the row of the (last) task once all are final."""
        assert self.link.wait(lambda: all(n in self.finished for n in numbers), limit_s), self.link.ask(
            "status", {}
        )
        return self.finished[numbers[-1]]

    def value(self, number: int) -> Any:
        """Return what a task returned."""
        row = self.wait(number)
        assert row[1] == "done", row
        kind, _, data = row[2][0]
        vid = vid_of(number, 0)
        if kind != Kind.INLINE or data is None:
            self.link.send(m.Fetch([vid]))
            assert self.link.wait(lambda: vid in self.values, LIMIT_S)
            _, kind, _, data = self.values[vid]
        if kind == Kind.FILE:
            assert self.link.welcome is not None
            return unpack(Store(self.link.welcome.store).open(vid))
        assert kind == Kind.INLINE, (kind, data)
        return unpack(Packed.from_bytes(data))

    def workers(self) -> list[dict[str, Any]]:
        return list(self.link.ask("workers", {}))

    def stop(self, cancel: bool = True) -> None:
        self.link.send(m.Bye(stop=True, cancel=cancel))
        self.link.close()


def _pickle(value: Any) -> bytes:
    return pickle.dumps(value, protocol=5)


class Place:
    """A private runtime folder; whatever is left in it, or of processes born here, is a leak."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.callers: list[Caller] = []
        self.scripts: list[subprocess.Popen[str]] = []
        self.before = set(psutil.Process().children(recursive=True))
        self.threads = set(threading.enumerate())
        self.stores = set(self.folder.glob("treadle-*"))

    def start(self, **options: Any) -> Caller:
        caller = Caller(**{"workers": 2, **options})
        self.callers.append(caller)
        return caller

    def script(self, text: str) -> subprocess.Popen[str]:
        """Run a script with a runtime of its own."""
        child = subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE, text=True)
        self.scripts.append(child)
        return child

    def sessions(self) -> list[Path]:
        return list((self.folder / "treadle").glob("*"))

    def descriptors(self) -> list[Path]:
        return list((self.folder / "jupyter").glob("treadle-*"))

    def close(self) -> None:
        for caller in self.callers:
            if not caller.link._closed:
                caller.stop()
        for script in self.scripts:
            script.kill()
            script.wait()
            assert script.stdout is not None
            script.stdout.close()

    def is_clean(self) -> bool:
        return not (
            self.sessions()
            or self.descriptors()
            or set(psutil.Process().children(recursive=True)) - self.before
            or set(threading.enumerate()) - self.threads
            or set(self.folder.glob("treadle-*")) - self.stores
        )


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """Runtimes started here live in a folder of their own; afterwards nothing may be left."""
    folder = Path(tempfile.mkdtemp(prefix="tr-", dir="/tmp"))  # short: a socket's path has at most 100 bytes
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    monkeypatch.setenv("TREADLE_STORE", str(folder))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(folder / "jupyter"))
    home = Path(__file__).parents[3]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(home / "runtime"), str(home / "kernel_ext")]))
    found = Place(folder)
    try:
        yield found
        found.close()
        soon(found.is_clean)
    finally:
        found.close()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def eventually() -> Callable[..., Any]:
    """Return the function that waits for a condition."""
    return soon
