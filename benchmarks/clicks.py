"""From a click on Cancel to the task shown as cancelled, in a real page, while a cell blocks the kernel.

    python benchmarks/clicks.py [clicks]

Needs a Chromium (TREADLE_BROWSER, or on the path) and the `dev` packages. Three ways to block: sleep, a Python loop, and one
C call that keeps the interpreter's lock, so that nothing inside the kernel's process can answer. Times are the page's own
clock, from the click event to the change of the element that shows the task. Then the page is reloaded while the cell
still blocks: from when the notebook stands there again until the whole graph does.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "browser"))

from conftest import CHROMIUM_FLAGS, Notebook, Opener, Server, find_chromium, serve  # noqa: E402
from playwright.sync_api import expect, sync_playwright  # noqa: E402

SETUP = """\
%load_ext treadle
import time, treadle
treadle.start(workers=2)
@treadle.task
def nap():
    time.sleep(600)
"""
BLOCKS = {
    "idle": "",
    "time.sleep": "time.sleep({s})",
    "Python loop": "end = time.monotonic() + {s}\nwhile time.monotonic() < end: pass",
    "C call that holds the GIL": "n = 50_000_000\nbegun = time.monotonic()\nsum(range(n))\n"
    "each = (time.monotonic() - begun) / n\nsum(range(int({s} / each)))",
}
TASKS = 100
BLOCKED_S = 25
PROBE = """
(list) => {
  window.click = window.effect = 0;
  const target = list.querySelector('[aria-selected=true]');
  document.addEventListener('click', () => { window.click = performance.now(); }, { capture: true, once: true });
  new MutationObserver((_, self) => {
    if (target.dataset.state !== 'cancelled') return;
    window.effect = performance.now();
    self.disconnect();
  }).observe(target, { attributes: true });
}
"""


def click_ms(notebook: Notebook, view: Any) -> float:
    """Cancel the next running task by a click; return how long it took until it was shown."""
    page, tasks = notebook.page, view.locator(".trd-tasks")
    expect(view.locator("[data-task][data-state=running]")).to_have_count(2, timeout=30_000)
    tasks.focus()
    page.keyboard.press("Home")
    for _ in range(TASKS):
        if view.locator("[aria-selected=true][data-state=running]").count():
            break
        page.keyboard.press("ArrowDown")
    button = view.get_by_role("button", name="Cancel", exact=True)
    expect(button).to_be_visible(timeout=20_000)
    tasks.evaluate(PROBE)
    button.click()
    page.wait_for_function("window.effect > 0", timeout=60_000)
    return float(page.evaluate("window.effect - window.click"))


def reload_s(notebook: Notebook) -> tuple[float, float]:
    """Reload the page; return when the notebook stood there, and when the whole graph did (seconds)."""
    page = notebook.page
    notebook.save()
    page.reload()
    page.wait_for_selector(".jp-Notebook .treadle-view", state="attached", timeout=120_000)
    stood = float(page.evaluate("performance.now() / 1000"))
    page.wait_for_function(
        f"() => document.querySelectorAll('.trd [data-task]').length === {TASKS}", timeout=120_000
    )
    return stood, float(page.evaluate("performance.now() / 1000"))


def end_runtimes(server: Server) -> None:
    """End what the notebooks have started: their tasks would go on for minutes."""
    base, headers = f"{server.url}/treadle/api/runtimes", {"Authorization": f"token {server.token}"}
    with urllib.request.urlopen(urllib.request.Request(base, headers=headers), timeout=30) as answer:
        names = [row["name"] for row in json.load(answer)["runtimes"]]
    for name in names:
        request = urllib.request.Request(f"{base}/{name}", headers=headers, method="DELETE")
        urllib.request.urlopen(request, timeout=30).close()


def measure(server: Server, browser: Any, name: str, block: str, clicks: int) -> None:
    """Print the figures for one way to block."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    submit = f"all = [nap() for _ in range({TASKS})]"
    server.notebook(f"{len(name)}.ipynb", SETUP, "treadle.dashboard()", submit, block.format(s=BLOCKED_S))
    notebook = Opener(context.new_page(), server).lab(f"{len(name)}.ipynb")
    for cell in range(3):
        notebook.run(cell)
    view = notebook.cells.nth(1).locator(".trd")
    expect(view.locator("[data-task]")).to_have_count(TASKS, timeout=30_000)
    expect(view.locator(".trd-status")).to_contain_text("live", timeout=10_000)
    if block:
        notebook.start(3)
        time.sleep(4)  # until the cell is in the midst of it
    times = sorted(click_ms(notebook, view) for _ in range(clicks))
    blocked = not block or notebook.is_busy(3)
    print(
        f"{name:28} {view.locator('.trd-status').inner_text():24} median {statistics.median(times):6.1f} ms   "
        f"largest {times[-1]:6.1f} ms   {'' if blocked else '(the cell ended before that)'}"
    )
    if block:
        stood, whole = reload_s(notebook)
        again = notebook.cells.nth(1).locator(".trd-status").inner_text()
        print(f"{'':28} {again:24} after a reload: notebook {stood:.1f} s, graph {whole - stood:.1f} s later")
    end_runtimes(server)
    context.close()


def main(clicks: int) -> None:
    base = Path(tempfile.mkdtemp(prefix="clicks-", dir="/tmp"))
    servers = serve(base)
    server = next(servers)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), headless=True, args=CHROMIUM_FLAGS
        )
        for name, block in BLOCKS.items():
            measure(server, browser, name, block, clicks)
        browser.close()
    next(servers, None)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 9)
