"""Random programs that run twice: as plain Python (the oracle) and with tasks.

A program is a list of (operation, a, b) with small numbers; a and b choose variables. Tasks change what they are given
in place, by rebinding attributes, by replacing elements; the main program makes views, nests objects in each other,
waits, changes objects after a wait and drops them. A task that fails leaves its objects as they were, and what
depends on it is not run: the oracle does the same by hand.
"""

from __future__ import annotations

import abc
import copy
from typing import Any

import hypothesis.strategies as st
import numpy as np

from treadle_runtime.api.directions import INOUT, OUT
from treadle_runtime.api.sync import wait_on
from treadle_runtime.api.task import Task, task
from treadle_runtime.client.futures import Future
from treadle_runtime.errors import UpstreamFailed
from treadle_runtime.store.members import members_of
from treadle_runtime.worker.context import current_task

Program = list[tuple[int, int, int]]
PROGRAMS = st.lists(st.tuples(st.integers(0, 17), st.integers(0, 8), st.integers(0, 8)), max_size=16)


class Thing:
    """An instance with an array, a list and a child."""

    def __init__(self, data: Any, child: Any) -> None:
        self.data = data
        self.items: list[Any] = [1]
        self.child = child


class BrokenError(Exception):
    """What failing tasks raise."""


def plain(value: Any, seen: tuple[int, ...] = ()) -> Any:
    """The content of a value as nested tuples, without identities."""
    if isinstance(value, np.ndarray):
        return ("array", value.shape, tuple(value.ravel().tolist()))
    if id(value) in seen:
        return "cycle"
    inner = (*seen, id(value))
    if isinstance(value, list):
        return ("list", *(plain(part, inner) for part in value))
    if isinstance(value, dict):
        return ("dict", *((key, plain(part, inner)) for key, part in value.items()))
    if isinstance(value, Thing):
        return ("Thing", plain(value.data, inner), plain(value.items, inner), plain(value.child, inner))
    return value


def shape_of(values: list[Any]) -> Any:
    """The content of values with their identities: who is the same object as whom."""
    names: dict[int, int] = {}
    kept: list[Any] = []  # ids stay unique while their objects live

    def walk(value: Any) -> Any:
        if isinstance(value, Future):
            value = value.result()
        if isinstance(value, (int, float, str, type(None))):
            return value
        if id(value) in names:
            return ("same as", names[id(value)])
        names[id(value)] = len(names)
        kept.append(value)
        if isinstance(value, np.ndarray):
            return plain(value)
        if isinstance(value, (list, tuple)):
            return (type(value).__name__, *(walk(part) for part in value))
        if isinstance(value, dict):
            return ("dict", *((key, walk(part)) for key, part in value.items()))
        return ("Thing", walk(value.data), walk(value.items), walk(value.child))

    return [walk(value) for value in values]


# ---------------------------------------------------------------- what tasks do
# Results are always mutable: whether a future of a number takes part in a failed INOUT can't be told from the number.
def read(x: Any) -> Any:
    return [len(str(plain(x))), str(plain(x))]


def combine(x: Any, y: Any) -> Any:
    return [copy.deepcopy(x), {"y": copy.deepcopy(y)}, np.arange(3.0)]


def bump(c: Any) -> Any:
    _change(c, 0)
    return [len(str(plain(c)))]


def store(c: Any, x: Any) -> Any:
    value = copy.deepcopy(x)
    if isinstance(c, list):
        c.append(value)
    elif isinstance(c, dict):
        c["x"] = value
    elif isinstance(c, Thing):
        c.child = value
    elif isinstance(c, np.ndarray):
        c *= 2
    return ["stored"]


def exchange(c: Any, d: Any) -> Any:
    _change(c, 0)
    if isinstance(c, list) and isinstance(d, list) and c and d:
        c[0], d[0] = d[0], c[0]
    elif isinstance(c, Thing) and isinstance(d, Thing):
        c.data, d.data = d.data, c.data
    elif isinstance(c, np.ndarray) and isinstance(d, np.ndarray) and c.size and d.size:
        d.flat[0] = c.flat[-1] + 1
    _change(d, 0)
    return ["exchanged"]


