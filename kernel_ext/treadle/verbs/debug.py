"""`%treadle debug 17`: the task again, in the kernel, and the debugger where it raises.

Law: runs what is recorded of one task here, on copies: nothing of the task, its results or the notebook changes
because of it. Main thread; blocks for as long as the person looks.
"""

from __future__ import annotations

import pdb
from types import TracebackType
from typing import TYPE_CHECKING, Any

from treadle_runtime.api.inputs import recipe
from treadle_runtime.client.remote_traceback import strip
from treadle_runtime.errors import headline
from treadle_runtime.worker.brief import arguments_text, brief

from .targets import call_meant
from .task_verbs import need_input

if TYPE_CHECKING:
    from ..extension import Extension


def debug(extension: Extension, words: list[str]) -> None:
    """Serve `%treadle debug 17`."""
    call = call_meant(extension, words, "debug")
    need_input(extension, "debug")
    if call.state == "upstream" and (root := call.client.calls.get(call.root)) is not None:
        print(f"{call.label} was not run because {root.label} failed: this is {root.label}")
        call = root
    found = recipe(call.number)
    call.look()
    print(f"{found.name}({arguments_text(found.args, found.kwargs)}), as task {call.label} was called, now here:")
    with found.entered() as run:
        try:
            result = run()
        except BaseException as error:  # noqa: BLE001 - whatever the task raises is what is to be looked at
            strip(error)
            print(headline(error))
            _look(extension.shell, error.__traceback__)
        else:
            print(f"It ended well here and returned {brief(result)}. `%treadle retry {call.number}` has it tried again.")


def _look(shell: Any, trace: TracebackType | None) -> None:
    """Open the debugger at the innermost frame that is not a library's compiled code."""
    if trace is None:
        print("It raised before its first line: look at how it was called.")
        return
    make = getattr(getattr(shell, "InteractiveTB", None), "debugger_cls", None) or pdb.Pdb
    debugger = make()
    debugger.reset()
    debugger.botframe = trace.tb_frame
    debugger.interaction(None, trace)
