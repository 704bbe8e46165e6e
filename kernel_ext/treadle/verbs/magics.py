"""The two magics, `%treadle` and `%task`, and the completion of the first.

Law: hands lines to `verbs` and `cell_magic`; a mistake in a line is shown as one sentence, without a traceback.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError as ShellUsageError
from IPython.core.magic import Magics, line_cell_magic, line_magic, magics_class, no_var_expand

from treadle_runtime.client.remote_traceback import add_own, strip
from treadle_runtime.errors import TreadleError, UsageError

from ..cells.cell_magic import run_cell, run_statement
from .verbs import completions, help_text, run_verb

if TYPE_CHECKING:
    from ..extension import Extension

_COMPLETE = "%treadle"


def _served(magic: Callable[..., Any]) -> Callable[..., Any]:
    """Have a magic show mistakes as one sentence, and whatever else goes wrong without a frame of Treadle."""

    @functools.wraps(magic)
    def call(*args: Any) -> Any:
        try:
            return magic(*args)
        except TreadleError as error:
            # IPython writes "UsageError: " before it
            raise ShellUsageError(error.message if type(error) is UsageError else str(error)) from None
        except BaseException as error:
            strip(error)
            raise

    return call


@magics_class
class TreadleMagics(Magics):
    """What `%load_ext treadle` adds."""

    def __init__(self, extension: Extension) -> None:
        super().__init__(shell=extension.shell)
        self._extension = extension

    @line_magic
    @_served
    def treadle(self, line: str) -> Any:
        return run_verb(self._extension, line)

    @no_var_expand
    @line_cell_magic
    @_served
    def task(self, line: str, cell: str | None = None) -> Any:
        """Run a statement, or with %%task the whole cell, as one task.

        `%task y = f(x)`, or a cell that begins with `%%task [-i a,b] [-o a,b] [--inout a,b] [--name NAME]`.
        `%%task --for seed in range(100) --collect score`: one task for each item; `score` becomes a list.

        Inputs are the names the cell reads, results the names it assigns; what is stored into, or has a method called
        on it as a statement, is changed in place. Later cells may use the names at once: a plain cell waits for those it reads.
        Loop, with, except and comprehension variables and names that begin with _ stay inside. Imports, functions and
        classes take effect in the notebook at once. The value of the last expression is displayed when it is there.

        -i, -o, --inout say of a name what it is, whatever is inferred; --name is what the task is called. --wait ends the
        cell with its task; --chain with --for hands what an item changes to the next one.
        """
        if cell is None:
            return run_statement(self._extension, line)
        return run_cell(self._extension, line, cell)

    treadle.__doc__ = f"""Start, stop and look at Treadle.

{help_text()}
"""


def install_magics(extension: Extension) -> Callable[[], None]:
    """Register the magics and the completion; the returned function takes them away."""
    add_own(os.path.dirname(os.path.dirname(__file__)))
    shell = extension.shell
    shell.register_magics(TreadleMagics(extension))
    shell.set_hook("complete_command", _complete, str_key=_COMPLETE)
    magics = shell.magics_manager.magics
    own = [
        (kind, name, magics[kind][name])
        for kind, name in (("line", "treadle"), ("line", "task"), ("cell", "task"))
    ]

    def remove() -> None:
        for kind, name, magic in own:
            if magics[kind].get(name) is magic:
                del magics[kind][name]
        dispatch = shell.strdispatchers["complete_command"]
        dispatch.strs.pop(_COMPLETE, None)

    return remove


def _complete(_shell: Any, event: Any) -> list[str]:
    return completions(event.line)
