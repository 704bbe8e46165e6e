"""A real ipykernel to run cells in, one per module."""

from __future__ import annotations

import ast
import os
import queue
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import KernelManager

ROOT = Path(__file__).parents[2]
DEADLINE_S = 60.0


@dataclass
class Ran:
    """What one cell gave, in the order in which it arrived."""

    status: str = ""
    outputs: list[dict[str, Any]] = field(default_factory=list)
    error: str = ""

    @property
    def text(self) -> str:
        """All that was printed."""
        return "".join(o["text"] for o in self.outputs if "text" in o)

    @property
    def shown(self) -> list[dict[str, Any]]:
        """Bundles displayed, each in its newest form."""
        return [o["data"] for o in self.outputs if "data" in o]


class Notebook:
    """A kernel with a page that keeps outputs by the cell they belong to."""

    def __init__(self, manager: KernelManager, client: Any) -> None:
        self.manager, self.client = manager, client
        self.cells: dict[str, Ran] = {}
        self.updates: list[dict[str, Any]] = []  # contents of all updates of displays, as they came

    def start(self, code: str, cell_id: str = "") -> str:
        """Send a cell, as a page does if it has an id; return its message's id without waiting."""
        if cell_id:
            content = {
                "code": code,
                "silent": False,
                "store_history": True,
                "user_expressions": {},
                "allow_stdin": True,
            }
            message = self.client.session.msg("execute_request", content, metadata={"cellId": cell_id})
            self.client.shell_channel.send(message)
            cell = str(message["header"]["msg_id"])
        else:
            cell = self.client.execute(code)
        self.cells[cell] = Ran()
        return cell

    def run(self, code: str) -> Ran:
        """Run a cell to its end; returns what it gave until then."""
        cell = self.start(code)
        self.until(lambda: self.cells[cell].status == "idle", f"the end of {code!r}")
        return self.cells[cell]

    def ok(self, code: str) -> Ran:
        """Run a cell that must not fail."""
        ran = self.run(code)
        assert not ran.error, ran.error
        return ran

    def fails(self, code: str) -> str:
        """Run a cell that must fail; return the traceback."""
        error = self.run(code).error
        assert error, f"{code!r} did not fail"
        return self.clean(error)

    @staticmethod
    def clean(text: str) -> str:
        """Return a text in which nothing is Treadle's own code."""
        assert "treadle_runtime" not in text
        assert "kernel_ext" not in text
        return text

    def value(self, code: str) -> Any:
        """Return the value of an expression of plain literals."""
        return ast.literal_eval(self.ok(code).shown[-1]["text/plain"])

    def until(self, condition: Any, what: str) -> None:
        """Take in messages until a condition holds."""
        end = time.monotonic() + DEADLINE_S
        while not condition():
            assert time.monotonic() < end, (
                f"waited {DEADLINE_S} s for {what}; cells: {list(self.cells.values())}"
            )
            try:
                self._take(self.client.get_iopub_msg(timeout=0.5))
            except queue.Empty:
                assert self.manager.is_alive(), "the kernel died"

    def _take(self, message: dict[str, Any]) -> None:
        kind, content = message["msg_type"], message["content"]
        cell = self.cells.setdefault(message["parent_header"].get("msg_id", ""), Ran())
        if kind == "status":
            cell.status = content["execution_state"]
        elif kind == "error":
            cell.error = "\n".join(content["traceback"])
        elif kind == "update_display_data":
            self.updates.append(content)
            for other in self.cells.values():
                for output in other.outputs:
                    if output.get("transient", {}).get("display_id") == content["transient"]["display_id"]:
                        output["data"] = content["data"]
        elif kind in ("stream", "display_data", "execute_result"):
            cell.outputs.append(content)

    def reply(self, message_id: str) -> dict[str, Any]:
        """Return the shell's reply to a request."""
        end = time.monotonic() + DEADLINE_S
        while time.monotonic() < end:
            message = self.client.get_shell_msg(timeout=DEADLINE_S)
            if message["parent_header"].get("msg_id") == message_id:
                return message["content"]  # type: ignore[no-any-return]
        raise AssertionError("no reply")


def _open(*arguments: str, **environ: str) -> Notebook:
    """Start a kernel (with more arguments and variables) that finds the packages of this repository.

    TREADLE_KERNEL_PYTHON names another interpreter for it, with another ipykernel.
    """
    paths = [str(ROOT / "runtime"), str(ROOT / "kernel_ext")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    manager = KernelManager(kernel_name="python3")
    if interpreter := os.environ.get("TREADLE_KERNEL_PYTHON"):
        manager.kernel_spec.argv[0] = interpreter
    limits = {"TREADLE_WORKERS": "2", "TREADLE_MEMORY": "64MB", "TREADLE_KEEP_ALIVE": "3"}
    manager.start_kernel(env={**environment, **limits, **environ}, extra_arguments=list(arguments))
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=DEADLINE_S)
    notebook = Notebook(manager, client)
    # the next cell comes after the reply, not only after "idle": before Treadle is loaded ipykernel 7.0 to 7.3 may fall silent
    notebook.reply(notebook.start("%colors NoColor"))
    return notebook


@pytest.fixture(scope="module")
def notebook():
    """A kernel for the module's tests, in the order in which they stand."""
    opened = _open()
    yield opened
    opened.client.stop_channels()
    opened.manager.shutdown_kernel()


@pytest.fixture(scope="session")
def open_notebook():
    """What starts a kernel, for tests that end theirs."""
    return _open
