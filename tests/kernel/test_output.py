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


def test_figures_left_open_by_a_cell_are_shown_as_the_notebook_would(notebook):
    cell = notebook.ok(
        "%%task\nimport matplotlib.pyplot as plt\nprint('drawn')\nfig, axes = plt.subplots()\naxes.plot([1, 2]);"
    )
    notebook.until(lambda: any("image/png" in shown for shown in cell.shown), "the figure")
    assert cell.text == "drawn\n"
    later = notebook.ok("print(type(wait_on(fig)).__name__)")
    assert later.text == "Figure\n"
    assert not [shown for shown in later.shown if "image/png" in shown]  # it has been shown


def test_a_live_figure_takes_the_place_of_the_one_before(notebook):
    cell = notebook.ok(
        "@task\n"
        "def live():\n"
        "    for i in range(5):\n"
        "        clear_output(wait=True)\n"
        "        display(HTML(f'<i>{i}</i>'))\n"
        "    handle = display('a', display_id=True)\n"
        "    handle.update('b')\n"
        "wait_on(live())"
    )
    notebook.until(lambda: len(cell.shown) == 2 and cell.shown[1]["text/plain"] == "'b'", "the last displays")
    assert cell.shown[0]["text/html"] == "<i>4</i>"


def test_twenty_tasks_print_into_three_cells_at_once_and_c_code_too(notebook):
    notebook.ok(
        "import ctypes, os\n"
        "@task\n"
        "def talk(i):\n"
        "    libc = ctypes.CDLL(None)\n"
        "    for line in range(4):\n"
        "        print('python', i, line)\n"
        "        os.write(1, b'system %d\\n' % i)\n"
        "        libc.printf(b'c %d\\n', i)\n"
        "        libc.fflush(None)\n"
    )
    cells = [
        notebook.start(f"numbers = [talk(i)._call.number for i in range({n})]; numbers") for n in (7, 7, 6)
    ]
    notebook.ok("barrier()")
    for cell in cells:
        ran = notebook.cells[cell]
        numbers = eval(next(shown for shown in ran.shown)["text/plain"])
        expected = {
            f"talk#{number} {text}"
            for i, number in enumerate(numbers)
            for text in (f"system {i}", f"c {i}", *(f"python {i} {line}" for line in range(4)))
        }
        count = 12 * len(numbers)
        notebook.until(lambda ran=ran, count=count: ran.text.count("\n") >= count, "all lines")
        lines = ran.text.splitlines()
        assert len(lines) == count
        assert set(lines) == expected


def test_output_after_later_cells_goes_to_the_cell_of_the_task(notebook):
    first = notebook.start(
        "import pathlib, tempfile, time\n"
        "flag = pathlib.Path(tempfile.mkdtemp()) / 'flag'\n"
        "@task\n"
        "def late(flag):\n"
        "    while not flag.exists():\n"
        "        time.sleep(0.01)\n"
        "    print('late words')\n"
        "    display(HTML('<u>late</u>'))\n"
        "x = late(flag)"
    )
    later = notebook.ok("1 + 1")
    then = notebook.ok("flag.touch()\nwait_on(x)")
    notebook.until(lambda: notebook.cells[first].shown, "what came late")
    assert notebook.cells[first].text == "late words\n"
    assert notebook.cells[first].shown[0]["text/html"] == "<u>late</u>"
    assert not later.text + then.text


def test_records_reach_the_loggers_of_the_kernel_below_the_cell_of_the_task(notebook):
    notebook.ok(
        "import logging\n"
        "kept = []\n"
        "class Keep(logging.Handler):\n"
        "    def emit(self, record): kept.append((record.name, record.levelname, record.treadle_task, record.getMessage()))\n"
        "logging.getLogger('lib').addHandler(Keep())\n"
        "logging.getLogger('lib').setLevel('DEBUG')\n"
        "shown = logging.StreamHandler()\n"
        "logging.getLogger('lib').addHandler(shown)\n"
        "@task\n"
        "def work(flag):\n"
        "    logging.getLogger('lib.part').debug('loaded %d rows', 3)\n"
        "    logging.getLogger('quiet').info('nobody listens')"
    )
    cell = notebook.start("y = work(1); n = y._call.number")
    notebook.ok("wait_on(y)")
    assert notebook.value("kept[0] == ('lib.part', 'DEBUG', n, f'work#{n} loaded 3 rows'), len(kept)") == (
        True,
        1,
    )
    notebook.until(lambda: "loaded 3 rows" in notebook.cells[cell].text, "the line")
    assert "nobody" not in notebook.cells[cell].text
    notebook.ok("logging.getLogger('lib').setLevel('WARNING')\nwait_on(work(2))")
    assert notebook.value("len(kept)") == 1


def test_equal_warnings_are_shown_once_with_a_count_and_filters_hold(notebook):
    cell = notebook.ok(
        "import warnings\n"
        "@task\n"
        "def old(i):\n"
        "    for _ in range(7):\n"
        "        warnings.warn('use new', DeprecationWarning)\n"
        "barrier_ = wait_on([old(i) for i in range(14)])"
    )
    number = notebook.value("len(In) - 2")
    notebook.until(lambda: "use new" in cell.text, "the warning")
    assert cell.text == f"DeprecationWarning in old, [{number}] line 5: use new (x 98)\n"
    quiet = notebook.ok(
        "with warnings.catch_warnings():\n    warnings.simplefilter('ignore')\n    wait_on(old(0))\n"
        "with warnings.catch_warnings():\n    warnings.simplefilter('error')\n    x = old(0)\n"
        "print(type(x.exception()).__name__)"
    )
    assert quiet.text == "DeprecationWarning\n"


def test_a_flood_is_folded_and_everything_is_in_the_log(notebook):
    cell = notebook.ok("@task\ndef flood():\n    for i in range(580): print(i)\nz = flood()\nwait_on(z)")
    notebook.until(lambda: any("more" in str(shown) for shown in cell.shown), "the notice")
    assert cell.text.count("\n") == 200
    assert cell.shown[-1]["text/plain"].startswith("380 more: %treadle log [")
