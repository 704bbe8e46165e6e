"""Pages that look at a runtime through a Jupyter server: what they see, what they can do, what they can't."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from treadle_runtime.wire import messages as m
from treadle_runtime.wire.codec import encode
from treadle_runtime.wire.pages import PAGE_LIMIT
from treadle_runtime.wire.session import Session

LIMIT_S = 15.0


class Page:
    """One page's line: what it says, what it is told."""

    def __init__(self, session: Session, token: str | None = None) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(session.clients))
        self.socket.settimeout(LIMIT_S)
        self.asked = 0
        self.tasks: dict[str, Any] = {}
        self.failures: dict[int, Any] = {}
        self.deltas = 0
        self._send(encode(m.View(session.token() if token is None else token)))

    def say(self, kind: str, **fields: Any) -> None:
        self._send(json.dumps({"type": kind, **fields}).encode())

    def _send(self, *frames: bytes) -> None:
        self.socket.sendall(b"".join(struct.pack(">I", len(frame)) + frame for frame in frames))

    def frame(self) -> bytes:
        return self._read(struct.unpack(">I", self._read(4))[0])

    def hear(self, kind: str = "") -> dict[str, Any]:
        """Return the next message (of a kind), the picture brought up to date by those before."""
        while True:
            message: dict[str, Any] = json.loads(self.frame())
            if message["type"] == "delta":
                self._take(message["data"])
            if not kind or message["type"] == kind:
                return message

    def hear_out(self) -> None:
        """Wait until the runtime has closed the line."""
        with contextlib.suppress(EOFError, ConnectionResetError):
            while self.frame():
                continue

    def ask(self, name: str, **args: Any) -> Any:
        self.asked += 1
        self.say("command", id=self.asked, name=name, args=args)
        answer = self.hear("reply")
        assert answer["id"] == self.asked
        return answer.get("data", answer.get("error"))

    def see(self, true: Callable[[], bool]) -> None:
        while not true():
            self.hear("delta")

    def _take(self, delta: dict[str, Any]) -> None:
        self.deltas += 1
        if delta.get("reset"):
            self.tasks, self.failures = {}, {}
        for key, record in delta.get("put", {}).get("task", {}).items():
            self.tasks.setdefault(key, {}).update(record)
        for row in delta.get("add", {}).get("failure", ()):
            self.failures[row["number"]] = row
        for key in delta.get("del", {}).get("failure", ()):
            self.failures.pop(int(key), None)

    def state(self, number: int) -> str | None:
        return self.tasks.get(str(number), {}).get("state")

    def _read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            if not more:
                raise EOFError
            data += more
        return data


@pytest.fixture
def look() -> Iterator[Callable[..., Page]]:
    pages: list[Page] = []

    def open_page(caller: Any, greet: bool = True, **fields: Any) -> Page:
        pages.append(page := Page(caller.link.session))
        assert page.hear()["type"] == "welcome"
        if greet:
            page.say("hello", **{"feeds": [1], "version": "0.1.0", **fields})
            assert page.hear()["data"]["reset"]
        return page

    yield open_page
    for page in pages:
        page.socket.close()


@pytest.fixture
def kept(place: Any) -> Any:
    return place.start(workers=1)


def made() -> tuple[Callable[[str], str], Callable[[float], float]]:
    """Functions that travel by value: workers can't import a test."""

    def fail_once(path: str) -> str:
        import os

        print("trying")
        if not os.path.exists(path):
            raise ValueError("no <b>file</b>")
        return "there"

    def nap(seconds: float) -> float:
        import time

        time.sleep(seconds)
        return seconds

    return fail_once, nap


fail_once, nap = made()


def test_a_page_sees_tasks_and_counts_as_no_client(place: Any, look: Any) -> None:
    caller = place.start()
    page = look(caller)
    number = caller.call(caller.define(nap), 0.01)
    page.see(lambda: page.state(number) == "done")
    assert caller.link.ask("status", {})["clients"] == 1


