"""The clients: greeted, listened to, told, and missed when they go.

Law: knows processes, lines and frames; what a client says becomes an event as it stands. Nobody counts as a client
before it has shown the token. That a client has died is told by the system (pidfd), never by silence, nor by the end
of its line: a process that lives may come back on another one, and is the same client if it says so.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, cast

from ..core.events import (
    CancelWanted,
    CellRunAgain,
    ClientJoined,
    ClientLeft,
    Event,
    FunctionsDefined,
    HandlesDropped,
    HandlesTaken,
    TasksSubmitted,
    VersionsPut,
    VersionsWanted,
)
from ..core.model import ClientId
from ..record.journal import Journal
from ..wire import messages as m
from ..wire.auth import same_token
from ..wire.codec import Malformed, from_client
from ..wire.process import Watch
from ..wire.stream import Overlong
from .ears import Ears
from .lines import Line, Lines
from .viewers import Viewers

if TYPE_CHECKING:
    from .loop import Host


class Client:
    """What is known of one client."""

    __slots__ = ("cid", "line", "missed", "pid", "started", "watching")

    def __init__(self, cid: ClientId, line: Line, pid: int, started: float) -> None:
        self.cid = cid
        self.line: Line | None = line  # None: it has hung up, but lives
        self.pid = pid
        self.started = started
        self.watching = False
        self.missed = False  # a change of the feed, because it did not read


class Clients:
    """All clients of a runtime."""

    def __init__(self, door: socket.socket, ears: Ears, token: str, journal: Journal, host: Host) -> None:
        self.present: dict[ClientId, Client] = {}
        self.watch = Watch()
        self.ever = 0  # how many there have been
        self._known: dict[ClientId, tuple[int, float]] = {}  # all ever: which process
        self.lines = Lines(door, ears, self)
        self.viewers = Viewers(host, self.lines)
        self._token = token
        self._journal = journal
        self._host = host

    # ------------------------------------------------------------------ what comes in
    def on_frames(self, line: Line, frames: list[bytes], now: float, events: list[Event]) -> None:
        """Take in what somebody sent."""
        if line.owner is None:
            self._on_stranger(line, frames.pop(0), now, events)
            if line.listener is not self:  # it is a page
                line.listener.on_frames(line, frames, now, events)
                return
        client: Client | None = line.owner
        if client is None:  # refused
            return
        cid, add = client.cid, self._journal.add
        for frame in frames:
            try:
                message = from_client(frame)
            except Malformed as error:
                self._on_malformed(client, error)
                continue
            add(cid, frame)
            _HANDLERS[type(message)](self, client, message, now, events)
            if line.closing:  # it said goodbye
                return

    def on_overlong(self, line: Line, error: Overlong, now: float, events: list[Event]) -> None:
        """Say why nothing of this line can be read any more; a client that sent such a thing has left."""
        client: Client | None = line.owner
        print(f"closes the line of {f'client {client.cid}' if client else 'a stranger'}: {error}", flush=True)
        self.lines.post(line, m.Refused(f"The runtime has closed the connection: {error}."))
        if client is not None:
            self._gone(client, now, events)

    def on_hung_up(self, line: Line) -> None:
        """Note that nothing more comes from this line. Its client may come back."""
        client: Client | None = line.owner
        if client is not None and client.line is line:
            client.line = None
            print(f"client {client.cid} has hung up", flush=True)

    def on_caught_up(self, line: Line) -> None:
        """Show a client what it missed of the feed while it did not read."""
        client: Client | None = line.owner
        if client is not None and client.missed:
            client.missed = False
            if client.watching:
                self._host.feed.on_watch(client.cid, False, False)  # no change before the whole
                self._host.feed.on_watch(client.cid, True, True)

    def _on_stranger(self, line: Line, frame: bytes, now: float, events: list[Event]) -> None:
        try:
            hello = from_client(frame)
        except Malformed:
            hello = None
        reason = "The first message must be a hello."
        if isinstance(hello, m.View):
            if same_token(hello.token, self._token):
                self.viewers.welcome(line)
                return
            reason = "The token is wrong: this runtime belongs to another session."
        elif isinstance(hello, m.Hello):
            if not same_token(hello.token, self._token):
                reason = "The token is wrong: this runtime belongs to somebody else, or to another session."
            elif hello.protocol != m.PROTOCOL:
                reason = (
                    f"The runtime speaks protocol {m.PROTOCOL}, the client {hello.protocol}: "
                    "they are of different versions of Treadle. Restart the one that is older."
                )
            elif self._host.ending:
                reason = "The runtime is about to end. Start a new one."
            else:
                self._welcome(line, hello, now, events)
                return
        self._refuse(line, reason)

    def _refuse(self, line: Line, reason: str) -> None:
        print(f"refused a stranger: {reason}", flush=True)
        self.lines.post(line, m.Refused(reason))
        self.lines.hang_up(line)

    def _welcome(self, line: Line, hello: m.Hello, now: float, events: list[Event]) -> None:
        process = (hello.pid, hello.start_time)
        cid = hello.resume if self._known.get(hello.resume) == process else self.ever + 1
        old = self.present.get(cid)
        if old is not None:
            self._forget(old)
        if not self.watch.add(cid, *process):
            self._refuse(line, "The process that says hello does not exist here.")
            return
        self.ever = max(self.ever, cid)
        client = Client(cid, line, *process)
        self.lines.introduce(line, client, self)
        self._known[cid] = process
        self.present[cid] = client
        self._host.publish()
        events.append(ClientJoined(now, cid))
        self.lines.post(line, self._host.welcome(cid))

    def _on_malformed(self, client: Client, error: Malformed) -> None:
        print(f"client {client.cid} sent what is no message: {error}", flush=True)
        self.tell(
            client.cid,
            m.Notice("warning", f"The runtime could not read a message of this process ({error})."),
        )

    def _on_hello(self, client: Client, _: m.Hello, __: float, ___: list[Event]) -> None:
        self.tell(client.cid, self._host.welcome(client.cid))

    def _on_view(self, client: Client, _: m.View, __: float, ___: list[Event]) -> None:
        self._on_malformed(client, Malformed("a client can't become a page"))

    def _on_define(self, _: Client, message: m.Define, now: float, events: list[Event]) -> None:
        self._host.define(message.functions)
        events.append(FunctionsDefined(now, [row[:2] for row in message.functions]))

    def _on_world(self, client: Client, message: m.World, _: float, __: list[Event]) -> None:
        self._host.crew.worlds[client.cid << 32 | message.world] = message.data

    def _on_submit(self, client: Client, message: m.Submit, now: float, events: list[Event]) -> None:
        rows = message.rows
        if self._host.ending:
            self._host.on_late_submit()
        self._host.crew.tasks.update([(row[0], row) for row in rows])
        last = events[-1] if events else None
        if type(last) is TasksSubmitted and last.client == client.cid:
            last.rows += rows
        else:
            events.append(TasksSubmitted(now, client.cid, rows))

    def _on_put(self, client: Client, message: m.Put, now: float, events: list[Event]) -> None:
        self._host.values.keep(message.rows)
        events.append(VersionsPut(now, client.cid, [row[:3] for row in message.rows]))

    def _on_take(self, client: Client, message: m.Take, now: float, events: list[Event]) -> None:
        events.append(HandlesTaken(now, client.cid, message.vids))

    def _on_release(self, client: Client, message: m.Release, now: float, events: list[Event]) -> None:
        last = events[-1] if events else None
        if type(last) is HandlesDropped and last.client == client.cid:
            last.vids += message.vids
        else:
            events.append(HandlesDropped(now, client.cid, message.vids))

    def _on_fetch(self, client: Client, message: m.Fetch, now: float, events: list[Event]) -> None:
        events.append(VersionsWanted(now, client.cid, message.vids))

    def _on_cancel(self, _: Client, message: m.Cancel, now: float, events: list[Event]) -> None:
        events.append(CancelWanted(now, message.numbers))

    def _on_again(self, _: Client, message: m.Again, now: float, events: list[Event]) -> None:
        events.append(CellRunAgain(now, message.first, message.last))

    def _on_retry(self, client: Client, message: m.Retry, now: float, events: list[Event]) -> None:
        self._host.retries.on_retry(client.cid, message, now, events)

    def _on_ask(self, client: Client, message: m.Ask, _: float, __: list[Event]) -> None:
        self._host.questions.append((client.cid, message))

    def _on_looked(self, _client: Client, message: m.Looked, _now: float, _events: list[Event]) -> None:
        self._host.feed.on_looked(message.numbers)

    def _on_watch(self, client: Client, message: m.Watch, _: float, __: list[Event]) -> None:
        client.watching = message.on
        self._host.feed.on_watch(client.cid, message.on, message.reset)

    def _on_bye(self, client: Client, message: m.Bye, now: float, events: list[Event]) -> None:
        others = len(self.present) - 1 + self._host.notebooks.strangers(client.cid)
        if message.stop and not others:
            self._host.end(message.cancel, "stopped by its client")
            return  # it stays, to see the end
        if message.stop:
            told = f"left the runtime, which goes on for {others} other client{'s' if others > 1 else ''}"
            told += f"; `treadle stop {self._host.name}` ends it."
            self.tell(client.cid, m.Notice("info", told))
            self.tell(client.cid, m.Refused(f"The runtime was left: Treadle {told}", ends=False))
        self._gone(client, now, events, for_good=message.stop)

    # ------------------------------------------------------------------ leaving
    def on_ended(self, now: float, events: list[Event]) -> None:
        """Note which client processes have ended."""
        for cid in self.watch.ended():
            client = self.present.get(cast(ClientId, cid))
            if client is None:
                continue
            line = client.line
            if line is not None:
                self.lines.read(line, now, events)  # its last words
            if client.cid in self.present:  # it did not say goodbye in them
                print(f"client {client.cid} (pid {client.pid}) has ended", flush=True)
                self._gone(client, now, events)
            if line is not None:
                self.lines.cut(line)  # a forked child may hold the other end, and will never read

    def _gone(self, client: Client, now: float, events: list[Event], for_good: bool = False) -> None:
        self._forget(client)
        hold = self._host.notebooks.on_left(client.cid, for_good, now, events)
        events.append(ClientLeft(now, client.cid, cancel=self._host.options.script, hold=hold))
        if not self.present:
            self._host.on_deserted(now, hold)
        self._host.publish()

    def _forget(self, client: Client) -> None:
        self.present.pop(client.cid, None)
        if client.line is not None:
            self.lines.hang_up(client.line)
        self.watch.remove(client.cid)
        self._host.feed.on_watch(client.cid, False, False)

    # ------------------------------------------------------------------ what goes out
    def tell(self, cid: ClientId, message: m.Message) -> None:
        """Queue a message for a client, if it is still there."""
        client = self.present.get(cid)
        if client is not None and client.line is not None:
            self.lines.post(client.line, message)

    def show(self, cid: ClientId, delta: m.Delta) -> None:
        """Queue a change of the feed; whoever does not read gets the whole picture later instead."""
        client = self.present.get(cid)
        if client is not None and client.line is not None:
            if client.line.stream.unsent:
                client.missed = True
            else:
                self.lines.post(client.line, delta)

    def tell_all(self, message: m.Message) -> None:
        """Queue a message for every client."""
        for cid in self.present:
            self.tell(cid, message)

    def send(self) -> None:
        """Send what this turn has queued."""
        self.lines.send()

    def close(self, limit_s: float) -> None:
        """Give all lines back, the last words sent, if that takes no longer than `limit_s`."""
        self.lines.close(limit_s)
        self.watch.close()


_HANDLERS: Final[dict[type, Callable[[Clients, Client, Any, float, list[Event]], None]]] = {
    m.Hello: Clients._on_hello,
    m.View: Clients._on_view,
    m.Define: Clients._on_define,
    m.World: Clients._on_world,
    m.Submit: Clients._on_submit,
    m.Put: Clients._on_put,
    m.Take: Clients._on_take,
    m.Release: Clients._on_release,
    m.Fetch: Clients._on_fetch,
    m.Cancel: Clients._on_cancel,
    m.Again: Clients._on_again,
    m.Retry: Clients._on_retry,
    m.Ask: Clients._on_ask,
    m.Watch: Clients._on_watch,
    m.Looked: Clients._on_looked,
    m.Bye: Clients._on_bye,
}
