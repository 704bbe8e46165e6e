"""The dashboard towards its source, the page and the notebook, each played by a fake."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import treadle.view.widget as module
from treadle.view.widget import Dashboard, free_comm
from treadle_runtime.errors import UsageError
from treadle_runtime.feed.projection import Projection


class Source:
    """A feed whose deltas the test makes."""

    def __init__(self) -> None:
        self.projection = Projection(epoch="e")
        self.callbacks: list[Callable[[dict[str, Any]], None]] = []
        self.commands: list[tuple[str, dict[str, Any]]] = []
        self.resets = 0

    def subscribe(self, callback: Callable[[dict[str, Any]], None]) -> Callable[[], None]:
        self.callbacks.append(callback)
        callback(self.projection.snapshot())
        return lambda: self.callbacks.remove(callback)

    def reset(self) -> None:
        self.resets += 1

    def command(self, name: str, args: dict[str, Any]) -> Any:
        self.commands.append((name, args))
        if args.get("numbers") == [404]:
            raise UsageError("There is no task 404.")
        return {"story": "was ready"} if name == "details" else None

    def become(self, number: int, state: str) -> None:
        self.projection.apply([("b", number, 1, 0, 1, 0, (), None, 0.0), ("t", number, state, 1, 0.0)])
        self.send(self.projection.delta())

    def send(self, delta: dict[str, Any] | None) -> None:
        for callback in list(self.callbacks):
            assert delta is not None
            callback(delta)


class Page:
    """The widget's two ends: what Python sends is kept, what the page says is said."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.listener: Callable[[Any, Any, Any], None] | None = None
        self.closed = False

    def on_msg(self, listener: Callable[[Any, Any, Any], None]) -> None:
        self.listener = listener

    def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    def say(self, message: Any) -> None:
        assert self.listener is not None
        self.listener(self, message, [])

    def close(self) -> None:
        self.closed = True


class Notebook:
    """Keeps what is displayed; `update` wakes who waits for something to be shown."""

    kernel = object()

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.changed = threading.Condition()

    def display(self, bundle: dict[str, str], *, raw: bool, display_id: str) -> Notebook:
        assert raw
        assert display_id.startswith("treadle-")
        self.update(bundle)
        return self

    def update(self, bundle: dict[str, str], raw: bool = True) -> None:
        assert raw
        with self.changed:
            self.shown.append(bundle["text/html"])
            self.changed.notify_all()

    def wait_for(self, words: str) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: words in self.shown[-1], 5), self.shown[-1]


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Page:
    page = Page()
    monkeypatch.setattr(module, "make_widget", lambda _view_id: page)
    return page


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Notebook:
    notebook = Notebook()
    monkeypatch.setattr("IPython.core.getipython.get_ipython", lambda: notebook)
    monkeypatch.setattr("IPython.display.display", notebook.display)
    monkeypatch.setattr(module, "EVERY_S", 0.02)
    return notebook


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def dashboard(source: Source) -> Iterator[Dashboard]:
    dashboard = Dashboard(source)
    yield dashboard
    dashboard.close()
    assert source.callbacks == []


def test_the_snapshot_comes_first_and_is_refreshed(
    dashboard: Dashboard, source: Source, page: Page, notebook: Notebook
) -> None:
    dashboard.show()
    assert "No tasks yet" in notebook.shown[0]
    source.become(1, "running")
    notebook.wait_for("1 running")
    source.become(1, "done")
    notebook.wait_for("1 done")
    assert page.sent == []


def test_after_hello_the_page_gets_a_snapshot_and_then_deltas(
    dashboard: Dashboard, source: Source, page: Page, notebook: Notebook
) -> None:
    dashboard.show()
    source.become(1, "running")
    page.say({"type": "hello"})
    source.become(2, "ready")
    first, second = page.sent
    assert first["data"]["reset"] is True
    assert list(first["data"]["put"]["task"]) == ["1"]
    assert list(second["data"]["put"]["task"]) == ["2"]
    assert second["data"]["seq"] == first["data"]["seq"] + 1
    before = len(notebook.shown)
    source.become(1, "done")
    assert len(notebook.shown) == before  # hidden behind the widget: not now
    source.become(2, "done")
    notebook.wait_for("2 done")  # everything has ended: what the notebook keeps must say so


def test_the_page_can_ask_for_a_reset_and_leave(
    dashboard: Dashboard, source: Source, page: Page, notebook: Notebook
) -> None:
    dashboard.show()
    page.say({"type": "hello"})
    page.say({"type": "reset"})
    assert [message["data"]["reset"] for message in page.sent] == [True, True]
    page.say({"type": "bye"})
    source.become(1, "running")
    notebook.wait_for("1 running")
    assert len(page.sent) == 2