def test_who_does_not_know_the_token_sees_nothing(place: Any) -> None:
    caller = place.start(workers=1)
    page = Page(caller.link.session, token="guessed")
    try:
        assert b"The token is wrong" in page.frame()
        with pytest.raises(EOFError):
            page.frame()
    finally:
        page.socket.close()


def test_cancel_by_a_page_is_seen_by_page_and_client(place: Any, look: Any) -> None:
    caller = place.start()
    page = look(caller)
    number = caller.call(caller.define(nap), 60)
    page.see(lambda: page.state(number) == "running")
    assert page.ask("cancel", numbers=[number]) == {"numbers": [number], "total": 1}
    page.see(lambda: page.state(number) == "cancelled")
    assert caller.wait(number)[1] == "cancelled"
    assert any(isinstance(each, m.Looked) and each.numbers == [number] for each in caller.log)
    assert page.ask("cancel", numbers=[number]) == "There is nothing to cancel: it has ended already."


def test_retry_by_a_page_runs_the_recorded_call_and_tells_the_client(
    place: Any, look: Any, tmp_path: Any
) -> None:
    caller = place.start()
    page = look(caller)
    number = caller.call(caller.define(fail_once), str(tmp_path / "x"))
    assert caller.wait(number)[1] == "failed"
    page.see(lambda: page.state(number) == "failed")
    found = page.ask("details", number=number)
    assert (found["type"], found["message"], found["retriable"]) == ("ValueError", "no <b>file</b>", True)
    assert "in fail_once" in found["traceback"]
    assert page.ask("log", number=number, offset=0) == {
        "parts": [["stdout", "trying\n"]],
        "next": 7,
        "more": False,
    }
    (tmp_path / "x").touch()
    del caller.finished[number]
    assert page.ask("retry", alike=number)["numbers"] == [number]
    page.see(lambda: page.state(number) == "done")
    assert page.failures == {}
    assert caller.value(number) == "there"
    rearmed = [each for each in caller.log if isinstance(each, m.Rearmed)]
    assert [(each.id, each.numbers) for each in rearmed] == [(0, [number])]
    assert "nothing to retry" in page.ask("retry", numbers=[number])
    assert any("retried" in line for line in page.ask("story", number=number)["lines"])


def test_a_page_finds_tasks_and_asks_why(place: Any, look: Any) -> None:
    caller = place.start(workers=1)
    page = look(caller)
    function = caller.define(nap)
    first = caller.call(function, 60)
    second = caller.call(function, 60)
    page.see(lambda: page.state(first) == "running")
    assert f"nap #{second} is" in page.ask("why", number=second)["text"]
    found = page.ask("find", text="NAP", state="running", offset=0)
    assert ([task["number"] for task in found["tasks"]], found["next"]) == ([first], None)
    assert [task["number"] for task in page.ask("find", text=f"#{second}")["tasks"]] == [second]
    assert page.ask("code", number=second) == {"code": f"nap(**treadle.inputs({second}))"}
    assert (
        page.ask("members", group="g404") == "There is no group 'g404' (any more). Look at the graph again."
    )
    assert page.ask("cancel_cell", cell=0)["total"] == 2
    caller.wait(first, second)


def test_a_page_asks_about_many_tasks_without_naming_them(place: Any, look: Any) -> None:
    caller = place.start(workers=1)
    page = look(caller)
    function = caller.define(nap)
    first = caller.call(function, 60)
    rest = [caller.call(function, 60) for _ in range(2)]
    page.see(lambda: page.state(first) == "running")
    counts = page.ask("line", first=first, last=rest[-1])["counts"]
    assert counts["running"] == 1
    assert sum(counts.values()) == 3
    assert "nothing to retry" in page.ask("retry", failed=True)
    assert "No notebook with this kernel" in page.ask("cancel", all=True, kernel="unknown")
    assert page.ask("cancel", all=True)["total"] == 3
    caller.wait(first, *rest)
    assert page.ask("line", first=first, last=rest[-1])["counts"] == {"cancelled": 3}
    assert "nothing to cancel" in page.ask("cancel", all=True)
    assert "which tasks" in page.ask("line", first=1, last=10**9)


