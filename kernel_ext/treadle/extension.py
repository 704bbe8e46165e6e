"""What `%load_ext treadle` puts into a notebook and `%unload_ext treadle` takes back.

Law: the one place that knows a shell and all parts together; one `Extension` per shell. Starts nothing.
"""

from __future__ import annotations

import atexit
from typing import Any
from weakref import WeakKeyDictionary

import treadle
from treadle_runtime.api import peek, set_face
from treadle_runtime.client.calls import Call
from treadle_runtime.client.remarks import changed_text
from treadle_runtime.config import Options, plan
from treadle_runtime.errors import TreadleError
from treadle_runtime.wire.messages import Bye

from .cells.ancestry import Ancestry
from .cells.autosync import Autosync
from .cells.cell_card import Afterwards
from .shell.cell_error import CellError
from .shell.cells import Cells
from .shell.configuration import configure
from .shell.headless import Headless, all_calls, end_with
from .shell.keepalive import KeepAlive
from .shell.missed import serve
from .shell.names import Names
from .shell.recover import find_again, own
from .shell.remember import Memory
from .shell.screen import KernelScreen, screen_of
from .shell.sources import Sources
from .shell.stopping import StopButton
from .shell.terminal import Pauses, TerminalScreen
from .shell.waiting import Awaited
from .shell.wedge import keep_listening
from .show.displays import teach
from .show.figures import share
from .show.future_card import show_cards
from .show.lines import Lines
from .show.output import Printer
from .show.pending_notice import pending_text
from .verbs.magics import install_magics
from .view.failures import footer
from .view.frames import cell_name
from .view.page_lines import PageLines

_OFFERED = ("treadle", "task", "wait_on", "barrier", "IN", "OUT", "INOUT")


