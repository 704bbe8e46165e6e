"""Waiting in a cell: the thread blocks, or the cell awaits and the event loop goes on.

Law: knows calls and the text of cells; what Stop does is the button's. `%treadle wait` and `%%task --wait` are
rewritten to `await ... 'await'` before the cell is read, because whether a cell awaits is decided by its text.
"""

from __future__ import annotations

import ast
import asyncio
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any

from treadle_runtime.client.calls import Call
from treadle_runtime.client.remote_traceback import strip


class Waiting:
    """A wait for calls that raises what the first failed one raises."""

    def __init__(
        self, calls: Sequence[Call], then: Callable[[], object] | None = None, raises: bool = True
    ) -> None:
        self._calls = calls
        self._then = then  # what is done when all have ended
        self._raises = raises

    def begin(self, awaited: bool) -> Waiting | None:
        """Return what the cell awaits, or wait here and now."""
        if awaited:
            return self
        for client, calls in _by_client(self._calls):
            client.wait_for(calls, first_failure=self._raises)
        self._finish()
        return None

    def __await__(self) -> Generator[Any, None, None]:
        try:
            yield from suspend(self._calls, self._raises)
            self._finish()
        except BaseException as error:
            strip(error)
            raise

    def _finish(self) -> None:
        for call in self._calls:
            if call.final and self._raises:
                call.client.raise_if_failed(call)
        if self._then is not None:
            self._then()


def suspend(calls: Sequence[Call], first_failure: bool = True) -> Generator[Any, None, None]:
    """Suspend the coroutine until all have ended, or the first has failed."""
    for client, some in _by_client(calls):
        yield from client.suspend(some, first_failure)


def _by_client(calls: Sequence[Call]) -> Iterator[tuple[Any, list[Call]]]:
    found: dict[int, list[Call]] = {}
    for call in calls:
        found.setdefault(id(call.client), []).append(call)
    return ((some[0].client, some) for some in found.values())


class Awaited:
    """An input transformer: has cells of a kernel await where they would block."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._depth = 0  # cells that run: one inside another cannot await

    def install(self) -> Callable[[], None]:
        """Take part in the shell's cells; the returned function ends that."""
        transformers = self._shell.input_transformers_post
        transformers.append(self._transform)
        return lambda: transformers.remove(self._transform) if self._transform in transformers else None

    def on_begin(self) -> None:
        """Take note that a cell begins."""
        self._depth += 1

    def on_end(self) -> None:
        """Take note that a cell has ended."""
        self._depth = max(0, self._depth - 1)

    def _transform(self, lines: list[str]) -> list[str]:
        if self._depth or not getattr(self._shell, "autoawait", False) or not _loop_runs():
            return lines
        text = "".join(lines)
        return (
            awaiting(text).splitlines(keepends=True) if "wait" in text and "get_ipython()" in text else lines
        )


def awaiting(text: str) -> str:
    """Return the text of a cell in which the waits at its top level are awaited.

    Examples
    --------
    >>> awaiting("get_ipython().run_line_magic('treadle', 'wait x')")
    "await get_ipython().run_line_magic('treadle', 'await x')"
    """
    try:
        tree = ast.parse(text)
    except SyntaxError:  # the shell says it
        return text
    lines = [line.encode() for line in text.splitlines(keepends=True)]
    for call, argument, changed in reversed([found for node in tree.body for found in _waits(node)]):
        _put(lines, argument, repr(changed))
        line, column = call.lineno - 1, call.col_offset
        lines[line] = lines[line][:column] + b"await " + lines[line][column:]
    return b"".join(lines).decode()


def _put(lines: list[bytes], node: ast.Constant, text: str) -> None:
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    first, last = node.lineno - 1, node.end_lineno - 1
    made = lines[first][: node.col_offset] + text.encode() + lines[last][node.end_col_offset :]
    lines[first : last + 1] = [made]


def _waits(node: ast.AST) -> Iterator[tuple[ast.Call, ast.Constant, str]]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
        return
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and len(node.args) >= 2:
        magic, line = node.args[0], node.args[1]
        if isinstance(magic, ast.Constant) and isinstance(line, ast.Constant) and isinstance(line.value, str):
            words = line.value.split(" ")
            if (node.func.attr, magic.value) == ("run_line_magic", "treadle") and words[0] == "wait":
                yield node, line, " ".join(["await", *words[1:]])
            elif (node.func.attr, magic.value) == ("run_cell_magic", "task") and "--wait" in words:
                yield node, line, " ".join("--await" if word == "--wait" else word for word in words)
    for child in ast.iter_child_nodes(node):
        yield from _waits(child)


def _loop_runs() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
