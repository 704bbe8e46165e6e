"""The pages that look on through a Jupyter server: greeted, shown the feed, answered.

Law: knows lines and pages' messages (wire.pages). A viewer is no client: it has shown the token, but the runtime lives no
longer for it, and counts it nowhere. One that does not read makes nobody wait and nothing grow: it gets the whole
picture when it reads again, and is cut off if it goes on asking meanwhile.
"""

from __future__ import annotations

import itertools
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from .. import __version__
from ..core.events import Event
from ..feed.delta import FEED
from ..wire import messages as m
from ..wire.codec import Malformed
from ..wire.pages import PAGE_LIMIT, FromPage, PageBye, PageCommand, PageHello, from_page, to_page
from ..wire.stream import Overlong
from .commands import reply

if TYPE_CHECKING:
    from .lines import Line, Lines
    from .loop import Host

PER_TURN: Final = 8
"""Commands carried out before the runtime looks after its tasks again."""
WAITING: Final = 64
"""Commands of one page that wait; with more it is no page of ours."""
UNREAD: Final = 4 << 20
"""Bytes that wait for a page that does not read."""


class Viewer:
    """One page. `key` stands for it among those who watch the feed; clients have positive ones."""

    __slots__ = ("commands", "key", "line", "missed", "wants_all", "watching")

    def __init__(self, key: int, line: Line) -> None:
        self.key = key
        self.line = line
        self.watching = False
        self.wants_all = False
        self.missed = False  # a change of the feed, because it did not read
        self.commands = 0  # that wait


class Viewers:
    """All pages that look at one runtime."""

    def __init__(self, host: Host, lines: Lines) -> None:
        self.present: dict[int, Viewer] = {}
        self.asked: deque[tuple[Viewer, PageCommand]] = deque()
        self._keys = itertools.count(-1, -1)
        self._host = host
        self._lines = lines
        self._last: tuple[Any, bytes] = (None, b"")  # a change is encoded once for all pages

    # ------------------------------------------------------------------ what comes in
    def welcome(self, line: Line) -> None:
        """Let a page look on that has shown the token."""
        viewer = Viewer(next(self._keys), line)
        self._lines.introduce(line, viewer, self, PAGE_LIMIT)
        self.present[viewer.key] = viewer
        host = self._host
        said = to_page("welcome", version=__version__, feed=FEED, epoch=host.epoch, name=host.name)
        self._lines.post_frame(line, said)

    def on_frames(self, line: Line, frames: list[bytes], _now: float, _events: list[Event]) -> None:
        """Take in what a page said."""
        viewer: Viewer = line.owner
        for frame in frames:
            try:
                message = from_page(frame)
            except Malformed as error:
                self._cut_off(viewer, f"The page said what is no message ({error}). Reload it.")
                return
            self._on_message(viewer, message)
            if line.closing:
                return
        if viewer.wants_all:  # once, however often it said so
            viewer.wants_all = False
            self._show_all(viewer)

    def on_overlong(self, line: Line, _error: Overlong, _now: float, _events: list[Event]) -> None:
        """Forget a page that is none of ours."""
        self._forget(line.owner)

    def on_hung_up(self, line: Line) -> None:
        """Forget a page that has gone."""
        self._forget(line.owner)

    def on_caught_up(self, line: Line) -> None:
        """Show a page all that it missed while it did not read."""
        viewer: Viewer = line.owner
        if viewer.missed:
            viewer.missed = False
            self._show_all(viewer)

    def _forget(self, viewer: Viewer) -> None:
        if self.present.pop(viewer.key, None) is not None:
            self._host.feed.on_watch(viewer.key, False, False)
            self.asked = deque(each for each in self.asked if each[0] is not viewer)

    def _on_message(self, viewer: Viewer, message: FromPage) -> None:
        if isinstance(message, PageCommand):
            viewer.commands += 1
            if viewer.commands > WAITING or _unread(viewer) > UNREAD:
                self._cut_off(viewer, "The page asked for too much at once. Reload it.")
            else:
                self.asked.append((viewer, message))
        elif isinstance(message, PageBye):
            viewer.watching = False
            self._host.feed.on_watch(viewer.key, False, False)
        elif isinstance(message, PageHello) and FEED not in message.feeds:
            self._cut_off(viewer, _no_common_feed(message))
        else:
            viewer.watching = viewer.wants_all = True

    def _show_all(self, viewer: Viewer) -> None:
        if viewer.watching:
            self._host.feed.on_watch(viewer.key, False, False)  # no change before the whole
            self._host.feed.on_watch(viewer.key, True, True)

    def _cut_off(self, viewer: Viewer, reason: str) -> None:
        print(f"cuts off a page: {reason}", flush=True)
        self._lines.post_frame(viewer.line, to_page("refused", reason=reason))
        self._lines.hang_up(viewer.line)
        self._forget(viewer)

    # ------------------------------------------------------------------ what goes out
    def answer(self) -> None:
        """Carry out some of the commands that wait, those that came first."""
        for _turn in range(min(PER_TURN, len(self.asked))):
            viewer, command = self.asked.popleft()
            viewer.commands -= 1
            said = to_page("reply", id=command.id, **reply(self._host, command.name, command.args))
            self._lines.post_frame(viewer.line, said)

    def show(self, key: int, delta: m.Delta) -> None:
        """Queue a change of the feed for a client or a page; a page that does not read gets the whole later."""
        viewer = self.present.get(key)
        if viewer is None:
            self._host.clients.show(key, delta)
        elif viewer.line.stream.unsent:
            viewer.missed = True
        else:
            if self._last[0] is not delta.data:
                self._last = (delta.data, to_page("delta", data=delta.data))
            self._lines.post_frame(viewer.line, self._last[1])


def _unread(viewer: Viewer) -> int:
    return sum(map(len, viewer.line.stream.unsent))


def _no_common_feed(hello: PageHello) -> str:
    page = hello.version or "another version"
    if max(hello.feeds, default=0) > FEED:
        return (
            f"The runtime has Treadle {__version__}, the page {page}, and they have no feed in common: run "
            "`pip install --upgrade treadle` in the kernel's environment, then restart the kernel."
        )
    return (
        f"The page has Treadle {page}, the runtime {__version__}, and they have no feed in common: run "
        "`pip install --upgrade treadle` in the environment of the Jupyter server, restart it and reload the page."
    )