class Extension:
    """Treadle in one shell."""

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.screen = screen_of(shell)
        self.cells = Cells(shell, self.screen)
        self.lines = Lines(self.cells, self.screen, Sources(self.shell))
        self.afterwards = Afterwards()
        self.headless = Headless(self.cells, shell, self.lines.end)
        self.ancestry = Ancestry()
        self.autosync = Autosync(shell, self.ancestry.settled)
        self._alive = KeepAlive(self.screen)
        self._awaited = Awaited(shell)
        self.cell_error = CellError(shell)
        self.memory = Memory(shell)
        self.button = StopButton(
            lambda text: self.tell("info", text), self.cells.calls, self.cell_error.expect_interrupt, self.memory.wait
        )
        self._printer = Printer(self.cells, self.screen, self._name_of, self.lines.show_now)
        offered = {name: treadle if name == "treadle" else getattr(treadle, name) for name in _OFFERED}
        self._names = Names(shell, offered)
        self._undo: list[Any] = []
        self._options, self._unregister = configure(shell, self.tell)
        self._view: Any = None

    def load(self) -> str:
        """Put everything in; return the line to print."""
        left_out = self._names.give()
        events = self.shell.events
        for event, act in (("pre_run_cell", self._on_begin), ("post_run_cell", self._on_end)):
            events.register(event, act)
            self._undo.append(lambda event=event, act=act: events.unregister(event, act))
        self._undo.append(install_magics(self))
        self._undo.append(teach(self.shell))
        self._undo.append(show_cards(self.shell, self.screen, self.lines))
        self._undo.append(self.autosync.install())
        if hasattr(self.shell, "kernel"):
            self._undo.append(self._awaited.install())
            keep_listening(self.shell.kernel)
        if isinstance(self.screen, KernelScreen):
            self._undo.append(serve(self.shell.kernel, self.screen.missed))
            self._undo.append(PageLines().serve(self.shell.kernel))
        set_face(self)
        atexit.register(self._at_exit)
        return _greeting(left_out, self.configured(), find_again(self))

    def unload(self) -> None:
        """Take back what is still ours; what runs goes on."""
        set_face(None)
        atexit.unregister(self._at_exit)
        for undo in reversed(self._undo):
            undo()
        self._undo.clear()
        if self.cells.session is not None:
            self.cells.session.client.button = None
        self._unregister()
        self.memory.close()
        self._names.take_back()
        self.lines.close()
        self._alive.close()
        self.afterwards.close()

    # ------------------------------------------------------------ what the api tells
    def on_start(self, session: Any) -> None:
        """Follow a session that was started."""
        self.cells.follow(session)
        self.lines.follow(session)
        client = session.client
        self._printer.follow(client)
        share(session, self.shell)
        client.changed_text = self._changed_text
        client.footer = footer
        client.name_file = cell_name
        if hasattr(self.shell, "kernel"):
            client.button = self.button
            self._alive.follow(session)
            self.memory.follow(client)
            own(self, session)
        elif isinstance(self.screen, TerminalScreen):
            client.button = Pauses(self.screen)

    def configured(self) -> dict[str, Any]:
        """Return what `%config Treadle` and configuration files say."""
        return self._options.given()

    def tell(self, level: str, text: str) -> None:
        """Show one line to the person, below the cell that runs."""
        stream = "stderr" if level == "warning" else "stdout"
        self.screen.write(self.cells.current.parent, stream, f"Treadle: {text}\n")

    def keep(self, view: Any) -> None:
        """Keep the newest live view alive."""
        self._view = view

    # ------------------------------------------------------------ what the shell tells
    def _on_begin(self, info: Any) -> None:
        if isinstance(self.screen, TerminalScreen):
            self.screen.begin()
        self._names.restore()
        self.cells.begin(info)
        if isinstance(self.screen, KernelScreen):
            self.screen.missed.begin(self.cells.current.parent, self.cells.current.number)
        if self.cells.session is not None:
            share(self.cells.session, self.shell)
        self.ancestry.begin(
            str(getattr(info, "cell_id", None) or ""), self.cells.raw, self.cells.current.number
        )
        self.button.on_begin()
        self._awaited.on_begin()
        self.memory.begin()
        self.lines.begin(info)

    def _on_end(self, result: Any) -> None:
        self._names.restore()
        self.memory.end()
        self.cell_error.on_end(result)
        self._awaited.on_end()
        self.ancestry.end(self.cells.code, self.shell.user_ns)
        value = getattr(result, "result", None)
        if value is not None and (told := pending_text(value, self.cells.raw, self.shell.user_ns)):
            self.screen.write(self.cells.current.parent, "stdout", f"{told}\n")
        self.headless.on_end(result)
        self.lines.end()
        if isinstance(self.screen, KernelScreen):
            self.screen.missed.end()
        self.button.on_end(getattr(result, "error_in_exec", None))
        if self.cells.headless:
            self.lines.settle_cards()
            if self._view is not None:
                from .view.dashboards import complete

                complete()
        if isinstance(self.screen, TerminalScreen):
            self.screen.end()

    def _at_exit(self) -> None:
        """End an idle runtime with its kernel; after a restart it is wanted again, so it stays for its lease."""
        session = peek()
        reply = getattr(getattr(self.shell, "kernel", None), "_shutdown_message", None)
        if session is None or reply is None or reply["content"].get("restart") or session.options.name:
            return
        client = session.client
        if client.open == 0 and not client.closed and client.lost is None:
            client.link.send(Bye(stop=True))
            client.close()

    def _changed_text(self, call: Call, names: str) -> str:
        """Say that an input was changed; of a cell below that cell, and not of names it gives back with their new value."""
        if not call.function.startswith("cell["):
            return changed_text(call, names)
        cell = self.cells.of(call.number)
        lost = [name for name in names.split(", ") if name not in cell.returned]
        if lost:
            told = f"{' and '.join(lost)} was changed by this cell but is an input; its change is lost"
            self.screen.write(cell.parent, "stderr", f"Treadle: {told}: add --inout {','.join(lost)}\n")
        return ""

    def _name_of(self, number: int) -> str:
        session = self.cells.session
        call = session.client.calls.get(number) if session is not None else None
        return call.function if call is not None else "task"


_loaded: WeakKeyDictionary[Any, Extension] = WeakKeyDictionary()


def load(shell: Any) -> None:
    """Put Treadle into a shell; does nothing if it is there."""
    if shell in _loaded:
        return
    extension = _loaded[shell] = Extension(shell)
    print(extension.load())


def finish(shell: Any) -> None:
    """Have the cell that runs wait for all tasks and fail with the first unseen failure: a runner's last words."""
    extension = _loaded.get(shell)

    def on_end(result: Any) -> None:
        shell.events.unregister("post_run_cell", on_end)
        if extension is None:
            end_with(shell, all_calls(), result, True)
        else:
            extension.headless.finish(result)
            extension.lines.settle()

    shell.events.register("post_run_cell", on_end)


def unload(shell: Any) -> None:
    """Take Treadle out of a shell, leaving what is the user's own."""
    extension = _loaded.pop(shell, None)
    if extension is not None:
        extension.unload()


def _greeting(left_out: list[str], configured: dict[str, Any], attached: str) -> str:
    version = ".".join(treadle.__version__.split(".")[:2])
    session = peek()
    if attached:
        told = attached
    elif session is not None:
        told = f"{session.plan.workers} workers. %treadle help"
    else:
        try:
            options = Options.from_environment(configured=configured)
            workers = plan(options.workers, options.threads, options.memory).workers
            told = f"{workers} workers at the first task. %treadle help"
        except TreadleError as error:
            told = f"{error}. %treadle help"
    line = f"Treadle {version}: {told}"
    if left_out:
        line += f"; not put into the notebook because you have them: {', '.join(left_out)}"
    return line
