"""What tasks print, as it goes to the screen."""

from __future__ import annotations

import warnings
from types import SimpleNamespace

import pytest

from treadle.shell.cells import Cells
from treadle.show.output import Printer
from treadle_runtime.client import heard
from treadle_runtime.wire.asides import STREAM, Aside, Cleared, Shown, Warned, pack_aside


class Screen:
    exchanges = True

    def __init__(self):
        self.parent_now = "cell 1"
        self.written: list[tuple[str, str, str]] = []
        self.shown: dict[str, str] = {}

    def display(self, _parent, bundle, _metadata, display_id):
        assert display_id not in self.shown
        self.shown[display_id] = bundle["text/plain"]

    def update(self, bundle, _metadata, display_id):
        self.shown[display_id] = bundle["text/plain"]

    def have(self, _parent, act):
        act()

    def parent(self):
        return self.parent_now

    def write(self, parent, stream, text):
        self.written.append((parent, stream, text))

    def text(self, parent="cell 1"):
        return "".join(text for where, _stream, text in self.written if where == parent)


@pytest.fixture
def page():
    """A screen, cells and a client of which tasks 1..n can be submitted."""
    screen = Screen()
    shell = SimpleNamespace(displayhook=SimpleNamespace(prompt_count=1))
    cells = Cells(shell, screen)
    client = SimpleNamespace(next_number=1, calls={}, on_quiet=None)
    cells.follow(SimpleNamespace(client=client, cell=0))

    def begin(number: int) -> None:
        shell.displayhook.prompt_count = number
        screen.parent_now = f"cell {number}"
        cells.begin(SimpleNamespace(store_history=True, raw_cell=""))

    def submit(count: int = 1) -> None:
        for _ in range(count):
            client.calls[client.next_number] = SimpleNamespace(cell=cells.current.number, final=False)
            client.next_number += 1

    bars: list[int] = []
    printer = Printer(cells, screen, lambda _number: "f", lambda cell: bars.append(cell.number))
    printer.follow(client)
    begin(1)

    def end() -> None:
        for call in client.calls.values():
            call.final = True
        if client.on_quiet is not None:
            client.on_quiet()

    def says(number: int, aside: Aside) -> None:
        printer.on_output(number, STREAM, pack_aside(aside))

    return SimpleNamespace(
        screen=screen,
        begin=begin,
        submit=submit,
        prints=printer.on_output,
        reports=printer.on_report,
        says=says,
        end=end,
        bars=bars,
    )


def test_one_task_prints_as_it_is(page):
    page.submit()
    page.prints(1, "stdout", "a\nb")
    page.prints(1, "stderr", "50%\r60%\r")
    assert page.screen.written == [("cell 1", "stdout", "a\nb"), ("cell 1", "stderr", "50%\r60%\r")]


def test_what_would_come_between_a_bar_and_its_next_step_is_asked_for_before(page):
    page.submit()
    page.prints(1, "stdout", "plain\n")
    assert page.bars == []
    page.prints(1, "stderr", "  0%\r")
    assert page.bars == [1]


def test_each_line_of_several_tasks_names_its_task(page):
    page.submit(2)
    page.prints(1, "stdout", "a\nb\n")
    page.prints(2, "stdout", "c")
    assert page.screen.text() == "f#1 a\nf#1 b\nf#2 c\n"


def test_output_goes_to_the_cell_that_submitted(page):
    page.submit()
    page.begin(2)
    page.submit()
    page.prints(1, "stdout", "one\n")
    page.prints(2, "stdout", "two\n")
    assert page.screen.text("cell 1") == "one\n"
    assert page.screen.text("cell 2") == "two\n"


def test_carriage_return_rewrites_the_line_of_its_task(page):
    page.submit(2)
    page.prints(1, "stdout", "10 %\r")
    page.prints(1, "stdout", "20 %\r30 %\r")
    page.prints(1, "stdout", "ok\n")
    page.prints(1, "stdout", "text\n\ragain")
    assert list(page.screen.shown.values()) == ["f#1 ok", "f#1 again"]
    assert page.screen.text() == "f#1 text\n"


def test_line_of_another_task_does_not_overwrite(page):
    page.submit(2)
    page.prints(1, "stdout", "10 %\r")
    page.prints(2, "stdout", "x\n")
    page.prints(1, "stdout", "20 %\r")
    assert list(page.screen.shown.values()) == ["f#1 20 %"]
    assert page.screen.text() == "f#2 x\n"


def test_one_task_alone_is_left_to_the_page(page):
    page.submit()
    page.prints(1, "stdout", "10 %\r20 %\r")
    assert page.screen.text() == "10 %\r20 %\r"


