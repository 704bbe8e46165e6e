"""The Jupyter server's part: which runtimes of this user live here, and a websocket to each.

Law: passes on, understands nothing of tasks, and unpickles nothing. It needs no kernel: pages see and steer a runtime while
its kernel is blocked, restarted or gone. Who may do so is decided by the Jupyter server (identity, origin, XSRF, hosts,
authorizer); which runtimes there are is decided by the files of its user.
"""

from __future__ import annotations

from typing import Any


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "treadle.server"}]


def _load_jupyter_server_extension(server: Any) -> None:
    from .handlers import handlers  # late: `jupyter server extension list` needs none of it

    web_app = server.web_app
    web_app.add_handlers(".*$", handlers(web_app.settings["base_url"]))
    server.log.debug("Treadle: pages reach runtimes of this user at %streadle", web_app.settings["base_url"])