@pytest.mark.parametrize(
    ("name", "args", "said"),
    [
        ("cancel", {"numbers": []}, "did not say which tasks"),
        ("cancel", {"numbers": ["1"]}, "named tasks that are none"),
        ("cancel", {"numbers": {"1": 2}}, "did not say which tasks"),
        ("retry", {"numbers": [True]}, "named tasks that are none"),
        ("details", {}, "did not say which number"),
        ("details", {"number": 10**30}, "Nothing is known of task"),
        ("log", {"number": None}, "did not say which number"),
        ("cancel_cell", {"cell": "5"}, "did not say which cell"),
        ("eval", {"code": "1"}, "This runtime does not know 'eval'"),
    ],
)
def test_what_makes_no_sense_is_answered_in_one_sentence(
    kept: Any, look: Any, name: str, args: dict[str, Any], said: str
) -> None:
    page = look(kept)
    answer = page.ask(name, **args)
    assert said in answer
    assert "\n" not in answer


@pytest.mark.parametrize(
    "frame", [b"no json", b'{"type": "shutdown"}', b"[]", b"\xff\xfe", b'{"type": "command"}']
)
def test_a_page_that_speaks_otherwise_is_cut_off(kept: Any, look: Any, frame: bytes) -> None:
    page = look(kept)
    page._send(frame)
    assert "no message" in page.hear("refused")["reason"]
    with pytest.raises(EOFError):
        page.frame()
    assert kept.link.ask("status", {})["clients"] == 1


def test_a_message_that_is_too_long_ends_the_line(kept: Any, look: Any) -> None:
    page = look(kept)
    page._send(b" " * (PAGE_LIMIT + 1))
    page.hear_out()
    assert kept.link.ask("status", {})["clients"] == 1


def test_a_page_that_asks_too_much_is_cut_off_and_tasks_go_on(kept: Any, look: Any) -> None:
    page = look(kept)
    command = json.dumps({"type": "command", "id": 1, "name": "find", "args": {}}).encode()
    page._send(*[command] * 500)
    assert "too much" in page.hear("refused")["reason"]
    assert kept.value(kept.call(kept.define(nap), 0.0)) == 0.0


def test_without_a_common_feed_one_line_says_what_to_run(kept: Any, look: Any) -> None:
    newer, older = look(kept, greet=False), look(kept, greet=False)
    newer.say("hello", feeds=[7], version="9.0")
    assert "`pip install --upgrade treadle` in the kernel's environment" in newer.hear("refused")["reason"]
    older.say("hello", feeds=[0], version="0.0")
    assert "in the environment of the Jupyter server" in older.hear("refused")["reason"]
    both = look(kept, feeds=[1, 7], version="9.0")
    assert both.deltas == 1


def test_a_page_that_does_not_read_gets_the_whole_picture_later(place: Any, look: Any) -> None:
    caller = place.start()
    page = look(caller)
    function = caller.define(nap)
    numbers = [caller.call(function, 0.0) for _ in range(1000)]
    caller.wait(*numbers)
    page.see(lambda: page.state(numbers[-1]) == "done")
    for _ in range(100):
        page.say("reset")  # and reads none of the pictures
    late = caller.call(function, 0.0)
    caller.wait(late)
    page.deltas = 0
    page.see(lambda: page.state(late) == "done")
    assert page.deltas < 20


def test_a_page_learns_that_the_runtime_has_ended(place: Any, look: Any) -> None:
    caller = place.start(workers=1)
    page = look(caller)
    caller.stop()
    page.hear_out()
