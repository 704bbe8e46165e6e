"""Client: the caller's end of a runtime. Numbers, calls, values, what comes in.

Law: knows futures and versions, not how arguments are captured (api) nor how messages travel (its link). Messages
may be delivered in any thread; submitting happens in the thread of the user's code.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from ..core.model import (
    INLINE_LIMIT,
    OUTPUT_BITS,
    PUT_BASE,
    FinishedRow,
    Kind,
    Number,
    TaskRow,
    Vid,
    first_number,
    output_of,
)
from ..core.states import TaskState
from ..errors import DataLost, RuntimeLost
from ..store.files import Store
from ..store.members import members_of
from ..store.packing import Packed
from ..wire import messages as m
from .calls import Call, Version
from .farewell import end_open
from .futures import _MISSING, Future
from .graft import graft
from .groups import Group, Pending, failed
from .handles import Handles
from .link import Link
from .naming import not_in_place_text
from .raising import error_from, rebuild
from .remarks import changed_text, changes
from .retries import Retries
from .room import Room
from .waits import Waits

Notify = Callable[[str, str], None]
_HISTORY: Final = 20_000
_GONE: Final = ("the runtime no longer has it", "its runtime has ended")
_replaced: Final[dict[int, tuple[Any, Any]]] = {}
"""id -> (live object, what stands for it now): of the process, since a replaced one may be used with the next runtime."""


class Client(Waits):
    """What a process knows of the tasks it submitted. Made by `api.session`, one per connection."""

    def __init__(self, notify: Notify, memory: int = 0) -> None:
        self.room = Room(self, memory)
        self.pending = Pending()
        self.retries = Retries(self)
        self.calls: dict[Number, Call] = {}
        self.followed: dict[Number, Call] = {}  # of other clients, until they end
        self.open = 0  # calls that are not final
        self.store: Store | None = None
        self.cid = 0
        self.closed = False
        self.lost = None
        self.on_output: Callable[[Number, str, str | bytes], None] | None = None
        self.on_delta: list[Callable[[dict[str, Any]], None]] = []
        self.on_finished: Callable[[Call], None] | None = None
        self.on_opened: Callable[[list[Call]], None] | None = None  # calls that had ended are to run again
        self.on_report: Callable[[Number, float, str], None] | None = None
        """Hears how far tasks are that run in this process (engine="inline")."""
        self.on_quiet: Callable[[], None] | None = None  # when no task is open any more
        self.changed_text: Callable[[Call, str], str] = changed_text
        self.name_file: Callable[[str], str] = os.path.basename  # how people call a file of code
        self.footer: Callable[[Call], str] | None = None  # a last line for what failed calls raise
        self._notify = self.tell = notify
        self.next_number = 1
        self._next_put = PUT_BASE + 1
        self._values: dict[Vid, tuple[int, int, bytes | None]] = {}
        self._wanted: dict[Vid, int] = {}  # values that are waited for, and by how many threads
        self.stored: deque[tuple[Number, int]] = deque(maxlen=_HISTORY)  # for which task, how many bytes
        self.kept: dict[Vid, Packed] = {}  # what was taken home at the end, until its handle dies
        self._keeps = Handles(lambda handle: self.kept.pop(handle.vid, None))
        self._warned: set[str] = set()
        self.settling = threading.RLock()  # for what is pending; never held while waiting: the thread waited for may want it
        self._counting = threading.Lock()
        self._forget_at = 2 * _HISTORY
        self._look_at = 0  # the number at which `_look` looks; one comparison per task serves all it does
        self._on_next: Callable[[Number], None] | None = None

    def attach(self, link: Link, welcome: m.Welcome) -> None:
        """Begin with what the runtime said in its welcome."""
        self.link, self.cid, self.epoch, Waits.newest = link, welcome.client, welcome.epoch, self
        before = first_number(welcome.client)
        self.next_number = before + 1
        self._next_put = PUT_BASE + before + 1
        self.store = Store(welcome.store) if welcome.store else None
        for notice in welcome.notices:
            self._notify("info", notice)

    # ------------------------------------------------------------ submitting
    def new_call(self, function: str, cell: int, title: str | None) -> Call:
        """Return a call with the next number, to be submitted at once."""
        number = self.next_number
        self.next_number = number + 1
        return Call(self, number, function, cell, title)

    def submit(self, call: Call, row: TaskRow) -> None:
        """Send a task on its way. Never waits: who calls it has made room."""
        self.calls[call.number] = call
        self.open += 1
        if call.number >= self._look_at:
            self._look(call.number)
        self.link.submit(row)

    def tell_next(self, tell: Callable[[Number], None] | None) -> None:
        """Have `tell(number)` called once, at the next submit, in the thread that submits. It must be short."""
        self._on_next = tell
        self._look_at = 0

    def _look(self, number: Number) -> None:
        tell, self._on_next = self._on_next, None
        if len(self.calls) > self._forget_at:
            self._forget_old()
        self._look_at = number + max(1, self._forget_at - len(self.calls))
        if tell is not None:
            tell(number)

    def put(self, packed: Packed) -> Version:
        """Store a value for tasks to read; raises StoreFull if there is no room."""
        number, self._next_put = self._next_put, self._next_put + 1
        call = Call(self, number, "put", 0, None)
        vid = number << OUTPUT_BITS
        if self.store is None or packed.nbytes <= INLINE_LIMIT:
            row: tuple[Vid, int, int, bytes | None] = (vid, Kind.INLINE, packed.nbytes, packed.to_bytes())
        else:
            self.room.make(packed.nbytes)
            self.stored.append((self.next_number, packed.nbytes))
            row = (vid, Kind.FILE, self.store.write(vid, packed), None)
        call.state, call.outputs = TaskState.DONE, (row[1:],)
        self.link.send(m.Put([row]))
        return Version(call, 0)

    def handle_on(self, call: Call) -> Version:
        """Return another handle on the first output of a call, whatever has become of earlier ones."""
        self.link.send(m.Take([call.number << OUTPUT_BITS]))
        return Version(call, 0)

    def cancel(self, numbers: list[Number]) -> None:
        """Ask for tasks to be cancelled; does not wait."""
        for number in numbers:
            if (call := self.calls.get(number)) is not None:
                call.looked = True
        self.link.send(m.Cancel(numbers))
        self.link.flush()

    def flush(self) -> None:
        """Hand queued messages to the transport now."""
        if not self.closed:
            self.link.flush()

    # ------------------------------------------------------------ receiving
    def receive(self, message: m.ToClient) -> None:
        """Take in one message; called by the link in whichever thread reads."""
        if (handler := _HANDLERS.get(type(message))) is not None:
            handler(self, message)

    def _on_finished(self, message: m.Finished) -> None:
        for row in message.rows:
            self.finish(row)
        if not self.open and self.on_quiet is not None:
            self.on_quiet()

    def finish(self, row: FinishedRow) -> None:
        """Take in how one task ended."""
        call = self.calls.get(row[0])
        if call is None:
            if (followed := self.followed.pop(row[0], None)) is not None:
                followed.finish(row)
            return
        if call.final:
            return
        call.finish(row)
        self.open -= 1
        self.room.grew(row[2])
        if row[6] is not None:
            for text in changes(call, row[6], self.changed_text):
                self.notify_once("warning", text)
        if self.on_finished is not None:
            self.on_finished(call)

    def notify(self, level: str, text: str) -> None:
        """Tell the person one line."""
        self._notify(level, text)

    def notify_once(self, level: str, text: str) -> None:
        """Tell the person one line, once; an empty one says that there is nothing to tell."""
        if text and text not in self._warned:
            self._warned.add(text)
            self._notify(level, text)

    def _on_values(self, message: m.Values) -> None:
        for vid, kind, nbytes, data in message.rows:
            if vid in self._wanted:
                self._values[vid] = (kind, nbytes, data)

    def _on_output(self, message: m.Output) -> None:
        if self.ticker is not None:
            self.ticker.make_room(message.rows)
        if self.on_output is not None:
            for number, stream, text in message.rows:
                self.on_output(number, stream, text)

    def _on_delta(self, message: m.Delta) -> None:
        for watcher in list(self.on_delta):
            watcher(message.data)

    def _on_notice(self, message: m.Notice) -> None:
        self._notify(message.level, message.text)

    def _on_refused(self, message: m.Refused) -> None:
        self.lost = message.reason  # nothing that is not here will ever come
        end_open(self, TaskState.FAILED)

    # ------------------------------------------------------------ values
    def fetch(self, wanted: dict[Vid, Call]) -> dict[Vid, Packed]:
        """Return the packed values of these versions of calls that are done; blocks until they are here."""
        found: dict[Vid, Packed] = {}
        for vid, call in wanted.items():
            kind, _nbytes, data = call.outputs[output_of(vid)]
            if vid in self.kept:
                found[vid] = self.kept[vid]
            elif kind == Kind.INLINE and data is not None:
                found[vid] = Packed.from_bytes(data)
        missing = {vid: call for vid, call in wanted.items() if vid not in found}
        if missing:
            self._fetch_missing(missing, found)
        return found

    def _fetch_missing(self, missing: dict[Vid, Call], found: dict[Vid, Packed]) -> None:
        with self._counting:
            for vid in missing:
                self._wanted[vid] = self._wanted.get(vid, 0) + 1
        try:
            if not self.closed:
                self.link.send(m.Fetch(list(missing)))
                values = self._values
                self.link.wait(lambda: self.lost is not None or all(vid in values for vid in missing), None)
            for vid, call in missing.items():
                found[vid] = self._open(vid, call)
        finally:
            with self._counting:
                for vid in missing:
                    self._wanted[vid] -= 1
                    if not self._wanted[vid]:
                        del self._wanted[vid]
                        self._values.pop(vid, None)

    def _open(self, vid: Vid, call: Call) -> Packed:
        kind, _nbytes, data = self._values.get(vid, (Kind.NONE, 0, None))
        if kind == Kind.INLINE and data is not None:
            return Packed.from_bytes(data)
        if kind == Kind.FILE and self.store is not None:
            return self.store.open(vid)
        why = data.decode() if data is not None else _GONE[self.closed or self.lost is not None]
        raise DataLost(f"The value of {call.label} is gone: {why}. Run the task again.")

    def value_of(self, future: Future[Any], timeout: float | None = None) -> Any:
        """Return the value of a future, waiting for it; the same object every time."""
        if future._group is not None:
            self.settle(future._group, timeout)
        if future._value is _MISSING:
            self._take_value(future, timeout)
        elif len(self.pending):
            self.settle_reachable(future._value, timeout)
        if (newest := Waits.newest) is not self and newest is not None and len(newest.pending):
            newest.settle_reachable(future._value, timeout)
        return self.current(future._value)

    def _take_value(self, future: Future[Any], timeout: float | None) -> None:
        call, version = future._call, future._version
        self.wait_for([call], timeout)
        self.raise_if_failed(call)
        if version is None:
            return  # another thread was faster
        data: bytes | Packed | None = call.outputs[version.output][2]
        if data is None:  # it did not come with the completion
            data = self.fetch({version.vid: call})[version.vid]
        with self.settling:
            if future._value is _MISSING:
                future.__dict__["_value"] = rebuild(data, call)

    def current(self, live: Any) -> Any:
        """Return what stands for a live object now: itself, or what replaced it."""
        while _replaced and (found := _replaced.get(id(live))) is not None:
            live = found[1]
        return live

    def settle_reachable(self, value: Any, timeout: float | None = None) -> None:
        """Bring up to date whatever can be reached from `value` and has writes pending."""
        for member in members_of(value, lambda part: [] if isinstance(part, Future) else None):
            if (found := self.pending.get(member)) is not None:
                self.settle(found[0], timeout)

    def settle(self, group: Group, timeout: float | None = None) -> None:
        """Bring the live objects of a group up to date in place; raises what the task that writes them raised."""
        newest = group.newest
        self.wait_for([newest.call], timeout)
        if failed(newest):  # it may fail before what it was to change is done
            self.wait_for(newest.unsettled(), timeout)
        good = [one for one in newest.last_good() if one is newest or one.holds is not None]
        try:
            packed = self.fetch({version.vid: version.call for version in good})
        except (DataLost, RuntimeLost):
            self._let_go(group)  # told once; from here on they are ordinary objects
            if newest.call.state == TaskState.CANCELLED:  # before its runtime ended: that is what the person did
                raise self.error_of(newest.call) from None
            raise
        with self.settling:
            entries = map(self.pending.get, group.members())
            if not any(entry[0] is group for entry in entries if entry is not None):
                return  # another thread was faster
            group.check_unchanged()
            for version in good:
                self._renew(version, rebuild(packed[version.vid], version.call))
            self._let_go(group)
        if failed(newest):
            self.retries.remember(group)
        self.raise_if_failed(newest.call)

    def _let_go(self, group: Group) -> None:
        for member in group.members():
            if isinstance(member, Future) and member._group is group:
                member._group = None
        self.pending.remove(group)

    def _renew(self, version: Version, fresh: list[Any]) -> None:
        held = [hold() for hold in version.holds or ()]
        pairs = [(old, new) for old, new in zip(held, fresh, strict=True) if old is not None]
        for old, new in pairs:
            if isinstance(old, Future):
                old._value, old._call, old._version = new, version.call, None
        live = [new if isinstance(old, Future) else old for old, new in pairs]
        for old, new in graft(live, [new for _old, new in pairs]):
            _replaced[id(old)] = (old, new)
            self.notify_once("warning", not_in_place_text(old))

    # ------------------------------------------------------------ failures
    def error_of(self, call: Call) -> BaseException:
        """Return the exception that a failed, cancelled or upstream-failed call raises."""
        return error_from(call, self.calls.get(call.root))

    def raise_if_failed(self, call: Call) -> None:
        """Raise what the call failed with, if it did, and note that somebody looked."""
        if call.state != TaskState.DONE:
            call.look()
            root = self.calls.get(call.root)
            if root is not None:
                root.look()
            raise self.error_of(call)

    def unlooked_failures(self) -> list[Call]:
        """Return failed calls that nobody has looked at, oldest first; only roots, not what they took with them."""
        calls = list(self.calls.values())
        return [call for call in calls if call.state == TaskState.FAILED and not call.looked]

    def _forget_old(self) -> None:
        done = [number for number, call in self.calls.items() if call.state == TaskState.DONE]
        for number in done[: max(0, len(done) - _HISTORY)]:
            del self.calls[number]
        self._forget_at = len(self.calls) + _HISTORY  # looked through again when that may be worth it

    def close(self) -> None:
        """Give everything back; values that are here stay readable."""
        self.closed = True
        self.retries.clear()
        living = list(self.link.handles.living)
        self.link.close()
        self.kept = {handle.vid: self.kept[handle.vid] for handle in living if handle.vid in self.kept}
        for handle in living:
            if handle.vid in self.kept and (version := handle()) is not None:
                self._keeps.hold(version, handle.vid)
        if self.store is not None:
            self.store.close()


_HANDLERS: dict[type, Callable[[Client, Any], None]] = {
    m.Finished: Client._on_finished,
    m.Rearmed: lambda client, message: client.retries.on_rearmed(message),
    m.Looked: lambda client, message: client.retries.on_looked(message),
    m.Values: Client._on_values,
    m.Output: Client._on_output,
    m.Delta: Client._on_delta,
    m.Notice: Client._on_notice,
    m.Refused: Client._on_refused,
}
