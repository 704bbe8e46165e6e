"""Cards of futures that follow their tasks: shown by the last expression of a cell, exchanged until all has ended.

Law: knows how a kernel displays and how one asks the runtime; what a card says is `displays`' matter. Shown in the
thread of the cells; `tick` comes a few times a second from the thread of the lines, while a task is under way.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from IPython.core.formatters import IPythonDisplayFormatter

from treadle_runtime.api import Future
from treadle_runtime.client.calls import Call
from treadle_runtime.core.model import Kind
from treadle_runtime.core.states import TaskState
from treadle_runtime.errors import TreadleError
from treadle_runtime.store.packing import Packed
from treadle_runtime.store.references import Inputs, decode_payload
from treadle_runtime.worker.brief import arguments_text

from ..shell.screen import Bundle, Screen
from ..view.snapshot import unpathed
from .anchors import anchored, new_id
from .displays import Seen, counts_text, future_bundle, list_html, list_title
from .lines import Lines

ASK_EVERY_S: Final = 1.0
ASK_S: Final = 0.5
MANY: Final = 1_000
"""So many futures that are not one after the other are asked about; of more it is not said how many run."""


def look_at(call: Call, seen: Seen, with_arguments: bool = False) -> None:
    """Ask the runtime where a task is, and what it was given as long as that is kept. Blocks for `ASK_S` at most."""
    try:
        said = call.client.link.ask("look", {"number": call.number, "payload": with_arguments}, ASK_S)
    except TreadleError:  # the runtime ends, or is very busy: what was known stands
        return
    if said:
        seen.state, seen.worker, seen.why = said["state"], said["worker"], said["why"]
        seen.fraction, seen.text = said["said"][-1] if said["said"] else (None, "")
        if said["payload"]:
            seen.arguments = _arguments(call.client, *said["payload"])


class Card:
    """What stands for one future, or for a list of them."""

    def __init__(self, futures: Sequence[Future[Any]], single: bool) -> None:
        self.display_id = new_id("card")
        self._futures = list(futures)
        self._single = single
        self._open = [future for future in self._futures if not future.done()]
        self.seen = Seen()
        self._ask_at = 0.0
        self._said: object = None
        self._over = False  # the end is on the page
        self._lock = threading.Lock()  # an end is never followed by something older: the cell that ends may look as well
        self._running = 0  # of a list

    @property
    def ended(self) -> bool:
        """Whether nothing of it will change any more. Looks only at what had not ended the last time."""
        self._open = [future for future in self._open if not future.done()]
        return not self._open

    def bundle(self, looked: bool) -> dict[str, str]:
        """Return what it shows now."""
        if self._single:
            bundle = future_bundle(self._futures[0], looked, self.seen)
            bundle = {kind: unpathed(text) for kind, text in bundle.items()}  # it is kept in the notebook
        else:
            _counts, told = counts_text(self._futures, self._running)
            bundle = {
                "text/plain": f"[{list_title(self._futures)}{told}]",
                "text/html": list_html(self._futures, self._running) or "",
            }
        calls = _calls(self._futures)
        numbers = {call.number for call in calls}
        tasks, cells = (min(numbers), max(numbers)), {call.cell for call in calls}
        bundle["text/html"] = anchored(
            bundle["text/html"],
            self.display_id,
            calls[0].client.epoch,
            tasks if tasks[1] - tasks[0] + 1 == len(numbers) else None,
            cells.pop() if len(cells) == 1 else 0,
            not self.ended,
        )
        return bundle

    def ask(self, with_arguments: bool) -> None:
        """Ask the runtime where the tasks are, and what a single one was given."""
        self._ask_at = time.monotonic() + ASK_EVERY_S
        if self._single:
            look_at(self._futures[0]._call_now(), self.seen, with_arguments)
        elif not self.ended:
            self._running = _running(_calls(self._open), self._running)

    def tick(self, screen: Screen) -> bool:
        """Bring the page up to date if there is news; tell whether that was the last time."""
        if not self.ended and time.monotonic() >= self._ask_at:
            self.ask(False)
        with self._lock:
            ended = self.ended
            seen = self.seen
            now = (seen.state, seen.worker, seen.fraction, seen.text, len(self._open), self._running)
            if now != self._said or (ended and not self._over):
                self._said, self._over = now, ended
                screen.update(self.bundle(looked=False), {}, self.display_id)
        return ended


def _calls(futures: Sequence[Future[Any]]) -> list[Call]:
    return [future._call_now() for future in futures]


def _running(calls: Sequence[Call], known: int) -> int:
    """Return how many of these calls run, or what was known if that can't be told."""
    client, numbers = calls[0].client, {call.number for call in calls if not call.final}
    first, last = min(numbers, default=0), max(numbers, default=-1) + 1
    try:
        if last - first == len(numbers):
            return int(client.link.ask("progress", {"ranges": [[first, last]]}, ASK_S)[0][0])
        if len(numbers) <= MANY:
            states = client.link.ask("states", {"numbers": list(numbers)}, ASK_S)
            return sum(state == TaskState.RUNNING for _number, state in states)
    except TreadleError:  # as above
        pass
    return known


