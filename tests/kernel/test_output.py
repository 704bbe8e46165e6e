"""What tasks say, as it appears below the cells of a real kernel."""

from __future__ import annotations

import base64

import pytest


@pytest.fixture(scope="module", autouse=True)
def loaded(notebook):
    notebook.ok("%load_ext treadle")
    notebook.ok("from IPython.display import HTML, clear_output")


def said(cell):
    """Return the outputs of a cell but for the line that counts its tasks: it appears when they take long."""
    return [o for o in cell.outputs if "treadle-line" not in str(o.get("data", {}).get("text/html"))]


def shown(cell):
    return [o["data"] for o in said(cell) if "data" in o]


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
    kinds = [o["text"] if "text" in o else o["data"].get("text/html") for o in said(notebook.cells[first])]
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
    notebook.until(lambda: len(shown(cell)) == 2, "two figures")
    assert cell.text == "1 1\n"
    for each in shown(cell):
        assert base64.b64decode(each["image/png"])[:4] == b"\x89PNG"


def test_figures_left_open_by_a_cell_are_shown_as_the_notebook_would(notebook):
    cell = notebook.ok(
        "%%task\nimport matplotlib.pyplot as plt\nprint('drawn')\nfig, axes = plt.subplots()\naxes.plot([1, 2]);"
    )
    notebook.until(lambda: any("image/png" in each for each in shown(cell)), "the figure")
    assert cell.text == "drawn\n"
    later = notebook.ok("print(type(wait_on(fig)).__name__)")
    assert later.text == "Figure\n"
    assert not any("image/png" in each for each in later.shown)  # it has been shown


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
    notebook.until(
        lambda: len(shown(cell)) == 2 and shown(cell)[1]["text/plain"] == "'b'", "the last displays"
    )
    assert shown(cell)[0]["text/html"] == "<i>4</i>"


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
        numbers = eval(shown(ran)[0]["text/plain"])
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
    notebook.until(lambda: shown(notebook.cells[first]), "what came late")
    assert notebook.cells[first].text == "late words\n"
    assert shown(notebook.cells[first])[0]["text/html"] == "<u>late</u>"
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
    notebook.until(lambda: any("more" in str(each) for each in shown(cell)), "the notice")
    assert cell.text.count("\n") == 200
    notice = shown(cell)[-1]["text/plain"]
    assert notice.startswith("380 more: %treadle log [")
    log = notebook.ok(notice.partition(": ")[2])
    assert log.text == "".join(f"{i}\n" for i in range(580))


def test_the_log_of_a_cell_has_displays_and_records_in_their_order(notebook):
    notebook.ok(
        "@task\n"
        "def tell(i):\n"
        "    print('first', i)\n"
        "    display(HTML(f'<b>{i}</b>'))\n"
        "    logging.getLogger('lib').warning('careful')\n"
        "    print('last', i, end='')\n"
        "wait_on([tell(i) for i in range(2)])"
    )
    log = notebook.ok("%treadle log")
    told = [o["text"] if "text" in o else o["data"]["text/html"] for o in said(log)]
    lines = "".join(text if text.endswith("\n") else f"{text}\n" for text in told).splitlines()
    names = [line.partition(" ")[0] for line in lines if line.endswith(("first 0", "first 1"))]
    assert lines == [
        line
        for i, name in enumerate(names)
        for line in (f"{name} first {i}", f"<b>{i}</b>", f"{name} lib: careful", f"{name} last {i}")
    ]


def drawn(cell, part):
    """Return the bars that show this now."""
    return [text for o in shown(cell) if part in (text := o["text/plain"]) and "|" in text]


def test_tqdm_tells_how_far_its_task_is_and_its_bar_is_one_line(notebook):
    cell = notebook.start(
        "from tqdm.auto import tqdm\n"
        "gate = pathlib.Path(tempfile.mkdtemp()) / 'gate'\n"
        "@task\n"
        "def steps(gate):\n"
        "    for i in tqdm(range(4), desc='step', mininterval=0):\n"
        "        while i == 3 and not gate.exists():\n"
        "            time.sleep(0.01)\n"
        "bar = steps(gate)"
    )
    told = notebook.ok(
        "from treadle_runtime.api import peek\n"
        "link, number = peek().client.link, bar._call.number\n"
        "end = time.monotonic() + 30\n"
        "while not (said := link.ask('progress', {'ranges': [[number, number + 1]]})[0][2]):\n"
        "    assert time.monotonic() < end\n"
        "    time.sleep(0.02)\n"
        "print(said == [[number, 0.75, 'step']], number)"
    )
    number = told.text.removeprefix("True ").strip()
    notebook.until(lambda: f"#{number}: 75 %, step" in str(notebook.cells[cell].outputs), "the line")
    notebook.ok("gate.touch()\nwait_on(bar)")
    notebook.until(lambda: drawn(notebook.cells[cell], "step: 100%"), "the bar")
    assert not notebook.cells[cell].text
    assert len(drawn(notebook.cells[cell], "it/s")) == 1  # one line, drawn again


