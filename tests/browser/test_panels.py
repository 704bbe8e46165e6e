"""The parts of the live view, alone on a page: what each shows, what its buttons do, by mouse and by keyboard."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from bench_page import Bench
from playwright.sync_api import Locator, Page, expect
from scene import HOSTILE, MEAN, NOW, SOLVE, Scene

PARTS = ["Graph", "Stream", "Tasks", "Workers", "Functions", "Failures", "Log"]


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.fixture
def bench(page: Page, scene: Scene) -> Bench:
    return Bench(page, scene)


def row(bench: Bench, number: int) -> Locator:
    return bench.view.locator(f'[data-row="{number}"]')


def look_at(bench: Bench, number: int) -> Locator:
    """Choose a task by searching for it; return the details."""
    bench.view.get_by_role("searchbox").fill(f"#{number}")
    bench.tab("Tasks")
    row(bench, number).get_by_role("button").click()
    bench.view.get_by_role("searchbox").fill("")
    return bench.view.get_by_role("region", name="Details")


def test_a_task_is_cancelled_tried_again_and_copied_and_each_says_what_came_of_it(
    bench: Bench, scene: Scene, page: Page
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    details = look_at(bench, scene.running[1])
    expect(details).to_contain_text("42 %, epoch 3 of 7")
    expect(details).to_contain_text("load_mesh #1 48.0 MB, in the store")
    expect(details.locator(".trd-tail")).to_contain_text("epoch 2: loss 0.418")
    retry, cancel = details.get_by_role("button", name="Retry"), details.get_by_role("button", name="Cancel")
    expect(retry).to_have_attribute("aria-disabled", "true")
    cancel.click()
    expect(details.get_by_role("status")).to_contain_text(f"Cancelled #{scene.running[1]}")
    expect(details.locator("[data-deed=cancel]")).to_have_attribute("aria-disabled", "true")
    assert scene.said[-1] == ("cancel", {"numbers": [scene.running[1]]})
    details = look_at(bench, scene.failed[0])
    expect(details.locator(".trd-trace")).to_contain_text("----> 3")
    expect(details).to_contain_text("mesh=<768 x 768 float64>, case=0")
    details.get_by_role("button", name="Retry all 4").click()
    expect(details.get_by_role("status")).to_contain_text("4 tasks are tried again, with the code it was")
    assert scene.said[-1] == ("retry", {"numbers": scene.failed})
    details.get_by_role("button", name="Copy as code").click()
    expect(details.get_by_role("status")).to_have_text("Copied: paste it into a cell.")
    assert page.evaluate("() => navigator.clipboard.readText()") == f"solve(**treadle.inputs({scene.failed[0]}))"


def test_where_the_page_may_not_copy_the_code_is_shown_selected(bench: Bench, scene: Scene, page: Page) -> None:
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); document.execCommand = () => false; }")
    details = look_at(bench, scene.failed[0])
    details.get_by_role("button", name="Copy as code").click()
    expect(details.get_by_role("status")).to_have_text("Press Ctrl+C to copy what is selected.")
    expect(details.get_by_role("textbox")).to_be_focused()
    assert page.evaluate("() => { const at = document.activeElement; return at.value.slice(at.selectionStart, at.selectionEnd); }").startswith("solve(")


@pytest.mark.long
def test_what_the_runtime_refuses_is_said_in_one_line(bench: Bench, scene: Scene) -> None:
    scene.refused["cancel"] = "There is nothing to cancel: it has ended already."
    details = look_at(bench, scene.running[0])
    details.get_by_role("button", name="Cancel").click()
    expect(details.get_by_role("status")).to_have_text("There is nothing to cancel: it has ended already.")
    expect(details.locator("[data-deed=cancel]")).to_have_attribute("aria-disabled", "false")


def test_a_waiting_task_says_why_in_the_words_of_the_magic(bench: Bench, scene: Scene) -> None:
    details = look_at(bench, scene.waiting)
    expect(details.locator('[data-fact="why"]')).to_contain_text(
        f"mean_of_cases #{scene.waiting} is waiting. 3 inputs are still made by case 41"
    )
    details.get_by_role("button", name="load_mesh #1").click()
    expect(details.get_by_role("heading")).to_contain_text("load_mesh #1")
    expect(details.get_by_role("button", name="load_mesh #1")).to_have_count(0)  # it does not read itself
    expect(details.locator("button:focus")).to_have_count(1)


def test_failures_are_grouped_and_opening_one_marks_it_as_looked_at(bench: Bench, scene: Scene) -> None:
    expect(bench.view.locator(".trd-announcer")).to_contain_text("failed in all")
    tab = bench.view.get_by_role("tab", name="Failures")
    expect(tab).to_contain_text("2")
    group = bench.view.locator(f'[data-failure="{scene.failed[0]}"]')
    expect(group).to_contain_text("4 x ZeroDivisionError, solve, job.py line 3")
    group.locator(".trd-failure-head").click()
    expect(group).to_have_attribute("data-seen", "true")
    expect(tab).to_contain_text("1")
    assert ("seen", {"numbers": scene.failed}) in scene.said
    expect(bench.view.locator(".trd-trace")).to_contain_text("ZeroDivisionError: division by zero")


def test_the_log_pages_through_long_output_and_follows_what_runs(bench: Bench, scene: Scene) -> None:
    look_at(bench, scene.failed[0]).get_by_role("button", name="Log", exact=True).click()
    log = bench.view.get_by_role("log")
    expect(log).to_contain_text("iteration 4999: residual")
    offsets = [args["offset"] for name, args in scene.said if name == "log"]
    assert max(offsets) > 65_000, "it was read in pages"
    number = scene.running[1]
    look_at(bench, number).get_by_role("button", name="Log", exact=True).click()
    expect(bench.view.get_by_role("tabpanel", name="Log")).to_contain_text("follows")
    expect(log.locator("[data-stream=stderr]")).to_have_text("the step is small\n")
    scene.logs[number].append(["stdout", "epoch 3: loss 0.2\n"])
    expect(log).to_contain_text("epoch 3: loss 0.2")
    bench.tell(scene.tell(("t", number, "done", 2, NOW)))
    expect(bench.view.get_by_role("tabpanel", name="Log")).not_to_contain_text("follows")


def test_functions_are_sorted_and_a_press_filters_by_one(bench: Bench) -> None:
    panel = bench.tab("Functions")
    names = panel.locator("tbody .trd-name")
    expect(names).to_have_text(["load_mesh", "solve", "mean_of_cases", "plot"])
    panel.get_by_role("button", name="Calls").click()
    expect(names).to_have_text(["mean_of_cases", "solve", "load_mesh", "plot"])
    expect(panel.get_by_role("columnheader", name="Calls")).to_have_attribute("aria-sort", "descending")
    panel.get_by_role("button", name="Calls").press("Enter")
    expect(names.first).to_have_text("load_mesh")
    solve = panel.locator(f'[data-function="{SOLVE}"]')
    expect(solve.locator("td")).to_have_text([re.compile(text) for text in ("44", "36", "4", r"\d s", r"\d s", r"\d s")])
    solve.get_by_role("button").click()
    expect(solve.get_by_role("button")).to_have_attribute("aria-pressed", "true")
    tasks = bench.tab("Tasks")
    expect(tasks.locator("tbody tr").first).to_contain_text("solve #")
    expect(tasks).not_to_contain_text("mean_of_cases #")


def test_chips_text_and_cells_filter_and_the_runtime_finds_beyond_the_feed(bench: Bench, scene: Scene) -> None:
    panel = bench.tab("Tasks")
    chip = bench.view.locator("[data-chip=cancelled]")
    chip.click()
    expect(chip).to_have_attribute("aria-pressed", "true")
    expect(row(bench, scene.cancelled)).to_contain_text("case <b>40</b>")
    expect(panel.locator("tbody tr")).to_have_count(4)  # one of the feed, three that only the runtime knows
    expect(row(bench, 50_002)).to_contain_text("solve #50002")
    chip.click()
    bench.view.get_by_role("searchbox").fill("case 42")
    expect(row(bench, scene.running[1])).to_contain_text("running")
    expect(row(bench, scene.running[0])).to_have_count(0)
    assert ("find", {"text": "case 42", "state": "", "offset": 0}) in scene.said or row(bench, 50_001).count() == 0
    expect(row(bench, 50_001)).to_have_count(1)
    panel.get_by_role("button", name="Look further back").click()
    expect(panel.get_by_role("button", name="Look further back")).to_be_hidden()
    bench.view.get_by_role("button", name="Clear the filter").click()
    bench.view.get_by_role("combobox", name="Only tasks of a cell").select_option("7")
    expect(row(bench, scene.waiting)).to_be_visible()
    expect(row(bench, scene.failed[0])).to_have_count(0)


def test_workers_show_what_they_do_and_what_has_ended(bench: Bench, scene: Scene) -> None:
    panel = bench.tab("Workers")
    second = panel.locator('[data-worker="2"]')
    expect(second).to_contain_text(re.compile(rf"case 42 #{scene.running[1]} · \d"))
    expect(second.get_by_role("meter", name="CPU")).to_have_attribute("aria-valuenow", "93")
    expect(second.get_by_role("img")).to_have_attribute("aria-label", re.compile("Memory of worker 2 in the last 4 min: .* to .* MB"))
    expect(panel.locator('[data-worker="4"]')).to_contain_text("idle")
    expect(panel.locator('[data-worker="5"]')).to_contain_text("left after 300 s without work")
    expect(panel.get_by_role("meter", name="store")).to_have_attribute("aria-valuetext", "store 700 MB of 8.0 GB")
    expect(panel.locator('[data-gpu="0"]')).to_contain_text("NVIDIA T4")
    expect(panel.locator('[data-gpu="0"]').get_by_role("meter", name="busy")).to_have_attribute("aria-valuenow", "63")
    second.get_by_role("button").click()
    expect(bench.view.get_by_role("region", name="Details")).to_contain_text(f"case 42 #{scene.running[1]}")


def test_the_stream_is_walked_zoomed_and_read_by_keyboard(bench: Bench, scene: Scene, page: Page) -> None:
    panel = bench.tab("Stream")
    stream = panel.get_by_role("application")
    said = panel.locator(".trd-stream-said")
    stream.focus()
    page.keyboard.press("ArrowRight")
    expect(said).to_contain_text(f"case 41 #{scene.running[0]} · running · worker 1")
    page.keyboard.press("ArrowDown")
    expect(said).to_contain_text("worker 2")
    page.keyboard.press("ArrowLeft")
    expect(said).to_contain_text("short tasks, mostly mean_of_cases")
    page.keyboard.press("0")
    expect(panel.get_by_role("button", name="All:")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("+")
    expect(panel.get_by_role("button", name="All:")).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Home")
    expect(said).to_contain_text("solve #")
    page.keyboard.press("Enter")
    expect(bench.view.get_by_role("region", name="Details").get_by_role("button").first).to_be_visible()
    assert page.evaluate("() => document.activeElement.closest('.trd-details') !== null")


def test_the_stream_is_dragged_wheeled_and_clicked(bench: Bench, scene: Scene, page: Page) -> None:
    panel = bench.tab("Stream")
    box = panel.locator("canvas").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] - 60, box["y"] + 30
    page.mouse.move(x, y)
    expect(panel.locator(".trd-stream-said")).to_contain_text(f"case 41 #{scene.running[0]}")
    page.mouse.click(x, y)
    expect(bench.view.get_by_role("region", name="Details")).to_contain_text(f"case 41 #{scene.running[0]}")
    last = panel.get_by_role("button", name="Last 30 s")
    expect(last).to_have_attribute("aria-pressed", "true")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 200, y, steps=3)
    page.mouse.up()
    expect(last).to_have_attribute("aria-pressed", "false")
    last.click()
    page.mouse.move(x, y)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -300)
    page.keyboard.up("Control")
    expect(last).to_have_attribute("aria-pressed", "false")


@pytest.mark.long
def test_tabs_are_walked_by_the_arrow_keys(bench: Bench, page: Page) -> None:
    bench.view.get_by_role("tab", name="Graph").focus()
    for part in PARTS[1:]:
        page.keyboard.press("ArrowRight")
        expect(bench.view.get_by_role("tab", name=part)).to_be_focused()
        expect(bench.view.get_by_role("tabpanel", name=part)).to_be_visible()
    page.keyboard.press("Home")
    expect(bench.view.get_by_role("tabpanel", name="Graph")).to_be_visible()
    assert bench.view.get_by_role("tab").evaluate_all("(tabs) => tabs.filter((tab) => tab.tabIndex === 0).length") == 1


def test_names_and_outputs_are_never_html(bench: Bench, scene: Scene, page: Page) -> None:
    look_at(bench, scene.hostile)
    for part in PARTS:
        bench.tab(part)
    expect(bench.view.get_by_role("log")).to_contain_text(HOSTILE)
    assert page.evaluate("() => document.querySelectorAll('.trd img').length") == 0
    assert page.evaluate("() => [...document.querySelectorAll('.trd b')].length") == 0


@pytest.mark.long
@pytest.mark.parametrize("width", [300, 620, 1100])
def test_nothing_sticks_out_at_any_width(page: Page, scene: Scene, width: int) -> None:
    bench = Bench(page, scene, width=width, height=760)
    look_at(bench, scene.failed[0])
    for part in PARTS:
        bench.tab(part)
        wide = page.evaluate(
            """() => [...document.querySelectorAll('.trd-panel:not([hidden]), .trd-head, .trd-nav, .trd-details, .trd-side:not([hidden])')]
                .filter((each) => each.scrollWidth > each.clientWidth + 1).map((each) => each.className + ' ' + each.dataset.part)"""
        )
        assert not wide, part
    beside = bench.view.get_by_role("complementary")
    bench.tab("Graph")
    expect(beside).to_be_visible(visible=width >= 760)


@pytest.mark.long
def test_a_hundred_thousand_tasks_stay_within_the_bounds_of_the_feed(page: Page) -> None:
    scene = Scene(gpus=False)
    bench = Bench(page, scene)
    panel = bench.tab("Stream")
    sizes, number = [], 10_000
    for second in range(20):
        now = NOW + second
        for batch in range(100):
            numbers = range(number, number + 50)
            number += 50
            scene.projection.apply([("b", n, MEAN, 0, 99, 1, (), None, now) for n in numbers])
            scene.projection.ran([(1 + batch % 4, now + batch / 100, [(n, 0, 0.0007) for n in numbers])])
            scene.projection.apply([("t", n, "done", 1 + batch % 4, now) for n in numbers])
        delta = scene.projection.delta()
        sizes.append(len(json.dumps(delta)))
        bench.tell(delta)
    assert max(sizes) < 256 * 1024
    expect(bench.view.locator("[data-chip=done]")).to_have_text("101,237 done")
    panel.get_by_role("button", name="All:").click()
    expect(panel.get_by_role("button", name="All:")).to_have_attribute("aria-pressed", "true")


@pytest.mark.long
@pytest.mark.parametrize(("shape", "dark"), [("notebook", False), ("notebook", True), ("panel", False), ("panel", True), ("tab", False)])
def test_pictures_of_every_part(page: Page, scene: Scene, shape: str, dark: bool, shoot: Callable[[Locator, str], None]) -> None:
    sizes: dict[str, tuple[int, int | None]] = {"notebook": (1100, None), "panel": (300, 760), "tab": (1400, 820)}
    width, height = sizes[shape]
    bench = Bench(page, scene, width=width, height=height, dark=dark)
    expect(bench.view).to_have_attribute("data-theme", "dark" if dark else "light")
    name = f"{shape}-{'dark' if dark else 'light'}"
    for part in PARTS:
        bench.tab(part)
        shoot(bench.view, f"{name}-{part.lower()}")
    bench.tab("Failures").locator(".trd-failure-head").first.click()
    shoot(bench.view, f"{name}-failure")
    look_at(bench, scene.running[1])
    expect(bench.view.locator(".trd-tail")).to_be_visible()
    shoot(bench.view, f"{name}-details")
