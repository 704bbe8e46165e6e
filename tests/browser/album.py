"""Pictures of the documents: a part of the page in the light and in the dark, twice as fine as the screen, small as files.

Law: what is taken, where it goes and how large it may be; not what is on it.
"""

from __future__ import annotations

import io
import os
from pathlib import Path

from PIL import Image
from playwright.sync_api import Locator, Page, expect

LIMIT_NBYTES = 200_000
FINENESS = 2
SLOW_MS = 90_000
RARE = 64
THEMES = {"": "JupyterLab Light", "-dark": "JupyterLab Dark", "-contrast": "JupyterLab Dark High Contrast"}
CHANGE = "theme => jupyterapp.commands.execute('apputils:change-theme', { theme })"


class Album:
    """Takes pictures into the folder that TREADLE_SHOTS names, else into `folder`."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page = page
        self.ending = ""  # of the theme that the page wears
        self.folder = Path(os.environ.get("TREADLE_SHOTS") or folder)
        self.folder.mkdir(parents=True, exist_ok=True)

    def take(self, name: str, *parts: Locator, pad: int = 0, height: int | None = None) -> None:
        """Keep a picture of what these parts cover, `pad` pixels around them and at most `height` high, as it looks now."""
        for part in parts:
            part.scroll_into_view_if_needed()
        boxes = [box for part in parts if (box := part.bounding_box()) is not None]
        left, top = min(box["x"] for box in boxes) - pad, min(box["y"] for box in boxes) - pad
        right = max(box["x"] + box["width"] for box in boxes) + pad
        bottom = max(box["y"] + box["height"] for box in boxes) + pad
        clip = {"x": max(0, left), "y": max(0, top), "width": right - max(0, left), "height": bottom - max(0, top)}
        if height is not None:
            clip["height"] = min(height, clip["height"])
        self._keep(f"{name}{self.ending}", self.page.screenshot(clip=clip, animations="disabled"))  # type: ignore[arg-type]

    def take_page(self, name: str) -> None:
        """Keep a picture of the whole window."""
        self._keep(f"{name}{self.ending}", self.page.screenshot(animations="disabled"))

    def wear(self, ending: str) -> None:
        """Give JupyterLab the theme of pictures whose names end so."""
        self.page.evaluate(CHANGE, THEMES[ending])
        expect(self.page.locator("body")).to_have_attribute("data-jp-theme-name", THEMES[ending], timeout=SLOW_MS)
        for view in self.page.locator(".trd:visible").all():
            expect(view).to_have_attribute("data-theme", "dark" if ending else "light", timeout=SLOW_MS)
        self.ending = ending

    def _keep(self, name: str, png: bytes) -> None:
        """Write a picture with 256 colours: those of which there is most as they are, and some for all that is rare."""
        picture = Image.open(io.BytesIO(png)).convert("RGB")
        rare = picture.quantize(RARE, method=Image.Quantize.MAXCOVERAGE).getpalette() or []
        most = sorted(picture.getcolors(1 << 24) or [], reverse=True)[: 256 - RARE]
        palette = Image.new("P", (1, 1))
        palette.putpalette([*(part for _, colour in most for part in colour), *rare[: 3 * RARE]])  # type: ignore[misc]
        few = picture.quantize(palette=palette, dither=Image.Dither.NONE)
        path = self.folder / f"{name}.png"
        few.save(path, optimize=True)
        assert path.stat().st_size < LIMIT_NBYTES, f"{path.name}: {path.stat().st_size} bytes"
