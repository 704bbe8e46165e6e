"""`treadle run notebook.ipynb`: the cells in order, their tasks overlapping, one look at everything at the end.

Law: a runner, outside of the kernel: it sends cells, keeps what they show by the cell it belongs to, however late it
comes, and writes the executed notebook. The only one who knows which cell is the last.
"""

from __future__ import annotations

import argparse
import importlib
import os
import queue
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from treadle_runtime.errors import UsageError
from treadle_runtime.wire.session import sessions_folder

from .shell.headless import OVERLAP

FINISH: Final = """import sys
if "treadle" in sys.modules:
    import treadle.extension
    treadle.extension.finish(get_ipython())"""
"""What the runner sends behind the last cell."""
CANCEL: Final = """import sys
if "treadle" in sys.modules:
    import treadle
    treadle.stop(cancel=True)"""
"""What it sends if there is no last cell: nobody would come back for what runs and waits."""
CANCEL_S: Final = 10.0
LOOK_S: Final = 1.0
READY_S: Final = 60.0
INTERRUPTED: Final = 130  # what shells give for Ctrl-C
_ANSI: Final = re.compile(r"\x1b\[[0-9;]*m")


class Runner:
    """One kernel and the notebook it runs.

    Parameters
    ----------
    nbformat
        the package.
    notebook
        the notebook's node (nbformat 4); its outputs are replaced.
    folder
        where the kernel runs.
    say
        takes lines for the person.
    """

    def __init__(self, nbformat: Any, notebook: Any, folder: Path, say: Callable[[str], None]) -> None:
        from jupyter_client.kernelspec import NoSuchKernel
        from jupyter_client.manager import KernelManager

        self._nbformat = nbformat
        self._notebook = notebook
        self._say = say
        name = notebook.metadata.get("kernelspec", {}).get("name", "python3")
        self._sockets = tempfile.mkdtemp(prefix="n-", dir=sessions_folder())  # nobody else listens
        self._manager: Any = KernelManager(kernel_name=name, transport="ipc", ip=os.path.join(self._sockets, "k"))
        try:
            self._manager.start_kernel(cwd=str(folder), env={**os.environ, OVERLAP: "1"})
        except NoSuchKernel:
            shutil.rmtree(self._sockets)
            raise UsageError(
                f"There is no kernel {name!r} here, which the notebook asks for: choose another one in JupyterLab and save it."
            ) from None
        self._client: Any = self._manager.client()
        self._cells: dict[str, Any] = {}  # message id -> its cell
        self._displays: dict[str, list[Any]] = {}  # display id -> outputs that show it
        self._clear: set[str] = set()  # cells whose next output replaces what they have

    def run(self) -> str:
        """Run all cells; return what failed, "" if nothing did. Blocks until all tasks have ended."""
        self._client.start_channels()
        try:
            self._client.wait_for_ready(timeout=READY_S)
        except RuntimeError as error:
            raise UsageError(f"The kernel did not start ({error}): does the notebook run in JupyterLab?") from None
        code = [cell for cell in self._notebook.cells if cell.cell_type == "code"]
        for cell in code:
            cell.outputs, cell.execution_count = [], None
        for index, cell in enumerate(code, 1):
            if cell.source.strip() and (failed := self._execute(cell, cell.source, f"cell {index} of {len(code)}")):
                return failed
        if not code:
            return ""
        last = code[-1].copy()  # what the check itself says belongs to no cell
        last.outputs = []
        return self._execute(last, FINISH, "tasks")

    def cancel(self, busy: bool) -> None:
        """Have the kernel cancel what has not ended; if it is `busy`, in a cell that is interrupted."""
        if busy:
            self._manager.interrupt_kernel()
        sent, end = self._client.execute(CANCEL, silent=True, allow_stdin=False), time.monotonic() + CANCEL_S
        while self._manager.is_alive() and time.monotonic() < end and self._reply(sent, LOOK_S) is None:
            pass

    def close(self) -> None:
        """End the kernel."""
        self._client.stop_channels()
        self._manager.shutdown_kernel()
        shutil.rmtree(self._sockets, ignore_errors=True)  # the kernel may still be taking its own away

    def _execute(self, cell: Any, source: str, what: str) -> str:
        began = time.monotonic()
        silent = source is FINISH
        sent = self._client.execute(source, allow_stdin=False, store_history=not silent, stop_on_error=False)
        self._cells[sent] = cell
        idle, reply = False, None
        while not idle or reply is None:
            if not idle:
                idle = self._take(sent)
            if reply is None:
                reply = self._reply(sent, LOOK_S if idle else 0.0)
        seconds = time.monotonic() - began
        status = reply["content"]["status"]
        if not silent:
            cell.execution_count = reply["content"].get("execution_count")
        self._say(f"{what:<14} {seconds:7.1f} s  {status}")
        if status == "ok" or "raises-exception" in cell.metadata.get("tags", ()):
            return ""
        told = reply["content"]  # a mistake in a magic has no traceback
        lines = told.get("traceback") or [f"{told.get('ename', status)}: {told.get('evalue', '')}"]
        return _ANSI.sub("", "\n".join(lines))

    def _reply(self, sent: str, wait_s: float) -> Any:
        try:
            message = self._client.get_shell_msg(timeout=wait_s)
        except queue.Empty:
            return None
        return message if message["parent_header"].get("msg_id") == sent else None

    def _take(self, sent: str) -> bool:
        """Take in one message; tell whether the cell `sent` is through."""
        try:
            message = self._client.get_iopub_msg(timeout=LOOK_S)
        except queue.Empty:
            if not self._manager.is_alive():
                raise UsageError("The kernel died. Run the notebook in JupyterLab to see what its last cell does.") from None
            return False
        parent = message["parent_header"].get("msg_id", "")
        kind, content = message["msg_type"], message["content"]
        if kind == "status":
            return bool(content["execution_state"] == "idle" and parent == sent)
        if kind == "update_display_data":
            for output in self._displays.get(content.get("transient", {}).get("display_id", ""), ()):
                output.data, output.metadata = content["data"], content["metadata"]
        elif (cell := self._cells.get(parent)) is not None:
            self._keep(cell, parent, kind, message)
        return False

    def _keep(self, cell: Any, parent: str, kind: str, message: Any) -> None:
        content = message["content"]
        if kind == "clear_output":
            if content["wait"]:
                self._clear.add(parent)
            else:
                cell.outputs = []
            return
        if kind not in ("stream", "display_data", "execute_result", "error"):
            return
        if parent in self._clear:
            self._clear.discard(parent)
            cell.outputs = []
        last = cell.outputs[-1] if cell.outputs else None
        if kind == "stream" and last is not None and last.output_type == kind and last.name == content["name"]:
            last.text += content["text"]
            return
        output = self._nbformat.v4.output_from_msg(message)
        cell.outputs.append(output)
        if display := content.get("transient", {}).get("display_id"):
            self._displays.setdefault(display, []).append(output)