def rebind(c: Any) -> Any:
    if isinstance(c, Thing):
        c.data, c.items = c.data + 1 if isinstance(c.data, np.ndarray) else np.ones(2), [*c.items, 7]
    elif isinstance(c, list):
        c[:] = [*reversed(c), np.zeros(2)]
    elif isinstance(c, dict):
        c.pop("k", None)
        c["new"] = [len(c)]
    return ["rebound"]


def fill(c: Any) -> Any:
    if isinstance(c, np.ndarray):
        c[...] = np.arange(c.size).reshape(c.shape)
    return ["filled"]


def fail(c: Any) -> None:
    _change(c, 0)
    raise BrokenError("as planned")


def shaky(c: Any) -> Any:
    """Fails up to two times before it goes well, and leaves its argument half written each time."""
    _change(c, 0)
    this = current_task()
    if this is not None and this.attempt <= this.number % 3:
        raise BrokenError("this once")
    return ["went well"]


def _change(value: Any, depth: int) -> None:
    if depth > 3:
        return
    if isinstance(value, np.ndarray):
        value += 1
    elif isinstance(value, list):
        for part in value[:2]:
            _change(part, depth + 1)
        value.append(depth)
    elif isinstance(value, dict):
        for part in list(value.values())[:2]:
            _change(part, depth + 1)
        value["k"] = value.get("k", 0) + 1
    elif isinstance(value, Thing):
        _change(value.data, depth + 1)
        value.items.append(len(value.items))
        _change(value.child, depth + 1)


TASKS: list[tuple[Task[..., Any], int, tuple[int, ...]]] = [
    (task(read), 1, ()),
    (task(combine), 2, ()),
    (task(c=INOUT)(bump), 1, (0,)),
    (task(c=INOUT)(store), 2, (0,)),
    (task(c=INOUT, d=INOUT)(exchange), 2, (0, 1)),
    (task(c=INOUT)(rebind), 1, (0,)),
    (task(c=OUT)(fill), 1, (0,)),
    (task(c=INOUT)(fail), 1, (0,)),
    (task(c=INOUT, retries=2)(shaky), 1, (0,)),
]
FILL, FAIL, SHAKY = 6, 7, 8


class Machine(abc.ABC):
    """What both runs share: variables and the operations of the main program."""

    def __init__(self) -> None:
        self.vars: list[Any] = [np.arange(6.0).reshape(2, 3), [1, 2]]
        self.log: list[Any] = []

    def pick(self, k: int) -> Any:
        return self.vars[k % len(self.vars)]

    def keep(self, value: Any) -> None:
        if len(self.vars) < 9:
            self.vars.append(value)

    def run(self, program: Program) -> list[Any]:
        for operation, a, b in program:
            self.operation(operation % 18, a, b)
        for k in range(len(self.vars)):
            self.wait(k)
        self.log.append(shape_of(self.vars))
        return self.log

    def operation(self, operation: int, a: int, b: int) -> None:
        if operation < 8 or operation == 17:
            which = min(operation, SHAKY)
            _, arity, written = TASKS[which]
            self.call(which, [self.pick(k) for k in (a, b)[:arity]], written)
        elif operation == 8:
            self.keep(np.full((2, 2), float(a)))
        elif operation == 9:
            self.keep([self.pick(a), self.pick(b), a])
        elif operation == 10:
            self.keep({"a": self.pick(a), "k": b})
        elif operation == 11:
            self.keep(Thing(self.pick(a), self.pick(b)))
        elif operation in (12, 13):
            self.view(a)
        elif operation == 14:
            self.wait(a)
        elif operation == 15:
            self.wait(a)
            _change(self.pick(a), 0)
        elif len(self.vars) > 2:
            del self.vars[a % len(self.vars)]

    def view(self, a: int) -> None:
        self.wait(a)  # a view needs the value itself
        base = self.pick(a)
        if isinstance(base, np.ndarray) and base.ndim == 2:
            self.keep(base[a % base.shape[0]])
        elif isinstance(base, np.ndarray) and base.size > 1:
            self.keep(base[::2])

    @abc.abstractmethod
    def call(self, which: int, args: list[Any], written: tuple[int, ...]) -> None:
        """Call a task, or its function."""

    @abc.abstractmethod
    def wait(self, a: int) -> None:
        """Have variable `a` up to date."""


