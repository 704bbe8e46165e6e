"""The live view alone on a page, without JupyterLab: quick to open, fed and answered by a `Scene`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page
from scene import Scene

WIDGET = Path(__file__).parents[2] / "kernel_ext" / "treadle" / "static" / "widget.js"
URL = "http://localhost/bench"  # a secure context, as the clipboard needs; nothing is served there
DARK = "--jp-layout-color0: #111111; --jp-ui-font-color1: rgba(255, 255, 255, .87); color-scheme: dark"
LIGHT = "--jp-layout-color0: #ffffff; --jp-ui-font-color1: rgba(0, 0, 0, .87)"
HTML = """<!doctype html><html lang="en"><head><title>Live view</title></head>
<body data-jp-theme-light="%s" style="margin: 0; background: var(--jp-layout-color0); %s"><main id="place" class="%s" style="%s"></main></body></html>"""
MOUNT = """async (code) => {
  const url = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
  const widget = (await import(url)).default;
  const takers = new Set();
  window.tell = (message) => takers.forEach((take) => take(message));
  const model = {
    get: () => 'bench',
    send: async (message) => { for (const answer of await window.ask(message)) window.tell(answer); },
    on: (_, take) => takers.add(take),
    off: (_, take) => takers.delete(take),
  };
  window.end = widget.render({ model, el: document.getElementById('place') });
}"""


class Bench:
    """The view in a box of some width and height."""

    def __init__(self, page: Page, scene: Scene, *, width: int = 1100, height: int | None = None, dark: bool = False) -> None:
        self.page, self.scene = page, scene
        page.set_viewport_size({"width": width, "height": height or 620})
        fills = "trd-fills" if height else ""
        size = f"width: {width}px; height: {height}px" if height else f"width: {width}px"
        html = HTML % ("false" if dark else "true", DARK if dark else LIGHT, fills, size)
        page.route(URL, lambda route: route.fulfill(body=html, content_type="text/html"))
        page.goto(URL)
        page.expose_function("ask", self._answer)
        page.evaluate(MOUNT, WIDGET.read_text(encoding="utf-8"))
        self.view: Locator = page.locator(".trd")
        page.wait_for_selector('.trd[data-seq][data-theme]', state="visible")

    def _answer(self, message: dict[str, Any]) -> list[dict[str, Any]]:
        if message["type"] in ("hello", "reset"):
            return [{"type": "delta", "data": self.scene.snapshot()}]
        if message["type"] != "command":
            return []
        return [{"type": "reply", "id": message["id"], **self.scene.command(message["name"], message["args"])}]

    def tell(self, delta: dict[str, Any] | None) -> None:
        """Send a delta to the page."""
        assert delta is not None
        self.page.evaluate("(data) => window.tell({ type: 'delta', data })", delta)

    def tab(self, title: str) -> Locator:
        """Open a tab and return its panel."""
        self.view.get_by_role("tab", name=title).click()
        return self.view.get_by_role("tabpanel", name=title)
