"""The clients: greeted, listened to, told, and missed when they go.

Law: knows processes, identities and frames; what a client says becomes an event as it stands. Nobody counts as a
client before it has shown the token. A client that dies is told by the system (pidfd), never by silence.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, cast

import zmq

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
from ..core.model import ClientId, Number, client_of
from ..record.journal import Journal
from ..wire import messages as m
from ..wire.auth import same_token
from ..wire.codec import Malformed, from_client
from ..wire.process import Watch
from .mail import Mail

if TYPE_CHECKING:
    from .loop import Host


class Client:
    """What is known of one client."""

    __slots__ = ("cid", "identity", "pid", "started", "watching")

    def __init__(self, cid: ClientId, identity: bytes, pid: int, started: float) -> None:
        self.cid = cid
        self.identity = identity
        self.pid = pid
        self.started = started
        self.watching = False


class Clients:
    """All clients of a runtime."""

    def __init__(self, socket: zmq.Socket[bytes], token: str, journal: Journal, host: Host) -> None:
        self.present: dict[ClientId, Client] = {}
        self.watch = Watch()
        self.ever = 0  # how many there have been
        self._by_identity: dict[bytes, Client] = {}
        self._known: dict[ClientId, tuple[int, float]] = {}  # all ever: which process
        self._mail = Mail(socket)
        self._token = token
        self._journal = journal
        self._host = host

    # ------------------------------------------------------------------ what comes in
    def take_in(self, now: float, events: list[Event]) -> None:
        """Take in what clients sent."""
        clients, add = self._by_identity, self._journal.add
        for identity, frames in self._mail.take_in():
            client = clients.get(identity)
            if client is None:
                self._on_stranger(identity, frames, now, events)
                continue
            for frame in frames:
                try:
                    message = from_client(frame)
                except Malformed as error:
                    self._on_malformed(client, error)
                    continue
                add(client.cid, frame)
                _HANDLERS[type(message)](self, client, message, now, events)

    def _on_stranger(self, identity: bytes, frames: list[bytes], now: float, events: list[Event]) -> None:
        try:
            hello = from_client(frames[0])
        except Malformed:
            hello = None
        reason = "The first message must be a hello."
        if isinstance(hello, m.Hello):
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
                self._welcome(identity, hello, now, events)
                return
        print(f"refused a stranger: {reason}", flush=True)
        self._mail.post(identity, m.Refused(reason))

    def _welcome(self, identity: bytes, hello: m.Hello, now: float, events: list[Event]) -> None:
        process = (hello.pid, hello.start_time)
        cid = hello.resume if self._known.get(hello.resume) == process else self.ever + 1
        self.ever = max(self.ever, cid)
        old = self.present.get(cid)
        if old is not None:
            self._forget(old)
        if not self.watch.add(cid, *process):
            self._mail.post(identity, m.Refused("The process that says hello does not exist here."))
            return
        client = Client(cid, identity, *process)
        self._known[cid] = process
        self._by_identity[identity] = self.present[cid] = client
        events.append(ClientJoined(now, cid))
        self._mail.post(identity, self._host.welcome(cid))

    def _on_malformed(self, client: Client, error: Malformed) -> None:
        print(f"client {client.cid} sent what is no message: {error}", flush=True)
        self.tell(
            client.cid,
            m.Notice("warning", f"The runtime could not read a message of this process ({error})."),
        )

    def _on_hello(self, client: Client, _: m.Hello, __: float, ___: list[Event]) -> None:
        self.tell(client.cid, self._host.welcome(client.cid))

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

    def _on_ask(self, client: Client, message: m.Ask, _: float, __: list[Event]) -> None:
        self._host.questions.append((client.cid, message))

    def _on_watch(self, client: Client, message: m.Watch, _: float, __: list[Event]) -> None:
        client.watching = message.on
        self._host.feed.on_watch(client.cid, message.on, message.reset)

    def _on_bye(self, client: Client, message: m.Bye, now: float, events: list[Event]) -> None:
        if message.stop and len(self.present) == 1:
            self._host.end(message.cancel, "stopped by its client")
            return  # it stays, to see the end
        if message.stop:
            others = len(self.present) - 1
            reason = f"Left the runtime, which goes on for {others} other client{'s' if others > 1 else ''}."
            self.tell(client.cid, m.Refused(f"{reason} `treadle stop NAME` ends it."))
        self._gone(client, now, events)

    # ------------------------------------------------------------------ leaving
    def on_ended(self, now: float, events: list[Event]) -> None:
        """Note which client processes have ended."""
        for cid in self.watch.ended():
            client = self.present.get(cast(ClientId, cid))
            if client is not None:
                print(f"client {client.cid} (pid {client.pid}) has ended", flush=True)
                self._gone(client, now, events)

    def _gone(self, client: Client, now: float, events: list[Event]) -> None:
        self._forget(client)
        events.append(ClientLeft(now, client.cid, cancel=self._host.options.script))
        if not self.present:
            self._host.on_deserted(now)

    def _forget(self, client: Client) -> None:
        self.present.pop(client.cid, None)
        self._by_identity.pop(client.identity, None)
        self.watch.remove(client.cid)
        self._host.feed.on_watch(client.cid, False, False)

    # ------------------------------------------------------------------ what goes out
    def tell(self, cid: ClientId, message: m.Message) -> None:
        """Queue a message for a client, if it is still there."""
        client = self.present.get(cid)
        if client is not None:
            self._mail.post(client.identity, message)

    def tell_owner(self, number: Number, message: m.Message) -> None:
        """Queue a message for the client that submitted task `number`."""
        self.tell(client_of(number), message)

    def tell_all(self, message: m.Message) -> None:
        """Queue a message for every client."""
        for client in self.present.values():
            self._mail.post(client.identity, message)

    def send(self) -> None:
        """Send what this turn has queued."""
        self._mail.send()


_HANDLERS: Final[dict[type, Callable[[Clients, Client, Any, float, list[Event]], None]]] = {
    m.Hello: Clients._on_hello,
    m.Define: Clients._on_define,
    m.World: Clients._on_world,
    m.Submit: Clients._on_submit,
    m.Put: Clients._on_put,
    m.Take: Clients._on_take,
    m.Release: Clients._on_release,
    m.Fetch: Clients._on_fetch,
    m.Cancel: Clients._on_cancel,
    m.Again: Clients._on_again,
    m.Ask: Clients._on_ask,
    m.Watch: Clients._on_watch,
    m.Bye: Clients._on_bye,
}
