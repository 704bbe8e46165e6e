"""The server's addresses: the list of runtimes, and a websocket to each.

    GET    treadle/api/runtimes           {"version", "feed", "runtimes": [...]}
    DELETE treadle/api/runtimes/NAME      ends one
    WS     treadle/ws/NAME                a page's line to one, by name or epoch

Law: identity, origin, hosts and XSRF are the Jupyter server's own checks, untouched; every address asks the authorizer
whether this user may execute kernels. Nothing blocks the loop, and nothing is kept for a page that does not read:
while it takes nothing, nothing is read from the runtime, which then sends it the whole picture later.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any, Final

from jupyter_core.utils import ensure_async
from jupyter_server.auth.decorator import ws_authenticated
from jupyter_server.base.handlers import APIHandler, JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from jupyter_server.utils import url_path_join
from tornado import web, websocket

from treadle_runtime import __version__
from treadle_runtime.errors import TreadleError
from treadle_runtime.feed.delta import FEED
from treadle_runtime.wire.pages import PAGE_LIMIT, to_page
from treadle_runtime.wire.session import Descriptor

from .found import find, find_all, row
from .line import Line, ask, connect

STATUS_S: Final = 0.5
"""How long the list waits for a runtime to say what it does."""
STOP_S: Final = 5.0
GONE: Final = 4404
"""The websocket is closed with this when there is no runtime behind it (any more)."""
REFUSED: Final = 4400


def handlers(base_url: str) -> list[tuple[str, type[web.RequestHandler]]]:
    """Return the addresses below `base_url`."""
    base = re.escape(url_path_join(base_url, "treadle"))
    return [
        (f"{base}/api/runtimes/?", RuntimesHandler),
        (f"{base}/api/runtimes/([^/]+)", RuntimeHandler),
        (f"{base}/ws/([^/]+)", PageHandler),
    ]


async def _authorize(handler: JupyterHandler) -> None:
    """Raise 403 unless the authorizer lets this user execute kernels."""
    user = handler.current_user
    if not await ensure_async(handler.authorizer.is_authorized(handler, user, "execute", "kernels")):
        raise web.HTTPError(403)


async def _off_loop(read: Any, *args: Any) -> Any:
    """Read files where that blocks nobody: homes may lie on the network."""
    return await asyncio.get_running_loop().run_in_executor(None, read, *args)


class RuntimesHandler(APIHandler):
    """The runtimes of this user on this machine."""

    auth_resource = "kernels"
    _track_activity = False  # a page that looks now and then is no sign of life

    @web.authenticated
    async def get(self) -> None:
        """List them, each with what it does if it says so in time."""
        await _authorize(self)
        found: list[Descriptor] = await _off_loop(find_all)
        statuses = await asyncio.gather(*[ask(each, "status", STATUS_S) for each in found])
        paths = await self._paths()
        rows = [row(each, paths) | (status or {}) for each, status in zip(found, statuses, strict=True)]
        self.finish({"version": __version__, "feed": FEED, "runtimes": rows})

    async def _paths(self) -> dict[str, str]:
        """Where the notebooks of this server's kernels are, by the kernel's id."""
        manager: Any = self.session_manager
        sessions = await ensure_async(manager.list_sessions())
        return {
            each["kernel"]["id"]: each["path"]
            for each in sessions
            if each["type"] == "notebook" and each["kernel"]
        }


class RuntimeHandler(APIHandler):
    """One runtime."""

    auth_resource = "kernels"

    @web.authenticated
    async def delete(self, name: str) -> None:
        """End it: its tasks are cancelled."""
        await _authorize(self)
        found: Descriptor | None = await _off_loop(find, name)
        if found is None or await ask(found, "stop", STOP_S) is None:
            raise web.HTTPError(404, "There is no such runtime here (any more), or it does not answer.")
        self.set_status(204)
        self.finish()


class PageHandler(WebSocketMixin, websocket.WebSocketHandler, JupyterHandler):
    """A page's line to a runtime."""

    auth_resource = "kernels"
    _found: Descriptor
    _line: Line | None = None
    _passing: asyncio.Task[None] | None = None
    _gone = False

    @property
    def max_message_size(self) -> int:
        """Bytes a page may say at once."""
        return PAGE_LIMIT

    def set_default_headers(self) -> None:
        """Those of pages make no sense here."""

    def get_compression_options(self) -> dict[str, Any] | None:
        """As the server is configured."""
        options: dict[str, Any] | None = self.settings.get("websocket_compression_options")
        return options

    @ws_authenticated
    async def get(self, *args: Any, **kwargs: Any) -> None:
        """Let in who may execute kernels, if there is such a runtime."""
        await _authorize(self)
        found: Descriptor | None = await _off_loop(find, args[0])
        if found is None:
            raise web.HTTPError(404, "There is no such runtime here (any more).")
        self._found = found
        await super().get(*args, **kwargs)

    async def open(self, *args: Any, **kwargs: Any) -> None:
        """Connect to the runtime and begin to pass on what it says."""
        super().open(*args, **kwargs)
        try:
            line, welcome = await connect(self._found)
        except TreadleError as error:
            await self._say(to_page("refused", reason=error.message))
            self.close(REFUSED)
            return
        if self._gone:  # meanwhile
            line.close()
            return
        self._line = line
        self._passing = asyncio.create_task(self._pass_on(line, welcome), name="treadle page")

    async def on_message(self, message: str | bytes) -> None:
        """Pass on what the page says, unread."""
        if self._line is None or isinstance(message, bytes):
            self.close(REFUSED)
            return
        await self._line.write(message.encode())

    def on_close(self) -> None:
        """The page has gone: nothing of it stays."""
        self._gone = True
        if self._passing is not None:
            self._passing.cancel()
        if self._line is not None:
            self._line.close()
        super().on_close()

    async def _pass_on(self, line: Line, welcome: bytes) -> None:
        frame = welcome
        try:
            while await self._say(frame):
                frame = await line.read()
        except EOFError:
            self.close(GONE)

    async def _say(self, frame: bytes) -> bool:
        """Send to the page; waits until that is on its way. False if the page has gone."""
        try:
            await self.write_message(frame)
        except websocket.WebSocketClosedError:
            return False
        return True