def test_silence_is_explained_once(
    dashboard: Dashboard, page: Page, notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "HELLO_S", 0.01)
    dashboard.show()
    notebook.wait_for("pip install anywidget")
    page.say({"type": "hello"})
    dashboard.refresh()
    assert "pip install" not in notebook.shown[-1]


def test_without_anywidget_the_snapshot_says_so_at_the_next_refresh(
    dashboard: Dashboard, source: Source, notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_view_id: str) -> None:
        raise ImportError("No module named 'anywidget'")

    monkeypatch.setattr(module, "make_widget", missing)
    dashboard.show()
    source.become(1, "running")
    notebook.wait_for("1 running")
    assert "kernel&#x27;s environment" in notebook.shown[-1]


def test_a_gap_asks_the_source_for_a_reset(dashboard: Dashboard, source: Source) -> None:
    source.send({"feed": 1, "epoch": "e", "seq": 99, "put": {}})
    assert source.resets == 1
    assert repr(dashboard) == "<Dashboard: no tasks yet>"


@pytest.mark.usefixtures("notebook")
def test_commands_are_checked_and_carried_out(dashboard: Dashboard, source: Source, page: Page) -> None:
    dashboard.show()
    for message in (
        {"type": "command", "id": 1, "name": "cancel", "args": {"numbers": [3]}},
        {"type": "command", "id": 2, "name": "details", "args": {"number": 3}},
        {"type": "eval", "code": "1"},
        "cancel",
        None,
    ):
        page.say(message)
    assert source.commands == [("cancel", {"numbers": [3]}), ("details", {"number": 3})]
    assert page.sent == [
        {"type": "reply", "id": 1, "data": {}},
        {"type": "reply", "id": 2, "data": {"story": "was ready"}},
    ]
    page.say({"type": "command", "id": 3, "name": "cancel", "args": {"numbers": [404]}})
    assert page.sent[-1] == {"type": "reply", "id": 3, "error": "There is no task 404."}
    page.say({"type": "command", "id": 4, "name": ["cancel"], "args": None})
    assert page.sent[-1] == {"type": "reply", "id": 4, "error": "This is no command. Reload the page."}


def test_a_failure_gets_the_cells_lines(dashboard: Dashboard, source: Source) -> None:
    source.projection.apply([("b", 1, 1, 0, 1, 0, (), None, 0.0), ("t", 1, "failed", 1, 0.0)])
    line = test_a_failure_gets_the_cells_lines.__code__.co_firstlineno
    row = {"number": 1, "type": "ValueError", "message": "no", "frames": [(__file__, line, "f")]}
    source.projection.failures([row])
    source.send(source.projection.delta())
    shown = dashboard.text()
    assert "File test_dashboard.py" in shown
    assert "def test_a_failure_gets_the_cells_lines" in shown


@pytest.mark.usefixtures("notebook")
def test_after_close_nothing_is_sent_any_more(source: Source, page: Page) -> None:
    dashboard = Dashboard(source)
    dashboard.show()
    page.say({"type": "hello"})
    dashboard.close()
    dashboard.close()
    assert page.closed
    sent = len(page.sent)
    page.say({"type": "command", "id": 1, "name": "cancel", "args": {"numbers": [1]}})
    assert (source.commands, len(page.sent), source.callbacks) == ([], sent, [])


def test_without_a_kernel_it_is_printed(
    dashboard: Dashboard, source: Source, capsys: pytest.CaptureFixture[str]
) -> None:
    source.become(1, "done")
    dashboard.show()
    assert "Treadle: 1 done" in capsys.readouterr().out


def test_the_comm_is_freed_only_where_that_is_needed() -> None:
    class Comm:
        pass

    class NewComm:
        def _reply_subshell_for(self, _data: object, default: object = None) -> object:
            return ("main", default)

    class Widget:
        comm: Any

    widget = Widget()
    widget.comm = Comm()
    free_comm(widget)
    assert not hasattr(widget.comm, "_reply_subshell_for")
    widget.comm = NewComm()
    free_comm(widget)
    assert widget.comm._reply_subshell_for({}, default="subshell") == "subshell"


def test_where_no_page_follows_nothing_is_said_of_what_a_page_needs(
    dashboard: Dashboard, page: Page, notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "HELLO_S", 0.01)
    dashboard.show()
    notebook.wait_for("pip install anywidget")
    dashboard.expect_no_page()
    dashboard._on_silence()
    assert "anywidget" not in dashboard.html()
    assert page.sent == []