def test_each_position_of_each_task_is_a_line_of_its_own(notebook):
    cell = notebook.start(
        "@task\n"
        "def nested(gate):\n"
        "    for i in tqdm(range(2), desc='outer', mininterval=0):\n"
        "        for j in tqdm(range(3), desc='inner', position=1, leave=False, mininterval=0):\n"
        "            while i == 1 and j == 1 and not gate.exists():\n"
        "                time.sleep(0.01)\n"
        "            time.sleep(0.06)\n"
        "    tqdm.write('done')\n"
        "gate = pathlib.Path(tempfile.mkdtemp()) / 'gate'\n"
        "bars = [nested(gate) for _ in range(2)]"
    )
    ran = notebook.cells[cell]
    notebook.until(lambda: len(drawn(ran, "outer:  50%")) == 2, "both outer bars")
    notebook.until(lambda: len(drawn(ran, "inner:  33%")) == 2, "both inner bars")
    names = {text.partition(" ")[0] for text in drawn(ran, "it/s")}
    assert len(names) == 2
    assert all(name.startswith("nested#") for name in names)
    notebook.ok("gate.touch()\nwait_on(bars)")
    notebook.until(lambda: len(drawn(ran, "outer: 100%")) == 2, "the ends")
    notebook.until(lambda: not drawn(ran, "inner"), "what does not stay goes")
    notebook.until(lambda: ran.text.count(" done\n") == 2, "text is text")
    log = notebook.ok("%treadle log")
    assert log.text.count("outer: 100%") == 2
    assert "inner" not in log.text


def test_figures_look_as_the_notebook_is_set(notebook):
    cell = notebook.ok(
        "%config InlineBackend.figure_formats = ['svg']\n"
        "import matplotlib.pyplot as plt\n"
        "plt.rcParams['figure.facecolor'] = '#123456'"
    )
    cell = notebook.ok("@task\ndef draw():\n    plt.plot([1, 2])\n    plt.show()\nwait_on(draw())")
    notebook.until(lambda: shown(cell), "the figure")
    assert "<svg" in shown(cell)[0]["image/svg+xml"]
    assert "#123456" in shown(cell)[0]["image/svg+xml"]
    notebook.ok("%config InlineBackend.figure_formats = ['png']\nplt.rcdefaults()")


def test_what_was_shown_survives_the_death_of_its_worker(notebook):
    cell = notebook.ok(
        "@task(retry_lost=False)\n"
        "def dies():\n"
        "    print('last words', end='')\n"
        "    display(HTML('<b>last figure</b>'))\n"
        "    os.kill(os.getpid(), 9)\n"
        "print(type(dies().exception()).__name__)"
    )
    assert "WorkerLost" in cell.text
    assert "last words" in cell.text
    assert shown(cell)[0]["text/html"] == "<b>last figure</b>"


def test_the_same_holds_for_tasks_that_run_in_the_kernel_itself(notebook):
    notebook.ok("treadle.stop()\ntreadle.start(engine='inline')")
    cell = notebook.ok(
        "@task\n"
        "def inside():\n"
        "    print('before')\n"
        "    display(HTML('<b>bold</b>'))\n"
        "    treadle.progress(1, 4, 'a quarter')\n"
        "    print('after')\n"
        "inside()._call.number"
    )
    number = shown(cell)[-1]["text/plain"]
    kinds = [o["text"] if "text" in o else o["data"].get("text/html") for o in said(cell)[:-1]]
    assert "".join(filter(None, kinds)) == "before\n<b>bold</b>after\n"
    assert notebook.ok(f"%treadle log {number}").text == "before\nafter\n"
    notebook.ok("treadle.stop()")
