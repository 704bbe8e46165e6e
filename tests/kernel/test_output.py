"""What tasks say, as it appears below the cells of a real kernel."""

from __future__ import annotations

import base64

import pytest


@pytest.fixture(scope="module", autouse=True)
def loaded(notebook):
    notebook.ok("%load_ext treadle")
    notebook.ok("from IPython.display import HTML, Markdown, display, update_display, clear_output")


def test_what_a_task_displays_stands_in_its_cell_between_its_text(notebook):
    first = notebook.start(
        "@task\n"
        "def say():\n"
        "    print('before')\n"
        "    display(HTML('<b>bold</b>'))\n"
        "    print('after')\n"
        "x = say()"
    )
    notebook.until(lambda: notebook.cells[first].status == "idle", "the first cell")
    notebook.ok("wait_on(x)")
    notebook.until(lambda: "after" in notebook.cells[first].text, "the task's output")
    kinds = [o["text"] if "text" in o else o["data"].get("text/html") for o in notebook.cells[first].outputs]
    assert "".join(kinds) == "before\n<b>bold</b>after\n"


def test_figures_appear_where_they_were_shown(notebook):
    cell = notebook.ok(
        "@task\n"
        "def draw():\n"
        "    import matplotlib.pyplot as plt\n"
        "    plt.plot([1, 2])\n"
        "    plt.show()\n"
        "    plt.plot([2, 1])\n"  # left open in a function: nobody's
        "    return len(plt.get_fignums())\n"
        "print(wait_on(draw()), wait_on(draw()))"
    )
    notebook.until(lambda: len(cell.shown) == 2, "two figures")
    assert cell.text == "1 1\n"
    for shown in cell.shown:
        assert base64.b64decode(shown["image/png"])[:4] == b"\x89PNG"
