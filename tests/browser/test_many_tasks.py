"""100,000 tasks stay usable: frames while one pans, bytes of the feed, memory of the page.

`python -m pytest tests/browser/test_many_tasks.py -m long -s` prints the figures of docs/benchmarks.md.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from treadle_runtime.core.facts import Fact
from treadle_runtime.feed.projection import Projection

from .view_page import (
    View,
    became,
    born,
    heap_nbytes,
    is_fluent,
    pan,
    pan_undisturbed,
    quantile,
    renderer_nbytes,
)

FRAME_MS = 33.0
FEED_BYTES_PER_S = 256 * 1024
PAGE_NBYTES = 200 * 1000 * 1000
STAGES = ("read_tile", "denoise", "segment", "measure", "classify", "summarise")
PER_STAGE = 100_000 // len(STAGES)
WORK = """\
%load_ext treadle
from treadle import task, wait_on

@task
def square(x):
    return x * x

@task
def add(*values):
    return sum(values)
wait_on(square(2))"""
RUN = """\
squares = [square(i) for i in range(90_000)]
sums = [add(*squares[i : i + 9]) for i in range(0, 90_000, 9)]
print(sum(wait_on(sums)) == sum(i * i for i in range(90_000)))"""


def hundred_thousand() -> Projection:
    """100,000 tasks in six stages, each task read by one of the next stage; half of them done."""
    projection = Projection(epoch="many")
    projection.functions(dict(enumerate(STAGES, 1)))
    for stage in range(len(STAGES)):
        facts: list[Fact] = []
        for i in range(PER_STAGE):
            number = stage * PER_STAGE + i + 1
            makers = (number - PER_STAGE,) if stage else ()
            facts.append(born(number, *makers, depth=stage, fn=stage + 1))
            state = "done" if i < PER_STAGE * (1 - stage / 7) else "waiting" if stage else "ready"
            facts.append(became(number, state, 1))
        projection.apply(facts)
    return projection


def say(what: str, frames: list[float], **figures: str) -> None:
    """Print figures for docs/benchmarks.md."""
    middle, high = quantile(frames, 0.5), quantile(frames, 0.95)
    words = [f"{len(frames)} frames, median {middle:.1f} ms, p95 {high:.1f} ms, longest {max(frames):.0f} ms"]
    print(f"\n{what}: {', '.join([*words, *(f'{name} {value}' for name, value in figures.items())])}")


class Moving:
    """Five times a second some thousand tasks go on, as a runtime with two busy workers tells it."""

    def __init__(self, view: View, tasks: int) -> None:
        self.view = view
        self.tasks = tasks
        self.next = PER_STAGE
        self.due = 0.0

    def __call__(self, _: int) -> None:
        if time.monotonic() < self.due:
            return
        self.due = time.monotonic() + 0.2
        ended = range(self.next, self.next + self.tasks)
        facts = [became(number % 100_000 + 1, "done", 1) for number in ended]
        facts += [became((ended.stop + worker) % 100_000 + 1, "running", worker) for worker in (1, 2)]
        self.next += self.tasks
        self.view.tell(facts)


def feed_rate(sent: Iterable[tuple[float, int]], since: float) -> float:
    """Return bytes per second since then."""
    return sum(nbytes for at, nbytes in sent if at >= since) / (time.monotonic() - since)


@pytest.mark.long
@pytest.mark.parametrize("boxes", [0, 6])
def test_panning_over_100_000_tasks_while_they_change(
    browser: Browser, page: Page, boxes: int, shoot: Callable[[Locator, str], None]
) -> None:
    view = View(page, hundred_thousand())
    expect(view.root.locator("[data-group]")).to_have_count(len(STAGES))
    view.root.locator(".trd-tasks").focus()
    page.keyboard.press("Home")
    for opened in range(1, boxes + 1):
        page.keyboard.press("Space")
        expect(view.root.locator("[data-task]")).to_have_count(400 * opened)
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    view.root.get_by_role("button", name="Show everything").click(click_count=2)
    shoot(view.root, f"many-{boxes}")
    moving = Moving(view, 4000)
    since = time.monotonic()
    frames, cpu = pan_undisturbed(page, view.root.locator(".trd-canvas"), 200, FRAME_MS, moving)
    rate = feed_rate(view.sent, since)
    for _ in range(4):
        view.root.get_by_role("button", name="Zoom in").click()
    frames_near, cpu_near = pan_undisturbed(page, view.root.locator(".trd-canvas"), 200, FRAME_MS, moving)
    heap, own = heap_nbytes(page), renderer_nbytes(browser)
    kept = {
        "CPU": f"{cpu:.1f} ms per frame",
        "feed": f"{rate / 1024:.1f} KiB/s",
        "heap": f"{heap / 1e6:.0f} MB",
        "page": f"{own / 1e6:.0f} MB",
    }
    say(f"fake feed, {boxes} boxes open, everything in view", frames, **kept)
    say(f"fake feed, {boxes} boxes open, near", frames_near, CPU=f"{cpu_near:.1f} ms per frame")
    assert is_fluent(frames, cpu, FRAME_MS), f"{cpu:.1f} ms of CPU per frame"
    assert is_fluent(frames_near, cpu_near, FRAME_MS), f"{cpu_near:.1f} ms of CPU per frame"
    assert rate < FEED_BYTES_PER_S
    assert own < PAGE_NBYTES
    assert heap < PAGE_NBYTES / 4


@pytest.mark.long
def test_a_runtime_that_runs_100_000_tasks_is_watched(
    browser: Browser, opener: Any, page: Page, shoot: Callable[[Locator, str], None]
) -> None:
    received: list[tuple[float, int]] = []

    def on_frame(payload: str | bytes) -> None:
        received.append((time.monotonic(), len(payload)))

    page.on("websocket", lambda socket: socket.on("framereceived", on_frame))
    notebook = opener.lab(opener.server.notebook("many.ipynb", WORK, "%treadle", RUN))
    before, lab = heap_nbytes(page), renderer_nbytes(browser)  # JupyterLab and the notebook alone
    notebook.run(0)
    notebook.run(1)
    view = notebook.cells.nth(1).locator(".trd")
    expect(view).to_be_visible(timeout=15_000)
    since = time.monotonic()
    notebook.start(2)
    expect(view.locator("[data-group]").first).to_be_attached(timeout=60_000)
    view.scroll_into_view_if_needed()
    canvas = view.locator(".trd-canvas")
    frames_busy = pan(page, canvas, 150)
    notebook.wait_for_end(2)
    rate = feed_rate(received, since)
    expect(notebook.cells.nth(2).locator(".jp-OutputArea")).to_contain_text("True")
    expect(view.locator("[data-chip=done]")).to_have_text("100,001 done")
    shoot(view, "many-real")
    frames, cpu = pan_undisturbed(page, canvas, 240, FRAME_MS)
    grown = heap_nbytes(page) - before
    page.evaluate("() => { jupyterapp.commands.execute('treadle:open') }")  # a second view
    expect(page.locator("#treadle-panel .trd [data-chip=done]")).to_have_text("100,001 done", timeout=15_000)
    whole = renderer_nbytes(browser) - lab
    figures = {
        "feed": f"{rate / 1024:.1f} KiB/s",
        "heap of the views": f"{grown / 1e6:.0f} MB",
        "whole page": f"{whole / 1e6:.0f} MB more than the {lab / 1e6:.0f} MB of JupyterLab alone",
    }
    say("real runtime, while it runs", frames_busy, **figures)
    say("real runtime, afterwards", frames, CPU=f"{cpu:.1f} ms per frame")
    assert is_fluent(frames, cpu, FRAME_MS), f"{cpu:.1f} ms of CPU per frame"
    assert rate < FEED_BYTES_PER_S
    assert grown < PAGE_NBYTES / 4
    assert whole < PAGE_NBYTES
