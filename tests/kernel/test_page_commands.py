"""What a page asks over the kernel's comm while a cell blocks: on a subshell where there are any, as JupyterLab does."""

from __future__ import annotations

import time
import uuid

import pytest

SETUP = """\
%load_ext treadle
import concurrent.futures, time, treadle
view = treadle.dashboard()
view.show()
@treadle.task
def nap():
    time.sleep(600)
@treadle.task
def read(path):
    return open(path).read()
"""


class Page:
    """The widget's other end: its comm, on a subshell if the kernel has them."""

    def __init__(self, notebook):
        self.notebook = notebook
        self.client = notebook.client
        self.comm = notebook.value("view._widget.comm.comm_id")
        self.subshell = self._subshell()
        self.asked = 0

    def _subshell(self):
        known = self.client.kernel_info(reply=True, timeout=20)["content"]
        if "kernel subshells" not in known.get("supported_features", ()):
            return None  # ipykernel 6 would not even answer
        message = self.client.session.msg("create_subshell_request", {})
        self.client.control_channel.send(message)
        reply = self.client.get_control_msg(timeout=20)
        return reply["content"].get("subshell_id")

    def say(self, **data):
        self._send("comm_msg", {"comm_id": self.comm, "data": {"method": "custom", "content": data}})

    def _send(self, kind, content):
        message = self.client.session.msg(kind, content)
        if self.subshell is not None:
            message["header"]["subshell_id"] = self.subshell
        self.client.shell_channel.send(message)

    def hear(self, right, limit_s=20.0):
        """Return the first message of the widget for which `right` holds, or None if the limit comes first."""
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            message = self.client.get_iopub_msg(timeout=limit_s)
            self.notebook._take(message)
            if message["msg_type"] != "comm_msg" or message["content"]["comm_id"] != self.comm:
                continue
            said = self.said_in(message)
            if said and right(said):
                return said
        return None

    def said_in(self, message):
        return message["content"]["data"].get("content")

    def ask(self, name, **args):
        self.asked += 1
        self.say(type="command", id=self.asked, name=name, args=args)
        said = self.hear(lambda said: said.get("type") == "reply" and said["id"] == self.asked)
        assert said is not None, f"no reply to {name}"
        return said.get("data", said.get("error"))


@pytest.fixture(scope="module")
def page(notebook):
    notebook.ok(SETUP)
    page = Page(notebook)
    page.say(type="hello", page=uuid.uuid4().hex, feed=True, feeds=[1], version="0.1.0")
    assert page.hear(lambda said: said.get("type") == "delta" and said["data"].get("reset"))
    return page


BLOCKS = {
    "sleep": "time.sleep(5)\nprint('over')",
    "loop": "end = time.monotonic() + 5\nwhile time.monotonic() < end: pass\nprint('over')",
}


@pytest.mark.parametrize("block", BLOCKS)
def test_cancel_and_questions_are_answered_while_a_cell_blocks(notebook, page, block):
    if page.subshell is None:
        block_ends = True  # ipykernel 6 has no subshells: what is said waits for the end of the cell
    else:
        block_ends = False
    notebook.ok("x = nap()")
    number = notebook.value("x._call_now().number")
    cell = notebook.start(BLOCKS[block])
    notebook.until(lambda: notebook.cells[cell].status == "busy", "the cell")
    assert "nap #" in page.ask("why", number=number)["text"]
    assert page.ask("cancel", numbers=[number]) == {"numbers": [number], "total": 1}
    assert ("over" in notebook.cells[cell].text) is block_ends
    notebook.until(lambda: notebook.cells[cell].status == "idle", "the end of the cell")
    assert notebook.ok("concurrent.futures.wait([x], 20)\nprint(x)").text == f"<Future nap #{number} cancelled>\n"


def test_a_retry_by_the_page_is_known_to_the_kernels_futures(notebook, page, tmp_path):
    path = tmp_path / "late"
    notebook.ok(f"y = read({str(path)!r})")
    assert "FileNotFoundError" in notebook.fails("treadle.wait_on(y)")
    number = notebook.value("y._call_now().number")
    found = page.ask("details", number=number)
    assert (found["type"], found["retriable"]) == ("FileNotFoundError", True)
    assert "return open(path).read()" in found["traceback"]
    path.write_text("there")
    assert page.ask("retry", numbers=[number])["numbers"] == [number]
    assert notebook.value("treadle.wait_on(y)") == "there"
    assert "nothing to retry" in page.ask("retry", numbers=[number])


def test_what_makes_no_sense_is_answered_in_one_sentence(page):
    assert page.ask("cancel", numbers="all") == "The page did not say which tasks. Reload it."
    assert "does not know 'eval'" in page.ask("eval", code="1")


class PanelPage(Page):
    """A page that opened a line to the kernel itself, as the plugin does where the Jupyter server can't help."""

    def __init__(self, notebook):
        self.notebook = notebook
        self.client = notebook.client
        self.comm = uuid.uuid4().hex
        self.subshell = self._subshell()
        self.asked = 0
        self._send("comm_open", {"comm_id": self.comm, "target_name": "treadle", "data": {}})

    def say(self, **data):
        self._send("comm_msg", {"comm_id": self.comm, "data": data})

    def said_in(self, message):
        return message["content"]["data"]

    def close(self):
        self._send("comm_close", {"comm_id": self.comm, "data": {}})


@pytest.mark.long
@pytest.mark.usefixtures("page")
def test_a_page_without_a_server_sees_and_steers_over_a_line_of_its_own(notebook):
    panel = PanelPage(notebook)
    (row,) = panel.hear(lambda said: said["type"] == "runtimes")["runtimes"]
    assert (row["workers"], row["running"]) == (notebook.value("treadle.start().plan.workers"), 0)
    panel.say(type="hello", feeds=[1], version="0.1.0")
    assert panel.hear(lambda said: said["type"] == "delta")["data"]["epoch"] == row["epoch"]
    notebook.ok("x = nap()")
    number = notebook.value("x._call_now().number")
    assert panel.hear(lambda said: said["type"] == "runtimes")["runtimes"][0]["running"] == 1
    if panel.subshell is not None:
        cell = notebook.start("time.sleep(2)\nprint('over')")
        notebook.until(lambda: notebook.cells[cell].status == "busy", "the cell")
        assert panel.ask("cancel", numbers=[number])["total"] == 1
        assert "over" not in notebook.cells[cell].text
        notebook.until(lambda: notebook.cells[cell].status == "idle", "the end of the cell")
    else:
        assert panel.ask("cancel", numbers=[number])["total"] == 1
    feeds = "len(treadle.start().client.on_delta)"
    before = notebook.value(feeds)
    panel.close()
    assert notebook.value(feeds) == before - 1
