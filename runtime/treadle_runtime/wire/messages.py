"""Messages between client, runtime and worker.

Law: typed, batched, versioned; knows the shapes of core.model and nothing else. One frame is one message
(codec.py). The journal stores client frames as they came, so a change here
raises PROTOCOL.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import msgspec

from ..core.model import FinishedRow, FunctionId, LaunchRow, Number, ReturnRow, TaskRow, Vid

PROTOCOL: Final = 3


class Message(msgspec.Struct, array_like=True):
    """Base of all messages; each subclass names its tag."""


# ---------------------------------------------------------------- client -> runtime
class Hello(Message, tag="hello"):
    protocol: int
    token: str  # read from the session's 0600 file
    pid: int
    start_time: float  # of the process, as wire.process gives it
    resume: int = 0  # client id of an earlier connection of the same process, 0 for a new client


class View(Message, tag="view"):
    """A page wants to look on: the first message of a line, instead of Hello. From then on the line speaks JSON
    (wire.pages). Its shape stays, so that a Jupyter server can look at runtimes of other versions.
    """

    token: str


class Define(Message, tag="define"):
    """Functions (also runtime -> worker). Row: (function id, display name, code, options: which arguments go by place)."""

    functions: list[tuple[int, str, bytes, dict[str, Any]]]


class World(Message, tag="world"):
    """A snapshot of cwd, sys.path and environ (also runtime -> worker): msgpack of worker.world.World."""

    world: int
    data: bytes


class Submit(Message, tag="submit"):
    rows: list[TaskRow]


class Put(Message, tag="put"):
    """Versions the client made itself: (vid, Kind, nbytes, data if INLINE; a FILE is already sealed in the store)."""

    rows: list[tuple[Vid, int, int, bytes | None]]


class Take(Message, tag="take"):
    vids: list[Vid]


class Release(Message, tag="release"):
    vids: list[Vid]


class Fetch(Message, tag="fetch"):
    """Wanted values; answered by Values as they become available (failed ones too)."""

    vids: list[Vid]


class Cancel(Message, tag="cancel"):
    numbers: list[Number]


class Again(Message, tag="again"):
    """A cell runs again: tasks `first` to `last - 1` are of its run before."""

    first: Number
    last: Number


class Retry(Message, tag="retry"):
    """Tasks to be tried again, with what they need and what needs them; answered by one Rearmed with the same id.

    `instead`: (function, function that is called now, the data it reads besides its arguments as a payload, versions
    that payload refers to).
    """

    id: int
    numbers: list[Number]
    instead: list[tuple[FunctionId, FunctionId, bytes, tuple[Vid, ...]]] = []


class Ask(Message, tag="ask"):
    """A question; answered by one Answer with the same id. Questions: host/questions.py."""

    id: int
    question: str
    args: dict[str, Any] = {}


class Watch(Message, tag="watch"):
    """Subscribe to (or leave) the feed; `reset` asks for a snapshot."""

    on: bool
    reset: bool = True


class Bye(Message, tag="bye"):
    """The client leaves. `stop`: end the runtime, after waiting tasks unless `cancel`."""

    stop: bool = False
    cancel: bool = False


# ---------------------------------------------------------------- runtime -> client
class Welcome(Message, tag="welcome"):
    epoch: str
    client: int
    store: str  # folder of the store
    workers: int
    notices: list[str] = []


class Refused(Message, tag="refused"):
    """The client is no client (any more), and why; `ends`: the runtime is about to end."""

    reason: str
    ends: bool = True


class Finished(Message, tag="finished"):
    rows: list[FinishedRow]


class Rearmed(Message, tag="rearmed"):
    """Tasks that are open again, and those that can't be, with the reason; `id` 0: somebody else wanted it."""

    id: int
    numbers: list[Number]
    refused: list[tuple[Number, str]] = []


class Looked(Message, tag="looked"):
    """A person has looked at these tasks of the client: in a page, where it would not know, or there, for the pages."""

    numbers: list[Number]


class Values(Message, tag="values"):
    """(vid, Kind, nbytes, data if INLINE); Kind NONE: it can't be had any more, data then says why (utf-8)."""

    rows: list[tuple[Vid, int, int, bytes | None]]


class Output(Message, tag="output"):
    """What a task said: (number, "stdout" or "stderr", text cut at line ends), or (number, "aside", a packed aside)."""

    rows: list[tuple[Number, str, Any]]  # str or bytes: msgspec takes no union of the two


class Answer(Message, tag="answer"):
    id: int
    ok: bool
    data: Any


class Delta(Message, tag="delta"):
    """A change of the feed, as feed.delta describes it."""

    data: dict[str, Any]


class Notice(Message, tag="notice"):
    """One line for the person: level is "info" or "warning"."""

    level: str
    text: str


# ---------------------------------------------------------------- runtime -> worker
class Launched(Message, tag="launch"):
    rows: list[LaunchRow]


class TakeBack(Message, tag="takeback"):
    numbers: list[Number]


class Free(Message, tag="free"):
    vids: list[Vid]


class Publish(Message, tag="publish"):
    vids: list[Vid]


class Leave(Message, tag="leave"):
    """Finish what runs, then end."""


class Stop(Message, tag="interrupt"):
    """On the control socket: cancel this attempt of this task."""

    number: Number
    attempt: int


class Sample(Message, tag="sample"):
    """On the control socket: look at this task as soon as it runs, for so long (0: no longer), and write to this file
    what was seen. Said more than once it means the same."""

    number: Number
    seconds: float
    path: str


# ---------------------------------------------------------------- worker -> runtime
class Ready(Message, tag="ready"):
    worker: int
    token: str
    pid: int


class Returned(Message, tag="returned"):
    rows: list[ReturnRow]


class Published(Message, tag="published"):
    rows: list[tuple[Vid, int, int, bytes | None]]


FromClient: TypeAlias = (
    Hello | View | Define | World | Submit | Put | Take | Release | Fetch | Cancel | Again | Retry | Ask | Watch | Looked | Bye
)
ToClient: TypeAlias = Welcome | Refused | Finished | Rearmed | Looked | Values | Output | Answer | Delta | Notice
ToWorker: TypeAlias = Define | World | Launched | TakeBack | Free | Publish | Leave | Stop | Sample
FromWorker: TypeAlias = Ready | Returned | Published