def _arguments(client: Any, payload: bytes, reads: list[list[Any]]) -> str:
    """Return the arguments of a call in short; "" if that can't be done without fetching anything."""
    try:
        args, kwargs, *_ = decode_payload(payload, _Named(client, reads))
        return arguments_text(args, kwargs)
    except Exception:  # noqa: BLE001 - whatever a user's class does when it is unpickled, the card must come
        return ""


class _Named(Inputs):
    """Inputs of a call for people: results of other tasks by their names, large arguments from the store."""

    __slots__ = ("_client", "_reads")

    def __init__(self, client: Any, reads: list[list[Any]]) -> None:
        super().__init__([partial(self._open, *read) for read in reads])
        self._client, self._reads = client, reads

    def value(self, index: int) -> Any:
        maker = self._client.calls.get(self._reads[index][0])
        return super().value(index) if maker is None else _Result(maker.label)

    def _open(self, _maker: int, vid: int, kind: int) -> Packed:
        if kind != Kind.FILE or self._client.store is None:
            raise LookupError(f"version {vid} is not in the store")
        opened: Packed = self._client.store.open(vid)
        return opened


class _Result:
    """Stands for the result of another task, and for every part of it."""

    def __init__(self, label: str) -> None:
        self._label = label

    def __getitem__(self, _member: int) -> _Result:
        return self

    def __repr__(self) -> str:
        return f"<{self._label}>"


class CardFormatter(IPythonDisplayFormatter):
    """IPython's way to objects that show themselves; futures and lists of futures do."""

    show: Callable[[Any], bool] = staticmethod(lambda _value: False)

    def __call__(self, obj: Any) -> Any:
        return True if self.show(obj) else super().__call__(obj)


def show_cards(shell: Any, screen: Screen, lines: Lines) -> Callable[[], None]:
    """Have futures shown as cards that follow their tasks; the returned function ends that."""

    def show(value: Any) -> bool:
        single = isinstance(value, Future)
        if not single and not (
            type(value) is list and value and all(isinstance(each, Future) for each in value)
        ):
            return False
        if not single and (line := lines.stand_for(_calls(value), list_title(value))) is not None:
            publish(line.bundle(line.words(time.monotonic())), line.display_id)
            return True
        card = Card([value] if single else value, single)
        card.ask(True)
        publish(card.bundle(looked=True), card.display_id)
        if single:
            lines.cover(value._call_now())
        if not card.ended:
            lines.follow_card(card)
        return True

    def publish(bundle: Bundle, display_id: str) -> None:  # as `display` does, so that it can be captured
        shell.display_pub.publish(data=bundle, metadata={}, transient={"display_id": display_id})

    def bundle(future: Future[Any], include: Any = None, exclude: Any = None) -> dict[str, str]:  # noqa: ARG001
        card = Card([future], True)
        card.ask(True)
        return future_bundle(future, True, card.seen)

    formatter = shell.display_formatter
    before = formatter.ipython_display_formatter
    if not screen.exchanges:  # a terminal: one line, as things are now
        formatter.mimebundle_formatter.for_type(Future, bundle)
        return lambda: None  # `teach` takes it back
    cards = CardFormatter(parent=formatter)
    for name in ("singleton_printers", "type_printers", "deferred_printers"):
        setattr(cards, name, getattr(before, name))
    cards.show = show
    formatter.ipython_display_formatter = cards

    def forget() -> None:
        if formatter.ipython_display_formatter is cards:
            formatter.ipython_display_formatter = before

    return forget