class Group:
    """Objects that wait for the same task in the oracle's book-keeping."""

    def __init__(self, members: list[Any], poisoned: bool) -> None:
        self.members = members
        self.poisoned = poisoned


class Oracle(Machine):
    """The plain program. It also decides what can't be told while tasks run: which results are kept."""

    def __init__(self) -> None:
        super().__init__()
        self.groups: dict[int, Group] = {}
        self.decisions: list[str] = []

    def call(self, which: int, args: list[Any], written: tuple[int, ...]) -> None:
        reachable = members_of(args, self._group_members)
        poisoned = any(self._is_poisoned(part) for part in reachable)
        if which == FILL and poisoned:
            self.decisions.append("skip")
            return
        self._write([args[k] for k in written], poisoned or which == FAIL)
        if poisoned or which == FAIL:
            self.decisions.append("drop")
            return
        result = TASKS[which][0].function(*args)
        small = len(str(plain(result))) < 3000
        self.decisions.append("keep" if small else "drop")
        if small:
            self.keep(result)

    def _group_members(self, value: Any) -> list[Any] | None:
        group = self.groups.get(id(value))
        return group.members if group is not None else None

    def _is_poisoned(self, value: Any) -> bool:
        group = self.groups.get(id(value))
        return group is not None and group.poisoned

    def _write(self, written: list[Any], poisoned: bool) -> None:
        for value in written:
            if isinstance(value, (int, float, type(None))):
                continue
            group = Group(members_of(value, self._group_members), poisoned)
            for member in group.members:
                self.groups[id(member)] = group
        if len(written) == 2:  # arguments that share objects, or could after the call, come together
            first, second = (members_of(value, self._group_members) for value in written)
            holders = any(not isinstance(member, np.ndarray) for member in (*first, *second))
            if first and second and (holders or {*map(id, first)} & {*map(id, second)}):
                group = Group(list({id(m): m for m in (*first, *second)}.values()), poisoned)
                for member in group.members:
                    self.groups[id(member)] = group

    def wait(self, a: int) -> None:
        value = self.pick(a)
        again = True
        while again:
            again = False
            for member in members_of(value):
                group = self.groups.get(id(member))
                if group is not None:
                    again = True
                    for one in group.members:
                        self.groups.pop(id(one), None)
        self.log.append(plain(value))


class WithTasks(Machine):
    """The same program with tasks."""

    def __init__(self, decisions: list[str]) -> None:
        super().__init__()
        self.decisions = iter(decisions)

    def call(self, which: int, args: list[Any], written: tuple[int, ...]) -> None:  # noqa: ARG002
        decision = next(self.decisions)
        if decision == "skip":
            return
        result = TASKS[which][0](*args)
        if decision == "keep":
            self.keep(result)

    def wait(self, a: int) -> None:
        k = a % len(self.vars)
        self.vars[k] = self.settled(self.vars[k])
        self.log.append(plain(self.vars[k]))

    def settled(self, value: Any) -> Any:
        for _ in range(50):
            try:
                waited = wait_on(value)
                return values_in_place(waited if isinstance(value, Future) else value)
            except (BrokenError, UpstreamFailed):
                continue
        raise AssertionError("waiting goes on failing")


def values_in_place(value: Any, seen: set[int] | None = None) -> Any:
    """Put values in place of the futures that the main program itself put into its objects."""
    seen = set() if seen is None else seen
    if isinstance(value, Future):
        return values_in_place(value.result(), seen)
    if id(value) in seen:
        return value
    seen.add(id(value))
    if isinstance(value, list):
        value[:] = [values_in_place(part, seen) for part in value]
    elif isinstance(value, dict):
        for key in value:
            value[key] = values_in_place(value[key], seen)
    elif isinstance(value, Thing):
        value.data = values_in_place(value.data, seen)
        value.items = values_in_place(value.items, seen)
        value.child = values_in_place(value.child, seen)
    return value
