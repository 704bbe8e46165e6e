"""A notebook (cells that run in a namespace called `__main__`) and a worker process that calls what it ships."""

from __future__ import annotations

import itertools
import linecache
import os
import pickle
import struct
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from treadle_runtime.api.captured import Surroundings
from treadle_runtime.api.functions import FunctionBook, FunctionVersion
from treadle_runtime.api.shipping import sealed
from treadle_runtime.store.packing import Packed, Pickler, pack, unpack

_ROOT = Path(__file__).parents[3]
_WORKER = """
import pickle, struct, sys
from treadle_runtime.store.packing import Packed, pack, unpack
from treadle_runtime import place
from treadle_runtime.worker.code import Code, load_code

place.mark_worker()
codes, source, sink = {}, sys.stdin.buffer, sys.stdout.buffer
sys.stdout = sys.stderr
while head := source.read(4):
    kind, *rest = pickle.loads(source.read(struct.unpack("<I", head)[0]))
    if kind == "define":
        codes[rest[0]] = load_code(rest[1])
        continue
    try:
        args, kwargs, captured = unpack(Packed(*rest[1]))
        code = codes[rest[0]]
        function = code.enter(captured) if isinstance(code, Code) else code
        try:
            answer = ("value", function(*args, **kwargs))
        finally:
            if isinstance(code, Code):
                code.leave()
    except Exception as error:
        answer = ("error", error)
    packed = pack(answer)
    data = packed.to_bytes()
    sink.write(struct.pack("<I", len(data)) + data)
    sink.flush()
"""


class Notebook:
    """Cells share one namespace; what they define belongs to `__main__`."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {"__name__": "__main__", "__builtins__": __builtins__}
        self._count = itertools.count(1)

    def cell(self, source: str) -> None:
        file = f"<cell {next(self._count)}>"
        linecache.cache[file] = (len(source), None, source.splitlines(True), file)
        exec(compile(source, file, "exec"), self.names)  # noqa: S102 - what a notebook does

    def __getitem__(self, name: str) -> Any:
        return self.names[name]


class Handle(Future[Any]):
    """A stored value; what the real client makes of futures and puts is not this file's business."""


class Worker:
    """A process that loads and calls; hands values to it as the payload of a call would."""

    def __init__(self, hashseed: str = "0", cwd: str | None = None) -> None:
        path = os.pathsep.join([str(_ROOT / "runtime"), *([cwd] if cwd else [])])
        env = {**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": hashseed}
        command = [sys.executable, "-c", _WORKER]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, cwd=cwd)
        self._known: set[int] = set()

    def _send(self, *message: Any) -> None:
        data = pickle.dumps(message)
        assert self._process.stdin is not None
        self._process.stdin.write(struct.pack("<I", len(data)) + data)
        self._process.stdin.flush()

    def call(self, version: FunctionVersion, captured: tuple[Any, ...], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if version.id not in self._known:
            self._known.add(version.id)
            self._send("define", version.id, version.code)
        resolved = tuple(value.result() if isinstance(value, Handle) else value for value in captured)
        packed = _ArgumentPickler().pack((args, kwargs, resolved))
        self._send("call", version.id, (packed.stream, [bytes(b) for b in packed.buffers]))
        assert self._process.stdout is not None
        (length,) = struct.unpack("<I", self._process.stdout.read(4))

        kind, value = unpack(Packed.from_bytes(self._process.stdout.read(length)))
        if kind == "error":
            raise value
        return value

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()


class _ArgumentPickler(Pickler):
    """Takes classes as the capture of arguments does."""

    def reduce_class(self, cls: type) -> Any:
        return sealed(cls) or super().reduce_class(cls)


class Session:
    """A notebook, the book of its client, and workers."""

    def __init__(self) -> None:
        self.notebook = Notebook()
        self.notices: list[str] = []
        self.kept: list[Any] = []
        self.defined: list[FunctionVersion] = []
        self.pending = False
        surroundings = Surroundings((Future,), self._keep, lambda _value: self.pending, self._notify)
        self.book = FunctionBook(itertools.count(1).__next__, self.defined.append, surroundings)
        self.workers: list[Worker] = []

    def _keep(self, value: Any) -> Handle:
        self.kept.append(value)
        handle = Handle()
        handle.set_result(unpack(pack(value)))
        return handle

    def _notify(self, _level: str, text: str) -> None:
        self.notices.append(text)

    def cell(self, source: str) -> None:
        self.notebook.cell(source)

    def worker(self, index: int = 0, **options: Any) -> Worker:
        while len(self.workers) <= index:
            self.workers.append(Worker(**options))
        return self.workers[index]

    def run(self, function: Any, *args: Any, worker: int = 0, **kwargs: Any) -> Any:
        """Call a function (or what the notebook knows under this name) on a worker."""
        thing = self.notebook[function] if isinstance(function, str) else function
        version, captured = self.book.version_of(thing)
        return self.worker(worker).call(version, captured, args, kwargs)

    def close(self) -> None:
        for worker in self.workers:
            worker.close()


@pytest.fixture
def session() -> Iterator[Session]:
    made = Session()
    yield made
    made.close()