def run_notebook(path: Path, output: Path, say: Callable[[str], None] = print) -> int:
    """Run a notebook and write the executed one.

    Parameters
    ----------
    path, output
        the notebook, and where the executed one is written, whether it fails or not.
    say
        takes lines for the person.

    Returns
    -------
    int
        exit code: 1 if a cell failed, or a task that no cell looked at.

    Raises
    ------
    UsageError
        there is no such notebook, it cannot be read, its output cannot be written, or nbformat is missing.
    """
    try:
        nbformat: Any = importlib.import_module("nbformat")  # partly typed
    except ImportError:
        raise UsageError("Notebooks are read by nbformat, which is not installed: pip install nbformat") from None
    try:
        notebook = nbformat.read(path, as_version=4)
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}): give the path of a notebook.") from None
    except (nbformat.reader.NotJSONError, nbformat.ValidationError):
        raise UsageError(f"{path} is no notebook, or a damaged one: open and save it in JupyterLab.") from None
    if not os.access(output.parent, os.W_OK):
        raise UsageError(f"{output} cannot be written: give --output in a folder that is there and that you may write to.")
    runner = Runner(nbformat, notebook, path.resolve().parent, say)
    try:
        failed = runner.run()
        if failed:
            runner.cancel(busy=False)
    except KeyboardInterrupt:
        runner.cancel(busy=True)
        raise
    finally:
        runner.close()
        nbformat.write(notebook, output)
    say(f"written: {output}")
    if failed:
        print(failed, file=sys.stderr)
    return 1 if failed else 0


def main(arguments: list[str] | None = None) -> int:
    """Serve `python -m treadle.notebook_run`."""
    parser = argparse.ArgumentParser(prog="treadle run", description="Run a notebook; its cells' tasks overlap.")
    parser.add_argument("notebook", type=Path)
    parser.add_argument("--output", type=Path, help="where the executed notebook goes (default: NAME.out.ipynb)")
    options = parser.parse_args(arguments)
    try:
        return run_notebook(options.notebook, options.output or options.notebook.with_suffix(".out.ipynb"))
    except UsageError as error:
        print(f"treadle run: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("treadle run: interrupted", file=sys.stderr)
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