def test_code_without_a_number_has_a_cell_too(page):
    page.begin(3)
    page.submit()
    page.prints(99, "stdout", "unknown task\n")
    assert page.screen.text("cell 3") == "unknown task\n"


def test_lines_that_are_rewritten_at_the_same_time_do_not_flood_the_cell(page):
    page.submit(3)
    for percent in range(0, 100, 10):
        for task in (1, 2, 3):
            page.prints(task, "stderr", f"\r{percent} %\r")
    page.prints(2, "stderr", "\r100 %\n")
    page.prints(1, "stderr", "\r100 %\n")
    page.end()
    assert list(page.screen.shown.values()) == ["f#1 100 %", "f#2 100 %", "f#3 90 %"]
    assert page.screen.text() == ""


def shown(text: str, name: str = "", update: bool = False) -> Shown:
    return Shown({"text/plain": text}, {}, name, update)


def test_displays_are_updated_by_their_name(page):
    page.submit(2)
    page.says(1, shown("one", "mine"))
    page.says(2, shown("two"))
    page.says(1, shown("one more", "mine", update=True))
    assert list(page.screen.shown.values()) == ["one more", "two"]


def test_clearing_takes_away_what_the_task_has_displayed_and_nothing_else(page):
    page.submit(2)
    page.says(2, shown("of another"))
    page.says(1, shown("a"))
    page.says(1, shown("b"))
    page.says(1, Cleared(wait=True))
    assert list(page.screen.shown.values()) == ["of another", "a", "b"]
    page.says(1, shown("c"))
    assert list(page.screen.shown.values()) == ["of another", "c", ""]
    page.says(1, shown("d"))
    page.says(1, shown("e"))
    page.says(1, Cleared())
    assert list(page.screen.shown.values()) == ["of another", "", "", ""]
    page.prints(1, "stdout", "epoch 1\n")
    page.prints(1, "stdout", "loss 2\n")
    assert list(page.screen.shown.values()) == ["of another", "f#1 epoch 1\nf#1 loss 2", "", ""]


def test_a_flood_is_folded_and_the_log_named(page):
    page.submit()
    page.begin(2)
    page.submit()
    for _ in range(20):
        page.prints(2, "stdout", "x\n" * 29)
    page.end()
    assert page.screen.text("cell 2").count("x") == 200
    assert list(page.screen.shown.values()) == ["380 more: %treadle log [2]"]


def test_twenty_figures_are_enough(page):
    page.submit()
    for index in range(23):
        page.says(1, Shown({"text/plain": f"figure {index}", "image/png": "iVBOR"}))
    page.end()
    assert list(page.screen.shown.values())[20:] == ["3 more: %treadle log [1]"]


def warned(text: str, count: int = 1) -> Warned:
    return Warned("builtins", "DeprecationWarning", text, "/lib/model.py", 3, count)


def test_equal_warnings_are_told_once_with_their_count(page, monkeypatch):
    monkeypatch.setattr(heard, "_is_plain", lambda: True)  # as outside of pytest, which records them
    page.submit(2)
    page.says(1, warned("old"))
    page.says(2, warned("old"))
    page.says(1, warned("older"))
    page.says(2, warned("old", 96))
    assert not page.screen.written
    page.end()
    assert page.screen.written == [
        ("cell 1", "stderr", "DeprecationWarning in f, model.py line 3: old (x 98)\n"),
        ("cell 1", "stderr", "DeprecationWarning in f, model.py line 3: older\n"),
    ]


def test_warnings_go_to_whoever_wants_to_hear_them(page):
    page.submit()
    page.says(1, warned("old", 5))
    with pytest.warns(DeprecationWarning, match=r"old \(x 5\)") as told:
        page.end()
    assert [(each.filename, each.lineno) for each in told] == [("/lib/model.py", 3)]
    with warnings.catch_warnings():
        told = []
        warnings.showwarning = lambda *args: told.append(args[:4])
        page.says(1, warned("old"))
        page.end()
    assert [(str(told[0][0]), *told[0][1:])] == [("old", DeprecationWarning, "/lib/model.py", 3)]


def test_many_lines_are_one_message(page):
    page.submit(2)
    page.prints(1, "stdout", "a\nb\nc\n")
    assert page.screen.written == [("cell 1", "stdout", "f#1 a\nf#1 b\nf#1 c\n")]


def test_how_far_a_task_is_that_runs_in_the_kernel_itself(page, monkeypatch):
    clock = iter(range(100))
    monkeypatch.setattr("treadle.show.output.time.monotonic", lambda: next(clock))
    page.submit()
    page.reports(1, 0.25, "epoch 1")
    page.reports(1, 0.5, "")
    assert list(page.screen.shown.values()) == ["#1: 50 %"]
    page.end()
    assert list(page.screen.shown.values()) == [""]
