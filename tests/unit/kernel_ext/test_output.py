"""What tasks print, as it goes to the screen."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from treadle.cells import Cells
from treadle.output import Printer


class Screen:
    def __init__(self):
        self.parent_now = "cell 1"
        self.written: list[tuple[str, str, str]] = []

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
    client = SimpleNamespace(next_number=1, calls={})
    cells.follow(SimpleNamespace(client=client, cell=0))

    def begin(number: int) -> None:
        shell.displayhook.prompt_count = number
        screen.parent_now = f"cell {number}"
        cells.begin(SimpleNamespace(store_history=True, raw_cell=""))

    def submit(count: int = 1) -> None:
        for _ in range(count):
            client.calls[client.next_number] = SimpleNamespace(cell=cells.current.number)
            client.next_number += 1

    printer = Printer(cells, screen, lambda _number: "f")
    begin(1)
    return SimpleNamespace(screen=screen, begin=begin, submit=submit, prints=printer.on_output)


def test_one_task_prints_as_it_is(page):
    page.submit()
    page.prints(1, "stdout", "a\nb")
    page.prints(1, "stderr", "50%\r60%\r")
    assert page.screen.written == [("cell 1", "stdout", "a\nb"), ("cell 1", "stderr", "50%\r60%\r")]


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
    assert page.screen.text() == "f#1 10 %\rf#1 30 %\rf#1 ok  \n"


def test_line_of_another_task_does_not_overwrite(page):
    page.submit(2)
    page.prints(1, "stdout", "10 %\r")
    page.prints(2, "stdout", "x\n")
    page.prints(1, "stdout", "20 %\r")
    assert page.screen.text() == "f#1 10 %\nf#2 x\nf#1 20 %"


def test_code_without_a_number_has_a_cell_too(page):
    page.begin(3)
    page.submit()
    page.prints(99, "stdout", "unknown task\n")
    assert page.screen.text("cell 3") == "unknown task\n"
